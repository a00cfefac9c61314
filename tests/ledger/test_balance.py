"""What is missing is derived where the balance leaves no choice, named, and never invented."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from app.domain.site import Site, SolarArray
from app.ledger.balance import balance
from app.ledger.measure import Measured
from tests.builders import battery, house
from tests.records import slot

HOUSE = house(battery())
FULL = Measured(slot=slot(), solar_kwh=1.0, load_kwh=0.7, import_kwh=0.0, export_kwh=0.1, charge_kwh=0.2, discharge_kwh=0.0)


def test_what_was_measured_is_taken_as_measured() -> None:
    found = balance(HOUSE, FULL)

    assert found.energies is not None
    assert (found.energies.load_kwh, found.derived, found.anomaly) == (0.7, (), None)
    assert found.residual_kwh == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(
    ("gone", "name", "field", "kwh"),
    [
        ({"solar_kwh": None}, "solar", "solar_kwh", 1.0),
        ({"load_kwh": None}, "load", "load_kwh", 0.7),
        ({"import_kwh": None, "export_kwh": None}, "grid", "export_kwh", 0.1),
        ({"charge_kwh": None, "discharge_kwh": None}, "battery", "charge_kwh", 0.2),
    ],
)
def test_one_missing_quantity_follows_from_the_others_and_is_named(gone: dict[str, Any], name: str, field: str, kwh: float) -> None:
    found = balance(HOUSE, replace(FULL, **gone))

    assert getattr(found.energies, field) == pytest.approx(kwh)
    assert found.derived == (f"{name} from the energy balance",)
    assert found.anomaly is None


def test_a_battery_nobody_measures_follows_from_its_charge_and_the_grid_from_the_rest() -> None:
    only = Measured(slot=slot(), solar_kwh=0.0, load_kwh=0.4, soc_start_pct=50.0, soc_end_pct=59.5)

    found = balance(HOUSE, only)

    assert found.energies is not None
    assert (found.energies.charge_kwh, found.energies.import_kwh) == pytest.approx((1.0, 1.4))
    assert found.derived == ("battery from the state of charge", "grid from the energy balance")


def test_two_missing_quantities_are_not_invented() -> None:
    found = balance(HOUSE, replace(FULL, load_kwh=None, import_kwh=None, export_kwh=None))

    assert (found.energies, found.reason) == (None, "not measured: load, grid")


def test_a_house_without_an_array_has_no_sun_and_that_is_no_guess() -> None:
    dark = replace(HOUSE, solar=SolarArray())

    found = balance(dark, replace(FULL, solar_kwh=None, export_kwh=0.0, import_kwh=0.9))

    assert found.energies is not None
    assert (found.energies.solar_kwh, found.derived) == (0.0, ())


def test_a_house_without_a_battery_needs_none_measured() -> None:
    bare = house(battery(capacity_kwh=0, power_kw=0))

    found = balance(bare, Measured(slot=slot(), solar_kwh=1.0, load_kwh=0.7, import_kwh=0.0, export_kwh=0.3))

    assert found.energies is not None
    assert found.derived == ()


@pytest.mark.parametrize(("load_kwh", "anomalous"), [(0.61, False), (0.81, True), (0.9, True), (0.3, True)])
def test_measurements_that_disagree_beyond_the_tolerance_are_an_anomaly(load_kwh: float, anomalous: bool) -> None:  # noqa: FBT001 - a table
    found = balance(HOUSE, replace(FULL, load_kwh=load_kwh))

    assert (found.anomaly is not None) == anomalous
    assert found.residual_kwh == pytest.approx(0.7 - load_kwh)
    if found.anomaly is not None:
        assert f"{0.7 - load_kwh:+.2f} kWh are unexplained, 0.1" in found.anomaly


def test_a_derived_sun_below_zero_is_an_anomaly_not_a_negative_sun() -> None:
    found = balance(HOUSE, replace(FULL, solar_kwh=None, load_kwh=0.0, import_kwh=2.0))

    assert found.energies is not None
    assert found.energies.solar_kwh == 0
    assert found.anomaly is not None


@given(some.lists(some.none() | some.floats(0, 5), min_size=8, max_size=8))
def test_nothing_is_ever_negative_and_unknown_stays_unknown(values: list[float | None]) -> None:
    names = ("solar_kwh", "load_kwh", "import_kwh", "charge_kwh")
    known: dict[str, Any] = dict(zip(names, values, strict=False))
    pairs: dict[str, Any] = {
        "export_kwh": None if known["import_kwh"] is None else values[4] or 0.0,
        "discharge_kwh": None if known["charge_kwh"] is None else values[5] or 0.0,
        "soc_start_pct": values[6],
        "soc_end_pct": values[7],
    }
    site: Site = HOUSE

    found = balance(site, Measured(slot=slot(), **known, **pairs))

    missing = sum(known[name] is None for name in names)
    charge_known = values[6] is not None and values[7] is not None
    assert (found.energies is None) == (missing > 2 or (missing == 2 and not (known["charge_kwh"] is None and charge_known)))
    assert (found.reason is None) == (found.energies is not None)
    if found.energies is not None:
        assert min(getattr(found.energies, name) for name in found.energies.__slots__) >= 0
        assert bool(found.derived) == (missing > 0)
