"""Drills: what callers of the really running service see while its neighbours fail. `python -m tests.drills [home_assistant ...]`

Every file `drill_NAME.py` here is one: it has `run(folder)`, which returns a `Report`. A broken promise makes the exit code 1; times are
only told.
"""

import sys
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.drills.report import Report

HERE = Path(__file__).parent


def known() -> list[str]:
    """Return the names of the drills."""
    return sorted(path.stem.removeprefix("drill_") for path in HERE.glob("drill_*.py"))


def drilled(name: str) -> Report:
    """Run a drill in a folder of its own."""
    with TemporaryDirectory(prefix=f"drill-{name}-") as folder:
        report: Report = import_module(f"tests.drills.drill_{name}").run(Path(folder))
    return report


def main(wanted: list[str]) -> int:
    """Run the drills that are wanted, or all; return the exit code."""
    unknown = sorted(set(wanted) - set(known()))
    if unknown:
        sys.exit(f"there is no drill {', '.join(unknown)}; there are {', '.join(known())}")
    reports = {name: _told(name) for name in wanted or known()}
    return 1 if any(report.broken for report in reports.values()) else 0


def _told(name: str) -> Report:
    print(f"\n{name}", flush=True)  # noqa: T201 - a command's answer
    report = drilled(name)
    verdict = ["every promise kept"] if not report.broken else [f"BROKEN {each}" for each in report.broken]
    for line in (f"sent: {report.sent}", *report.lines, *verdict):
        print(f"  {line}", flush=True)  # noqa: T201
    return report


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
