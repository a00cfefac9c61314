"""Octopus Energy: unit rates in half-hours, standing charges, metered energy and grid regions."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import Self

import httpx
from pydantic import AwareDatetime, BaseModel, Field, model_validator

from app.domain.errors import InvalidInputError, NotFoundError, UnavailableError
from app.domain.price import Direction, Price
from app.domain.slot import Slot, slots_between
from app.services.agile_day import agile_published_until
from app.services.octopus.pages import OctopusApi, RefusedError, TwoRegistersError
from app.services.octopus.rates import POUND, SLOT_MINUTES, Rate, day_and_night, half_hours, paid_by
from app.services.octopus.tariff import NightWindow, OctopusTariff

RATES_PER_PAGE = 1500
READINGS_PER_PAGE = 25_000
AGILE_LATENESS = timedelta(minutes=30)
"""Agile prices are due at 16:00 and usually there by 16:30."""
KNOWN_AHEAD = timedelta(days=2)
"""Flat and time-of-day tariffs stand until changed; no plan looks further."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlatExport:
    """A fixed payment per exported kWh in pounds, from whoever pays it; 0 says that nobody pays."""

    per_kwh: float

    def __post_init__(self) -> None:
        if not 0 <= self.per_kwh < 1:
            raise InvalidInputError(f"an export payment of {self.per_kwh} GBP per kWh cannot be; 12p is 0.12")


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingCharge:
    """What a day costs before any energy, in pounds incl. VAT, over a validity that may be open."""

    start: datetime | None
    end: datetime | None
    per_day: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MeteredEnergy:
    """What the meter counted in one interval, in kWh."""

    slot: Slot
    kwh: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OctopusEnergy:
    """Prices of one house: an import tariff, and an export tariff or a fixed export payment."""

    http: httpx.Client
    import_tariff: OctopusTariff
    export_tariff: OctopusTariff | FlatExport
    payment_method: str = "DIRECT_DEBIT"
    night: NightWindow | None = None
    """When the night register counts; None for what the product is known to do."""
    api_key: str | None = field(default=None, repr=False)
    sleep: Callable[[float], None] = time.sleep
    name: str = "octopus"

    def prices(self, start: datetime, end: datetime) -> list[Price]:
        """Return the published half-hours of [start, end) in both directions, oldest first, in GBP per kWh incl. VAT.

        Raises:
            UnavailableError: no useful answer.
        """
        imported = self.unit_rates(self.import_tariff, Direction.IMPORT, start, end)
        if isinstance(self.export_tariff, FlatExport):
            exported = _flat_prices(self.export_tariff, start, end)
        else:
            exported = self.unit_rates(self.export_tariff, Direction.EXPORT, start, end)
        return sorted(imported + exported, key=attrgetter("slot"))

    def published_until(self, now: datetime) -> datetime:
        """Return the instant up to which both tariffs should be known by now."""
        tariffs = [tariff for tariff in (self.import_tariff, self.export_tariff) if isinstance(tariff, OctopusTariff)]
        return min(map(known_until, tariffs, [now] * len(tariffs)))

    def standing_charges(self, start: datetime, end: datetime) -> list[StandingCharge]:
        """Return the import tariff's standing charges valid anywhere in [start, end), oldest first.

        Raises:
            UnavailableError: no useful answer.
        """
        rates = sorted(self._rates(self.import_tariff, "standing-charges", start, end), key=attrgetter("start"))
        return [StandingCharge(start=rate.valid_from and rate.start, end=rate.valid_to and rate.end, per_day=rate.amount) for rate in rates]

    def consumption(self, mpan: str, serial: str, start: datetime, end: datetime) -> list[MeteredEnergy]:
        """Return what a meter counted in [start, end), oldest first; recent days may still be missing.

        Raises:
            UnauthorizedError: no API key, or it may not see this meter.
            UnavailableError: no useful answer, or rows were lost between pages.
        """
        what = f"consumption of meter {serial}"
        # Newest first on purpose: paging oldest first has skipped and repeated rows.
        params = _span(start, end) | {"page_size": READINGS_PER_PAGE, "order_by": "-period"}
        path = f"electricity-meter-points/{mpan}/meters/{serial}/consumption/"
        rows, count = self._api.rows(_Consumption, path, params, what=what, private=True)
        by_start = {row.slot.start: MeteredEnergy(slot=row.slot, kwh=row.consumption) for row in rows}
        if len(by_start) < count:
            raise UnavailableError(f"octopus: {what}: {len(by_start)} of {count} rows arrived")
        return [by_start[at] for at in sorted(by_start) if start <= at < end]

    def region_of_postcode(self, postcode: str) -> str:
        """Return the letter of the grid region a postcode lies in.

        Raises:
            NotFoundError: no region, or more than one.
            UnavailableError: no useful answer.
        """
        what = f"grid region of postcode {postcode}"
        rows, _ = self._api.rows(_Region, "industry/grid-supply-points/", {"postcode": postcode}, what=what)
        regions = sorted({row.group_id.removeprefix("_") for row in rows})
        if len(regions) != 1:
            raise NotFoundError(
                f"octopus: postcode {postcode} names {len(regions)} grid regions ({', '.join(regions) or 'none'}): set the region"
            )
        return regions[0]

    @property
    def _api(self) -> OctopusApi:
        return OctopusApi(http=self.http, api_key=self.api_key, sleep=self.sleep)

    def unit_rates(self, tariff: OctopusTariff, direction: Direction, start: datetime, end: datetime) -> list[Price]:
        """Return a tariff's published half-hours of [start, end), oldest first, in GBP per kWh incl. VAT.

        Raises:
            UnavailableError: no useful answer.
        """
        priced = self._half_hours(tariff, start, end) if start < end else {}
        source = self.told_as(tariff)
        return [
            Price(slot=slot, direction=direction, per_kwh=per_kwh, source=source, currency=POUND.code) for slot, per_kwh in priced.items()
        ]

    def told_as(self, tariff: OctopusTariff) -> str:
        """Return what a tariff's prices name as their source."""
        return f"{self.name} {tariff.code}"

    def _half_hours(self, tariff: OctopusTariff, start: datetime, end: datetime) -> dict[Slot, float]:
        if tariff.registers == 1:
            try:
                if rates := self._rates(tariff, "standard-unit-rates", start, end):
                    return half_hours(rates, start, end)
            except TwoRegistersError:
                pass  # the code says one register, the service knows better
            else:
                return {} if tariff.is_agile else self._where_standard_is_empty(tariff, start, end)
        return self._two_registers(tariff, start, end)

    def _where_standard_is_empty(self, tariff: OctopusTariff, start: datetime, end: datetime) -> dict[Slot, float]:
        """Return the day and night rates of a tariff that says with an empty list that it has no standard one; it may have neither."""
        try:
            return self._two_registers(tariff, start, end)
        except RefusedError:
            return {}

    def _two_registers(self, tariff: OctopusTariff, start: datetime, end: datetime) -> dict[Slot, float]:
        day, night = (self._rates(tariff, f"{register}-unit-rates", start, end) for register in ("day", "night"))
        if bool(day) != bool(night):
            raise UnavailableError(f"octopus: tariff {tariff.code} has {'day' if day else 'night'} rates only; its other half is empty")
        return day_and_night(day, night, start, end, is_night=(self.night or tariff.night).contains)

    def _rates(self, tariff: OctopusTariff, kind: str, start: datetime, end: datetime) -> list[Rate]:
        what = f"tariff {tariff.code} (product {tariff.product}, region {tariff.region}, {kind})"
        params = _span(start, end) | {"page_size": RATES_PER_PAGE}
        rates, _ = self._api.rows(Rate, f"{tariff.path}/{kind}/", params, what=what)
        return paid_by(rates, self.payment_method)


def known_until(tariff: OctopusTariff, now: datetime) -> datetime:
    """Return the instant up to which a tariff should be known by now."""
    return agile_published_until(now, lateness=AGILE_LATENESS) if tariff.is_agile else now + KNOWN_AHEAD


class _Consumption(BaseModel):
    consumption: float = Field(ge=0, allow_inf_nan=False)
    interval_start: AwareDatetime
    interval_end: AwareDatetime

    @model_validator(mode="after")
    def _lasts(self) -> Self:
        if self.interval_end <= self.interval_start:
            raise ValueError("an interval ends after it starts")
        return self

    @property
    def slot(self) -> Slot:
        return Slot(self.interval_start.astimezone(UTC), self.interval_end.astimezone(UTC))


class _Region(BaseModel):
    group_id: str = Field(pattern="^_[A-HJ-NP]$")


def _flat_prices(export: FlatExport, start: datetime, end: datetime) -> list[Price]:
    source = f"fixed export payment of {export.per_kwh} GBP per kWh" if export.per_kwh else "no export payment"
    slots = slots_between(start, end, minutes=SLOT_MINUTES)
    return [Price(slot=slot, direction=Direction.EXPORT, per_kwh=export.per_kwh, source=source, currency=POUND.code) for slot in slots]


def _span(start: datetime, end: datetime) -> dict[str, str | int]:
    """Return the query of a time span; without the Z the service would read London time."""
    return {"period_from": f"{start.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}", "period_to": f"{end.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"}
