import pytest

from app.domain.decision import Command
from app.domain.errors import InvalidInputError
from app.domain.possible import bounded, carried_out, must_be_possible
from app.domain.site import Battery, Coupling, Mode, Site, Withheld
from tests.builders import battery, house

NARROW = battery(capacity_kwh=7.2, reserve_kwh=0.72 * 2, limit_kwh=7.2 * 0.9, power_kw=5)
CHARGE, DISCHARGE = Mode.FORCE_CHARGE, Mode.FORCE_DISCHARGE


@pytest.mark.parametrize(
    ("wish", "site", "told"),
    [
        (Command(mode=CHARGE, power_kw=1000), house(), "1000 kW is too much: the battery can be charged at 5 kW at most"),
        (Command(mode=CHARGE, power_kw=5.01), house(), "5.01 kW is too much: the battery can be charged at 5 kW at most"),
        (Command(mode=CHARGE, power_kw=4), house(ac_limit_kw=3.6, coupling=Coupling.AC), "the battery can be charged at 3.6 kW at most"),
        (Command(mode=DISCHARGE, power_kw=4), house(ac_limit_kw=3.6), "the battery can give 3.6 kW at most"),
        (Command(mode=DISCHARGE, power_kw=6), house(ac_limit_kw=8), "the battery can give 5 kW at most"),
        (Command(mode=Mode.HOLD, power_kw=1000), house(), "1000 kW is too much: the battery can do 5 kW at most"),
        (Command(mode=DISCHARGE, target_soc_pct=5), house(), "a discharge to 5 % would drain the reserve of 10 %"),
        (Command(mode=CHARGE, target_soc_pct=95), house(NARROW), "a charge to 95 % goes above the limit of 90 %"),
        (Command(mode=CHARGE, power_kw=9, target_soc_pct=95), house(NARROW), "at 5 kW at most; a charge to 95 % goes above"),
        (Command(mode=CHARGE, power_kw=1), house(battery(capacity_kwh=0, power_kw=0)), "the battery can be charged at 0 kW at most"),
    ],
)
def test_more_than_the_house_can_do_is_refused_with_its_bound(wish: Command, site: Site, told: str) -> None:
    with pytest.raises(InvalidInputError, match=told):
        must_be_possible(site, wish)


@pytest.mark.parametrize(
    "wish",
    [
        Command(mode=CHARGE, power_kw=5, target_soc_pct=90),
        Command(mode=DISCHARGE, power_kw=5, target_soc_pct=20),
        Command(mode=DISCHARGE, power_kw=0, target_soc_pct=95),
        Command(mode=CHARGE, target_soc_pct=1),
        Command(mode=Mode.HOLD),
    ],
)
def test_what_the_house_can_do_stays_as_it_was_asked_for(wish: Command) -> None:
    must_be_possible(house(NARROW), wish)
    assert (bounded(house(NARROW), wish).command.power_kw, bounded(house(NARROW), wish).why_not) == (wish.power_kw, None)


@pytest.mark.parametrize(("store", "charge", "discharge"), [(NARROW, 90, 20), (battery(), 100, 10), (battery(reserve_kwh=0), 100, None)])
def test_a_forced_mode_without_a_target_ends_at_limit_or_reserve(store: Battery, charge: float, discharge: float | None) -> None:
    ends = [bounded(house(store), Command(mode=mode)).command.target_soc_pct for mode in (CHARGE, DISCHARGE, Mode.HOLD)]
    assert ends == [charge, discharge, None]


def test_what_was_taken_before_the_house_became_smaller_is_carried_out_as_far_as_it_goes() -> None:
    wish = Command(mode=DISCHARGE, power_kw=1000, target_soc_pct=5)
    assert carried_out(house(NARROW), wish) == Command(mode=DISCHARGE, power_kw=5, target_soc_pct=20)
    no_more = house(modes=(Mode.SELF_USE,), withheld=(Withheld(mode=DISCHARGE, reason="it may not sell"),))
    assert carried_out(no_more, wish) == Command(mode=Mode.SELF_USE)
