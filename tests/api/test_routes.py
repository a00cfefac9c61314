"""Every route's answer when all is well."""

from datetime import timedelta
from itertools import pairwise

import httpx
import pytest
from anyio import fail_after, run, to_thread
from httpx2 import Response

from app.domain.site import HOME
from tests.served_app import NOON, Served, served

ISO = "%Y-%m-%dT%H:%M:%SZ"


def test_recommendation_has_the_names_users_script_against(alive: Served) -> None:
    told = alive.client.get("/api/v1/recommendation/now").json()
    old = {"mode", "discharge_current", "reason", "optimization_status", "expected_soc"}
    new = {"mode_code", "power_kw", "target_soc_pct", "reason_code", "plan_source", "slot_start", "slot_end", "valid_until"}
    assert (old | new | {"decision_id", "plan_id", "price", "stored_kwh_value", "alternatives"}) <= set(told)
    assert told["plan_source"] == "optimizer"
    assert told["slot_start"] == "2026-06-01T12:00:00Z"
    assert told["valid_until"] == "2026-06-01T12:35:00Z"
    assert set(told["price"]) == {"import_per_kwh", "export_per_kwh", "currency", "class", "provenance"}
    assert alive.client.get("/api/v1/recommendation/now").json() == told


def test_plan_and_its_record_are_the_same(alive: Served) -> None:
    plan = alive.client.get("/api/v1/plan").json()
    assert len(plan["steps"]) == 96
    assert plan["cost"] == pytest.approx(sum(step["cost"] for step in plan["steps"]))
    assert alive.client.get(f"/api/v1/plans/{plan['plan_id']}").json() == plan


def test_prices_cover_two_days_without_a_hole(alive: Served) -> None:
    slots = alive.client.get("/api/v1/prices").json()["slots"]
    assert all(one["end"] == following["start"] for one, following in pairwise(slots))
    assert {slot["provenance"] for slot in slots} == {"simulated", "estimated"}
    day = alive.client.get("/api/v1/prices", params={"start": "2026-05-31T00:00:00Z", "end": "2026-06-01T00:00:00Z"}).json()
    assert len(day["slots"]) == 48


def test_decisions_of_the_last_day(alive: Served) -> None:
    decided = alive.client.get("/api/v1/recommendation/now").json()
    (told,) = alive.client.get("/api/v1/decisions").json()["decisions"]
    assert told["decision_id"] == decided["decision_id"]
    assert [each["status"] for each in told["outcomes"]] == ["confirmed"]
    assert [(each["asset"], each["evidence"]) for each in told["outcomes"]] == [("battery", "read_back")]
    assert (told["evidence"], told["effect"]) == ("read_back", None)


def test_a_recommendation_is_told_as_orders_too(alive: Served) -> None:
    told = alive.client.get("/api/v1/recommendation/now").json()

    (order,) = told["orders"]
    assert (order["asset"], order["verb"], order["lease_until"]) == ("battery", told["mode_code"], told["valid_until"])
    assert (order["power_kw"], order["target_soc_pct"]) == (told["power_kw"], told["target_soc_pct"])


def test_a_plan_says_of_every_asset_what_it_does(alive: Served) -> None:
    for step in alive.client.get("/api/v1/plan").json()["steps"]:
        sun, store = step["assets"]
        assert (sun["asset"], store["asset"]) == ("solar", "battery")
        assert store["power_kw"] == step["charge_kw"] - step["discharge_kw"]
        assert store["state"] == {"stored_kwh": step["stored_kwh"], "stored_kwh_value": step["plan_kwh_value"]}
        assert sun["state"] == {"curtailed_kw": step["curtailed_kw"]}
        drawn = step["load_kw"] + sun["power_kw"] + store["power_kw"]
        assert step["import_kw"] - step["export_kw"] == pytest.approx(drawn)


def test_health_names_every_component(alive: Served) -> None:
    reply = alive.client.get("/health")
    told = reply.json()
    assert (reply.status_code, told["status"], told["can_answer"], told["simulated"]) == (200, "ok", True, True)
    assert [each["name"] for each in told["components"]] == ["database", "prices", "battery", "house", "optimizer", "executor"]


def test_a_real_house_on_made_up_prices_is_degraded_and_says_so() -> None:
    with served(simulate_house=False) as real:
        told = real.client.get("/health").json()
    (tariff,) = (each for each in told["components"] if each["name"] == "tariff")
    assert (tariff["status"], told["simulated_prices"], told["simulated_house"]) == ("degraded", True, False)
    assert "made-up prices" in tariff["detail"]


def test_health_is_503_while_nothing_is_known(fresh: Served) -> None:
    reply = fresh.client.get("/health")
    assert (reply.status_code, reply.json()["can_answer"]) == (503, False)


def test_metrics_are_prometheus_text(alive: Served) -> None:
    reply = alive.client.get("/metrics")
    assert reply.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert 'battery_optimizer_component_status{component="database"} 0.0' in reply.text
    assert "battery_optimizer_stored_kwh_value" in reply.text


def test_live_says_only_that(alive: Served) -> None:
    assert alive.client.get("/live").json() == {"status": "alive"}


def test_live_needs_no_thread_since_all_may_be_at_work(alive: Served) -> None:
    async def ask() -> httpx.Response:
        threads = to_thread.current_default_thread_limiter()
        for n in range(int(threads.total_tokens)):
            threads.acquire_on_behalf_of_nowait(n)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(alive.app), base_url="http://127.0.0.1:8000") as client:
            with fail_after(30):
                return await client.get("/live")

    assert run(ask).is_success


def test_refresh_fetches_and_counts(fresh: Served) -> None:
    told = fresh.client.post("/api/v1/prices/refresh").json()
    assert told["source"] == "simulated"
    assert told["stored"] > 700
    assert told["missing_slots"] == []
    assert fresh.client.post("/api/v1/prices/refresh").json()["stored"] == 0


def test_readings_in_any_order_each_once(fresh: Served) -> None:
    def reading(minutes: int, value: float | None, quantity: str = "soc_pct") -> dict[str, object]:
        return {"device": "bat_1", "quantity": quantity, "at": (NOON - timedelta(minutes=minutes)).strftime(ISO), "value": value}

    batch = [reading(1, 61.5), reading(9, 60), reading(1, 61.5), reading(5, 255), reading(5, None, "solar_kw")]
    told = fresh.client.post("/api/v1/readings", json={"readings": batch}).json()
    assert told == {"received": 5, "stored": 4, "suspect": 1, "refused": 0, "refusals": []}
    assert fresh.client.post("/api/v1/readings", json={"readings": batch}).json()["stored"] == 0
    latest = {each["quantity"]: each for each in fresh.client.get("/api/v1/readings/latest").json()["readings"]}
    assert (latest["soc_pct"]["value"], latest["soc_pct"]["age_s"], latest["soc_pct"]["source"]) == (61.5, 60, "pushed by this machine")
    assert (latest["solar_kw"]["value"], latest["solar_kw"]["quality"]) == (None, "missing")


def test_a_reading_that_cannot_be_of_its_time_is_refused_by_itself(fresh: Served) -> None:
    def reading(value: float, **later: float) -> dict[str, object]:
        return {"device": "bat_1", "quantity": "soc_pct", "at": (NOON + timedelta(**later)).strftime(ISO), "value": value}

    good, skewed, ahead, ancient = reading(50), reading(51, minutes=1), reading(52, minutes=3), reading(53, days=-20_000)
    told = fresh.client.post("/api/v1/readings", json={"readings": [ahead, good, ancient, skewed]}).json()
    assert (told["received"], told["stored"], told["refused"]) == (4, 2, 2)
    assert told["refusals"] == [
        "bat_1 soc_pct: a reading from the future (2026-06-01 12:13:00 UTC); set the device's clock",
        "bat_1 soc_pct: a reading from before the house existed (1971-08-29 12:10:00 UTC); set the device's clock",
    ]
    refused = fresh.client.post("/api/v1/readings", json={"readings": [ahead]})
    assert (refused.status_code, refused.json()["code"], refused.json()["detail"]) == (422, "invalid_input", told["refusals"][0])


def test_a_bad_reading_hides_no_good_one() -> None:
    with served(simulate_house=False) as lone:
        lone.client.post("/api/v1/prices/refresh")
        for value, minutes in ((80, -2), (255, -1), (None, 0), (255, 1)):
            at = (NOON + timedelta(minutes=minutes)).strftime(ISO)
            soc = {"device": "bat_1", "quantity": "soc_pct", "at": at, "value": value}
            lone.client.post("/api/v1/readings", json={"readings": [soc]}).raise_for_status()
        assert lone.client.get("/api/v1/recommendation/now").json()["plan_source"] == "optimizer"
        assert lone.client.get("/api/v1/plan").json()["start_soc_pct"] == 80
        (latest,) = lone.client.get("/api/v1/readings/latest").json()["readings"]
        assert (latest["value"], latest["quality"], latest["age_s"]) == (80, "good", 120)


def test_pushed_readings_are_planned_on() -> None:
    with served(simulate_house=False) as lone:
        lone.client.post("/api/v1/prices/refresh")
        assert lone.client.get("/api/v1/recommendation/now").json()["plan_source"] == "rules"
        soc = {"device": "bat_1", "quantity": "soc_pct", "at": NOON.strftime(ISO), "value": 80}
        lone.client.post("/api/v1/readings", json={"readings": [soc]})
        assert lone.client.get("/api/v1/recommendation/now").json()["plan_source"] == "optimizer"
        assert lone.client.get("/api/v1/plan").json()["start_soc_pct"] == 80


def test_outcome_of_a_decision(fresh: Served) -> None:
    fresh.client.post("/api/v1/prices/refresh")
    decided = fresh.client.get("/api/v1/recommendation/now").json()["decision_id"]
    report = {"status": "confirmed", "at": "2026-06-01T12:11:00Z", "mode_read_back": "Self Use"}
    for _ in range(2):
        told = fresh.client.post(f"/api/v1/decisions/{decided}/outcome", json=report).json()
    assert [(each["status"], each["mode_read_back"]) for each in told["outcomes"]] == [("confirmed", "Self Use")]
    assert told["evidence"] == "read_back"


def test_an_executor_says_how_far_it_got_but_not_that_it_is_done(fresh: Served) -> None:
    fresh.client.post("/api/v1/prices/refresh")
    decided = fresh.client.get("/api/v1/recommendation/now").json()["decision_id"]
    path = f"/api/v1/decisions/{decided}/outcome"

    accepted = fresh.client.post(path, json={"status": "commanded", "asset": "battery", "evidence": "accepted"}).json()
    claimed = fresh.client.post(path, json={"status": "commanded", "evidence": "delivered"})

    assert accepted["evidence"] == "accepted"
    assert (claimed.status_code, claimed.json()["code"]) == (422, "invalid_request")


def test_an_override_wins_and_goes(fresh: Served) -> None:
    fresh.client.post("/api/v1/prices/refresh")
    wish = {"mode": "hold", "until": "2026-06-01T13:00:00Z", "note": "guests"}
    put = fresh.client.put("/api/v1/overrides/2026-06-01T12:00:00Z", json=wish)
    assert (put.status_code, put.json()["set_by"]) == (200, "this machine")
    told = fresh.client.get("/api/v1/recommendation/now").json()
    assert (told["mode"], told["plan_source"]) == ("Back-up", "override")
    assert len(fresh.client.get("/api/v1/overrides").json()["overrides"]) == 1
    assert fresh.client.delete("/api/v1/overrides/2026-06-01T12:00:00Z").status_code == 204
    assert fresh.client.get("/api/v1/overrides").json()["overrides"] == []
    assert fresh.client.get("/api/v1/recommendation/now").json()["plan_source"] == "optimizer"


def test_a_mode_this_house_cannot_be_told_is_neither_offered_nor_taken() -> None:
    with served(profile="growatt") as growatt:
        told = growatt.client.get("/api/v1/overrides").json()
        refused = growatt.client.put("/api/v1/overrides/2026-06-01T12:00:00Z", json={"mode": "hold", "until": "2026-06-01T13:00:00Z"})
        taken = growatt.client.put("/api/v1/overrides/2026-06-01T12:00:00Z", json={"mode": "force_charge", "until": "2026-06-01T13:00:00Z"})
        now = growatt.client.get("/api/v1/recommendation/now").json()

    assert [(each["mode_code"], each["word"]) for each in told["offered"]] == [
        ("self_use", "Load First"),
        ("force_charge", "Battery First"),
        ("force_discharge", "Grid First"),
    ]
    assert told["withheld"][1] == {"mode_code": "hold", "reason": "Battery First may charge from the grid"}
    assert (refused.status_code, refused.json()["detail"]) == (422, "hold cannot be had: Battery First may charge from the grid")
    assert (taken.status_code, now["mode"], now["mode_code"]) == (200, "Battery First", "force_charge")


def test_a_new_reserve_holds_from_the_next_plan_on(fresh: Served) -> None:
    fresh.client.post("/api/v1/prices/refresh")
    first = fresh.client.get("/api/v1/recommendation/now").json()["plan_id"]
    assert fresh.client.put("/api/v1/settings/control", json={"reserve_pct": 40}).json() == {
        "reserve_pct": 40,
        "dry_run": False,
        "enabled": True,
        "controller": "node_red",
    }
    assert fresh.client.get("/api/v1/settings/control").json()["reserve_pct"] == 40
    assert fresh.client.get("/api/v1/recommendation/now").json()["plan_id"] != first


def test_only_a_claimed_dongle_can_be_the_controller(fresh: Served) -> None:
    def put() -> Response:
        return fresh.client.put("/api/v1/settings/control", json={"controller": "dongle:bat_new"})

    typo = put()
    assert (typo.status_code, typo.json()["detail"]) == (404, "no device 'bat_new' has appeared")
    fresh.service.use.provision.devices.note("bat_new", fresh.clock())
    unclaimed = put()
    assert (unclaimed.status_code, unclaimed.json()["detail"]) == (409, "nobody has claimed bat_new: claim it before it drives")
    assert fresh.client.get("/api/v1/settings/control").json()["controller"] == "node_red"
    fresh.client.post("/api/v1/devices/bat_new/claim", json={})
    assert put().json()["controller"] == "dongle:bat_new"
    fresh.client.delete("/api/v1/devices/bat_new")
    assert fresh.client.put("/api/v1/settings/control", json={"controller": "node_red"}).status_code == 200
    shut_out = put()
    assert (shut_out.status_code, "shut out" in shut_out.json()["detail"]) == (409, True)


@pytest.mark.parametrize(("reserve_pct", "floor_kwh"), [(40, 1.0), (5, 0.5), (10, 1.0)])
def test_the_inverter_itself_stops_at_the_configured_reserve_or_at_a_lower_one(fresh: Served, reserve_pct: float, floor_kwh: float) -> None:
    fresh.client.put("/api/v1/settings/control", json={"reserve_pct": reserve_pct})
    battery = fresh.service.use.sites[HOME].battery
    assert (battery.reserve_kwh, battery.bottom_kwh) == (reserve_pct / 10, floor_kwh)


def test_a_dry_run_is_told_with_every_recommendation(fresh: Served) -> None:
    fresh.client.put("/api/v1/settings/control", json={"dry_run": True})
    assert fresh.client.get("/api/v1/recommendation/now").json()["dry_run"] is True


def test_the_page_and_its_charts_are_served(alive: Served) -> None:
    assert alive.client.get("/").headers["content-type"].startswith("text/html")
    assert len(alive.client.get("/static/plotly.min.js").content) > 1_000_000


def test_the_log_of_changes_has_an_end(fresh: Served) -> None:
    for reserve_pct in (20, 30, 40):
        fresh.client.put("/api/v1/settings/control", json={"reserve_pct": reserve_pct})

    whole, newest = (fresh.client.get("/api/v1/audit", params=params).json() for params in ({}, {"limit": 2}))

    assert ([each["action"] for each in whole["entries"]], whole["more"]) == (["site.created"] + ["settings.changed"] * 3, False)
    assert newest == {"entries": whole["entries"][2:], "more": True}
    assert fresh.client.get("/api/v1/audit", params={"limit": 5001}).status_code == 422


def test_the_page_answers_who_only_asks_whether_it_is_there(alive: Served) -> None:
    reply = alive.client.head("/")
    assert (reply.status_code, reply.content) == (200, b"")


def test_the_icon_is_there_by_its_old_name(alive: Served) -> None:
    reply = alive.client.get("/favicon.ico")
    assert (reply.status_code, reply.headers["content-type"]) == (200, "image/svg+xml")
