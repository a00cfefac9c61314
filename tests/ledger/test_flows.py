"""Who fed whom: always closes, whatever the meters say."""

from dataclasses import astuple

import pytest
from hypothesis import given
from hypothesis import strategies as some

from app.domain.ledger import Energies, Flows, Intent
from app.ledger.balance import closed
from app.ledger.flows import flows
from app.ledger.intent import intent

kwh = some.floats(0, 8, allow_nan=False) | some.just(0.0)
measured = some.builds(Energies, solar_kwh=kwh, load_kwh=kwh, import_kwh=kwh, export_kwh=kwh, charge_kwh=kwh, discharge_kwh=kwh)


def energies(**given_kwh: float) -> Energies:
    usual = dict.fromkeys(("solar_kwh", "load_kwh", "import_kwh", "export_kwh", "charge_kwh", "discharge_kwh"), 0.0)
    return Energies(**usual | given_kwh)


def moved(**flow_kwh: float) -> Flows:
    usual = dict.fromkeys(Flows.__slots__, 0.0)
    return Flows(**usual | flow_kwh)


@given(measured)
def test_flows_close_exactly_with_what_they_were_made_from(given_: Energies) -> None:
    found, shut = flows(given_), closed(given_)

    assert min(astuple(found)) >= 0
    sums = {
        "solar_kwh": found.solar_to_home_kwh + found.solar_to_battery_kwh + found.solar_to_grid_kwh,
        "import_kwh": found.grid_to_home_kwh + found.grid_to_battery_kwh,
        "discharge_kwh": found.battery_to_home_kwh + found.battery_to_grid_kwh,
        "load_kwh": found.solar_to_home_kwh + found.grid_to_home_kwh + found.battery_to_home_kwh,
        "charge_kwh": found.solar_to_battery_kwh + found.grid_to_battery_kwh,
        "export_kwh": found.solar_to_grid_kwh + found.battery_to_grid_kwh,
    }
    for name, value in sums.items():
        assert value == pytest.approx(getattr(shut, name), abs=1e-9), name


@given(some.builds(Flows, **dict.fromkeys(Flows.__slots__, kwh)))
def test_true_energies_are_not_changed_to_close(true: Flows) -> None:
    given_ = Energies(
        solar_kwh=true.solar_to_home_kwh + true.solar_to_battery_kwh + true.solar_to_grid_kwh,
        load_kwh=true.solar_to_home_kwh + true.grid_to_home_kwh + true.battery_to_home_kwh,
        import_kwh=true.grid_to_home_kwh + true.grid_to_battery_kwh,
        export_kwh=true.solar_to_grid_kwh + true.battery_to_grid_kwh,
        charge_kwh=true.solar_to_battery_kwh + true.grid_to_battery_kwh,
        discharge_kwh=true.battery_to_home_kwh + true.battery_to_grid_kwh,
    )

    assert astuple(closed(given_)) == pytest.approx(astuple(given_), abs=1e-9)


@pytest.mark.parametrize(
    ("what", "found"),
    [
        (
            energies(solar_kwh=3, load_kwh=1, charge_kwh=1.5, export_kwh=0.5),
            moved(solar_to_home_kwh=1, solar_to_battery_kwh=1.5, solar_to_grid_kwh=0.5),
        ),
        (energies(load_kwh=1, import_kwh=3, charge_kwh=2), moved(grid_to_home_kwh=1, grid_to_battery_kwh=2)),
        (energies(load_kwh=1, discharge_kwh=2.5, export_kwh=1.5), moved(battery_to_home_kwh=1, battery_to_grid_kwh=1.5)),
        (
            energies(solar_kwh=1, load_kwh=2, discharge_kwh=2, export_kwh=1),
            moved(solar_to_home_kwh=1, battery_to_home_kwh=1, battery_to_grid_kwh=1),
        ),
        (
            energies(solar_kwh=2, load_kwh=1, charge_kwh=3, import_kwh=2),
            moved(solar_to_home_kwh=1, solar_to_battery_kwh=1, grid_to_battery_kwh=2),
        ),
    ],
)
def test_the_sun_feeds_the_house_then_the_battery_then_the_grid(what: Energies, found: Flows) -> None:
    assert astuple(flows(what)) == pytest.approx(astuple(found))


def test_what_is_exported_never_came_from_the_grid_nor_what_is_charged_from_the_battery() -> None:
    both = flows(energies(solar_kwh=1, load_kwh=1, import_kwh=1, export_kwh=1))

    assert (both.grid_to_home_kwh, both.solar_to_grid_kwh) == (1, 1)


def test_an_unexplained_rest_goes_to_the_house() -> None:
    assert closed(energies(solar_kwh=1, load_kwh=0.9)).load_kwh == pytest.approx(1)
    assert closed(energies(solar_kwh=1, load_kwh=0.2, export_kwh=1)).load_kwh == pytest.approx(0)
    assert closed(energies(solar_kwh=1, export_kwh=2)).export_kwh == pytest.approx(1)


@pytest.mark.parametrize(
    ("found", "what"),
    [
        (moved(grid_to_battery_kwh=1, solar_to_battery_kwh=0.4), Intent.GRID_CHARGING),
        (moved(grid_to_battery_kwh=0.4, solar_to_battery_kwh=1), Intent.SOLAR_CHARGING),
        (moved(battery_to_home_kwh=0.5, battery_to_grid_kwh=0.2), Intent.LOAD_SUPPORT),
        (moved(battery_to_home_kwh=0.5, battery_to_grid_kwh=1.9), Intent.PEAK_EXPORT),
        (moved(solar_to_grid_kwh=0.5, battery_to_home_kwh=0.01), Intent.SOLAR_EXPORT),
        (moved(solar_to_grid_kwh=0.02, battery_to_home_kwh=0.02, grid_to_home_kwh=4), Intent.IDLE),
    ],
)
def test_the_intent_is_the_largest_thing_the_battery_did(found: Flows, what: Intent) -> None:
    assert intent(found, 0.5) is what
