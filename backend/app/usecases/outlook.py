"""Outlook: what is known and expected now, gathered into a problem."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from app.domain.decision import Override
from app.domain.errors import UnavailableError
from app.domain.forecast import Forecast, ForecastKind
from app.domain.override import holding
from app.domain.possible import carried_out
from app.domain.price import PricedSlot
from app.domain.reading import Quantity, Reading
from app.domain.site import Site, SiteId
from app.domain.slot import Slot, finest_minutes, slot_at, slots_between
from app.domain.wish import bounds_kwh
from app.forecasting.adapt import Array, adapted, factors
from app.forecasting.expect import Expectation, expect
from app.forecasting.profile import no_sun, standard_load
from app.forecasting.scenarios import Paths
from app.optimizer.problem import Measured, Problem, ProblemSlot, assemble
from app.pricing.timeline import LOOK_BACK_DAYS, timeline
from app.usecases import ports
from app.usecases.history import History
from app.usecases.home import Homes
from app.usecases.newest import FRESH_S, fresh

HORIZON = timedelta(hours=48)
LEARN_EVERY, LEARN_FROM = timedelta(hours=6), timedelta(days=28)
"""How often and from how far back the width of intervals is learnt."""
MEASURED_AS = {ForecastKind.LOAD: Quantity.LOAD_KW, ForecastKind.SOLAR: Quantity.SOLAR_KW}
STATE = (Quantity.SOC_PCT, Quantity.BATTERY_VOLTAGE_V, Quantity.LOAD_KW, Quantity.SOLAR_KW)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """The tariff's current slot, both prices from there up to the horizon, and when the last of them was stored."""

    stored_at: datetime | None
    slot: Slot
    priced: tuple[PricedSlot, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What holds now: the tariff's slot, prices up to the horizon, and the newest good readings of the battery."""

    slot: Slot
    priced: tuple[PricedSlot, ...]
    state: dict[Quantity, Reading]

    @property
    def current(self) -> PricedSlot | None:
        """The current slot's prices, None unless the tariff told them: nobody acts on an estimate of now."""
        now = self.priced[0] if self.priced else None
        return now if now is not None and now.provenance.is_told else None

    def value(self, quantity: Quantity, now: datetime) -> float | None:
        """Return a fresh value, or None."""
        reading = self.state.get(quantity)
        return None if reading is None or reading.age_s(now) > FRESH_S else reading.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Prospect:
    """What to plan, and the paths of load and sun to decide over."""

    problem: Problem
    paths: Paths


@dataclass(slots=True)
class Outlook:
    """Gathers prices, forecasts and state of a site."""

    prices: ports.Prices
    readings: ports.Readings
    forecasts: ports.Forecasts
    history: History
    homes: Homes
    expected: dict[SiteId, tuple[object, Expectation]] = field(default_factory=dict)
    lines: dict[SiteId, Line] = field(default_factory=dict)
    widths: dict[SiteId, tuple[datetime, dict[ForecastKind, Array]]] = field(default_factory=dict)

    def conditions(self, site: Site, now: datetime) -> Conditions:
        """Return what holds now; prices may be empty, readings old."""
        line = self._line(site, now)
        return Conditions(slot=line.slot, priced=line.priced, state=fresh(self.readings, site.id, STATE, now))

    def _line(self, site: Site, now: datetime) -> Line:
        """Return the prices from the current slot on, made once per slot and again after prices were stored, by whatever process."""
        stored_at = self.prices.last_fetched(site.id)
        line = self.lines.get(site.id)
        if line is None or line.stored_at != stored_at or not line.slot.contains(now):
            line = self.lines[site.id] = self._drawn(site, now, stored_at)
        return line

    def _drawn(self, site: Site, now: datetime, stored_at: datetime | None) -> Line:
        known = self.prices.between(site.id, now - timedelta(days=LOOK_BACK_DAYS + 1), now + HORIZON)
        ahead = [price.slot for price in known if price.slot.end > now]
        minutes = finest_minutes(ahead) if ahead else 30
        current = slot_at(now, minutes=minutes)
        slots = slots_between(current.start, current.start + HORIZON, minutes=minutes)
        return Line(stored_at=stored_at, slot=current, priced=timeline(known, slots, zone=site.zone, money=site.money))

    def prospect(self, site: Site, conditions: Conditions, now: datetime, overrides: Sequence[Override] = ()) -> Prospect:
        """Return what to plan, and over which paths to decide; overrides are carried out whatever they cost.

        Raises:
            UnavailableError: names what is missing: the current price, or a fresh state of charge.
        """
        if conditions.current is None:
            raise UnavailableError(f"no published price for {conditions.slot.start.astimezone(site.zone):%Y-%m-%d %H:%M}")
        soc_pct = conditions.value(Quantity.SOC_PCT, now)
        if soc_pct is None:
            raise UnavailableError(f"no state of charge measured in the last {FRESH_S / 60:.0f} minutes")
        expected = self._expectation(site, [priced.slot for priced in conditions.priced], now)
        start_kwh = site.battery.capacity_kwh * soc_pct / 100
        problem = assemble(
            site,
            now=now,
            start_kwh=start_kwh,
            priced=conditions.priced,
            load=expected.load,
            solar=expected.solar,
            measured=_measured(site, conditions, now),
        )
        wished = tuple(self._wished(site, slot, overrides) for slot in problem.slots)
        return Prospect(problem=replace(problem, slots=wished), paths=expected.paths)

    def _wished(self, site: Site, slot: ProblemSlot, overrides: Sequence[Override]) -> ProblemSlot:
        """Return a slot with what people wish of it; an override counts for it where it holds in its middle."""
        span = slot.priced.slot
        least_kwh, most_kwh = bounds_kwh(self.homes[site.id].soc_wishes, site.battery, span, site.zone)
        override = holding(overrides, span.start + (span.end - span.start) / 2) if overrides else None
        forced = None if override is None else carried_out(site, override.command)
        return replace(slot, least_kwh=least_kwh, most_kwh=most_kwh, forced=forced)

    def _expectation(self, site: Site, slots: Sequence[Slot], now: datetime) -> Expectation:
        """Return what was expected when this slot began, or expect anew, and keep the forecasts as issued."""
        home, sun = self.homes[site.id], self._sun(site, slots, now)
        key = (slots[0].start, len(slots), None if sun is None else sun.issued_at, home.annual_kwh, site.solar)
        known = self.expected.get(site.id)
        if known is not None and known[0] == key:
            return known[1]
        past = self.history.past(site, slots[0].start, minutes=round(slots[0].hours * 60))
        stand_in = standard_load(slots, annual_kwh=home.annual_kwh, zone=site.zone, now=now)
        dark = no_sun(slots, source="no array" if site.solar.peak_kw == 0 else "none expected: no history yet", now=now)
        found = self._honest(site, expect(slots, now=now, past=past, load=stand_in, solar=sun, no_sun=dark), now)
        self.forecasts.save(site.id, found.load)
        self.forecasts.save(site.id, found.solar)
        self.expected[site.id] = (key, found)
        return found

    def _honest(self, site: Site, found: Expectation, now: datetime) -> Expectation:
        """Return what is expected with intervals as wide as the last weeks' misses ask for."""
        learnt = self.widths.get(site.id)
        if learnt is None or not learnt[0] <= now < learnt[0] + LEARN_EVERY:
            learnt = now, {kind: self._factors(site, found.load.slots[0], kind, now) for kind in MEASURED_AS}
            self.widths[site.id] = learnt
        load, solar = (adapted(each, learnt[1][each.kind]) for each in (found.load, found.solar))
        return replace(found, load=load, solar=solar)

    def _factors(self, site: Site, first: Slot, kind: ForecastKind, now: datetime) -> Array:
        told = self.forecasts.issued(site.id, kind, now - LEARN_FROM, now, apart=LEARN_EVERY)
        return factors(told, self.history.measured_kw(site.id, MEASURED_AS[kind], first.start, minutes=round(60 * first.hours)))

    def _sun(self, site: Site, slots: Sequence[Slot], now: datetime) -> Forecast | None:
        """Return the weather's forecast for the roof as far as it reaches, or None."""
        sunshine = self.homes[site.id].sunshine
        if sunshine is None or site.solar.peak_kw == 0:
            return None
        return sunshine.expected(site, slots, now)


def _measured(site: Site, conditions: Conditions, now: datetime) -> Measured | None:
    """Return what flows now, where it was just measured."""
    load_kw = conditions.value(Quantity.LOAD_KW, now)
    solar_kw = 0.0 if site.solar.peak_kw == 0 else conditions.value(Quantity.SOLAR_KW, now)
    return None if load_kw is None or solar_kw is None else Measured(load_kw=max(0.0, load_kw), solar_kw=max(0.0, solar_kw))
