"""What our decisions would have made of slots another controller ran."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.domain.decision import Command, Decision
from app.domain.ledger import Case
from app.domain.site import Mode
from app.ledger.shadow import commands, shadow, simulate
from tests.builders import battery, house
from tests.records import at, case_slot, decision, settled, slot

HOUSE = house(battery(), ac_limit_kw=100)
CHARGE, HOLD, SELF_USE = Command(mode=Mode.FORCE_CHARGE), Command(mode=Mode.HOLD), Command(mode=Mode.SELF_USE)


def made(n: float, command: Command, *, until: float = 9) -> Decision:
    return decision(0, id=f"d{n}", slot=slot(int(n)), decided_at=at(n), valid_until=at(until), command=command)


@pytest.mark.parametrize(
    ("decisions", "found"),
    [
        ([], [(0.5, SELF_USE)]),
        ([made(0, CHARGE)], [(0.5, CHARGE)]),
        ([made(0, CHARGE), made(0.2, CHARGE)], [(0.5, CHARGE)]),
        ([made(0, CHARGE), made(0.5, HOLD)], [(0.25, CHARGE), (0.25, HOLD)]),
        ([made(0.5, HOLD)], [(0.25, SELF_USE), (0.25, HOLD)]),
        ([made(-1, CHARGE, until=0.2)], [(0.1, CHARGE), (0.4, SELF_USE)]),
        ([made(-1, CHARGE, until=-0.2)], [(0.5, SELF_USE)]),
        ([made(0, CHARGE, until=0.4), made(0.8, HOLD)], [(0.2, CHARGE), (0.2, SELF_USE), (0.1, HOLD)]),
    ],
)
def test_a_decision_holds_until_the_next_or_its_lease_ends(decisions: list[Decision], found: list[tuple[float, Command]]) -> None:
    told = commands(slot(), decisions)

    assert [command for _, command in told] == [command for _, command in found]
    assert [hours for hours, _ in told] == pytest.approx([hours for hours, _ in found])


def test_ours_keeps_its_own_charge_whatever_the_other_controller_does() -> None:
    slots = [settled(n, stored_start_kwh=5.0 - n, stored_end_kwh=4.0 - n) for n in range(3)]
    (week,) = shadow(HOUSE, slots, [made(0, CHARGE, until=2.2), made(2, SELF_USE, until=3.2)])

    assert week.ours.case is Case.OURS
    assert week.ours.charge_kwh == pytest.approx(5.0)
    assert week.ours.discharge_kwh == pytest.approx(0.4)
    assert week.ours.stored_change_kwh == pytest.approx(5.0 * 0.95 - 0.4 / 0.95)
    assert week.savings.actual.stored_change_kwh == pytest.approx(-3.0)
    assert (week.decided_hours, week.counted_hours) == (1.5, 1.5)


def test_ours_is_simulated_with_the_battery_of_each_slot_and_keeps_its_share_in_another() -> None:
    slots = [settled(0), settled(1), settled(2, capacity_kwh=4.0, stored_start_kwh=2.0, stored_end_kwh=2.0)]

    ours = simulate(house(HOUSE.battery.sized(4.0), ac_limit_kw=100), slots, [made(0, CHARGE, until=3.2)])

    first, second, third = ours.values()
    assert first.charge_kwh == pytest.approx(2.5), "the bigger battery had room"
    assert third.stored_start_kwh == pytest.approx(second.stored_end_kwh * 0.4)
    assert third.stored_end_kwh == pytest.approx(4.0)


def test_without_a_decision_ours_is_self_use() -> None:
    baseline = case_slot(case=Case.SELF_USE)
    (week,) = shadow(HOUSE, [settled(0, baselines=(baseline,))], [])

    assert week.decided_hours == 0
    assert week.ours.discharge_kwh == pytest.approx(0.4)


def test_weeks_are_local_ones_and_ours_goes_on_from_one_to_the_next() -> None:
    sunday = at(0) + timedelta(days=3, hours=11.5)  # Sunday 23:30 in London
    slots = [
        replace(settled(0), slot=type(slot())(sunday + n * timedelta(minutes=30), sunday + (n + 1) * timedelta(minutes=30)))
        for n in range(2)
    ]
    first, second = shadow(HOUSE, slots, [])

    assert first.span.end == second.span.start == slots[1].slot.start
    assert (first.ours.stored_change_kwh, second.ours.stored_change_kwh) == pytest.approx((-0.4 / 0.95, -0.4 / 0.95))
    assert first.saved == pytest.approx(first.savings.actual.net_cost - first.ours.net_cost)
