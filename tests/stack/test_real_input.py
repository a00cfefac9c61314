"""The main job on real input: real prices, a real Home Assistant, a real MariaDB, the real service."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stack.install_home_assistant import is_installed
from tests.stack.mariadb import MariaDb
from tests.stack.parts import require
from tests.stack.real_input import LOAD_W, PV_W, SOC_PCT, Stack, stack, tell

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def running(mariadb: MariaDb, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    require(is_installed(), "home assistant")
    with stack(tmp_path_factory.mktemp("real_input"), mariadb) as found:
        yield found


def test_from_real_prices_to_the_next_half_hour_stored_and_served(running: Stack) -> None:
    story = tell(running)
    told, plan = story.recommendation, story.plan
    assert story.refreshed["missing_slots"] == []
    assert (told["plan_source"], told["optimization_status"], told["cause"]) == ("optimizer", "optimal", None)
    assert (story.readings["soc_pct"], story.readings["solar_kw"], story.readings["load_kw"]) == (SOC_PCT, PV_W / 1000, LOAD_W / 1000)
    assert plan["start_soc_pct"] == SOC_PCT
    assert plan["plan_id"] == told["plan_id"]
    (stored,) = running.rows(f"SELECT mode, plan_id, reason, fingerprint FROM decisions WHERE id = '{told['decision_id']}'")  # noqa: S608
    assert stored[:3] == (told["mode_code"], told["plan_id"], told["reason"])
    (made,) = running.rows(f"SELECT fingerprint, status, cost FROM plans WHERE id = '{told['plan_id']}'")  # noqa: S608
    assert made[:2] == (stored[3], "optimal")
    assert made[2] == pytest.approx(plan["cost"])


def test_every_served_price_is_in_the_database_as_served(running: Stack) -> None:
    running.service.post("/api/v1/prices/refresh")
    rows = running.rows("SELECT start, per_kwh, provenance FROM prices WHERE direction = 'import' ORDER BY start")
    assert len(rows) > 8 * 48
    for start, per_kwh, provenance in rows:
        served, _ = running.octopus.recording.at(start.replace(tzinfo=running.octopus.clock().tzinfo))
        assert float(per_kwh) == pytest.approx(served, abs=1e-6)
        assert provenance == "published"


def test_plan_steps_in_the_database_balance(running: Stack) -> None:
    plan = running.service.get("/api/v1/plan")
    columns = "load_kw, solar_kw, curtailed_kw, import_kw, export_kw, charge_kw, discharge_kw"
    rows = running.rows(f"SELECT {columns} FROM plan_steps WHERE plan_id = '{plan['plan_id']}' ORDER BY start")  # noqa: S608
    assert len(rows) == len(plan["steps"])
    for load, solar, curtailed, bought, sold, charge, discharge in rows:
        assert bought + solar - curtailed + discharge == pytest.approx(load + charge + sold, abs=1e-6)


def test_asking_again_changes_nothing(running: Stack) -> None:
    first = running.service.now()
    count = "SELECT (SELECT COUNT(*) FROM decisions), (SELECT COUNT(*) FROM plans)"
    before = running.rows(count)
    assert running.service.now()["decision_id"] == first["decision_id"]
    assert running.rows(count) == before


def test_nobody_gets_in_without_the_token(running: Stack, tmp_path: Path) -> None:
    del tmp_path
    for path in ("/api/v1/recommendation/now", "/health", "/metrics"):
        assert running.service.http.get(path, headers={"Authorization": "Bearer wrong"}).status_code == 401
    assert running.service.http.get("/live", headers={"Authorization": ""}).status_code == 200
