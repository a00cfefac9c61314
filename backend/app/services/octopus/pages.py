"""How to ask the Octopus Energy API: patiently, page by page, and telling its refusals apart."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import httpx
from pydantic import BaseModel, ValidationError

from app.domain.errors import UnauthorizedError, UnavailableError
from app.services.patience import SAID_LENGTH, get_once, patiently, refuse_temporary

MOST_PAGES = 500
"""Two years of half-hours in the API's own small pages; more is a loop of `next` links."""


class RefusedError(UnavailableError):
    """There is no such thing, or not in this way; trying again will not help."""


class TwoRegistersError(RefusedError):
    """The tariff has day and night rates, so its standard rate cannot be asked for."""


class _Page[Row: BaseModel](BaseModel):
    count: int = 0
    next: str | None = None
    results: list[Row]


@dataclass(frozen=True, slots=True, kw_only=True)
class OctopusApi:
    """The REST API behind an `httpx.Client` that has its base URL, e.g. `https://api.octopus.energy/v1/`."""

    http: httpx.Client
    api_key: str | None = field(default=None, repr=False)
    sleep: Callable[[float], None] = time.sleep

    def rows[Row: BaseModel](
        self, row: type[Row], path: str, params: Mapping[str, str | int], *, what: str, private: bool = False
    ) -> tuple[list[Row], int]:
        """Return the rows of all pages in the order served, and how many the service says there are.

        Raises:
            UnauthorizedError: no API key, or it was refused.
            UnavailableError: no useful answer; `what` is named in it.
        """
        found: list[Row] = []
        asked = httpx.QueryParams(dict(params))
        for _ in range(MOST_PAGES):
            page = _parsed(_Page[row], self._get(path, asked, what=what, private=private), what)  # type: ignore[valid-type]
            found += page.results
            if page.next is None:
                return found, page.count
            following = httpx.URL(page.next).params  # only its query: a key is never sent to a host a reply names
            if following == asked:
                break
            asked = following
        raise UnavailableError(f"octopus: the pages of {what} never end")

    def _get(self, path: str, params: httpx.QueryParams, *, what: str, private: bool) -> httpx.Response:
        if private and not self.api_key:
            raise UnauthorizedError(f"octopus: {what} needs an API key")
        auth = httpx.BasicAuth(self.api_key, "") if private and self.api_key else None
        subject = f"octopus: {what}"
        return patiently(
            lambda: _accepted(get_once(self.http, path, params=params, auth=auth, what=subject), what), what=subject, sleep=self.sleep
        )


def _accepted(reply: httpx.Response, what: str) -> httpx.Response:
    """Return a reply that is a success; turn every refusal into the error that says whether trying again helps."""
    if reply.is_success:
        return reply
    status, said = reply.status_code, reply.text[:SAID_LENGTH]
    refuse_temporary(reply)
    if status in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN} and _is_json(reply):
        raise UnauthorizedError(f"octopus: {what}: the API key was refused ({status} {said})")
    if status == httpx.codes.FORBIDDEN:
        raise UnavailableError(f"octopus: {what}: blocked on the way by the content network (403 without JSON), not by the credentials")
    if status == httpx.codes.NOT_FOUND:
        raise RefusedError(f"octopus: there is no {what} (404)")
    if status == httpx.codes.BAD_REQUEST and "day and night" in said.lower():
        raise TwoRegistersError(f"octopus: {what} has day and night rates")
    raise RefusedError(f"octopus: {what}: HTTP {status} {said}")


def _is_json(reply: httpx.Response) -> bool:
    return "json" in reply.headers.get("content-type", "")


def _parsed[Model: BaseModel](model: type[Model], reply: httpx.Response, what: str) -> Model:
    try:
        return model.model_validate_json(reply.content)
    except ValidationError as error:
        raise UnavailableError(f"octopus: {what}: the reply makes no sense: {error.errors()[0]['msg']}") from error
