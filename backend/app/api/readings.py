"""/readings: measurements pushed by Node-RED, dongles and scripts. The same reading twice is stored once."""

from datetime import timedelta

from fastapi import APIRouter
from pydantic import ConfigDict, Field, JsonValue

from app.api.deps import House, Now, Use
from app.api.models import In, Instant, Out, span
from app.api.security import Controller, Viewer
from app.domain.errors import InvalidInputError
from app.domain.reading import Quality, Quantity, Reading, reading

router = APIRouter(prefix="/readings", tags=["readings"])

CLOCK_SKEW = timedelta(minutes=2)
"""A reading may come from a clock that runs this much ahead; beyond it would hide every newer one."""


SAMPLE_S = 300
"""Enough for a chart of days, and never more than a few hundred points a day."""

LONGEST_DAYS = 31
"""All readings of a span are held at once before they are thinned: one a minute makes 45 000 in a month."""


class ReadingIn(In):
    """One measured value; null says that the device has none."""

    device: str = Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.:-]+$", examples=["bat_60bh37202bfa"])
    quantity: Quantity
    at: Instant
    value: float | None = Field(description="In the unit that ends the quantity's name; importing and charging are positive.")


EXAMPLE: dict[str, JsonValue] = {"device": "bat_60bh37202bfa", "quantity": "soc_pct", "at": "2026-01-15T12:00:00Z", "value": 61.5}


class ReadingsIn(In):
    """A batch, in any order."""

    readings: list[ReadingIn] = Field(min_length=1, max_length=20_000)

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"readings": [EXAMPLE]}]})


class StoredOut(Out):
    """How many readings were new, and how many were not usable but kept as such."""

    received: int
    stored: int
    suspect: int


class ReadingOut(Out):
    """The newest reading of a quantity."""

    quantity: Quantity
    device: str
    at: Instant
    age_s: float
    value: float | None
    quality: Quality
    source: str


class SampleOut(Out):
    """A measured value."""

    at: Instant
    value: float


class HistoryOut(Out):
    """Good readings of one quantity, oldest first, at most one every five minutes."""

    quantity: Quantity
    samples: list[SampleOut]


class LatestOut(Out):
    """The state of the house as last measured."""

    readings: list[ReadingOut]


@router.post("")
def push(use: Use, house: House, now: Now, caller: Controller, batch: ReadingsIn) -> StoredOut:
    """Store readings."""
    late = next((each for each in batch.readings if each.at > now + CLOCK_SKEW), None)
    if late is not None:
        raise InvalidInputError(f"{late.device}: a reading from the future ({late.at:%Y-%m-%dT%H:%M:%SZ}); set the device's clock")
    kept = use.ingest.push(house.id, [_noun(each, caller) for each in batch.readings])
    return StoredOut(
        received=len(batch.readings),
        stored=kept.stored,
        suspect=sum(each.quality is Quality.SUSPECT for each in kept.taken),
    )


@router.get("")
def history(
    *, use: Use, house: House, now: Now, _caller: Viewer, quantity: Quantity, start: Instant | None = None, end: Instant | None = None
) -> HistoryOut:
    """Return what was measured, thinned, of at most 31 days; without a span, over the last day."""
    wanted = span(start or (end or now) - timedelta(days=1), end or now, longest_days=LONGEST_DAYS)
    found = use.ingest.readings.between(house.id, quantity, wanted.start, wanted.end)
    thinned = {int(each.at.timestamp() // SAMPLE_S): each for each in found}
    return HistoryOut(
        quantity=quantity, samples=[SampleOut(at=each.at, value=each.value) for each in thinned.values() if each.value is not None]
    )


@router.get("/latest")
def latest(use: Use, house: House, now: Now, _caller: Viewer) -> LatestOut:
    """Return the newest reading of every quantity."""
    found = use.ingest.readings.latest(house.id, tuple(Quantity))
    return LatestOut(
        readings=[
            ReadingOut(
                quantity=each.quantity,
                device=each.device,
                at=each.at,
                age_s=each.age_s(now),
                value=each.value,
                quality=each.quality,
                source=each.source,
            )
            for each in found.values()
        ]
    )


def _noun(given: ReadingIn, caller: str) -> Reading:
    return reading(device=given.device, quantity=given.quantity, at=given.at, value=given.value, source=f"pushed by {caller}")
