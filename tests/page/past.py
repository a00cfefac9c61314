"""A past for the demo: its own load and sun of the last days, and a battery that charged at night, as its meters would have told."""

import time
from datetime import UTC, datetime, timedelta

import httpx

from tests.page.demo import Demo

DAYS = 3
STEP = timedelta(minutes=5)
HOURS = STEP.total_seconds() / 3600
CAPACITY_KWH, RESERVE_KWH, EFFICIENCY = 10.0, 1.0, 0.95
NIGHT_KW, NIGHT_ENDS = 1.6, 5
PATIENCE_S = 60.0


def give_a_past(demo: Demo) -> None:
    """Push what grid and battery would have measured in the last days; a service that starts again settles it at once."""
    _push(demo.url)
    demo.stop()
    demo.start()
    _await_settlement(demo.url)


def _push(url: str) -> None:
    start = datetime.now(UTC) - timedelta(days=DAYS)
    load, solar = _history(url, "load_kw", start), _history(url, "solar_kw", start)
    made: list[dict[str, object]] = []
    stored = CAPACITY_KWH / 2
    for at in sorted(load.keys() & solar.keys()):
        battery = _battery_kw(at, stored, solar[at] - load[at])
        told = {"soc_pct": 100 * stored / CAPACITY_KWH, "battery_kw": battery, "grid_kw": load[at] + battery - solar[at]}
        made += [{"device": "history", "quantity": name, "at": at.isoformat(), "value": value} for name, value in told.items()]
        stored += HOURS * (battery * EFFICIENCY if battery > 0 else battery / EFFICIENCY)
    httpx.post(f"{url}/api/v1/readings", json={"readings": made}, timeout=PATIENCE_S).raise_for_status()


def _battery_kw(at: datetime, stored_kwh: float, surplus_kw: float) -> float:
    """Return what the battery takes: everything it can at night, else what the house leaves or lacks."""
    wish = NIGHT_KW if at.hour < NIGHT_ENDS else surplus_kw
    room, left = (CAPACITY_KWH - stored_kwh) / EFFICIENCY / HOURS, max(0.0, stored_kwh - RESERVE_KWH) * EFFICIENCY / HOURS
    return min(max(wish, -left), room)


def _history(url: str, quantity: str, start: datetime) -> dict[datetime, float]:
    found = httpx.get(f"{url}/api/v1/readings", params={"quantity": quantity, "start": start.isoformat()}).raise_for_status().json()
    return {datetime.fromisoformat(each["at"]).replace(second=0, microsecond=0): each["value"] for each in found["samples"]}


def _await_settlement(url: str) -> None:
    end = time.monotonic() + PATIENCE_S
    while httpx.get(f"{url}/api/v1/savings", params={"period": "year"}).json()["count"]["settled_hours"] < (DAYS - 1) * 24:
        if time.monotonic() > end:
            raise RuntimeError("the past was not settled")
        time.sleep(0.5)
