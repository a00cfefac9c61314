import pytest

from app.domain.capability import ANYTHING, Ability, Capability, DeviceLimit, SetPoint, SetPointUnit
from app.domain.decision import Command
from app.domain.permission import Leave, Permission, offered
from app.domain.possible import possible
from app.domain.site import Inverter, Mode, Withheld

CAN_CHARGE = Capability(
    abilities=(Ability(mode=Mode.SELF_USE), Ability(mode=Mode.FORCE_CHARGE)),
    lacks=(Withheld(mode=Mode.HOLD, reason="it has no such mode"),),
    limits=(DeviceLimit.CHARGE_POWER,),
)


def reasons(capability: Capability, permission: Permission) -> dict[Mode, str]:
    return {each.mode: each.reason for each in offered(capability, permission).withheld}


def test_what_is_not_said_is_let() -> None:
    assert offered(ANYTHING, Permission()).modes == tuple(Mode)
    assert offered(ANYTHING, Permission(charge_from_grid=Leave.YES, sell=Leave.YES)).modes == tuple(Mode)
    assert reasons(ANYTHING, Permission()) == {}


@pytest.mark.parametrize(
    ("permission", "withheld"),
    [
        (Permission(charge_from_grid=Leave.NO), {Mode.FORCE_CHARGE: "its owner does not let it charge from the grid"}),
        (Permission(sell=Leave.NO), dict.fromkeys((Mode.FORCE_DISCHARGE, Mode.FEED_IN_FIRST), "its owner does not let it sell")),
        (Permission(control=False), dict.fromkeys([mode for mode in Mode if mode is not Mode.SELF_USE], "control is switched off")),
        (Permission(feed_car=Leave.NO, be_throttled=Leave.NO), {}),
    ],
)
def test_what_the_owner_does_not_let_it_do_is_withheld_with_the_reason(permission: Permission, withheld: dict[Mode, str]) -> None:
    assert reasons(ANYTHING, permission) == withheld


def test_what_cannot_be_done_at_all_comes_before_what_may_not() -> None:
    offer = offered(CAN_CHARGE, Permission(control=False))

    assert (offer.modes, offer.limits) == ((Mode.SELF_USE,), ())
    assert reasons(CAN_CHARGE, Permission(control=False)) == {
        Mode.FORCE_CHARGE: "control is switched off",
        Mode.FORCE_DISCHARGE: "it cannot be told force_discharge",
        Mode.FEED_IN_FIRST: "it cannot be told feed_in_first",
        Mode.HOLD: "it has no such mode",
    }


def test_a_device_that_is_only_read_is_left_in_self_use() -> None:
    read_only = Capability(abilities=CAN_CHARGE.abilities, read_only="has no dead-man timer")

    assert offered(read_only, Permission()).modes == (Mode.SELF_USE,)
    assert reasons(read_only, Permission())[Mode.FORCE_CHARGE] == "it is only read: has no dead-man timer"


def test_a_forced_mode_without_a_set_point_runs_at_its_own_power() -> None:
    kw = SetPoint(unit=SetPointUnit.KW, least=0, most=3)
    with_power = Capability(abilities=(Ability(mode=Mode.SELF_USE), Ability(mode=Mode.FORCE_CHARGE, power=kw)))

    assert offered(CAN_CHARGE, Permission()).own_power == (Mode.FORCE_CHARGE,)
    assert offered(with_power, Permission()).own_power == ()


def test_what_is_wished_and_cannot_be_had_is_self_use_with_the_reason() -> None:
    inverter = Inverter(
        ac_limit_kw=5,
        modes=(Mode.SELF_USE, Mode.FORCE_CHARGE),
        withheld=(Withheld(mode=Mode.HOLD, reason="it has no such mode"),),
        words=((Mode.HOLD, "Back-up"),),
    )
    charge = Command(mode=Mode.FORCE_CHARGE, power_kw=2)

    assert (possible(inverter, charge).command, possible(inverter, charge).why_not) == (charge, None)
    done = possible(inverter, Command(mode=Mode.HOLD))
    assert (done.command, done.why_not) == (Command(mode=Mode.SELF_USE), "Back-up cannot be had: it has no such mode")
    unexplained = possible(inverter, Command(mode=Mode.FEED_IN_FIRST))
    assert unexplained.why_not == "feed_in_first cannot be had: this inverter is not told feed_in_first"
