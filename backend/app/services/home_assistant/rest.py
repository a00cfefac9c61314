"""How to ask Home Assistant's REST API, and the shape of what it answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx
from pydantic import AwareDatetime, BaseModel, TypeAdapter, ValidationError

from app.domain.errors import UnauthorizedError, UnavailableError
from app.services.bounded import MOST_BYTES, SIZE

TIMEOUT = httpx.Timeout(10, connect=5)
SAID_LENGTH = 200
HISTORY_BYTES = 8 * MOST_BYTES
"""A day of a sensor that moves every second is six megabytes."""


class NoSuchPathError(UnavailableError):
    """Home Assistant answers, but has no such entity or service (now: it may still be starting)."""


class Attributes(BaseModel):
    """The attributes we look at."""

    unit_of_measurement: str | None = None


class State(BaseModel):
    """An entity's state: always text."""

    entity_id: str
    state: str
    attributes: Attributes = Attributes()
    last_updated: AwareDatetime
    last_reported: AwareDatetime | None = None

    @property
    def at(self) -> datetime:
        """When the device last said so, even if the value did not change."""
        return max(self.last_updated, self.last_reported or self.last_updated).astimezone(UTC)


class Row(BaseModel):
    """One state in the recorder's minimal form."""

    state: str
    last_changed: AwareDatetime

    @property
    def at(self) -> datetime:
        """Since when it stood."""
        return self.last_changed.astimezone(UTC)


class Config(BaseModel):
    """What Home Assistant says of itself."""

    state: str
    time_zone: str
    version: str
    currency: str | None = None


_STATE = TypeAdapter(State)
_STATES = TypeAdapter(list[State])
_HISTORY = TypeAdapter(list[list[Row]])
_CONFIG = TypeAdapter(Config)


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeAssistantApi:
    """The REST API behind an `httpx.Client` that has its base URL. Every method raises what `_ask` raises."""

    http: httpx.Client
    token: str = field(repr=False)

    def state(self, entity_id: str) -> State:
        """Return an entity's state now."""
        return _parsed(_STATE, self._ask("GET", f"api/states/{entity_id}"))

    def state_as[Model: BaseModel](self, model: type[Model], entity_id: str) -> Model:
        """Return an entity's state now with the attributes a model names."""
        return _parsed(TypeAdapter(model), self._ask("GET", f"api/states/{entity_id}"))

    def history(self, entity_id: str, start: datetime, end: datetime) -> list[Row]:
        """Return the states of a span; the first is the one that stood at its start."""
        params = {
            "filter_entity_id": entity_id,
            "end_time": _stamp(end),
            "minimal_response": "",
            "no_attributes": "",
            "significant_changes_only": "0",
        }
        reply = self._ask("GET", f"api/history/period/{_stamp(start)}", params=params, most_bytes=HISTORY_BYTES)
        return [row for rows in _parsed(_HISTORY, reply) for row in rows]

    def call_service(self, domain: str, service: str, data: Mapping[str, object]) -> list[State]:
        """Return the states that changed while a service ran."""
        return _parsed(_STATES, self._ask("POST", f"api/services/{domain}/{service}", data=data))

    def config(self) -> Config:
        """Return what Home Assistant says of itself."""
        return _parsed(_CONFIG, self._ask("GET", "api/config"))

    def _ask(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        data: Mapping[str, object] | None = None,
        most_bytes: int = MOST_BYTES,
    ) -> httpx.Response:
        """Return a reply that is a success.

        Raises:
            UnauthorizedError: the token was refused.
            NoSuchPathError: nothing is there.
            UnavailableError: refused, or not answered.
        """
        headers, size = {"Authorization": f"Bearer {self.token}"}, {SIZE: most_bytes}
        try:
            reply = self.http.request(
                method, path, params=params, json=data and dict(data), headers=headers, timeout=TIMEOUT, extensions=size
            )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise UnavailableError(f"home assistant: {path}: {type(error).__name__} {error}".rstrip()) from error
        if reply.status_code in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
            raise UnauthorizedError(f"home assistant: the token was refused ({reply.status_code})")
        if reply.status_code == httpx.codes.NOT_FOUND:
            raise NoSuchPathError(f"home assistant: there is no {path}")
        if not reply.is_success:
            raise UnavailableError(f"home assistant: {path}: HTTP {reply.status_code} {reply.text[:SAID_LENGTH]}")
        return reply


def _parsed[Model](model: TypeAdapter[Model], reply: httpx.Response) -> Model:
    try:
        return model.validate_json(reply.content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        said = f"{where}: {first['msg']}" if where else first["msg"]
        raise UnavailableError(f"home assistant: the reply makes no sense: {said}") from error


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
