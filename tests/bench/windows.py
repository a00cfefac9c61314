"""Twelve windows of the benchmark's year: whether a change of the code still decides the same, in minutes.

Four days from the 10th of each month of 2023, each begun half charged and decided every half-hour from history alone, with only what was
known then, 48 h ahead as live. Before each lie the four weeks of history that a decision looks at; January's has the nine days there are,
and decides from these as a new house does.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from os import cpu_count
from pathlib import Path

from rich.console import Console
from rich.table import Table

from app.domain.site import Site
from app.domain.tape import Tape
from app.replay.backtest import Terms
from app.replay.jobs import Job
from app.replay.outcome import share
from app.replay.study import NO_BATTERY, RULES, SELF_USE, Ask, Study, study

STARTS = tuple(datetime(2023, month, 10, tzinfo=UTC) for month in range(1, 13))
DAYS_EACH = 4
OURS, POSSIBLE = "ours", "possible"
NAMES = (NO_BATTERY, SELF_USE, RULES, OURS, POSSIBLE)
RELEASED = (15.4749, 39.3052, 24.7534, 1.2176, -3.9474, -5.3751, -7.3467, -7.9854, 7.7923, -0.4551, 6.5603, 18.2992)
"""What each cost before houses had assets (commit 1203390), GBP with wear, together 88.2933; later code is held against it."""
SAME = 0.001
"""How much dearer all twelve may come together and still count as decided the same."""

type Progressing = Callable[[], AbstractContextManager[Callable[[str, int, int], None]]]


def windows(tape: Tape, site: Site, *, folder: Path, out: Console, progressing: Progressing) -> bool:
    """Print what each window cost, in the site's currency; tell whether all together cost what the release's did."""
    shown = Table("from", *NAMES, "ours, released", "self-use %", "rules %", "ours %", title="four days from the 10th of each month")
    for column in shown.columns[1:]:
        column.justify = "right"
    total = dict.fromkeys(NAMES, 0.0)
    for start, released in zip(STARTS, RELEASED, strict=True):
        with progressing() as told:
            costs = _costs(study(Ask(jobs={OURS: _job(tape, site, start)}), folder=folder, workers=cpu_count() or 1, told=told))
        total = {name: total[name] + costs[name] for name in NAMES}
        shown.add_row(f"{start:%Y-%m-%d}", *_cells(costs, released))
    released = sum(RELEASED)
    shown.add_row("all", *_cells(total, released), style="bold")
    out.print(shown)
    dearer = total[OURS] / released - 1
    out.print(
        f"all twelve cost {total[OURS]:.4f} {site.currency}, released {released:.4f}: {100 * dearer:+.3f} % (at most {100 * SAME:+.1f} %)"
    )
    return dearer <= SAME


def _job(tape: Tape, site: Site, start: datetime) -> Job:
    first = tape.place(start)
    last = first + DAYS_EACH * tape.per_day
    return Job(tape=tape, terms=Terms(site=site), first=first, last=last, start_kwh=site.battery.capacity_kwh / 2)


def _costs(found: Study) -> dict[str, float]:
    return {name: found.outcome(name).cost for name in NAMES if name != POSSIBLE} | {POSSIBLE: found.honest or 0.0}


def _cells(costs: dict[str, float], released: float) -> list[str]:
    shares = [share(costs[name], nothing=costs[NO_BATTERY], perfect=costs[POSSIBLE]) or 0.0 for name in (SELF_USE, RULES, OURS)]
    return [*(f"{costs[name]:.4f}" for name in NAMES), f"{released:.4f}", *(f"{100 * part:.2f}" for part in shares)]
