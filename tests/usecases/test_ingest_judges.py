"""Whatever way a reading comes in, the house judges it before it is kept: what cannot be is suspect, and plans nothing."""

from datetime import timedelta

from app.domain.plan import PlanSource
from app.domain.reading import Quality, Quantity, reading
from app.domain.site import HOME, Mode
from tests.fake_stores import NIGHT
from tests.fakes import FakeHome, soc

SECOND = timedelta(seconds=1)


def test_one_poll_of_zero_is_kept_as_suspect_whatever_way_it_comes() -> None:
    pushed, looked = FakeHome(house=None), FakeHome()
    assert looked.house is not None
    for n, (value, quality) in enumerate([(55, Quality.GOOD), (0, Quality.SUSPECT), (0, Quality.GOOD)]):  # a second one agrees
        at = NIGHT + n * timedelta(minutes=1)
        assert [each.quality for each in pushed.ingest.push(HOME, [soc(value, at)], at).taken] == [quality]
        looked.house.soc_pct = value
        looked.ingest.look(HOME, at)
    assert looked.readings.rows == pushed.readings.rows


def test_a_force_discharge_does_not_become_a_force_charge_by_one_poll_of_zero() -> None:
    """Below its reserve a battery buys energy at any price: 0 % was told once, and the battery was charged in the dearest hour."""
    home = FakeHome().priced()
    assert home.house is not None
    home.house.soc_pct = 90
    evening = NIGHT + 20 * timedelta(hours=1)
    home.ingest.look(HOME, evening)
    assert home.ask(evening).command.mode is not Mode.FORCE_CHARGE
    home.house.soc_pct = 0
    assert home.ask(evening + 300 * SECOND).command.mode is not Mode.FORCE_CHARGE
    home.house.soc_pct = 89
    decision = home.ask(evening + 600 * SECOND)
    assert (decision.plan_source, decision.command.mode is Mode.FORCE_CHARGE) == (PlanSource.OPTIMIZER, False)


def test_what_no_house_of_this_size_draws_is_no_load_of_its_past() -> None:
    home = FakeHome(house=None)
    told = [
        reading(device="met", quantity=Quantity.LOAD_KW, at=NIGHT + n * SECOND, value=kw, source="t") for n, kw in enumerate((0.5, 65.535))
    ]
    kept = home.ingest.push(HOME, told, NIGHT)
    assert [each.quality for each in kept.taken] == [Quality.GOOD, Quality.SUSPECT]
    assert [each.value for each in home.readings.between(HOME, Quantity.LOAD_KW, NIGHT, NIGHT + 60 * SECOND)] == [0.5]
