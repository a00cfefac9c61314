"""Totals: the change of charge is valued once, what does not count shows only as hours."""

from collections.abc import Sequence

import pytest

from app.domain.ledger import BASELINES, Case, CaseSlot, Energies, Flows, SettledSlot, SlotStatus
from app.domain.plan import PlanSource
from app.domain.slot import Slot
from app.ledger.savings import Savings, total
from tests.builders import battery
from tests.records import at, case_slot, settled

DAY = Slot(at(0), at(48))
BATTERY = battery()


def of(slots: Sequence[SettledSlot]) -> Savings:
    return total(slots, DAY, BATTERY)


def held(n: int, start: float | None, end: float | None) -> SettledSlot:
    return settled(n, stored_start_kwh=start, stored_end_kwh=end)


def cases(*, cost: float, wear: float, stored_end_kwh: float) -> tuple[CaseSlot, ...]:
    return tuple(case_slot(case=case, cost=cost, wear=wear, stored_end_kwh=stored_end_kwh) for case in BASELINES)


def test_the_change_of_charge_is_valued_once_at_the_ends_and_not_slot_by_slot() -> None:
    found = of([held(0, 5.0, 8.0), held(1, 8.0, 4.0), held(2, 4.0, 6.0)])

    assert found.actual.stored_change_kwh == pytest.approx(1.0)
    assert found.stored_value_per_kwh == pytest.approx(0.2 * 0.95)
    assert found.actual.net_cost == pytest.approx(3 * 0.04 + 3 * 0.004 - 0.19)


def test_what_moved_while_nothing_was_settled_is_nobodys() -> None:
    silent = settled(1, status=SlotStatus.INCOMPLETE, reason="not measured: load, grid", energies=None, cost=None, baselines=())
    found = of([held(0, 5.0, 5.5), silent, held(2, 9.0, 8.0)])

    assert found.actual.stored_change_kwh == pytest.approx(0.5 - 1.0)
    assert (found.count.settled_hours, found.count.incomplete_hours) == (1.0, 0.5)
    assert found.actual.cost == pytest.approx(0.08)


def test_an_unknown_charge_at_an_edge_is_bridged_by_the_next_one_known() -> None:
    assert of([held(0, 5.0, None), held(1, None, 7.0)]).actual.stored_change_kwh == pytest.approx(2.0)
    assert of([held(0, None, None)]).actual.stored_change_kwh == 0


def test_saving_is_the_baselines_net_cost_less_the_actual_one() -> None:
    slot = settled(0, stored_start_kwh=5.0, stored_end_kwh=5.0, baselines=cases(cost=0.30, wear=0.05, stored_end_kwh=6.0))
    found = of([slot])

    assert found.saved(Case.RULES) == pytest.approx(0.30 + 0.05 - 0.19 - 0.044)


def test_an_unpriced_slot_counts_in_no_total() -> None:
    found = of([settled(0), settled(1, status=SlotStatus.UNPRICED, cost=None, baselines=())])

    assert (found.actual.import_kwh, found.count.unpriced_hours) == (0.2, 0.5)


def test_key_figures() -> None:
    energies = Energies(solar_kwh=4.0, load_kwh=5.0, import_kwh=2.0, export_kwh=1.5, charge_kwh=10.0, discharge_kwh=9.0)
    flows = Flows(
        solar_to_home_kwh=2.0,
        solar_to_battery_kwh=1.0,
        solar_to_grid_kwh=1.0,
        grid_to_home_kwh=0.0,
        grid_to_battery_kwh=2.0,
        battery_to_home_kwh=3.0,
        battery_to_grid_kwh=0.5,
    )
    first = settled(0, energies=energies, flows=flows, stored_start_kwh=5.0, stored_end_kwh=5.2, plan_source=PlanSource.RULES)
    kpis = of([first]).kpis

    assert kpis.self_consumption == pytest.approx(0.75), "what the battery sold is not the sun's"
    assert kpis.self_sufficiency == pytest.approx(0.6)
    assert kpis.cycles == pytest.approx(1.0)
    assert kpis.round_trip == pytest.approx((9.0 + 0.2 * 0.95) / 10)
    assert kpis.fallback_hours == 0.5


def test_nothing_to_divide_by_is_no_figure() -> None:
    nothing = of([])

    assert (nothing.kpis.self_consumption, nothing.kpis.self_sufficiency, nothing.kpis.round_trip) == (None, None, None)
    assert nothing.saved(Case.SELF_USE) == 0
    assert of([settled(0)]).kpis.round_trip is None, "less than one cycle"
