"""Sunshine: asks the solar source as often as it may, learns from what the roof gave, and says what to expect."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from app.domain.errors import UnavailableError
from app.domain.forecast import Forecast, ForecastKind
from app.domain.reading import Quantity
from app.domain.roof import Roof
from app.domain.site import Site, SiteId
from app.domain.slot import Slot, floor, slots_between
from app.forecasting.calibrate import WINDOW_DAYS, Calibration, Lessons, learn
from app.forecasting.credible import credible
from app.forecasting.history import slot_means
from app.forecasting.steps import Steps, flat, middles, onto
from app.forecasting.sun import Numbers
from app.usecases import ports

MINUTES = 30
SLOT_S = 60.0 * MINUTES
PER_DAY = 24 * 60 // MINUTES
DAY = timedelta(days=1)
AHEAD = timedelta(hours=72)
"""A day more than is planned, so that an answer still covers the plan while the source is away for a day."""
KEEP = timedelta(hours=36)
"""The last good answer is used this long: the weather of the day after tomorrow is still better than last week's mean."""
APART = timedelta(hours=6)
"""Weather models run every six hours; answers in between teach nothing new."""
LEARN_EVERY = timedelta(hours=6)
SETTLED_DAYS = 2
"""A day this long ago gets no more late readings."""
AT_LIMIT = 0.95
"""Exporting this share of what is allowed, the inverter may be holding the array back."""
FULL = 0.98
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Sunshine:
    """Keeps what the source said and what its past errors teach."""

    source: ports.SolarSource
    roof: Roof
    forecasts: ports.Forecasts
    readings: ports.Readings
    calibrates: bool = True
    asked: dict[SiteId, datetime] = field(default_factory=dict)
    learnt: dict[SiteId, tuple[datetime, Calibration]] = field(default_factory=dict)
    expectations: dict[SiteId, Forecast] = field(default_factory=dict)
    """What the newest answer means for this roof."""
    measured: dict[tuple[SiteId, datetime], Numbers] = field(default_factory=dict)
    complaints: dict[SiteId, str | None] = field(default_factory=dict)
    """What was wrong with the newest answer, or why there was none."""

    def refresh(self, site: Site, now: datetime) -> None:
        """Ask the source if it may be asked again, keep its answer as given, and learn now and then.

        Raises:
            UnavailableError: the source or the store did not answer usefully; the last good answer stays.
        """
        last = self._given(site, now)
        asked = max(self.asked.get(site.id, LONG_AGO), LONG_AGO if last is None else last.issued_at)
        if self._is_old(self.learnt.get(site.id), now):
            self._learn(site, now)
        if asked + self.source.every <= now:
            self.asked[site.id] = now
            self.forecasts.save(site.id, self.ask(site, now))

    def ask(self, site: Site, now: datetime) -> Forecast:
        """Return what the source says now, as far as it can be one.

        Raises:
            UnavailableError: the source did not answer usefully.
        """
        try:
            given, complaint = credible(self.source.forecast(slots_between(now, now + AHEAD, minutes=MINUTES), now), self.roof, site.zone)
        except UnavailableError as error:
            self.complaints[site.id] = str(error)
            raise
        self.complaints[site.id] = "; ".join(filter(None, (self.source.complaint, complaint))) or None
        return given

    def last_good(self, site: Site, now: datetime) -> Forecast | None:
        """Return the answer in use; None where there is none, or it is too old.

        Raises:
            UnavailableError: the store did not answer.
        """
        given = self._given(site, now)
        return given if given is not None and now <= given.issued_at + KEEP else None

    def expected(self, site: Site, slots: Sequence[Slot], now: datetime) -> Forecast | None:
        """Return what to expect of the slots that the last good answer covers, from the first on; None where it covers none.

        Raises:
            UnavailableError: the store did not answer.
        """
        given = self.last_good(site, now)
        if given is None:
            return None
        if site.id not in self.learnt:
            self._learn(site, now)
        found = self._expectation(site, given)
        kw, low, high = (_on(slots, found, values) for values in (found.kw, found.low_kw or found.kw, found.high_kw or found.kw))
        count = int(np.argmax(np.isnan(kw))) if np.isnan(kw).any() else len(slots)
        if count == 0:
            return None
        return Forecast(
            kind=ForecastKind.SOLAR,
            slots=tuple(slots[:count]),
            kw=tuple(kw[:count].tolist()),
            low_kw=tuple(np.minimum(low, kw)[:count].tolist()),
            high_kw=tuple(np.maximum(high, kw)[:count].tolist()),
            source=self._named(site, given, now),
            issued_at=now,
        )

    def _given(self, site: Site, now: datetime) -> Forecast | None:
        """Return the last answer of this source."""
        last = self.forecasts.latest(site.id, ForecastKind.SOLAR_AS_GIVEN, now)
        return last if last is not None and last.source == self.source.name else None

    def _expectation(self, site: Site, given: Forecast) -> Forecast:
        """Return an answer as the lessons correct it, worked out once."""
        known = self.expectations.get(site.id)
        if known is not None and known.issued_at == given.issued_at:
            return known
        _, calibration = self.learnt[site.id]
        spread = (None, None) if given.low_kw is None or given.high_kw is None else (np.array(given.low_kw), np.array(given.high_kw))
        found = calibration.expect(middles(given.slots), np.array(given.kw), *spread)
        low, kw, high = (tuple(each.tolist()) for each in (found.low_kw, found.kw, found.high_kw))
        new = Forecast(
            kind=ForecastKind.SOLAR, slots=given.slots, kw=kw, low_kw=low, high_kw=high, source=given.source, issued_at=given.issued_at
        )
        self.expectations[site.id] = new
        return new

    def _named(self, site: Site, given: Forecast, now: datetime) -> str:
        """Return the source's name, how old its answer is if it is late, and how much it is calibrated."""
        _, calibration = self.learnt[site.id]
        age = f" of {given.issued_at:%m-%d %H:%M}" if given.issued_at + 2 * self.source.every < now else ""
        return f"{given.source}{age}, {calibration.days} days learnt"

    def _is_old(self, learnt: tuple[datetime, Calibration] | None, now: datetime) -> bool:
        return learnt is None or learnt[0] + LEARN_EVERY <= now

    def _learn(self, site: Site, now: datetime) -> None:
        calibration = Calibration(roof=self.roof)
        if self.calibrates:
            calibration = learn(self.roof, self._lessons(site, now), now_s=now.timestamp())
        self.learnt[site.id] = (now, calibration)
        self.expectations.pop(site.id, None)

    def _lessons(self, site: Site, now: datetime) -> Lessons:
        """Return what was forecast for each measured slot of the window, once per forecast."""
        first = floor(now, minutes=24 * 60) - WINDOW_DAYS * DAY
        measured = np.concatenate([self._day(site, first + n * DAY, now) for n in range(WINDOW_DAYS + 1)])
        issued = self.forecasts.issued(site.id, ForecastKind.SOLAR_AS_GIVEN, first, now, apart=APART)
        pairs = [
            (slot.start.timestamp() + SLOT_S / 2, kw)
            for given in issued
            if given.source == self.source.name
            for slot, kw in zip(given.slots, given.kw, strict=True)
            if slot.end <= now
        ]
        at_s, kw = np.array(pairs, dtype=np.float64).reshape(-1, 2).T
        found = measured[((at_s - first.timestamp()) // SLOT_S).astype(np.int64)]
        return Lessons(at_s=at_s, forecast_kw=kw, measured_kw=found)

    def _day(self, site: Site, day: datetime, now: datetime) -> Numbers:
        """Return a UTC day's measured output, NaN where nothing was measured or the array may have been held back."""
        known = self.measured.get((site.id, day))
        if known is not None:
            return known
        solar, grid, soc = (self._means(site, quantity, day) for quantity in (Quantity.SOLAR_KW, Quantity.GRID_KW, Quantity.SOC_PCT))
        solar[_held_back(site, grid, soc)] = np.nan
        self.measured = {key: means for key, means in self.measured.items() if key[1] >= day - WINDOW_DAYS * DAY}
        if day + (1 + SETTLED_DAYS) * DAY < now:
            self.measured[site.id, day] = solar
        return solar

    def _means(self, site: Site, quantity: Quantity, day: datetime) -> Numbers:
        return slot_means(self.readings.between(site.id, quantity, day, day + DAY), first=day, minutes=MINUTES, count=PER_DAY)


def _held_back(site: Site, grid_kw: Numbers, soc_pct: Numbers) -> NDArray[np.bool_]:
    """Tell in which slots the inverter may have throttled the array: nothing more could be exported, and nothing stored."""
    limit_kw = site.grid.export_limit_kw
    exporting = -grid_kw >= AT_LIMIT * limit_kw - (0 if limit_kw else 0.05)
    full = soc_pct >= FULL * site.battery.pct(site.battery.top_kwh)
    held: NDArray[np.bool_] = exporting & (full | (limit_kw > 0)) & site.solar.curtailable
    return held


def _on(slots: Sequence[Slot], found: Forecast, kw: Sequence[float]) -> Numbers:
    starts, ends = (np.array([each.timestamp() for each in side]) for side in zip(*((s.start, s.end) for s in found.slots), strict=True))
    return onto(slots, Steps(starts_s=starts, ends_s=ends, kw=np.array(kw)), flat)
