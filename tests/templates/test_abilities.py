"""What each model can do by each of its ways is read off what its modes write."""

from pathlib import Path

import pytest

from app.domain.capability import Capability, DeviceLimit, OrderLife, ReadBack, SetPoint, SetPointUnit
from app.domain.errors import NotFoundError
from app.domain.permission import Permission
from app.domain.site import Coupling, Mode
from app.templates.abilities import capability
from app.templates.catalogue import FOLDER, all_models, model_named
from app.templates.inverter import inverter
from app.templates.model import Model, WayName, load_model
from app.templates.own import own_of

KW = SetPoint(unit=SetPointUnit.KW, least=0)
FORCED = (Mode.FORCE_CHARGE, Mode.FORCE_DISCHARGE)


def of(name: str, way: WayName | None = None) -> Capability:
    return capability(model_named(name), way)


def powers(found: Capability) -> list[SetPoint | None]:
    return [ability.power for ability in found.abilities if ability.mode in FORCED]


def test_a_growatt_through_home_assistant_has_three_modes_at_its_own_power_and_no_target() -> None:
    growatt = of("growatt")

    assert growatt.modes == (Mode.SELF_USE, *FORCED)
    assert [(each.mode, each.reason) for each in growatt.lacks] == [
        (Mode.FEED_IN_FIRST, "it has no mode that exports surplus and still feeds the house"),
        (Mode.HOLD, "Battery First may charge from the grid"),
    ]
    assert powers(growatt) == [None, None]
    assert [each.target_soc for each in growatt.abilities] == [None] * 3
    assert (growatt.order_life, growatt.read_back, growatt.has_self_use) == (OrderLife.STORED, ReadBack.POWER, True)


@pytest.mark.parametrize("model", all_models(), ids=lambda model: model.id)
def test_each_way_offers_or_lacks_every_mode(model: Model) -> None:
    for name in model.named_ways:
        found = capability(model, name)
        assert sorted([*found.modes, *(each.mode for each in found.lacks)]) == sorted(Mode)


def test_a_fox_on_its_bus_takes_a_power_in_watts_and_ends_an_order_by_its_timer() -> None:
    fox = of("foxess-h1")

    assert (fox.modes, fox.read_only, fox.order_life) == (tuple(Mode), None, OrderLife.TIMER)
    assert powers(fox) == [SetPoint(unit=SetPointUnit.KW, least=0, step=0.001)] * 2


@pytest.mark.parametrize(
    ("name", "way", "power"),
    [
        ("growatt-min", None, SetPoint(unit=SetPointUnit.PCT_OF_FULL_POWER, least=0, most=100, step=1)),
        ("goodwe-et", None, SetPoint(unit=SetPointUnit.KW, least=0, most=10, step=0.001)),
        ("solis-hybrid", "modbus", SetPoint(unit=SetPointUnit.KW, least=0, step=0.01)),
        ("solis-hybrid", "home_assistant", KW),
        ("victron", None, KW),
        ("givenergy", "modbus", None),
        ("givenergy", "home_assistant", KW),
    ],
)
def test_a_power_has_the_range_and_step_of_what_it_is_written_to(name: str, way: WayName | None, power: SetPoint | None) -> None:
    assert powers(of(name, way)) == [power] * 2


@pytest.mark.parametrize(
    ("name", "life", "longest_s", "read_back"),
    [
        ("solis", OrderLife.AS_TOLD, 1800, ReadBack.POWER),
        ("huawei", OrderLife.AS_TOLD, None, ReadBack.POWER),
        ("solax", OrderLife.TIMER, None, ReadBack.POWER),
        ("fox_ess", OrderLife.TIMER, None, ReadBack.SETTINGS),
        ("sunsynk", OrderLife.STORED, None, ReadBack.SETTINGS),
    ],
)
def test_how_long_an_order_lives_and_what_shows_it(name: str, life: OrderLife, longest_s: float | None, read_back: ReadBack) -> None:
    found = of(name)

    assert (found.order_life, found.longest_order_s, found.read_back) == (life, longest_s, read_back)


def test_limits_are_those_that_can_be_set() -> None:
    assert of("tesla").limits == (DeviceLimit.GRID_CHARGE, DeviceLimit.MIN_SOC)
    assert of("givenergy").limits == (DeviceLimit.CHARGE_POWER, DeviceLimit.DISCHARGE_POWER)
    assert of("fox_ess").limits == (), "its optional limits have no entity of their own accord"
    own = own_of({"settings": {"max_soc": "number.max_soc"}})
    with_max_soc = capability(model_named("fox_ess"), own=own)
    assert with_max_soc.limits == (DeviceLimit.MAX_SOC,)
    assert [each.target_soc is not None for each in with_max_soc.abilities if each.mode in FORCED] == [True, False]


def test_what_is_only_read_says_why() -> None:
    assert of("growatt-min").read_only == "function code of enable, authority, ac_charge, minutes, power: to be confirmed"
    assert (of("deye-1p").modes, len(of("deye-1p").lacks)) == ((), 5)


def test_what_no_model_describes_is_offered_all() -> None:
    assert of("plain").modes == tuple(Mode)
    with pytest.raises(NotFoundError, match="not reached by modbus; by no known way"):
        of("plain", "modbus")


def test_a_device_that_only_knows_set_points_says_so(tmp_path: Path) -> None:
    path = tmp_path / "victron.yaml"
    path.write_text((FOLDER / "victron.yaml").read_text(encoding="utf-8") + "    own_self_use: false\n", encoding="utf-8")

    assert of("victron").has_self_use
    assert not capability(load_model(path)).has_self_use


def test_the_sites_inverter_is_what_model_owner_and_house_leave() -> None:
    made = inverter(
        "givenergy",
        own=own_of({"settings": {"pause": None}}),
        permission=Permission(),
        ac_limit_kw=3.6,
        coupling=Coupling.AC,
        modes=(Mode.SELF_USE, Mode.FORCE_CHARGE, Mode.HOLD),
    )

    assert made.modes == (Mode.SELF_USE, Mode.FORCE_CHARGE)
    assert made.why_not(Mode.HOLD) == "pause is switched off in this house"
    assert made.why_not(Mode.FEED_IN_FIRST) == "GivTCP offers no mode that exports surplus first"
    assert made.why_not(Mode.FORCE_DISCHARGE) == "it is not among the modes that the settings name"
    assert (made.word(Mode.SELF_USE), made.own_power) == ("Eco", ())
