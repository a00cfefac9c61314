"""How to ask a public web service: patiently, within limits, and telling its refusals apart."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import httpx
from pydantic import BaseModel, ValidationError
from tenacity import RetryError, Retrying, retry_if_exception_type, stop_after_attempt, stop_after_delay, wait_exponential_jitter

from app.domain.errors import UnauthorizedError, UnavailableError
from app.services.bounded import MOST_BYTES
from app.services.limits import within

TIMEOUT = httpx.Timeout(10, connect=5)
HEADERS = {"User-Agent": "battery-optimizer", "Accept": "application/json"}
ATTEMPTS = 4
FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 15.0
PATIENCE_S = 60.0
"""All attempts and the waits between them end by then."""
SAID_LENGTH = 200


class TryAgainError(Exception):
    """A refusal that waiting may cure."""


def patiently(ask: Callable[[], httpx.Response], *, what: str, sleep: Callable[[float], None], attempts: int = ATTEMPTS) -> httpx.Response:
    """Return what asking brings, asking again after growing waits as long as it raises `TryAgainError`.

    Raises:
        UnavailableError: every attempt was in vain; `what` and the last cause are named in it.
    """
    patience = Retrying(
        stop=stop_after_attempt(attempts) | stop_after_delay(PATIENCE_S),
        wait=wait_exponential_jitter(initial=FIRST_WAIT_S, max=LONGEST_WAIT_S),
        retry=retry_if_exception_type(TryAgainError),
        sleep=sleep,
    )
    try:
        with within(PATIENCE_S, attempts * MOST_BYTES):
            return patience(ask)
    except RetryError as error:
        cause = error.last_attempt.exception()
        raise UnavailableError(f"{what}: {cause} ({error.last_attempt.attempt_number} attempts)") from cause


def get_once(
    http: httpx.Client,
    path: str,
    *,
    what: str,
    params: httpx.QueryParams | None = None,
    auth: httpx.Auth | None = None,
    headers: Mapping[str, str] | None = None,
) -> httpx.Response:
    """Return the reply to one GET, whatever its status.

    Raises:
        TryAgainError: nothing came back.
        UnavailableError: it cannot be asked.
    """
    try:
        return http.get(path, params=params, auth=auth, headers={**HEADERS, **(headers or {})}, timeout=TIMEOUT, follow_redirects=True)
    except httpx.TransportError as error:
        raise TryAgainError(f"{type(error).__name__} {error}".strip()) from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise UnavailableError(f"{what}: {error}") from error


def refuse_temporary(reply: httpx.Response) -> None:
    """Raise if the refusal may pass.

    Raises:
        TryAgainError: too many requests, or the server is in trouble.
    """
    if reply.status_code == httpx.codes.TOO_MANY_REQUESTS or reply.is_server_error:
        raise TryAgainError(f"HTTP {reply.status_code}")


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonApi:
    """A service that answers a GET with JSON, behind an `httpx.Client` that has its base URL."""

    http: httpx.Client
    name: str
    sleep: Callable[[float], None] = time.sleep
    attempts: int = ATTEMPTS
    bearer: str | None = field(default=None, repr=False)

    def get[Model: BaseModel](self, model: type[Model], path: str, params: Mapping[str, str | int | float] | None = None) -> Model:
        """Return the reply read as a model. A key in the path or the reply's text is never part of an error.

        Raises:
            UnauthorizedError: the key was refused.
            UnavailableError: no useful answer.
        """
        asked = httpx.QueryParams(dict(params or {}))
        reply = patiently(lambda: self._get_once(path, asked), what=self.name, sleep=self.sleep, attempts=self.attempts)
        try:
            return model.model_validate_json(reply.content)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            raise UnavailableError(f"{self.name}: the reply makes no sense: {where} {first['msg']}") from error

    def _get_once(self, path: str, params: httpx.QueryParams) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.bearer}"} if self.bearer else {}
        reply = get_once(self.http, path, what=self.name, params=params, headers=headers)
        if reply.status_code == httpx.codes.TOO_MANY_REQUESTS:  # a limit by the hour or day: asking again makes it worse
            raise UnavailableError(f"{self.name}: too many requests, the limit is used up (429)")
        refuse_temporary(reply)
        if reply.status_code in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
            raise UnauthorizedError(f"{self.name}: the key was refused ({reply.status_code})")
        if not reply.is_success:
            raise UnavailableError(f"{self.name}: HTTP {reply.status_code} {reply.text[:SAID_LENGTH]}")
        return reply
