"""POST /optimize: other planners' cases, and what cannot be planned."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.served_app import Served, served

START = datetime(2026, 3, 1, tzinfo=UTC)


def asked(
    buy: list[float],
    *,
    sell: float = 0.05,
    load_kw: float = 0.5,
    solar_kw: float = 0.0,
    minutes: int = 30,
    soc_pct: float = 50,
    site: dict[str, Any] | None = None,
    **battery: float,
) -> dict[str, Any]:
    """Return a problem."""
    edges = [(START + n * timedelta(minutes=minutes)).isoformat() for n in range(len(buy) + 1)]
    slots = [
        {"start": edges[n], "end": edges[n + 1], "import_per_kwh": price, "export_per_kwh": sell, "load_kw": load_kw, "solar_kw": solar_kw}
        for n, price in enumerate(buy)
    ]
    store = {"capacity_kwh": 10, "max_charge_kw": 5, "max_discharge_kw": 5} | battery
    return {"site": {"battery": store} | (site or {}), "soc_pct": soc_pct, "slots": slots}


def answer(running: Served, problem: dict[str, Any]) -> dict[str, Any]:
    reply = running.client.post("/api/v1/optimize", json=problem)
    assert reply.status_code == 200, reply.text
    told: dict[str, Any] = reply.json()
    return told


@pytest.mark.parametrize("minutes", [15, 30, 60])
def test_buys_cheap_and_uses_it_when_dear(alive: Served, minutes: int) -> None:
    told = answer(alive, asked([0.05] * 4 + [0.40] * 8, minutes=minutes, soc_pct=10))
    steps = told["plan"]["steps"]
    assert sum(step["charge_kw"] for step in steps[:4]) > 0
    assert all(step["import_kw"] < 1e-6 for step in steps[4:])
    assert told["decision"]["slot_start"] == "2026-03-01T00:00:00Z"
    assert told["decision"]["stored_kwh_value"] == pytest.approx(steps[0]["plan_kwh_value"], abs=2e-4)


def test_a_negative_price_fills_the_battery(alive: Served) -> None:
    told = answer(alive, asked([-0.10, 0.2, 0.2, 0.2], minutes=60, soc_pct=20))
    assert told["decision"]["reason_code"] == "negative_price"
    assert told["decision"]["mode"] == "Force Charge"
    assert told["plan"]["cost"] < 0


def test_a_house_without_a_battery_has_a_plan_too(alive: Served) -> None:
    told = answer(alive, asked([0.2] * 4, minutes=60, load_kw=1.0, soc_pct=0, capacity_kwh=0, max_charge_kw=0, max_discharge_kw=0))
    assert told["plan"]["cost"] == pytest.approx(0.8)
    assert told["decision"]["mode_code"] == "self_use"


@pytest.mark.parametrize("soc_pct", [2, 100])
def test_a_charge_outside_the_limits_is_named_and_mended(alive: Served, soc_pct: float) -> None:
    told = answer(alive, asked([0.2] * 8, soc_pct=soc_pct, reserve_pct=20, limit_pct=90, max_charge_kw=1, max_discharge_kw=1))
    (violation,) = told["plan"]["violations"]
    assert (violation["at"], violation["unit"]) == ("2026-03-01T00:00:00Z", "kWh")
    assert 20 - 1e-6 <= told["plan"]["steps"][-1]["soc_pct"] <= 90 + 1e-6


def test_export_above_import_does_not_churn(alive: Served) -> None:
    told = answer(alive, asked([0.08] * 8, sell=0.15))
    assert all(min(step["import_kw"], step["export_kw"]) < 1e-6 for step in told["plan"]["steps"])


def test_the_same_problem_has_the_same_answer(alive: Served) -> None:
    one, other = (answer(alive, asked([0.1, 0.3, 0.2, 0.05, 0.4])) for _ in range(2))
    assert one["plan"]["steps"] == other["plan"]["steps"]
    assert one["decision"]["decision_id"] == other["decision"]["decision_id"]


def test_nothing_of_it_is_stored(alive: Served) -> None:
    plan = answer(alive, asked([0.1, 0.3]))["plan"]["plan_id"]
    assert alive.client.get(f"/api/v1/plans/{plan}").status_code == 404


def test_a_plan_that_needs_longer_than_allowed_is_refused() -> None:
    with served(time_limit_s=1e-9) as hurried:
        reply = hurried.client.post("/api/v1/optimize", json=asked([0.1, 0.3] * 40, sell=0.2))
        assert (reply.status_code, reply.json()["code"]) == (422, "infeasible")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"soc_pct": 101}, "invalid_request"),
        ({"slots": []}, "invalid_request"),
        ({"site": {"battery": {"capacity_kwh": -1, "max_charge_kw": 1, "max_discharge_kw": 1}}}, "invalid_request"),
        ({"site": {"battery": {"capacity_kwh": 1e300, "max_charge_kw": 1, "max_discharge_kw": 1}}}, "invalid_request"),
        ({"site": {"battery": {"capacity_kwh": 5, "max_charge_kw": 1, "max_discharge_kw": 1}, "modes": ["hold"]}}, "invalid_site"),
        (
            {"site": {"battery": {"capacity_kwh": 5, "max_charge_kw": 1, "max_discharge_kw": 1, "reserve_pct": 90, "limit_pct": 50}}},
            "invalid_site",
        ),
        ({"site": {"battery": {"capacity_kwh": 5, "max_charge_kw": 1, "max_discharge_kw": 1}, "time_zone": "Mars"}}, "invalid_request"),
    ],
)
def test_a_problem_that_cannot_be_is_refused(alive: Served, change: dict[str, Any], code: str) -> None:
    reply = alive.client.post("/api/v1/optimize", json=asked([0.1, 0.2]) | change)
    assert (reply.status_code, reply.json()["code"]) == (422, code)


def test_slots_with_a_hole_are_refused(alive: Served) -> None:
    problem = asked([0.1, 0.2, 0.3])
    del problem["slots"][1]
    reply = alive.client.post("/api/v1/optimize", json=problem)
    assert (reply.status_code, reply.json()["code"]) == (422, "invalid_input")


@pytest.mark.parametrize(("currency", "per_kwh", "status"), [("GBP", 100, 422), ("CZK", 100, 200), ("GBP", 9, 200), ("GPB", 0.2, 422)])
def test_a_price_is_judged_by_its_currency(alive: Served, currency: str, per_kwh: float, status: int) -> None:
    problem = asked([per_kwh, 0.2], site={"currency": currency})

    assert alive.client.post("/api/v1/optimize", json=problem).status_code == status
