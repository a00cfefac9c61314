"""The baselines, on the published year and in small."""

import pytest

from app.domain.ledger import BASELINES, Case
from app.domain.site import Coupling
from app.ledger.baselines import Given, after, baselines, start
from tests.builders import RULES, battery, house
from tests.optimizer.drawn import YEAR, year

BENCHMARK_STARTS = 28 * 48
"""The published numbers are scored from 2023-01-29 on, after the weeks a forecast needs."""
needs_year = pytest.mark.skipif(not YEAR.exists(), reason="the benchmark year is not at hand")


def common(**changes: float) -> Given:
    usual = {"hours": 0.5, "import_per_kwh": 0.2, "export_per_kwh": 0.1, "load_kw": 1.0, "solar_kw": 0.0}
    return Given(**usual | changes)


@pytest.mark.slow
@needs_year
def test_the_benchmark_year_costs_817_65_without_a_battery_and_647_42_in_self_use() -> None:
    site, stored = house(battery(), ac_limit_kw=100), start(5.0)
    cash, wear = dict.fromkeys(BASELINES, 0.0), dict.fromkeys(BASELINES, 0.0)
    for each in year()[BENCHMARK_STARTS:]:
        given = Given(hours=0.5, import_per_kwh=each.buy, export_per_kwh=each.sell, load_kw=each.load_kw, solar_kw=each.solar_kw)
        found = baselines(site, RULES, given, stored)
        stored = after(found)
        for case in found:
            cash[case.case] += case.cost
            wear[case.case] += case.wear

    assert cash[Case.NO_BATTERY] == pytest.approx(817.65, abs=0.005)
    assert cash[Case.SELF_USE] + wear[Case.SELF_USE] == pytest.approx(647.42, abs=0.005)
    assert cash[Case.RULES] + wear[Case.RULES] == pytest.approx(621.93, abs=0.005), "half of the perfect saving, as the design says"
    assert wear[Case.NO_BATTERY] == 0


def test_all_start_at_the_measured_charge_but_no_battery_holds_nothing() -> None:
    assert start(6.0) == {Case.NO_BATTERY: 0.0, Case.SELF_USE: 6.0, Case.RULES: 6.0}


@pytest.mark.parametrize(("price", "end_kwh"), [(0.05, 5 + 2.5 * 0.95), (0.2, 5 - 0.5 / 0.95), (0.3, 5 - 2.5 / 0.95)])
def test_the_rules_follow_the_price_and_self_use_does_not(price: float, end_kwh: float) -> None:
    found = {
        each.case: each
        for each in baselines(
            house(battery(), ac_limit_kw=100), RULES, common(import_per_kwh=price, export_per_kwh=price - 0.01), start(5.0)
        )
    }

    assert found[Case.RULES].stored_end_kwh == pytest.approx(end_kwh)
    assert found[Case.SELF_USE].stored_end_kwh == pytest.approx(5 - 0.5 / 0.95)
    assert found[Case.NO_BATTERY].cost == pytest.approx(0.5 * price)


def test_baselines_see_the_same_limits_as_the_house() -> None:
    site = house(battery(), ac_limit_kw=2, coupling=Coupling.DC, export_limit_kw=1)

    found = {each.case: each for each in baselines(site, RULES, common(solar_kw=6.0, load_kw=0.5), start(10.0))}

    assert found[Case.NO_BATTERY].export_kwh == found[Case.SELF_USE].export_kwh == pytest.approx(0.5)
