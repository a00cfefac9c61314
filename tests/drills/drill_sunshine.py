"""A solar forecast that drips, hangs, floods, resets, talks nonsense, or takes no connection: each in a house of its own, all at once."""

from pathlib import Path

from tests.drills.neighbour import Fault
from tests.drills.report import Report
from tests.drills.town import Town

FAULTS = tuple(Fault)


def run(folder: Path, *, times: int = 100) -> Report:
    """Have every solar forecast sick when it is asked first. It is asked again within its allowance of an hour, longer than a drill."""
    report = Report("the solar forecast of each house does this from the first time it is asked on")
    with Town(folder, "sunshine", FAULTS, sick_at_first=True).settled() as town, town.running():
        town.observe(report, "starting", times=times)
        town.observe(report, "running", times=times)
        report.memory(town.peak_mb())
    return report
