"""/readings: measurements pushed by Node-RED, dongles and scripts. The same reading twice is stored once."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter
from pydantic import AfterValidator, AwareDatetime, ConfigDict, Field, JsonValue

from app.api.deps import House, Now, Use
from app.api.models import In, Instant, Out, span
from app.api.security import Controller, Viewer
from app.domain.errors import InvalidInputError
from app.domain.reading import Quality, Quantity, Reading, reading
from app.usecases.newest import newest

router = APIRouter(prefix="/readings", tags=["readings"])

SAMPLE_S = 300
"""Enough for a chart of days, and never more than a few hundred points a day."""

MOST_TOLD = 20
"""Refusals that are told in words; the others were most likely refused for the same."""

LONGEST_DAYS = 31
"""All readings of a span are held at once before they are thinned: one a minute makes 45 000 in a month."""


def _utc(at: datetime) -> datetime:
    try:
        return at.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("no clock says so") from error


class ReadingIn(In):
    """One measured value; null says that the device has none."""

    device: str = Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.:-]+$", examples=["bat_60bh37202bfa"])
    quantity: Quantity
    at: Annotated[AwareDatetime, AfterValidator(_utc)] = Field(description="One that cannot be of now or of the house's past is refused.")
    value: float | None = Field(description="In the unit that ends the quantity's name; importing and charging are positive.")


EXAMPLE: dict[str, JsonValue] = {"device": "bat_60bh37202bfa", "quantity": "soc_pct", "at": "2026-01-15T12:00:00Z", "value": 61.5}


class ReadingsIn(In):
    """A batch, in any order."""

    readings: list[ReadingIn] = Field(min_length=1, max_length=20_000)

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"readings": [EXAMPLE]}]})


class StoredOut(Out):
    """How many readings were new, how many not usable but kept as such, and how many not taken."""

    received: int
    stored: int
    suspect: int
    refused: int = Field(description="Stamped in the future, or long before the house existed; the rest of the batch is kept.")
    refusals: list[str] = Field(description=f"Why, a sentence for each of the first {MOST_TOLD}.")


class ReadingOut(Out):
    """The newest reading of a quantity: a good one where one is fresh, else whatever came last."""

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
    """Store readings. One from the future or from long ago is refused by itself; where none is left, the batch is (422)."""
    readings = [_noun(each, caller) for each in batch.readings]
    kept = use.ingest.push(house.id, readings, now)
    if len(kept.refused) == len(readings):
        raise InvalidInputError(kept.refused[0].why)
    return StoredOut(
        received=len(readings),
        stored=kept.stored,
        suspect=sum(each.quality is Quality.SUSPECT for each in kept.taken),
        refused=len(kept.refused),
        refusals=[each.why for each in kept.refused[:MOST_TOLD]],
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
    found = newest(use.ingest.readings, house.id, tuple(Quantity), now)
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
