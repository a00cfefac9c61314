"""Savings, the day, the shadow run and forecast quality, over HTTP."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.served_app import Served, served

CASES = ["no_battery", "self_use", "rules"]


@pytest.fixture(scope="module")
def settled() -> Iterator[Served]:
    """A service that has lived for three hours, one of them in the dry."""
    with served() as running:
        for minute in range(180):
            if minute == 120:
                running.client.put("/api/v1/settings/control", json={"dry_run": True})
            running.service.rounds.turn(running.clock())
            running.clock.forward(minutes=1)
        yield running


def asked(running: Served, path: str, **query: str | int) -> Any:  # noqa: ANN401 - JSON
    reply = running.client.get(f"/api/v1/{path}", params=query)
    assert reply.status_code == 200, reply.text
    return reply.json()


@pytest.mark.parametrize(("period", "parts"), [("day", 0), ("month", 30), ("year", 12), ("all", 1)])
def test_savings_close_over_every_period(settled: Served, period: str, parts: int) -> None:
    told = asked(settled, "savings", period=period)

    actual, count = told["actual"], told["count"]
    assert told["currency"] == "GBP"
    assert count["settled_hours"] == 2.5
    assert count["passed_hours"] == pytest.approx(40 / 60 + 2)
    assert actual["net_cost"] == pytest.approx(actual["cost"] + actual["wear"] - actual["stored_change_value"])
    assert [each["case"] for each in told["baselines"]] == CASES
    for each in told["baselines"]:
        assert each["saved"] == pytest.approx(each["net_cost"] - actual["net_cost"])
        assert each["saved_cash"] == pytest.approx(each["cost"] - actual["cost"])
    assert told["baselines"][2]["rule"] == "charge at import prices up to 0.1 per kWh, sell at export prices from 0.28 on, else self-use"
    assert len(told["parts"]) == parts
    if parts:
        assert sum(part["counted_hours"] for part in told["parts"]) == 2.5
        assert sum(part["cost"] for part in told["parts"]) == pytest.approx(actual["cost"])
        assert set(told["parts"][0]["saved"]) == set(CASES)


def test_another_period_is_named_by_any_of_its_local_days(settled: Served) -> None:
    told = asked(settled, "savings", period="day", start="2026-03-29")

    assert (told["start"], told["end"]) == ("2026-03-29T00:00:00Z", "2026-03-29T23:00:00Z")
    assert told["count"] == dict.fromkeys(told["count"], 0)
    assert told["kpis"]["self_consumption"] is None


def test_the_dashboard_is_the_whole_day(settled: Served) -> None:
    told = asked(settled, "dashboard")
    rows = told["rows"]

    assert (told["day"], told["start"], len(rows)) == ("2026-06-01", "2026-05-31T23:00:00Z", 48)
    sources = [row["source"] for row in rows]
    assert sources == ["missing"] * 27 + ["actual"] * 5 + ["provisional"] * 0 + ["predicted"] * 16
    for row in rows[27:]:
        flows, energies = row["flows"], row["energies"]
        sun = flows["solar_to_home_kwh"] + flows["solar_to_battery_kwh"] + flows["solar_to_grid_kwh"]
        assert sun == pytest.approx(energies["solar_kwh"], abs=0.05)
        assert 0 <= row["soc_pct"] <= 100
    assert told["counted_hours"] == 2.5
    assert asked(settled, "dashboard", day="2026-10-25")["rows"][49]["source"] == "missing"


def test_a_dry_run_takes_no_action(settled: Served) -> None:
    decisions = asked(settled, "decisions")["decisions"]
    after = [each for each in decisions if each["decided_at"] >= "2026-06-01T14:15:00Z"]

    assert any(each["outcomes"] for each in decisions)
    assert after
    assert not any(each["outcomes"] for each in after)


def test_the_shadow_run_shows_every_case_week_by_week(settled: Served) -> None:
    told = asked(settled, "shadow")

    assert told["observing"] is True
    assert told["carried_out"] > 0
    (week,) = told["weeks"]
    assert [each["case"] for each in week["cases"]] == ["actual", "ours", *CASES]
    assert week["saved"] == pytest.approx(week["cases"][0]["net_cost"] - week["cases"][1]["net_cost"])
    assert week["counted_hours"] == 2.5


def test_forecast_quality_names_source_and_horizon(settled: Served) -> None:
    told = asked(settled, "forecast-quality", days=2)

    assert {score["kind"] for score in told["scores"]} == {"load", "solar"}
    assert {(score["from_hours"], score["to_hours"]) for score in told["scores"]} == {(0, 6)}
    assert all(score["mae_kw"] >= 0 and score["count"] > 0 for score in told["scores"])
    assert all(score["coverage"] is None or 0 <= score["coverage"] <= 1 for score in told["scores"])


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("savings?period=week", "invalid_request"),
        ("savings?start=yesterday", "invalid_request"),
        ("savings?start=1999-12-31", "invalid_input"),
        ("dashboard?day=2100-01-02", "invalid_input"),
        ("shadow?start=2026-06-02T00:00:00Z&end=2026-06-01T00:00:00Z", "invalid_input"),
        ("shadow?start=2020-06-02T00:00:00Z&end=2026-06-01T00:00:00Z", "invalid_input"),
        ("forecast-quality?days=99", "invalid_request"),
    ],
)
def test_what_makes_no_sense_is_refused(settled: Served, path: str, code: str) -> None:
    reply = settled.client.get(f"/api/v1/{path}")

    assert (reply.status_code, reply.json()["code"]) == (422, code)
    assert reply.headers["content-type"] == "application/problem+json"
