import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from app.domain.errors import UnauthorizedError, UnavailableError
from app.domain.reading import Quality, Quantity, Reading
from app.services.home_assistant.entities import Entity, EntityMap, HomeAssistant

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
LOAD = {Quantity.LOAD_KW: Entity(entity_id="sensor.house_load")}


def state(value: str, unit: str | None = "W", *, entity_id: str = "sensor.house_load", **times: str) -> dict[str, object]:
    attributes = {} if unit is None else {"unit_of_measurement": unit}
    return {"entity_id": entity_id, "state": value, "attributes": attributes, "last_updated": "2026-11-20T11:59:30+00:00", **times}


@dataclass
class FakeHomeAssistant:
    answer: Callable[[httpx.Request], httpx.Response]
    asked: list[httpx.Request] = field(default_factory=list)

    def client(self, entities: EntityMap = LOAD, base: str = "http://homeassistant:8123/") -> HomeAssistant:
        http = httpx.Client(base_url=base, transport=httpx.MockTransport(self._handle))
        return HomeAssistant(http=http, token="secret", entities=entities)  # noqa: S106  (a token of no house)

    def _handle(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        return self.answer(request)


def showing(*states: dict[str, object]) -> FakeHomeAssistant:
    by_path = {f"/api/states/{shown['entity_id']}": shown for shown in states}

    def answer(request: httpx.Request) -> httpx.Response:
        shown = by_path.get(request.url.path)
        return httpx.Response(404, json={"message": "Entity not found."}) if shown is None else httpx.Response(200, json=shown)

    return FakeHomeAssistant(answer)


def read_one(quantity: Quantity, shown: dict[str, object], *, sign: int = 1) -> Reading:
    entity = Entity(entity_id="sensor.house_load", sign=-1 if sign < 0 else 1)
    (seen,) = showing(shown).client({quantity: entity}).read(NOW)
    return seen


@pytest.mark.parametrize(
    ("quantity", "value", "unit", "expected"),
    [
        (Quantity.LOAD_KW, "650", "W", 0.65),
        (Quantity.LOAD_KW, "0.65", "kW", 0.65),
        (Quantity.SOLAR_KW, "0.004", "MW", 4.0),
        (Quantity.SOC_PCT, "50.5", "%", 50.5),
        (Quantity.BATTERY_VOLTAGE_V, "51.2", "V", 51.2),
        (Quantity.BATTERY_VOLTAGE_V, "51200", "mV", 51.2),
        (Quantity.LOAD_KW, "0", "W", 0.0),
    ],
)
def test_reads_the_unit_and_converts(quantity: Quantity, value: str, unit: str, expected: float) -> None:
    seen = read_one(quantity, state(value, unit))

    assert seen.value == pytest.approx(expected)
    assert seen.quality is Quality.GOOD
    assert seen.device == seen.source == "home_assistant"


def test_turns_the_sign_where_told() -> None:
    assert read_one(Quantity.BATTERY_KW, state("1500"), sign=-1).value == -1.5


@pytest.mark.parametrize("value", ["unknown", "unavailable", "", "None", "nan", "inf", "12,5", "on"])
def test_what_is_no_number_is_missing(value: str) -> None:
    seen = read_one(Quantity.LOAD_KW, state(value))

    assert (seen.value, seen.quality) == (None, Quality.MISSING)


@pytest.mark.parametrize(
    ("quantity", "unit"), [(Quantity.LOAD_KW, None), (Quantity.LOAD_KW, "kWh"), (Quantity.LOAD_KW, "mW"), (Quantity.SOC_PCT, "V")]
)
def test_a_number_in_no_unit_of_the_quantity_is_missing(quantity: Quantity, unit: str | None) -> None:
    assert read_one(quantity, state("50", unit)).quality is Quality.MISSING


def test_an_impossible_number_is_suspect() -> None:
    assert read_one(Quantity.SOC_PCT, state("255", "%")).quality is Quality.SUSPECT


def test_a_reading_is_as_old_as_its_last_report() -> None:
    repeated = state("650", last_reported="2026-11-20T12:59:50+01:00")

    assert read_one(Quantity.LOAD_KW, repeated).at == datetime(2026, 11, 20, 11, 59, 50, tzinfo=UTC)
    assert read_one(Quantity.LOAD_KW, state("650")).at == datetime(2026, 11, 20, 11, 59, 30, tzinfo=UTC)


def test_a_missing_entity_leaves_the_others_readable_and_is_a_named_problem(caplog: pytest.LogCaptureFixture) -> None:
    entities = {quantity: Entity(entity_id=f"sensor.{quantity}") for quantity in (Quantity.SOC_PCT, Quantity.LOAD_KW, Quantity.SOLAR_KW)}
    home = showing(state("50", "%", entity_id="sensor.soc_pct"), state("3", "kWh", entity_id="sensor.load_kw")).client(entities)

    with caplog.at_level(logging.WARNING):
        readings = {seen.quantity: seen for seen in home.read(NOW)}

    assert readings[Quantity.SOC_PCT].value == 50
    assert readings[Quantity.SOLAR_KW].quality is Quality.MISSING
    assert readings[Quantity.SOLAR_KW].at == NOW
    assert home.problems(NOW) == [
        "load_kw: sensor.load_kw is in 'kWh', which is no unit of load_kw",
        "solar_kw: there is no entity sensor.solar_kw",
    ]
    assert "there is no entity sensor.solar_kw" in caplog.text


def test_a_healthy_house_has_no_problems() -> None:
    assert showing(state("650")).client().problems(NOW) == []


def test_says_who_it_is_and_keeps_a_prefix() -> None:
    fake = FakeHomeAssistant(lambda _: httpx.Response(200, json=state("650")))

    fake.client(base="http://supervisor/core/").read(NOW)

    assert str(fake.asked[0].url) == "http://supervisor/core/api/states/sensor.house_load"
    assert fake.asked[0].headers["authorization"] == "Bearer secret"
    assert None not in fake.asked[0].extensions["timeout"].values()
    assert "secret" not in repr(fake.client())


def refuse(_: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("refused")


@pytest.mark.parametrize(
    "answer",
    [
        refuse,
        lambda _: httpx.Response(502, text="restarting"),
        lambda _: httpx.Response(200, text="<html>"),
        lambda _: httpx.Response(200, json={"state": "1"}),
    ],
)
def test_a_house_that_does_not_answer_is_unavailable(answer: Callable[[httpx.Request], httpx.Response]) -> None:
    with pytest.raises(UnavailableError) as caught:
        FakeHomeAssistant(answer).client().read(NOW)
    assert not isinstance(caught.value, UnauthorizedError)


def test_a_refused_token_is_told_apart() -> None:
    with pytest.raises(UnauthorizedError):
        FakeHomeAssistant(lambda _: httpx.Response(401, text="401: Unauthorized")).client().read(NOW)


def row(value: str, at: datetime) -> dict[str, object]:
    return {"state": value, "last_changed": at.isoformat()}


def recorder(*rows: dict[str, object], unit: str | None = "W") -> FakeHomeAssistant:
    """A recorder that, like the real one, opens each answer with the state that stood at its start."""

    def answer(request: httpx.Request) -> httpx.Response:
        if "/history/" not in request.url.path:
            return httpx.Response(200, json=state("650", unit))
        start = datetime.fromisoformat(request.url.path.rsplit("/", 1)[1])
        end = datetime.fromisoformat(request.url.params["end_time"])
        within = [item for item in rows if start <= datetime.fromisoformat(str(item["last_changed"])) < end]
        return httpx.Response(200, json=[[row("100", start), *within]])

    return FakeHomeAssistant(answer)


def test_history_comes_day_by_day_oldest_first_in_our_unit() -> None:
    start = NOW - timedelta(hours=36)
    fake = recorder(row("2000", NOW - timedelta(hours=1)), row("unavailable", NOW - timedelta(hours=30)), row("9", NOW))

    seen = fake.client({Quantity.LOAD_KW: Entity(entity_id="sensor.house_load", sign=-1)}).history(Quantity.LOAD_KW, start, NOW)

    assert [(item.at, item.value) for item in seen] == [
        (start, -0.1),
        (NOW - timedelta(hours=30), None),
        (NOW - timedelta(hours=12), -0.1),
        (NOW - timedelta(hours=1), -2.0),
    ]
    assert len(fake.asked) == 3
    asked = fake.asked[1].url
    assert asked.path == "/api/history/period/2026-11-19T00:00:00Z"
    assert dict(asked.params) == {
        "filter_entity_id": "sensor.house_load",
        "end_time": "2026-11-20T00:00:00Z",
        "minimal_response": "",
        "no_attributes": "",
        "significant_changes_only": "0",
    }


def test_history_of_an_empty_span_or_an_unmapped_quantity_is_empty() -> None:
    home = recorder().client()

    assert home.history(Quantity.LOAD_KW, NOW, NOW) == []
    assert home.history(Quantity.SOC_PCT, NOW - timedelta(days=1), NOW) == []


def test_history_is_refused_without_a_unit() -> None:
    with pytest.raises(UnavailableError, match="None"):
        recorder(unit=None).client().history(Quantity.LOAD_KW, NOW - timedelta(days=1), NOW)


def test_history_of_an_entity_that_is_gone_is_unavailable() -> None:
    with pytest.raises(UnavailableError, match=r"sensor\.house_load"):
        showing().client().history(Quantity.LOAD_KW, NOW - timedelta(days=1), NOW)


def test_calls_a_service() -> None:
    fake = FakeHomeAssistant(lambda _: httpx.Response(200, json=[state("Self Use", None, entity_id="select.work_mode")]))

    changed = fake.client().call_service("select", "select_option", {"entity_id": "select.work_mode", "option": "Self Use"})

    assert changed == ("select.work_mode",)
    assert fake.asked[0].method == "POST"
    assert fake.asked[0].url.path == "/api/services/select/select_option"
    assert json.loads(fake.asked[0].content) == {"entity_id": "select.work_mode", "option": "Self Use"}


@pytest.mark.parametrize("status", [400, 404, 500])
def test_a_refused_call_is_unavailable(status: int) -> None:
    with pytest.raises(UnavailableError):
        FakeHomeAssistant(lambda _: httpx.Response(status)).client().call_service("select", "select_option", {})


def test_tells_what_home_assistant_says_of_itself() -> None:
    config = {"state": "RUNNING", "time_zone": "Europe/London", "version": "2025.4.4", "unit_system": {}}

    status = FakeHomeAssistant(lambda _: httpx.Response(200, json=config)).client().config()

    assert (status.state, status.time_zone, status.version) == ("RUNNING", "Europe/London", "2025.4.4")


def test_a_field_that_is_missing_is_named() -> None:
    with pytest.raises(UnavailableError, match="time_zone: Field required"):
        FakeHomeAssistant(lambda _: httpx.Response(200, json={"state": "RUNNING", "version": "2025.4.4"})).client().config()
