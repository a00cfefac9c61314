"""What measured flows say of an order: "no effect" is a fault only where that moment has to show one."""

import pytest

from app.domain.decision import Command
from app.domain.order import Effect
from app.domain.site import Mode
from app.ledger.effect import effect
from tests.builders import battery, house

SITE = house(battery(limit_kwh=9.5), ac_limit_kw=100)
SHOWN, NONE_DUE, MISSING = Effect.SHOWN, Effect.NONE_DUE, Effect.MISSING


def shown(mode: Mode, battery_kw: float, *, stored_kwh: float = 5.0, sun: float = 0.0, load: float = 1.0, **told: float) -> Effect:
    command = Command(mode=mode, **told)
    return effect(SITE, command, battery_kw=battery_kw, stored_kwh=stored_kwh, solar_kw=sun, load_kw=load, hours=0.5)


@pytest.mark.parametrize(("battery_kw", "found"), [(5.0, SHOWN), (1.0, SHOWN), (0.0, MISSING), (-1.0, MISSING)])
def test_a_forced_charge_has_to_charge_though_perhaps_slower_than_told(battery_kw: float, found: Effect) -> None:
    assert shown(Mode.FORCE_CHARGE, battery_kw) is found


@pytest.mark.parametrize("battery_kw", [0.0, -1.0])
def test_a_forced_charge_of_a_full_battery_shows_nothing(battery_kw: float) -> None:
    assert shown(Mode.FORCE_CHARGE, battery_kw, stored_kwh=9.5) is NONE_DUE
    assert shown(Mode.FORCE_CHARGE, battery_kw, stored_kwh=8.0, target_soc_pct=80.0) is NONE_DUE


@pytest.mark.parametrize(("battery_kw", "found"), [(-5.0, SHOWN), (0.0, MISSING), (2.0, MISSING)])
def test_a_forced_discharge_has_to_discharge(battery_kw: float, found: Effect) -> None:
    assert shown(Mode.FORCE_DISCHARGE, battery_kw) is found


def test_a_forced_discharge_at_its_target_or_reserve_shows_nothing() -> None:
    assert shown(Mode.FORCE_DISCHARGE, 0.0, target_soc_pct=50.0) is NONE_DUE
    assert shown(Mode.FORCE_DISCHARGE, 0.0, stored_kwh=1.0) is NONE_DUE


@pytest.mark.parametrize(("battery_kw", "found"), [(0.0, SHOWN), (-0.1, SHOWN), (-1.0, MISSING)])
def test_a_hold_has_to_keep_what_self_use_would_give(battery_kw: float, found: Effect) -> None:
    assert shown(Mode.HOLD, battery_kw) is found


def test_a_hold_with_no_deficit_or_an_empty_battery_shows_nothing() -> None:
    assert shown(Mode.HOLD, 0.0, sun=1.0) is NONE_DUE
    assert shown(Mode.HOLD, 0.0, stored_kwh=1.0) is NONE_DUE


def test_a_hold_with_a_surplus_stores_it() -> None:
    assert shown(Mode.HOLD, 2.0, sun=3.0) is SHOWN
    assert shown(Mode.HOLD, 0.0, sun=3.0) is MISSING


@pytest.mark.parametrize(
    ("sun", "load", "battery_kw", "found"),
    [(0.0, 2.0, -1.9, SHOWN), (0.0, 2.0, 0.0, MISSING), (4.0, 1.0, 2.8, SHOWN), (4.0, 1.0, -3.0, MISSING), (1.0, 1.1, 0.0, NONE_DUE)],
)
def test_self_use_follows_sun_and_load_and_shows_nothing_where_they_are_even(
    sun: float, load: float, battery_kw: float, found: Effect
) -> None:
    assert shown(Mode.SELF_USE, battery_kw, sun=sun, load=load) is found


def test_self_use_of_an_empty_battery_shows_nothing() -> None:
    assert shown(Mode.SELF_USE, 0.0, stored_kwh=1.0) is NONE_DUE


@pytest.mark.parametrize(("battery_kw", "found"), [(0.0, SHOWN), (2.0, MISSING)])
def test_selling_the_sun_first_has_to_leave_it_out_of_the_battery(battery_kw: float, found: Effect) -> None:
    assert shown(Mode.FEED_IN_FIRST, battery_kw, sun=3.0) is found


def test_every_mode_can_be_judged() -> None:
    assert all(shown(mode, 0.0) in Effect for mode in Mode)
