"""Callers who say nothing, look without end, or have us plan without end, while others ask for what the house is to do."""

import contextlib
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.drills.neighbour import Fault
from tests.drills.report import Report
from tests.drills.town import PATIENCE_S, Town, name
from tests.stack.home_assistant import until

HOUSES = (Fault.NONE,)
HANDLES, SILENT, VIEWERS, SOLVERS = 128, 150, 30, 20
FEW_HANDLES = ("prlimit", f"--nofile={HANDLES}:{HANDLES}")
MOST_LOG_BYTES = 200_000
SLOTS = 192
RIGHT = frozenset({200, 503})
"""Who asks for too much is answered, or told to come again."""


def run(folder: Path, *, times: int = 100) -> Report:
    """Have each kind of caller at the service, and the others beside them."""
    report = Report(
        f"{SILENT} silent connections at {HANDLES} file handles; {VIEWERS} viewers of the dashboard; {SOLVERS} callers of /optimize"
    )
    with Town(folder, "home assistant", HOUSES).settled() as town:
        assert town.service is not None
        town.service.prefix = FEW_HANDLES
        _observed(report, town, "silent", lambda: _silent(town), times)
        town.service.prefix = ()
        _observed(report, town, "viewers", lambda: _asking(report, "viewers", VIEWERS, lambda http: _look(http, town)), times)
        _observed(report, town, "solvers", lambda: _asking(report, "solvers", SOLVERS, lambda http: _solve(http, town)), times)
    return report


def _observed(report: Report, town: Town, who: str, crowd: Callable[[], contextlib.AbstractContextManager[None]], times: int) -> None:
    log = town.folder / "demo.log"
    before = log.stat().st_size
    with town.running():
        until(lambda: town.health(HOUSES[0])["house"] == "ok", PATIENCE_S, "the house is known before they come")
        with crowd():
            town.observe(report, who, times=times)
        report.memory(town.peak_mb(), when=who)
    written = log.stat().st_size - before
    report.lines.append(f"{who}, log: {written} bytes (promise: under {MOST_LOG_BYTES})")
    report.promise(written < MOST_LOG_BYTES, f"{who}, log: {written} bytes")


@contextmanager
def _silent(town: Town) -> Iterator[None]:
    """Hold connections without a word, and as many again for those that are ended."""
    stop, port = threading.Event(), httpx.URL(town.url).port

    def hold() -> None:
        while not stop.is_set():
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), PATIENCE_S) as held:
                held.settimeout(1)
                while not stop.is_set():
                    with contextlib.suppress(TimeoutError):
                        if not held.recv(1):
                            break
            stop.wait(1)  # as one who comes back, not as one who floods

    with ThreadPoolExecutor(SILENT) as pool:
        for _ in range(SILENT):
            pool.submit(hold)
        try:
            yield
        finally:
            stop.set()


@contextmanager
def _asking(report: Report, who: str, count: int, ask: Callable[[httpx.Client], int]) -> Iterator[None]:
    """Ask without end, so many at once; note what they were answered."""
    stop, answers = threading.Event(), Counter[int]()

    def go_on() -> None:
        with httpx.Client(timeout=PATIENCE_S, trust_env=False) as http:
            while not stop.is_set():
                answers[ask(http)] += 1

    with ThreadPoolExecutor(count) as pool:
        running = [pool.submit(go_on) for _ in range(count)]
        try:
            until(lambda: bool(answers[200]), PATIENCE_S, f"one of the {who} is answered")
            yield
        finally:
            stop.set()
            for each in running:
                each.result()
    report.lines.append(f"{who}: {dict(answers)}")
    report.promise(set(answers) <= RIGHT, f"{who}: answered {dict(answers)}")


def _look(http: httpx.Client, town: Town) -> int:
    return http.get(f"{town.url}/api/v1/dashboard", params={"site": name(HOUSES[0])}).status_code


def _solve(http: httpx.Client, town: Town) -> int:
    def instant(n: int) -> str:
        return f"2026-01-{15 + n // 48:02}T{n % 48 // 2:02}:{n % 2 * 30:02}:00Z"

    slots = [
        {
            "start": instant(n),
            "end": instant(n + 1),
            "import_per_kwh": 0.1 + 0.05 * (n * 7 % 11),
            "export_per_kwh": 0.08,
            "load_kw": 0.8,
            "solar_kw": 0.2 * (n % 5),
        }
        for n in range(SLOTS)
    ]
    battery = {"capacity_kwh": 10, "max_charge_kw": 5, "max_discharge_kw": 5}
    return http.post(f"{town.url}/api/v1/optimize", json={"site": {"battery": battery}, "soc_pct": 50, "slots": slots}).status_code
