"""The solar source: asked rarely, believed while it is away, corrected by the roof, continued by history."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from app.domain.errors import UnavailableError
from app.domain.forecast import Forecast, ForecastKind
from app.domain.reading import Quantity, reading
from app.domain.roof import Plane, Roof
from app.domain.slot import Slot, slots_between
from app.forecasting.pv_model import clear_kw
from app.forecasting.steps import middles
from app.usecases.sunshine import Sunshine
from tests.builders import house
from tests.fake_stores import NIGHT, Disk, FakeForecasts, FakeReadings

ROOF = Roof(latitude=51.5, longitude=-0.12, planes=(Plane(kwp=4, tilt_deg=35, azimuth_deg=180),))
SITE = house()
MORNING = NIGHT + timedelta(hours=10)


@dataclass
class FakeSun:
    """A service that always promises a clear sky."""

    name: str = "fake sun"
    every: timedelta = timedelta(hours=1)
    covers: timedelta = timedelta(hours=72)
    away: bool = False
    asked: list[datetime] = field(default_factory=list)
    dark: tuple[datetime, datetime] | None = None
    """Between these nothing at all is promised."""
    late: timedelta = timedelta(0)
    complaint: str | None = None

    def forecast(self, slots: Sequence[Slot], now: datetime) -> Forecast:
        self.asked.append(now)
        if self.away:
            raise UnavailableError("fake sun: HTTP 503")
        kept = tuple(slot for slot in slots if slot.end <= now + self.covers)
        moved = tuple(clear_kw(ROOF, middles(kept) - self.late.total_seconds()).tolist())
        dark = self.dark or (now, now)
        kw = tuple(0.0 if dark[0] <= slot.start < dark[1] else each for slot, each in zip(kept, moved, strict=True))
        return Forecast(kind=ForecastKind.SOLAR_AS_GIVEN, slots=kept, kw=kw, source=self.name, issued_at=now)


@dataclass
class FakeRoof:
    """A roof that gives a share of a clear sky, and the use case that watches it."""

    sun: FakeSun = field(default_factory=FakeSun)
    calibrates: bool = True

    def __post_init__(self) -> None:
        disk = Disk()
        self.forecasts, self.readings = FakeForecasts(disk), FakeReadings(disk)
        self.restart()

    def restart(self) -> None:
        self.sunshine = Sunshine(self.sun, ROOF, self.forecasts, self.readings, self.calibrates)

    def expected(self, now: datetime, hours: float = 48, minutes: int = 30) -> Forecast | None:
        return self.sunshine.expected(SITE, slots_between(now, now + timedelta(hours=hours), minutes=minutes), now)

    def lives(self, days: int, share: float, *, exporting_kw: float = 0.0) -> datetime:
        """Let days pass with a look every six hours, and return the end."""
        now = MORNING
        for _ in range(4 * days):
            self.sunshine.refresh(SITE, now)
            ahead = slots_between(now, now + timedelta(hours=6), minutes=10)
            for slot, kw in zip(ahead, clear_kw(ROOF, middles(ahead)).tolist(), strict=True):
                for quantity, value in ((Quantity.SOLAR_KW, share * kw), (Quantity.GRID_KW, -exporting_kw)):
                    self.readings.save(SITE.id, [reading(device="m", quantity=quantity, at=slot.start, value=value, source="test")])
            now += timedelta(hours=6)
        return now


def noon_share(found: Forecast | None) -> float:
    assert found is not None
    clear = clear_kw(ROOF, middles(found.slots))
    return max(found.kw) / float(clear.max())


def test_asks_no_more_often_than_the_source_allows() -> None:
    roof = FakeRoof()
    for minutes in range(0, 121, 10):
        roof.sunshine.refresh(SITE, MORNING + timedelta(minutes=minutes))

    assert roof.sun.asked == [MORNING, MORNING + timedelta(hours=1), MORNING + timedelta(hours=2)]


def test_a_restart_costs_no_call_and_neither_does_a_failure_repeat() -> None:
    roof = FakeRoof()
    roof.sunshine.refresh(SITE, MORNING)
    roof.restart()
    roof.sunshine.refresh(SITE, MORNING + timedelta(minutes=10))
    assert len(roof.sun.asked) == 1

    roof.sun.away = True
    with pytest.raises(UnavailableError):
        roof.sunshine.refresh(SITE, MORNING + timedelta(minutes=70))
    roof.sunshine.refresh(SITE, MORNING + timedelta(minutes=80))
    assert len(roof.sun.asked) == 2


def test_the_last_good_answer_is_used_with_its_age_named_and_then_no_more() -> None:
    roof = FakeRoof()
    roof.sunshine.refresh(SITE, MORNING)

    fresh, old = roof.expected(MORNING), roof.expected(MORNING + timedelta(hours=20))

    assert fresh is not None
    assert old is not None
    assert fresh.source == "fake sun, 0 days learnt"
    assert old.source == "fake sun of 06-02 08:00, 0 days learnt"
    assert (old.issued_at, len(old.slots)) == (MORNING + timedelta(hours=20), 96)
    assert roof.expected(MORNING + timedelta(hours=37)) is None


def test_there_is_always_a_spread() -> None:
    roof = FakeRoof()
    roof.sunshine.refresh(SITE, MORNING)
    found = roof.expected(MORNING, minutes=15)

    assert found is not None
    assert found.low_kw is not None
    assert found.high_kw is not None
    assert max(found.high_kw) > max(found.kw) > max(found.low_kw) > 0


def test_learns_from_what_the_roof_gives_and_says_how_much() -> None:
    roof = FakeRoof()
    now = roof.lives(10, 0.6)

    assert noon_share(roof.expected(now)) == pytest.approx(0.65, abs=0.07)
    assert str(getattr(roof.expected(now), "source", "")).endswith("10 days learnt")
    roof.calibrates = False
    roof.restart()
    assert noon_share(roof.expected(now)) == pytest.approx(1, abs=0.01)


def test_does_not_learn_from_an_array_that_is_held_back() -> None:
    roof = FakeRoof()
    now = roof.lives(10, 0.5, exporting_kw=SITE.grid.export_limit_kw)

    assert noon_share(roof.expected(now)) == pytest.approx(1, abs=0.01)


def test_another_source_does_not_inherit_answers() -> None:
    roof = FakeRoof()
    roof.sunshine.refresh(SITE, MORNING)
    roof.sun = FakeSun(name="another sun")
    roof.restart()

    assert roof.expected(MORNING + timedelta(minutes=5)) is None


def test_a_short_answer_ends_early() -> None:
    roof = FakeRoof(FakeSun(covers=timedelta(hours=30)))
    roof.sunshine.refresh(SITE, MORNING)
    short = roof.expected(MORNING)
    assert short is not None
    assert len(short.slots) == 60
