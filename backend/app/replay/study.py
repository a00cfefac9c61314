"""A backtest as a whole: ours beside every baseline and both perfect bounds, as a table."""

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path

from rich.table import Table

from app.domain.site import Site
from app.ledger.baselines import without_battery
from app.optimizer.foresight import Known, bound
from app.optimizer.rules import Rules
from app.replay.backtest import Decider, Policy, Row, reactive, run, self_use
from app.replay.jobs import Job, decide_all
from app.replay.outcome import Outcome, known, outcome, share

NO_BATTERY, SELF_USE, RULES = "no battery", "self-use only", "reactive rules"
PLANNERS = {"linear plan, power forced": Decider.PLAN_FORCED, "linear plan mapped to modes": Decider.PLAN_MAPPED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """What came out: totals of each policy, the slots of each, both bounds (None where not asked for), decision times in ms."""

    outcomes: tuple[Outcome, ...]
    rows: dict[str, list[Row]]
    at_once: float | None
    honest: float | None
    took_ms: tuple[float, ...]

    def outcome(self, name: str) -> Outcome:
        """Return one policy's totals."""
        return next(each for each in self.outcomes if each.name == name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What to study: our jobs by name, all on one tape and span, the rules' thresholds, whether to prove bounds."""

    jobs: dict[str, Job]
    rules: Rules | None = None
    """Those usual in the house's currency if not given."""
    bounds: bool = True


def study(ask: Ask, *, folder: Path, workers: int, told: Callable[[str, int, int], None]) -> Study:
    """Run the baselines, ours and the bounds."""
    job = next(iter(ask.jobs.values()))
    site = job.terms.site
    policies: dict[str, tuple[Site, Policy, float]] = {
        NO_BATTERY: (without_battery(site), self_use, 0.0),
        SELF_USE: (site, self_use, job.start_kwh),
        RULES: (site, reactive(job.tape, ask.rules or Rules.of(site.money)), job.start_kwh),
    }
    rows = {
        name: list(run(job.tape, house, policy, first=job.first, last=job.last, start_kwh=stored))
        for name, (house, policy, stored) in policies.items()
    }
    replayed = decide_all(ask.jobs.values(), folder=folder, workers=workers, told=lambda done, total: told("deciding", done, total))
    rows |= {name: found for name, (found, _) in zip(ask.jobs, replayed, strict=True)}
    at_once, honest = _bounds(site, known(rows[NO_BATTERY]), job.start_kwh, workers, told) if ask.bounds else (None, None)
    houses = {NO_BATTERY: without_battery(site)}
    return Study(
        outcomes=tuple(outcome(name, houses.get(name, site), each) for name, each in rows.items()),
        rows=rows,
        at_once=at_once,
        honest=honest,
        took_ms=tuple(ms for _, took in replayed for ms in took),
    )


def planners(job: Job) -> dict[str, Job]:
    """Return the same replay decided by the linear plan alone, in both ways."""
    return {name: replace(job, decider=decider) for name, decider in PLANNERS.items()}


def table(found: Study, site: Site) -> Table:
    """Return the comparison, one row a policy."""
    shown = Table(
        "", site.currency, "of it wear", "import kWh", "export kWh", "% of published", "% of possible", title="what it would have cost"
    )
    for column in shown.columns[1:]:
        column.justify = "right"
    nothing = found.outcome(NO_BATTERY).cost
    for each in found.outcomes:
        energies = (f"{each.import_kwh:.0f}", f"{each.export_kwh:.0f}")
        shares = (_pct(each.cost, nothing, found.at_once), _pct(each.cost, nothing, found.honest))
        shown.add_row(each.name, f"{each.cost:.2f}", f"{each.wear:.2f}", *energies, *shares)
    for name, cost in (("perfect, no house can", found.at_once), ("perfect, possible", found.honest)):
        if cost is not None:
            shown.add_row(
                name, f"{cost:.2f}", "", "", "", _pct(cost, nothing, found.at_once), _pct(cost, nothing, found.honest), style="dim"
            )
    return shown


def _pct(cost: float, nothing: float, perfect: float | None) -> str:
    found = None if perfect is None else share(cost, nothing=nothing, perfect=perfect)
    return "" if found is None else f"{100 * found:.2f}"


def _bounds(
    site: Site, slots: Sequence[Known], start_kwh: float, workers: int, told: Callable[[str, int, int], None]
) -> tuple[float, float]:
    """Return the published bound and the honest one, each in a process of its own where there are two."""
    told("proving the bounds", 0, 1)
    if workers < 2:  # noqa: PLR2004 - one each
        found = [bound(site, slots, start_kwh=start_kwh, at_once=each) for each in (True, False)]
        return found[0], found[1]
    with ProcessPoolExecutor(max_workers=2, mp_context=get_context("spawn")) as pool:
        first, second = (pool.submit(bound, site, slots, start_kwh=start_kwh, at_once=each) for each in (True, False))
        return first.result(), second.result()
