from typing import cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from numpy.typing import NDArray

from app.domain.decision import Command
from app.domain.house import SlotFlows, run_slot, stored_after
from app.domain.site import Coupling, Mode, Site
from tests.builders import battery, house
from tests.optimizer.drawn import YEAR, year

BENCHMARK_STARTS = 28 * 48
"""The published numbers are scored from 2023-01-29 on, after the weeks a forecast needs."""

HOUSE = house(battery())
needs_year = pytest.mark.skipif(not YEAR.exists(), reason="the benchmark year is not at hand")

powers = some.floats(0, 12, allow_nan=False)
sites = some.builds(
    lambda efficiency, power, ac, coupling, out, throttle: house(
        battery(efficiency=efficiency, power_kw=power, limit_kwh=9.0),
        ac_limit_kw=ac,
        coupling=coupling,
        export_limit_kw=out,
        curtailable=throttle,
    ),
    some.floats(0.7, 1.0),
    some.floats(0.0, 8.0),
    some.floats(1.0, 12.0),
    some.sampled_from(Coupling),
    some.floats(0.0, 8.0),
    some.booleans(),
)
commands = some.builds(
    Command,
    mode=some.sampled_from(Mode),
    power_kw=some.none() | some.floats(0, 9),
    target_soc_pct=some.none() | some.floats(0, 100),
)


def told(
    mode: Mode,
    *,
    stored_kwh: float = 5.0,
    solar_kw: float = 0.0,
    load_kw: float = 0.0,
    hours: float = 0.5,
    site: Site = HOUSE,
    power_kw: float | None = None,
    target_soc_pct: float | None = None,
) -> SlotFlows:
    command = Command(mode=mode, power_kw=power_kw, target_soc_pct=target_soc_pct)
    return run_slot(site, command, stored_kwh=stored_kwh, solar_kw=solar_kw, load_kw=load_kw, hours=hours)


@settings(max_examples=400)
@given(site=sites, command=commands, seed=some.integers(0, 2**32 - 1), hours=some.sampled_from([0.01, 0.25, 0.5, 1.0]))
def test_what_comes_in_goes_out_in_every_mode(site: Site, command: Command, seed: int, hours: float) -> None:
    dice = np.random.default_rng(seed)
    stored, solar, load = dice.uniform(0, 10, (4, 1)), dice.gamma(1, 3, (1, 5)), dice.gamma(1, 2, (1, 5))

    flows = run_slot(site, command, stored_kwh=stored, solar_kw=solar, load_kw=load, hours=hours)

    gives = solar - flows.curtailed_kw + flows.import_kw + flows.discharge_kw
    np.testing.assert_allclose(gives, load + flows.export_kw + flows.charge_kw, atol=1e-9)
    np.testing.assert_allclose(flows.stored_kwh, stored_after(site.battery, stored, flows.charge_kw, flows.discharge_kw, hours))
    for flow in (flows.import_kw, flows.export_kw, flows.charge_kw, flows.discharge_kw, flows.curtailed_kw):
        assert np.min(flow) >= -1e-9
    assert np.max(np.minimum(flows.import_kw, flows.export_kw)) <= 1e-9
    assert np.max(np.minimum(flows.charge_kw, flows.discharge_kw)) <= 1e-9
    assert np.max(flows.charge_kw) <= site.max_charge_kw
    assert np.max(flows.discharge_kw) <= site.max_discharge_kw
    assert np.all(flows.stored_kwh <= np.maximum(stored, site.battery.top_kwh) + 1e-9)
    assert np.all(flows.stored_kwh >= np.minimum(stored, site.battery.reserve_kwh) - 1e-9)
    if site.solar.curtailable:
        assert np.max(flows.export_kw) <= site.grid.export_limit_kw + 1e-9
    if site.inverter.coupling is Coupling.DC:
        through = solar - flows.curtailed_kw + flows.discharge_kw - flows.charge_kw
        most = site.inverter.ac_limit_kw if site.solar.curtailable else np.maximum(site.inverter.ac_limit_kw, solar)
        assert np.all(through <= most + 1e-9)
        assert np.all(through >= -site.inverter.ac_limit_kw - 1e-9)


@given(site=sites, command=commands, stored=some.floats(0, 10), solar=powers, load=powers)
def test_a_number_behaves_like_an_array_of_one(site: Site, command: Command, stored: float, solar: float, load: float) -> None:
    one = run_slot(site, command, stored_kwh=stored, solar_kw=solar, load_kw=load, hours=0.5)
    arrays = {"stored_kwh": np.array([stored]), "solar_kw": np.array([solar]), "load_kw": np.array([load])}
    many = run_slot(site, command, **arrays, hours=0.5)

    for name in SlotFlows.__slots__:
        assert float(getattr(one, name)) == float(cast("NDArray[np.float64]", getattr(many, name))[0])


def test_self_use_stores_the_surplus_and_feeds_the_deficit() -> None:
    sunny, dark = told(Mode.SELF_USE, solar_kw=3, load_kw=1), told(Mode.SELF_USE, load_kw=2)

    assert (sunny.charge_kw, sunny.export_kw, sunny.import_kw) == (2, 0, 0)
    assert (dark.discharge_kw, dark.import_kw) == (2, 0)


def test_hold_keeps_the_charge_but_lets_the_sun_in() -> None:
    assert told(Mode.HOLD, load_kw=2).import_kw == 2
    assert told(Mode.HOLD, solar_kw=3, load_kw=1).charge_kw == 2


def test_feed_in_first_sells_before_it_stores_and_still_feeds_the_house() -> None:
    sunny = told(Mode.FEED_IN_FIRST, solar_kw=7, load_kw=1)

    assert (sunny.export_kw, sunny.charge_kw, sunny.curtailed_kw) == (5, 1, 0)
    assert told(Mode.FEED_IN_FIRST, load_kw=2).discharge_kw == 2


@pytest.mark.parametrize("mode", [Mode.FORCE_CHARGE, Mode.FORCE_DISCHARGE])
def test_a_forced_power_is_kept_but_never_above_what_the_battery_can(mode: Mode) -> None:
    moved = [told(mode, power_kw=power) for power in (2.0, 9.0, None)]

    assert [max(float(flows.charge_kw), float(flows.discharge_kw)) for flows in moved] == [2, 5, 5]


def test_forced_modes_stop_at_their_target() -> None:
    assert told(Mode.FORCE_CHARGE, target_soc_pct=60).stored_kwh == pytest.approx(6)
    assert told(Mode.FORCE_DISCHARGE, target_soc_pct=40).stored_kwh == pytest.approx(4)
    assert told(Mode.FORCE_CHARGE, target_soc_pct=30).charge_kw == 0
    assert told(Mode.FORCE_DISCHARGE, target_soc_pct=80).discharge_kw == 0
    assert told(Mode.FORCE_DISCHARGE, target_soc_pct=0, hours=4).stored_kwh == pytest.approx(HOUSE.battery.reserve_kwh)


def test_forced_charging_leaves_the_house_its_share_of_the_fuse() -> None:
    flows = told(Mode.FORCE_CHARGE, load_kw=12)

    assert flows.charge_kw == 3
    assert flows.import_kw == HOUSE.grid.import_limit_kw


def test_forced_selling_respects_the_export_limit() -> None:
    flows = told(Mode.FORCE_DISCHARGE, site=house(battery(), export_limit_kw=2), load_kw=1)

    assert (flows.discharge_kw, flows.export_kw) == (3, 2)


def test_below_the_reserve_nothing_is_drawn_and_above_the_limit_nothing_is_stored() -> None:
    low = told(Mode.SELF_USE, stored_kwh=0.5, load_kw=2)
    high = told(Mode.SELF_USE, stored_kwh=9.5, solar_kw=4, site=house(battery(limit_kwh=9)))

    assert (low.discharge_kw, low.stored_kwh) == (0, 0.5)
    assert (high.charge_kw, high.stored_kwh) == (0, 9.5)


def test_a_full_battery_fills_no_further_in_the_rest_of_a_slot() -> None:
    assert told(Mode.FORCE_CHARGE, stored_kwh=9.9, hours=0.5).stored_kwh == pytest.approx(10)
    assert told(Mode.FORCE_CHARGE, stored_kwh=9.0, hours=1 / 60).stored_kwh == pytest.approx(9 + 5 * 0.95 / 60)


def test_a_shared_inverter_limits_sun_and_battery_together_and_its_own_does_not() -> None:
    shared = told(Mode.FORCE_DISCHARGE, solar_kw=3, load_kw=6, site=house(battery(), ac_limit_kw=5, coupling=Coupling.DC))
    own = told(Mode.FORCE_DISCHARGE, solar_kw=3, load_kw=6, site=house(battery(), ac_limit_kw=5, coupling=Coupling.AC))

    assert (shared.discharge_kw, shared.import_kw) == (2, 1)
    assert (own.discharge_kw, own.export_kw) == (5, 2)


def test_sun_beyond_a_shared_inverter_goes_into_the_battery() -> None:
    flows = told(Mode.SELF_USE, solar_kw=9, load_kw=1, site=house(battery(), ac_limit_kw=5, coupling=Coupling.DC))

    assert (flows.charge_kw, flows.export_kw, flows.curtailed_kw) == (5, 3, 0)


def test_sun_nobody_can_take_is_thrown_away_only_where_the_array_has_a_throttle() -> None:
    with_throttle, without = (told(Mode.SELF_USE, stored_kwh=10, solar_kw=9, site=house(battery(), curtailable=it)) for it in (True, False))

    assert (with_throttle.export_kw, with_throttle.curtailed_kw) == (5, 4)
    assert (without.export_kw, without.curtailed_kw) == (9, 0)


def year_costs(site: Site) -> tuple[float, float]:
    """Return what the benchmark year costs in self-use, and what its wear adds."""
    stored, cost, wear = (5.0 if site.battery.capacity_kwh else 0.0), 0.0, 0.0
    for each in year()[BENCHMARK_STARTS:]:
        flows = run_slot(site, Command(mode=Mode.SELF_USE), stored_kwh=stored, solar_kw=each.solar_kw, load_kw=each.load_kw, hours=0.5)
        stored = float(flows.stored_kwh)
        cost += 0.5 * (float(flows.import_kw) * each.buy - float(flows.export_kw) * each.sell)
        wear += 0.5 * float(flows.discharge_kw) * site.battery.wear_per_kwh
    return cost, wear


@pytest.mark.slow
@needs_year
def test_the_benchmark_year_costs_817_65_without_a_battery() -> None:
    cost, _ = year_costs(house(battery(capacity_kwh=0, power_kw=0), ac_limit_kw=100))

    assert cost == pytest.approx(817.65, abs=0.005)


@pytest.mark.slow
@needs_year
def test_the_benchmark_year_costs_647_42_in_self_use() -> None:
    cost, wear = year_costs(house(battery(), ac_limit_kw=100))

    assert cost + wear == pytest.approx(647.42, abs=0.005)
