"""A price server that drips, hangs, floods, resets, talks nonsense, or takes no connection: each in a house of its own, all at once."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.drills.neighbour import Fault
from tests.drills.report import Report
from tests.drills.town import Town

FAULTS = tuple(Fault)


def run(folder: Path, *, times: int = 100) -> Report:
    """Have every price server sick from the start of the service, with callers who want them refreshed, and then well again."""
    report = Report("the price server of each house does this from the start of the service, and somebody asks for a refresh of each")
    with Town(folder, "prices", FAULTS).settled() as town:
        town.become(well=False)
        with town.running(), ThreadPoolExecutor(len(FAULTS)) as impatient:
            for when in ("starting", "running"):
                refreshed = [impatient.submit(town.post, "/api/v1/prices/refresh", fault) for fault in FAULTS]
                town.observe(report, when, times=times)
                _note(report, {fault: each.result().status_code for fault, each in zip(FAULTS, refreshed, strict=True)})
            report.memory(town.peak_mb())
            town.become(well=True)
            town.recovered(report, lambda fault: town.post("/api/v1/prices/refresh", fault).is_success)
    return report


def _note(report: Report, statuses: Mapping[Fault, int]) -> None:
    report.lines.append(f"refreshes: {', '.join(f'{fault} {status}' for fault, status in statuses.items())}")
    wrong = {fault.value: status for fault, status in statuses.items() if status != (200 if fault is Fault.NONE else 503)}
    report.promise(not wrong, f"refreshes: {wrong} where sick servers are 503 and a well one 200")
