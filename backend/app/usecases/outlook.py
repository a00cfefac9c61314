"""Outlook: what is known and expected now, gathered into a problem."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.domain.errors import UnavailableError
from app.domain.forecast import Forecast, ForecastKind
from app.domain.price import PricedSlot, Provenance
from app.domain.reading import Quality, Quantity, Reading
from app.domain.site import Site
from app.domain.slot import Slot, finest_minutes, slot_at, slots_between
from app.forecasting.profile import DAYS, forecast, no_sun, standard_load
from app.optimizer.problem import Problem, assemble
from app.pricing.timeline import LOOK_BACK_DAYS, timeline
from app.usecases import ports
from app.usecases.sunshine import Sunshine, followed_by

HORIZON = timedelta(hours=48)
FRESH_S = 900.0
"""A state of charge older than this is not planned on: a forced mode moves a home battery by a quarter in that time."""
STATE = (Quantity.SOC_PCT, Quantity.BATTERY_VOLTAGE_V)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What holds now: the tariff's slot, prices up to the horizon, and the newest state readings."""

    slot: Slot
    priced: tuple[PricedSlot, ...]
    state: dict[Quantity, Reading]

    @property
    def current(self) -> PricedSlot | None:
        """The current slot's prices, None unless published: nobody acts on an estimate of now."""
        now = self.priced[0] if self.priced else None
        return now if now is not None and now.provenance is Provenance.PUBLISHED else None

    def value(self, quantity: Quantity, now: datetime) -> float | None:
        """Return a fresh good value, or None."""
        reading = self.state.get(quantity)
        if reading is None or reading.quality is not Quality.GOOD or reading.age_s(now) > FRESH_S:
            return None
        return reading.value


@dataclass(slots=True)
class Outlook:
    """Gathers prices, forecasts and state of a site."""

    prices: ports.Prices
    readings: ports.Readings
    forecasts: ports.Forecasts
    annual_kwh: float
    sunshine: Sunshine | None = None

    def conditions(self, site: Site, now: datetime) -> Conditions:
        """Return what holds now; prices may be empty, readings old."""
        known = self.prices.between(site.id, now - timedelta(days=LOOK_BACK_DAYS + 1), now + HORIZON)
        ahead = [price.slot for price in known if price.slot.end > now]
        minutes = finest_minutes(ahead) if ahead else 30
        current = slot_at(now, minutes=minutes)
        slots = slots_between(current.start, current.start + HORIZON, minutes=minutes)
        return Conditions(
            slot=current,
            priced=timeline(known, slots, zone=site.zone),
            state=self.readings.latest(site.id, STATE),
        )

    def problem(self, site: Site, conditions: Conditions, now: datetime) -> Problem:
        """Return what to plan.

        Raises:
            UnavailableError: names what is missing: the current price, or a fresh state of charge.
        """
        if conditions.current is None:
            raise UnavailableError(f"no published price for {conditions.slot.start:%Y-%m-%d %H:%M} UTC")
        soc_pct = conditions.value(Quantity.SOC_PCT, now)
        if soc_pct is None:
            raise UnavailableError(f"no state of charge measured in the last {FRESH_S / 60:.0f} minutes")
        slots = [priced.slot for priced in conditions.priced]
        return assemble(
            site,
            now=now,
            start_kwh=site.battery.capacity_kwh * soc_pct / 100,
            priced=conditions.priced,
            load=self._forecast(site, ForecastKind.LOAD, slots, now),
            solar=self._forecast(site, ForecastKind.SOLAR, slots, now),
        )

    def _forecast(self, site: Site, kind: ForecastKind, slots: Sequence[Slot], now: datetime) -> Forecast:
        """Return the forecast issued in this slot, or a new one, which is kept."""
        last = self.forecasts.latest(site.id, kind, now)
        if last is not None and slots[0].contains(last.issued_at) and last.slots == tuple(slots):
            return last
        issued = self._new_forecast(site, kind, slots, now)
        self.forecasts.save(site.id, issued)
        return issued

    def _new_forecast(self, site: Site, kind: ForecastKind, slots: Sequence[Slot], now: datetime) -> Forecast:
        if kind is ForecastKind.SOLAR and site.solar.peak_kw == 0:
            return no_sun(slots, source="no array", now=now)
        given = self.sunshine.expected(site, slots, now) if self.sunshine is not None and kind is ForecastKind.SOLAR else None
        if given is not None and len(given.slots) == len(slots):
            return given
        history = self._from_history(site, kind, slots, now)
        return history if given is None else followed_by(given, history)

    def _from_history(self, site: Site, kind: ForecastKind, slots: Sequence[Slot], now: datetime) -> Forecast:
        quantity = Quantity.LOAD_KW if kind is ForecastKind.LOAD else Quantity.SOLAR_KW
        past = self.readings.between(site.id, quantity, slots[0].start - timedelta(days=DAYS), slots[0].start)
        found = forecast(kind, past, slots, now=now, minutes=round(slots[0].hours * 60))
        if found is not None:
            return found
        if kind is ForecastKind.SOLAR:
            return no_sun(slots, source="none expected: no week of history yet", now=now)
        return standard_load(slots, annual_kwh=self.annual_kwh, zone=site.zone, now=now)
