"""Home Assistant's long-term statistics: hourly means and counted energy, kept for years, over its websocket."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import httpx
from pydantic import BaseModel, TypeAdapter, ValidationError
from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from app.domain.errors import UnauthorizedError, UnavailableError
from app.domain.reading import Metered, Quantity
from app.domain.slot import Slot
from app.services.home_assistant.entities import Entity
from app.services.limits import left_s, within

TIMEOUT_S = 30.0
PATIENCE_S = 300.0
"""The whole conversation, of years."""
STEP = timedelta(days=60)
"""One question for two months: a reply of some hundred kilobytes."""
MOST_BYTES, MOST_WAITING = 2 * 2**20, 2
"""Of a message, and how many of them are held before they are looked at."""
HOUR = timedelta(hours=1)


class _Row(BaseModel):
    """One hour; times in milliseconds since the epoch. `change` is counted energy, resets of the counter already taken out."""

    start: float
    mean: float | None = None
    change: float | None = None


class _Message(BaseModel):
    type: str
    success: bool = True
    result: dict[str, list[_Row]] | None = None
    error: dict[str, str] | None = None


_MESSAGE = TypeAdapter(_Message)


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeAssistantStatistics:
    """The statistics of a Home Assistant at a base URL, e.g. `http://homeassistant:8123/`."""

    url: str
    token: str = field(repr=False)

    def hours(self, quantity: Quantity, entity: Entity, start: datetime, end: datetime) -> list[Metered]:
        """Return the whole hours of [start, end) that the statistics know of a power sensor or an energy counter, oldest first.

        Home Assistant converts the units. An hour in which a counter ran backwards is left out.

        Raises:
            UnauthorizedError: the token was refused.
            UnavailableError: no useful answer, or it keeps no statistics of that entity.
        """
        found: list[_Row] = []
        with within(PATIENCE_S), self._talking() as line:
            number, at = 0, start
            while at < end:
                number, until = number + 1, min(end, at + STEP)
                found += _asked(line, number, entity.entity_id, at, until)
                at = until
        if not found:
            raise UnavailableError(
                f"home assistant: it keeps no statistics of {entity.entity_id} in that time; its state_class says whether"
            )
        hours = {row.start: each for row in found if (each := _metered(quantity, row, entity.sign)) is not None}
        return [hours[at] for at in sorted(hours)]

    @contextmanager
    def _talking(self) -> Iterator[ClientConnection]:
        """Hold an authenticated connection open."""
        url = httpx.URL(self.url)
        address = str(url.copy_with(scheme="wss" if url.scheme == "https" else "ws").join("api/websocket"))
        try:
            with connect(address, open_timeout=TIMEOUT_S, max_size=MOST_BYTES, max_queue=MOST_WAITING, proxy=None) as line:
                _authenticate(line, self.token)
                yield line
        except (OSError, WebSocketException) as error:
            raise UnavailableError(f"home assistant: {type(error).__name__} {error}".rstrip()) from error


def _authenticate(line: ClientConnection, token: str) -> None:
    _heard(line)
    line.send(_AUTH.dump_json({"type": "auth", "access_token": token}), text=True)
    if _heard(line).type != "auth_ok":
        raise UnauthorizedError("home assistant: the token was refused")


_AUTH = TypeAdapter(dict[str, str])
_QUESTION = TypeAdapter(dict[str, object])


def _asked(line: ClientConnection, number: int, entity_id: str, start: datetime, end: datetime) -> list[_Row]:
    question = {
        "id": number,
        "type": "recorder/statistics_during_period",
        "start_time": start.astimezone(UTC).isoformat(),
        "end_time": end.astimezone(UTC).isoformat(),
        "statistic_ids": [entity_id],
        "period": "hour",
        "types": ["mean", "change"],
        "units": {"power": "kW", "energy": "kWh"},
    }
    line.send(_QUESTION.dump_json(question), text=True)
    reply = _heard(line)
    if not reply.success or reply.result is None:
        raise UnavailableError(f"home assistant: statistics of {entity_id}: {(reply.error or {}).get('message', 'no result')}")
    return reply.result.get(entity_id, [])


def _heard(line: ClientConnection) -> _Message:
    try:
        return _MESSAGE.validate_json(line.recv(timeout=left_s(TIMEOUT_S)))
    except TimeoutError as error:
        raise UnavailableError(f"home assistant: no answer within {TIMEOUT_S:.0f} s") from error
    except ValidationError as error:
        raise UnavailableError(f"home assistant: the reply makes no sense: {error.errors()[0]['msg']}") from error


def _metered(quantity: Quantity, row: _Row, sign: int) -> Metered | None:
    """Return an hour's energy: of a power sensor its mean, of a counter what it counted; None where neither can be."""
    start = datetime.fromtimestamp(row.start / 1000, UTC)
    slot = Slot(start, start + HOUR)
    if row.mean is not None:
        return Metered(quantity=quantity, slot=slot, kwh=sign * row.mean)
    return Metered(quantity=quantity, slot=slot, kwh=row.change) if row.change is not None and row.change >= 0 else None
