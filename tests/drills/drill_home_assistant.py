"""A Home Assistant that drips, hangs, floods, resets, talks nonsense, or takes no connection: each in a house of its own, all at once."""

from pathlib import Path

from tests.drills.neighbour import Fault
from tests.drills.report import Report
from tests.drills.town import Town

FAULTS = tuple(Fault)


def run(folder: Path, *, times: int = 100) -> Report:
    """Have every Home Assistant sick from the start of the service, and then well again."""
    report = Report("the Home Assistant of each house does this from the start of the service, to readings and to history")
    with Town(folder, "home assistant", FAULTS).settled() as town:
        town.become(well=False)
        with town.running():
            town.observe(report, "starting", times=times)
            town.asked_again()
            town.observe(report, "running", times=times)
            report.memory(town.peak_mb())
            town.become(well=True)
            town.recovered(report, lambda fault: town.health(fault)["house"] == "ok")
    return report
