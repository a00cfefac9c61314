"""What is told of load and sun holds four times out of five, and a forecast is corrected by the sky as it just was."""

import numpy as np
import pytest

from app.domain.forecast import Forecast, ForecastKind
from app.domain.slot import Slot
from app.domain.tape import Tape
from app.forecasting.expect import Expectation, Past, expect
from app.forecasting.profile import no_sun, standard_load
from app.forecasting.scenarios import DAYS
from app.forecasting.widen import stretch
from tests.builders import house
from tests.tapes import fortnight, real_year


def expected(tape: Tape, n: int, *, ahead: int = 48, solar: Forecast | None = None) -> Expectation:
    slots = [tape.slot(n + h) for h in range(ahead)]
    since = max(0, n - (DAYS + 1) * tape.per_day)
    return expect(
        slots,
        now=tape.start(n),
        past=Past(load_kw=tape.load_kw[since:n], solar_kw=tape.solar_kw[since:n]),
        load=standard_load(slots, annual_kwh=3500, zone=house().zone, now=tape.start(n)),
        solar=solar,
        no_sun=no_sun(slots, source="none", now=tape.start(n)),
    )


def foretold(tape: Tape, n: int, kw: float, *, ahead: int = 12) -> Forecast:
    slots: tuple[Slot, ...] = tuple(tape.slot(n + h) for h in range(ahead))
    line = (kw,) * ahead
    low, high = (kw / 2,) * ahead, (kw * 1.5,) * ahead
    return Forecast(kind=ForecastKind.SOLAR, slots=slots, kw=line, low_kw=low, high_kw=high, source="test", issued_at=tape.start(n))


def test_a_sky_clearer_than_foretold_lifts_the_next_hours_and_fades() -> None:
    tape = fortnight()
    noon = 4 * 48 + 24
    dull = expected(tape, noon, solar=foretold(tape, noon, 0.3)).solar.kw

    assert dull[0] > 0.6
    assert dull[0] > dull[2] > dull[5] > 0.3
    assert dull[9] == pytest.approx(0.3, abs=0.1)


def test_by_night_a_forecast_is_taken_at_its_word() -> None:
    tape = fortnight()

    assert expected(tape, 4 * 48, solar=foretold(tape, 4 * 48, 0.2)).solar.kw[:12] == pytest.approx([0.2] * 12)


def test_days_that_all_went_alike_need_no_more_width_and_wild_ones_do() -> None:
    alike, weight = np.ones((14, 49)), np.full(14, 1 / 14)
    wild = np.random.default_rng(1).gamma(1.0, 1.0, (14, 49))
    used = np.ones(49, dtype=bool)

    assert stretch(alike, weight, fades=0.5, used=used, topped=False).max() == 0
    assert stretch(wild, weight, fades=0.5, used=used, topped=False).max() > 0
    assert stretch(wild[:3], weight[:3] * 14 / 3, fades=0.5, used=used, topped=False).max() == 0


@pytest.mark.slow
def test_told_intervals_cover_four_in_five_on_ten_held_out_months() -> None:
    tape = real_year()
    leads = np.array([0, 1, 3, 7, 15, 31, 47])
    load: list[bool] = []
    sun: list[bool] = []
    for n in range(31 * 48, len(tape) - 49, 53):
        found = expected(tape, n)
        for forecast, series, inside in ((found.load, tape.load_kw, load), (found.solar, tape.solar_kw, sun)):
            low, high = np.array(forecast.low_kw)[leads], np.array(forecast.high_kw)[leads]
            true = series[n + leads]
            counts = np.ones(len(leads), dtype=bool) if forecast.kind is ForecastKind.LOAD else (high > 0.05) | (true > 0.05)
            inside.extend(((true >= low - 1e-9) & (true <= high + 1e-9))[counts].tolist())

    assert 0.75 <= np.mean(load) <= 0.85
    assert 0.75 <= np.mean(sun) <= 0.85
