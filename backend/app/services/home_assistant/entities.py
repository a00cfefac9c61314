"""Home Assistant over REST: reads a house's entities, their history, and calls services."""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Literal

import httpx

from app.domain.errors import UnavailableError
from app.domain.reading import Quantity, Reading, reading
from app.services.bounded import MOST_BYTES
from app.services.home_assistant.rest import HomeAssistantApi, NoSuchPathError
from app.services.home_assistant.units import in_unit_of, number
from app.services.limits import within

HISTORY_STEP = timedelta(days=1)
"""One reply per day: a month of a busy power sensor at once is tens of megabytes."""

READ_S = 10.0
"""All entities together; a reading that comes later is not one of now."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """The entity that shows a quantity; sign -1 when its positive direction is the opposite of ours."""

    entity_id: str
    sign: Literal[1, -1] = 1
    minus: str | None = None
    """Another entity whose value is taken off, where two make one quantity."""


type EntityMap = Mapping[Quantity, Entity]


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeAssistantStatus:
    """What Home Assistant says of itself; it may be trusted once `state` is RUNNING."""

    state: str
    time_zone: str
    version: str
    currency: str | None = None
    """None where it does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeAssistant:
    """A house behind an `httpx.Client` that has Home Assistant's base URL, e.g. `http://homeassistant:8123/`."""

    http: httpx.Client
    token: str = field(repr=False)
    entities: EntityMap
    name: str = "home_assistant"

    def read(self, now: datetime) -> list[Reading]:
        """Return the state of every mapped entity in our units and signs; what is no usable number is missing.

        Raises:
            UnauthorizedError: the token was refused.
            UnavailableError: Home Assistant did not answer usefully.
        """
        with within(READ_S, MOST_BYTES):
            looks = [self._look(quantity, entity, now) for quantity, entity in self.entities.items()]
        for problem in filter(None, (problem for _, problem in looks)):
            log.warning("home assistant: %s", problem)
        return [seen for seen, _ in looks]

    def problems(self, now: datetime) -> list[str]:
        """Return a sentence for every mapped entity that gives no usable number, and why; empty when all is well.

        Raises:
            UnavailableError: Home Assistant did not answer usefully.
        """
        looks = (self._look(quantity, entity, now) for quantity, entity in self.entities.items())
        return [problem for _, problem in looks if problem is not None]

    def history(self, quantity: Quantity, start: datetime, end: datetime) -> list[Reading]:
        """Return what the recorder kept of [start, end), oldest first; empty for a quantity no entity shows.

        The unit is the one the entity has now. The first reading is the state that stood at the start.

        Raises:
            UnavailableError: no useful answer, or the entity has no unit that can be converted.
        """
        entity = self.entities.get(quantity)
        if entity is None:
            return []
        found = self._past(quantity, entity.entity_id, start, end)
        if entity.minus is not None:
            found = _differences(found, self._past(quantity, entity.minus, start, end))
        turned = ((at, None if value is None else entity.sign * value) for at, value in sorted(found.items()))
        return [self._reading(quantity, at, value) for at, value in turned]

    def _past(self, quantity: Quantity, entity_id: str, start: datetime, end: datetime) -> dict[datetime, float | None]:
        """Return what the recorder kept of one entity, in our unit."""
        unit = self._api.state(entity_id).attributes.unit_of_measurement
        if in_unit_of(quantity, 0.0, unit) is None:
            raise UnavailableError(f"home assistant: {entity_id} is in {unit!r}, which is no unit of {quantity}")
        found: dict[datetime, float | None] = {}
        for first, last in pairwise(_cuts(start, end)):
            for row in self._api.history(entity_id, first, last):
                if start <= row.at < end:
                    found.setdefault(row.at, _converted(quantity, row.state, unit))
        return found

    def call_service(self, domain: str, service: str, data: Mapping[str, object]) -> tuple[str, ...]:
        """Call a service and return the entities that changed meanwhile. None is no failure, and a call is no proof: read back.

        Raises:
            UnauthorizedError: the token was refused.
            UnavailableError: the call was refused or not answered.
        """
        return tuple(state.entity_id for state in self._api.call_service(domain, service, data))

    def config(self) -> HomeAssistantStatus:
        """Return what Home Assistant says of itself.

        Raises:
            UnauthorizedError: the token was refused.
            UnavailableError: no useful answer.
        """
        config = self._api.config()
        return HomeAssistantStatus(state=config.state, time_zone=config.time_zone, version=config.version, currency=config.currency)

    @property
    def _api(self) -> HomeAssistantApi:
        return HomeAssistantApi(http=self.http, token=self.token)

    def _look(self, quantity: Quantity, entity: Entity, now: datetime) -> tuple[Reading, str | None]:
        """Return the reading of one entity, and what is wrong with it if anything is."""
        at, value, problem = self._now(quantity, entity.entity_id, now)
        if entity.minus is not None:
            other_at, taken_off, other_problem = self._now(quantity, entity.minus, now)
            at, problem = max(at, other_at), problem or other_problem
            value = None if value is None or taken_off is None else value - taken_off
        return self._reading(quantity, at, None if value is None else entity.sign * value), problem

    def _now(self, quantity: Quantity, entity_id: str, now: datetime) -> tuple[datetime, float | None, str | None]:
        """Return when one entity said what, in our unit, and what is wrong with it if anything is."""
        try:
            state = self._api.state(entity_id)
        except NoSuchPathError:
            return now, None, f"{quantity}: there is no entity {entity_id}"
        unit = state.attributes.unit_of_measurement
        return state.at, _converted(quantity, state.state, unit), _problem(quantity, entity_id, state.state, unit)

    def _reading(self, quantity: Quantity, at: datetime, value: float | None) -> Reading:
        return reading(device=self.name, quantity=quantity, at=at, value=value, source=self.name)


def _converted(quantity: Quantity, state: str, unit: str | None) -> float | None:
    value = number(state)
    return None if value is None else in_unit_of(quantity, value, unit)


def _differences(one: Mapping[datetime, float | None], other: Mapping[datetime, float | None]) -> dict[datetime, float | None]:
    """Return one less the other at each instant at which either changed, from when both are known."""
    found: dict[datetime, float | None] = {}
    held: float | None = None
    taken_off: float | None = None
    for at in sorted({*one, *other}):
        held, taken_off = one.get(at, held), other.get(at, taken_off)
        found[at] = None if held is None or taken_off is None else held - taken_off
    return found


def _problem(quantity: Quantity, entity_id: str, state: str, unit: str | None) -> str | None:
    if number(state) is None:
        return f"{quantity}: {entity_id} shows {state!r}, which is no number"
    if in_unit_of(quantity, 0.0, unit) is None:
        return f"{quantity}: {entity_id} is in {unit!r}, which is no unit of {quantity}"
    return None


def _cuts(start: datetime, end: datetime) -> Iterator[datetime]:
    """Yield the borders of the spans one reply each is asked for."""
    at = start
    while at < end:
        yield at
        at += HISTORY_STEP
    yield max(start, end)
