from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.domain.errors import UnauthorizedError, UnavailableError
from app.domain.reading import Metered, Quality, Quantity, Reading
from app.services.home_assistant.entities import Entity
from app.services.home_assistant.statistics import HomeAssistantStatistics
from tests.stack.home_assistant import RunningHomeAssistant, home_assistant, until
from tests.stack.install_home_assistant import is_installed
from tests.stack.parts import require

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHomeAssistant]:
    require(is_installed(), "Home Assistant (python -m tests.stack.install_home_assistant)")
    with home_assistant(tmp_path_factory.mktemp("home_assistant")) as running:
        yield running


def read(real: RunningHomeAssistant) -> dict[Quantity, Reading]:
    return {seen.quantity: seen for seen in real.home.read(datetime.now(UTC))}


def test_reads_a_house_in_our_units_and_signs(real: RunningHomeAssistant) -> None:
    seen = read(real)

    assert {quantity: item.value for quantity, item in seen.items()} == {
        Quantity.SOC_PCT: 50,
        Quantity.SOLAR_KW: 2.4,
        Quantity.LOAD_KW: 0.65,
        Quantity.GRID_KW: 0,
        Quantity.BATTERY_KW: 1.75,
        Quantity.BATTERY_VOLTAGE_V: 51.2,
    }
    assert all(abs(item.age_s(datetime.now(UTC))) < 300 for item in seen.values())
    assert real.home.problems(datetime.now(UTC)) == []


def test_an_inverter_gone_offline_is_missing(real: RunningHomeAssistant) -> None:
    real.set_online(online=False)
    try:
        until(lambda: read(real)[Quantity.SOC_PCT].quality is Quality.MISSING, 10, "the state of charge is missing")
        assert read(real)[Quantity.LOAD_KW].quality is Quality.GOOD
        assert "soc_pct: sensor.battery_soc shows 'unavailable', which is no number" in real.home.problems(datetime.now(UTC))
    finally:
        real.set_online(online=True)
        until(lambda: read(real)[Quantity.SOC_PCT].quality is Quality.GOOD, 10, "the state of charge is back")


def test_history_comes_back(real: RunningHomeAssistant) -> None:
    start = datetime.now(UTC)

    def draw(watts: int) -> None:
        real.set_number("sim_house_load", watts)
        until(lambda: read(real)[Quantity.LOAD_KW].value == watts / 1000, 10, f"the load is {watts} W")

    def values() -> list[float | None]:
        return [seen.value for seen in real.home.history(Quantity.LOAD_KW, start - timedelta(days=2), datetime.now(UTC))]

    draw(700)
    draw(810)
    until(lambda: values()[-2:] == [0.7, 0.81], 10, "the recorder has written")
    assert all(item.at.tzinfo == UTC for item in real.home.history(Quantity.LOAD_KW, start, datetime.now(UTC)))


def test_a_service_call_changes_the_mode_and_the_flows_follow(real: RunningHomeAssistant) -> None:
    def order(mode: str) -> None:
        real.home.call_service("select", "select_option", {"entity_id": "select.fox_work_mode", "option": mode})
        until(lambda: real.state("select.fox_work_mode") == mode, 10, f"the mode is {mode}")

    real.home.call_service("number", "set_value", {"entity_id": "number.fox_force_charge_power", "value": 2.5})
    order("Force Charge")
    until(lambda: read(real)[Quantity.BATTERY_KW].value == 2.5, 10, "the battery charges")
    order("Self Use")


def test_a_call_to_nobody_is_no_failure_and_no_proof(real: RunningHomeAssistant) -> None:
    assert real.home.call_service("select", "select_option", {"entity_id": "select.nobody", "option": "Self Use"}) == ()


def test_a_mode_it_does_not_know_is_refused(real: RunningHomeAssistant) -> None:
    with pytest.raises(UnavailableError):
        real.home.call_service("select", "select_option", {"entity_id": "select.fox_work_mode", "option": "Full speed"})


def test_a_wrong_token_is_told_apart(real: RunningHomeAssistant) -> None:
    with pytest.raises(UnauthorizedError):
        replace(real.home, token="wrong").read(datetime.now(UTC))  # noqa: S106  (wrong on purpose)


def test_says_where_it_is(real: RunningHomeAssistant) -> None:
    status = real.home.config()

    assert (status.state, status.time_zone, status.version) == ("RUNNING", "Europe/London", "2025.4.4")


def test_long_term_statistics_come_back_as_hours_in_our_units(real: RunningHomeAssistant) -> None:
    start = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(days=40)
    rows = [{"start": (start + n * timedelta(hours=1)).isoformat(), "mean": 500 + n, "min": 0, "max": 1000} for n in range(48)]
    counted = [{"start": (start + n * timedelta(hours=1)).isoformat(), "sum": n / 4, "state": n / 4} for n in range(48)]
    real.tell("recorder/import_statistics", metadata=statistic("sensor.house_load", "W", mean=True), stats=rows)
    real.tell("recorder/import_statistics", metadata=statistic("sensor.house_energy", "kWh", mean=False), stats=counted)
    asked = HomeAssistantStatistics(url=real.url, token=real.token)

    def hours(entity: str) -> list[Metered]:
        try:
            return asked.hours(Quantity.LOAD_KW, Entity(entity_id=entity), start, start + timedelta(days=3))
        except UnavailableError:
            return []

    until(lambda: len(hours("sensor.house_load")) == 48 and len(hours("sensor.house_energy")) == 48, 20, "the statistics are written")
    assert [each.kwh for each in hours("sensor.house_load")[:3]] == [0.5, 0.501, 0.502]
    assert [each.kwh for each in hours("sensor.house_energy")[1:3]] == [0.25, 0.25]
    assert hours("sensor.house_load")[0].slot.start == start


def test_statistics_of_a_stranger_are_refused(real: RunningHomeAssistant) -> None:
    now = datetime.now(UTC)
    with pytest.raises(UnauthorizedError):
        HomeAssistantStatistics(url=real.url, token="x" * 40).hours(
            Quantity.LOAD_KW, Entity(entity_id="sensor.house_load"), now - timedelta(days=1), now
        )


def statistic(entity: str, unit: str, *, mean: bool) -> dict[str, object]:
    return {
        "has_mean": mean,
        "has_sum": not mean,
        "name": None,
        "source": "recorder",
        "statistic_id": entity,
        "unit_of_measurement": unit,
    }
