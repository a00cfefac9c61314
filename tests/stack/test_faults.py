"""What breaks, with the real service on a real MariaDB: the rung taken, what /health says, and that no record is lost or doubled."""

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.storage.database import ABSENT_FOR_S
from tests.served_octopus import Fault, ServedOctopus, default_data, load, serving
from tests.stack.fault_bench import DATABASE, Bench, StubHome
from tests.stack.home_assistant import until
from tests.stack.mariadb import MariaDb
from tests.stack.service import RunningService

pytestmark = pytest.mark.stack

SLOW_S = 30.0


@pytest.fixture
def bench(mariadb: MariaDb, tmp_path: Path) -> Iterator[Bench]:
    mariadb.execute(f"DROP DATABASE IF EXISTS {DATABASE}")
    with serving(ServedOctopus(load(default_data()), slow_s=SLOW_S)) as octopus:
        yield Bench(octopus=octopus, database=mariadb, folder=tmp_path)


def push(running: RunningService, soc_pct: float) -> None:
    """Report a state of charge of now."""
    at = datetime.now(UTC).isoformat()
    told = running.post("/api/v1/readings", {"readings": [{"device": "bat_1", "quantity": "soc_pct", "at": at, "value": soc_pct}]})
    assert told["stored"] == 1


def settled(running: RunningService) -> None:
    """Wait until the first round is over, and have prices and a plan."""
    running.post("/api/v1/prices/refresh")
    push(running, 50)
    until(lambda: running.now()["plan_source"] == "optimizer", 60, "a plan is made")


@pytest.mark.parametrize("fault", ["500", "garbage", "empty", "blocked", "cut"])
def test_octopus_broken_from_the_start_is_self_use_and_heals(bench: Bench, fault: Fault) -> None:
    bench.octopus.set_fault(fault)
    with bench.served() as running:
        push(running, 50)
        told = running.now()
        assert (told["plan_source"], told["mode_code"], told["reason_code"]) == ("self_use", "self_use", "no_price")
        assert told["cause"].startswith("no published price for")
        health = running.health()
        assert health["http"] == "503"
        assert health["prices"].startswith("failed: the current import price is not known")
        assert health["optimizer"].startswith("degraded: self_use instead of a plan")
        bench.octopus.set_fault("none")
        running.post("/api/v1/prices/refresh")
        assert running.now()["plan_source"] == "optimizer"
        assert running.health()["http"] == "200"
    bench.whole()


@pytest.mark.parametrize(("fault", "code"), [("500", 503), ("garbage", 503), ("empty", 503)])
def test_octopus_broken_later_keeps_prices_and_plans(bench: Bench, fault: Fault, code: int) -> None:
    with bench.served() as running:
        settled(running)
        prices = bench.count("prices")
        bench.octopus.set_fault(fault)
        assert running.http.post("/api/v1/prices/refresh").status_code == code
        push(running, 47)
        assert running.now()["plan_source"] == "optimizer"
        assert running.health()["prices"].startswith("degraded: known until")
        assert bench.count("prices") == prices


def test_octopus_slow_delays_no_answer(bench: Bench) -> None:
    with bench.served() as running:
        settled(running)
        bench.octopus.set_fault("slow")
        waiting = threading.Thread(target=_ask_in_vain, args=(str(running.http.base_url),))
        waiting.start()
        time.sleep(0.5)
        push(running, 44)
        assert running.now()["plan_source"] == "optimizer"
        assert waiting.is_alive(), "the refresh still waits"
        bench.octopus.closing.set()
        waiting.join()


def _ask_in_vain(url: str) -> None:
    try:
        httpx.post(f"{url}/api/v1/prices/refresh", timeout=60, trust_env=False)
    except httpx.HTTPError:
        return


def test_half_a_day_published_is_planned_on_and_named(bench: Bench) -> None:
    bench.octopus.set_fault("half")
    with bench.served() as running:
        running.post("/api/v1/prices/refresh")
        push(running, 50)
        health, told = running.health(), running.now()
        if told["plan_source"] == "optimizer":
            assert "should be published by now and are not" in health["prices"]
            steps = running.get("/api/v1/plan")["steps"]
            assert {step["provenance"] for step in steps} == {"published", "estimated"}
            assert steps[0]["provenance"] == "published"
        else:  # the missing half is the one we are in
            assert told["reason_code"] == "no_price"
        bench.octopus.set_fault("none")
        assert running.post("/api/v1/prices/refresh")["missing_slots"] == []
        assert running.health()["prices"].startswith("ok")


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (("unavailable", "%"), "failed: home_assistant gives no usable state of charge (missing)"),
        (("unknown", "%"), "failed: home_assistant gives no usable state of charge (missing)"),
        (("50", "kWh"), "failed: home_assistant gives no usable state of charge (missing)"),
        (("255", "%"), "failed: home_assistant gives no usable state of charge (suspect)"),
    ],
)
def test_a_state_of_charge_that_is_none_is_rules(bench: Bench, state: tuple[str, str], said: str) -> None:
    with StubHome().serving() as home:
        home.states["sensor.battery_soc"] = state
        with bench.served(**home.address()) as running:
            running.post("/api/v1/prices/refresh")
            told = running.now()
            assert (told["plan_source"], told["cause"]) == ("rules", "no state of charge measured in the last 15 minutes")
            health = running.health()
            assert health["battery"] == said
            assert health["optimizer"].startswith("degraded: rules instead of a plan")
            assert health["http"] == "200"


def test_home_assistant_gone_is_the_last_plan_and_heals(bench: Bench) -> None:
    home = StubHome()
    with home.serving(), bench.served(**home.address()) as running:
        running.post("/api/v1/prices/refresh")
        until(lambda: running.now()["plan_source"] == "optimizer", 60, "a plan is made")
    stale = f"UPDATE {DATABASE}.readings SET at = at - INTERVAL 20 MINUTE"  # noqa: S608
    bench.database.execute(stale)
    with bench.served(**home.address()) as running:
        told = running.now()
        assert told["plan_source"] == "last_plan"
        assert told["cause"] == "no state of charge measured in the last 15 minutes"
        health = running.health()
        assert health["house"].startswith("failed: home assistant:")
        assert health["battery"].startswith("failed")
        push(running, 50)
        assert running.now()["plan_source"] == "optimizer"
    bench.whole()


def test_mariadb_killed_and_back_loses_and_doubles_nothing(bench: Bench) -> None:
    with bench.served() as running:
        settled(running)
        seen = [running.now()["decision_id"]]
        for _ in range(2):
            bench.database.kill()
            told = running.now()
            assert told["plan_source"] == "last_plan"
            assert told["cause"].startswith("database:")
            assert running.now()["plan_source"] == "last_plan"
            health = running.health()
            assert health["database"].startswith("failed: database:")
            assert health["http"] == "200", "it still has its plan"
            assert running.http.post("/api/v1/readings", json={"readings": []}).status_code == 422
            bench.database.start()
            until(lambda: running.now()["plan_source"] == "optimizer", 60, "it plans again by itself")
            assert running.health()["database"].startswith("ok")
            seen += [told["decision_id"], running.now()["decision_id"]]
        stored = bench.ids()
        assert [each for each in seen if each not in stored] == []
    bench.whole()


def test_a_reading_while_mariadb_is_away_is_refused_so_that_it_comes_again(bench: Bench) -> None:
    with bench.served() as running:
        settled(running)
        bench.database.kill()
        reading = {"device": "bat_1", "quantity": "soc_pct", "at": datetime.now(UTC).isoformat(), "value": 40}
        reply = running.http.post("/api/v1/readings", json={"readings": [reading]})
        assert (reply.status_code, reply.json()["code"]) == (503, "unavailable")
        bench.database.start()
        time.sleep(2 * ABSENT_FOR_S)  # a database that was away a moment ago is not asked at once
        assert running.post("/api/v1/readings", {"readings": [reading]})["stored"] == 1
        assert running.post("/api/v1/readings", {"readings": [reading]})["stored"] == 0


def test_mariadb_hanging_is_answered_from_memory_within_seconds(bench: Bench) -> None:
    with bench.served() as running:
        settled(running)
        with bench.database.hung():
            told = running.now()
            assert told["plan_source"] == "last_plan"
            assert running.health()["database"].startswith("failed")
        until(lambda: running.now()["plan_source"] == "optimizer", 60, "it plans again by itself")
        assert told["decision_id"] in bench.ids()
    bench.whole()


def test_a_solver_without_time_steps_down_to_rules(bench: Bench) -> None:
    with bench.served(OPTIMIZER_PLANNER__TIME_LIMIT_S="0.000001") as running:
        running.post("/api/v1/prices/refresh")
        push(running, 50)
        told = running.now()
        assert told["plan_source"] == "rules"
        assert "solver" in told["cause"]
        assert running.health()["optimizer"].startswith("degraded: rules instead of a plan: the solver")
    assert bench.count("plans") == 0
    with bench.served() as running:
        assert running.now()["plan_source"] == "optimizer"


@pytest.mark.parametrize("end", ["terminate", "kill"])
def test_ended_in_mid_plan_it_leaves_whole_records_and_goes_on(bench: Bench, end: str) -> None:
    with bench.served() as running:
        settled(running)
        stop = threading.Event()
        seen: list[str] = []
        asking = threading.Thread(target=_ask_on_and_on, args=(str(running.http.base_url), stop, seen))
        asking.start()
        time.sleep(1.5)
        if end == "terminate":
            assert running.terminate() in {0, -15}
            assert "Traceback" not in running.said()
        else:
            running.kill()
        stop.set()
        asking.join()
    stored = bench.ids()
    assert seen
    assert [each for each in seen if each not in stored] == []
    bench.whole()
    with bench.served() as again:
        assert again.now()["plan_source"] == "optimizer"
        assert again.health()["database"].startswith("ok")
    bench.whole()


def _ask_on_and_on(url: str, stop: threading.Event, seen: list[str]) -> None:
    """Move the battery and ask, until told to stop or nobody answers."""
    soc_pct = 20.0
    with httpx.Client(base_url=url, timeout=5, trust_env=False) as http:
        while not stop.is_set():
            soc_pct = 20 + (soc_pct - 19.7) % 60
            reading = {"device": "bat_1", "quantity": "soc_pct", "at": datetime.now(UTC).isoformat(), "value": soc_pct}
            try:
                http.post("/api/v1/readings", json={"readings": [reading]})
                told: dict[str, Any] = http.get("/api/v1/recommendation/now").json()
            except (httpx.HTTPError, ValueError):
                return
            seen.append(told["decision_id"])


def test_the_lease_never_outlives_the_next_slot(bench: Bench) -> None:
    with bench.served() as running:
        settled(running)
        told = running.now()
        end, until_ = datetime.fromisoformat(told["slot_end"]), datetime.fromisoformat(told["valid_until"])
        assert timedelta(0) < until_ - end <= timedelta(minutes=5)
