"""How long a recommendation takes over HTTP, and what the service weighs: `python -m tests.bench.bench_api`.

The real service process on a SQLite file and on a private MariaDB, with four weeks of readings behind it: 28 paths to weigh. Budgets
(DESIGN 7): p95 at most 50 ms when nothing changed, 150 ms with a new plan, less than 256 MB after 300 plans.
"""

import shutil
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import batched
from pathlib import Path

import numpy as np

from app.forecasting.scenarios import DAYS
from tests.served_octopus import ServedOctopus, default_data, load, serving
from tests.stack.mariadb import MariaDb, is_installed
from tests.stack.real_input import settings
from tests.stack.service import RunningService, service

UNCHANGED, PLANS, PATHS = 300, 300, DAYS
BATCH = 10_000
DATABASE = "bench"


@dataclass(frozen=True, kw_only=True)
class Measured:
    """Times in ms, memory in MB."""

    name: str
    unchanged: list[float]
    replanned: list[float]
    rss_start: float
    rss_end: float


def measure(name: str, url: str, folder: Path) -> Measured:
    """Return what one database costs."""
    with ExitStack() as parts:
        octopus = parts.enter_context(serving(ServedOctopus(load(default_data()))))
        running = parts.enter_context(service(folder, settings(octopus, url)))
        running.post("/api/v1/prices/refresh")
        live_four_weeks(running)
        push(running, 50)
        running.now()
        rss_start = rss_mb(running)
        unchanged = [timed(running.now) for _ in range(UNCHANGED)]
        replanned = [replan(running, n) for n in range(PLANS)]
        return Measured(name=name, unchanged=unchanged, replanned=replanned, rss_start=rss_start, rss_end=rss_mb(running))


def replan(running: RunningService, n: int) -> float:
    """Move the battery, and return how long the new plan took to come."""
    before = running.now()["plan_id"]
    push(running, 20 + (7.3 * (n + 1)) % 70)
    told: list[str] = []
    took = timed(lambda: told.append(running.now()["plan_id"]))
    assert told[0] != before, "the plan is new"
    return took


def live_four_weeks(running: RunningService) -> None:
    """Report load and sun of the last weeks, every minute, no two days alike."""
    now, dice = datetime.now(UTC).replace(second=0, microsecond=0), np.random.default_rng(1)
    minutes = [now - timedelta(minutes=n) for n in range((PATHS + 1) * 24 * 60)]
    rows = [
        {"device": "meter", "quantity": quantity, "at": at.isoformat(), "value": value}
        for at in minutes
        for quantity, value in (("load_kw", 0.2 + dice.gamma(1.0, 0.3)), ("solar_kw", dice.uniform() * max(0.0, 3 - abs(at.hour - 12) / 2)))
    ]
    for batch in batched(rows, BATCH, strict=False):
        running.post("/api/v1/readings", {"readings": list(batch)})


def push(running: RunningService, soc_pct: float) -> None:
    """Report a state of charge of now."""
    reading = {"device": "bat_1", "quantity": "soc_pct", "at": datetime.now(UTC).isoformat(), "value": round(soc_pct, 2)}
    running.post("/api/v1/readings", {"readings": [reading]})


def timed(action: Callable[[], object]) -> float:
    """Return how many ms something took."""
    began = time.perf_counter()
    action()
    return 1000 * (time.perf_counter() - began)


def rss_mb(running: RunningService) -> float:
    """Return the resident memory of the service."""
    lines = Path(f"/proc/{running.process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:"))


def main() -> None:
    """Print the table."""
    head = ("unchanged", "p95 ms", "new plan", "p95 ms", "MB", "MB later")
    print(f"{'GET /recommendation/now':24}" + "".join(f"{word:>10}" for word in head))  # noqa: T201 - a table is what this program is for
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    database = MariaDb(folder)
    try:
        _print(measure("SQLite", f"sqlite:///{folder}/bench.db", folder / "sqlite"))
        if is_installed():
            database.start()
            _print(measure("MariaDB", database.url(DATABASE), folder / "mariadb"))
    finally:
        database.kill()
        shutil.rmtree(folder, ignore_errors=True)


def _print(found: Measured) -> None:
    numbers = [*np.quantile(found.unchanged, [0.5, 0.95]), *np.quantile(found.replanned, [0.5, 0.95]), found.rss_start, found.rss_end]
    print(f"{found.name:24}" + "".join(f"{number:10.1f}" for number in numbers), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
