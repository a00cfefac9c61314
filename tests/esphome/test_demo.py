"""What `make demo-dongle` shows: an inverter's registers, read by the firmware, in the database within seconds, and orders carried out."""

import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from typing import Any

import httpx
import pytest

from tests.esphome import firmware
from tests.esphome.demo import DEVICE
from tests.stack.home_assistant import free_port, until
from tests.stack.parts import require

pytestmark = pytest.mark.stack
READY_WITHIN_S = 240.0
SAMPLES = 4
IN_DATABASE_WITHIN_S = 60.0
CONFIRMED_WITHIN_S = 60.0
RELEASED_WITHIN_S = 30.0
"""The service looks every 20 s."""
READ_WITHIN_S = 75.0
"""The house looks once a minute."""


@pytest.fixture(scope="module")
def shown() -> Iterator[httpx.Client]:
    """The running demo's API, once it shows a measured state of charge."""
    require(firmware.is_installed(), "esphome (make parts)")
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "tests.esphome.demo", "--port", str(port)], cwd=firmware.ROOT)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}/api/v1/", trust_env=False, timeout=20) as http:
        try:
            until(
                lambda: process.poll() is not None or _latest(http) is not None, READY_WITHIN_S, "the demo shows what its inverter measures"
            )
            assert process.poll() is None, "the demo ended"
            yield http
        finally:
            process.terminate()
            process.wait(30)


def test_what_is_read_is_in_the_database_within_seconds(shown: httpx.Client) -> None:
    ages: list[float] = []
    before = _latest(shown)
    while len(ages) < SAMPLES:
        newest = _latest(shown)
        if newest is not None and newest != before:
            ages.append((datetime.now(UTC) - datetime.fromisoformat(newest)).total_seconds())
            before = newest
        time.sleep(0.1)

    assert max(ages) < IN_DATABASE_WITHIN_S, ages
    until(partial(_is_read_by_the_house, shown), READ_WITHIN_S, "the house reads what the dongle measures")


def test_an_order_is_carried_out_and_confirmed_by_what_the_battery_does(shown: httpx.Client) -> None:
    for mode, power_kw, battery_kw in (("force_charge", 2.0, 2.0), ("force_discharge", 1.5, -1.5), ("self_use", None, None)):
        told = shown.post(f"devices/{DEVICE}/commands", json={"mode": mode, "power_kw": power_kw}).json()
        until(partial(_is_confirmed, shown, told["id"]), CONFIRMED_WITHIN_S, f"{mode} is confirmed")
        answer = _command(shown, told["id"])["answers"][-1]
        assert (answer["mode"], answer["battery_kw"] if battery_kw is not None else None) == (mode, battery_kw)


def test_the_dongle_carries_the_optimizers_decisions_out(shown: httpx.Client) -> None:
    sent = [each for each in shown.get(f"devices/{DEVICE}/commands").json()["commands"] if each["sent_by"] == "optimizer"]

    assert sent
    assert [each["answer"] for each in sent[0]["answers"]] == ["accepted", "confirmed"]
    decisions = shown.get("decisions").json()["decisions"]
    outcomes = next(each for each in decisions if each["decision_id"] == sent[0]["decision_id"])["outcomes"]
    assert "confirmed" in [each["status"] for each in outcomes]


def test_a_dry_run_sends_the_dongle_to_self_use(shown: httpx.Client) -> None:
    order = {"mode": "force_charge", "power_kw": 2.0}
    told = shown.post(f"devices/{DEVICE}/commands", json=order).json()
    until(partial(_is_confirmed, shown, told["id"]), CONFIRMED_WITHIN_S, "the order is confirmed")

    shown.put("settings/control", json={"dry_run": True}).raise_for_status()

    until(lambda: _newest(shown)["id"] != told["id"] and _is_confirmed(shown, _newest(shown)["id"]), RELEASED_WITHIN_S, "it let go")
    newest = _newest(shown)
    assert (newest["sent_by"], newest["answers"][-1]["mode"]) == ("optimizer", "self_use")
    assert shown.post(f"devices/{DEVICE}/commands", json=order).status_code == HTTPStatus.CONFLICT


def _latest(http: httpx.Client) -> str | None:
    try:
        reply = http.get(f"devices/{DEVICE}")
    except httpx.TransportError:
        return None
    latest = reply.json().get("latest") if reply.is_success else None
    return str(latest["at"]) if latest is not None and latest["soc_pct"] is not None else None


def _is_read_by_the_house(http: httpx.Client) -> bool:
    return any(each["quantity"] == "soc_pct" and each["value"] is not None for each in http.get("readings/latest").json()["readings"])


def _command(http: httpx.Client, order: str) -> dict[str, list[dict[str, object]]]:
    found = http.get(f"devices/{DEVICE}/commands").json()["commands"]
    command: dict[str, list[dict[str, object]]] = next(each for each in found if each["id"] == order)
    return command


def _newest(http: httpx.Client) -> dict[str, Any]:
    newest: dict[str, Any] = http.get(f"devices/{DEVICE}/commands").json()["commands"][-1]
    return newest


def _is_confirmed(http: httpx.Client, order: str) -> bool:
    return [each["answer"] for each in _command(http, order)["answers"]] == ["accepted", "confirmed"]
