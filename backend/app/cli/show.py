"""What the command line shows: tables, a plot, the demo's settings."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.panel import Panel
from rich.table import Table

from app.config.settings import Settings, load
from app.domain.decision import Decision
from app.domain.ledger import Case
from app.domain.money import money
from app.domain.plan import Plan
from app.domain.site import Site
from app.ledger.savings import Total
from app.looks.shadow import ShadowRun

PLOT_ROWS = 6
PLOT_MARKS = 12
MARGIN = 16
BLOCKS = " ▁▂▃▄▅▆▇█"


def demo_house(region: str | None) -> Mapping[str, object]:
    """Return the document of a house with a 4 kW roof, with made-up prices, or Agile's of a region."""
    octopus = {"source": "octopus", "region": region}
    real = {"import": octopus | {"product": "AGILE-24-10-01"}, "export": octopus | {"product": "AGILE-OUTGOING-19-05-13"}}
    simulated = {"import": {"source": "simulated"}, "export": {"source": "simulated"}}
    return {
        "id": "home",
        "title": "A simulated house",
        "grid": {"import_limit_kw": 15, "export_limit_kw": 5},
        "tariff": {"agreements": [simulated if region is None else real]},
        "devices": [{"kind": "inverter", "model": "fox_ess"}, {"kind": "battery"}, {"kind": "solar", "peak_kw": 4}],
    }


def demo_settings(*, port: int, folder: Path) -> Settings:
    """Return settings of a service on loopback, with its own SQLite file.

    Raises:
        InvalidInputError: no such port.
    """
    return load(
        database={"url": f"sqlite:///{folder / 'battery_optimizer.db'}"},
        api={"host": "127.0.0.1", "port": port, "viewer_token": None, "controller_token": None, "admin_token": None},
    )


def decision_panel(decision: Decision, site: Site) -> Panel:
    """Return a decision with its reason and alternatives."""
    lines = [decision.reason, "", f"until {decision.slot.end.astimezone(site.zone):%H:%M}, by {decision.plan_source}"]
    if decision.cause:
        lines.append(f"because {decision.cause}")
    if decision.stored_kwh_value is not None:
        lines.append(f"a stored kWh is worth {money(decision.stored_kwh_value, site.currency)}")
    lines += [f"  not {each.command.mode}: {each.why_not}" for each in decision.alternatives]
    return Panel("\n".join(lines), title=decision.label, expand=False)


def plan_table(plan: Plan, site: Site) -> Table:
    """Return a plan, one row a slot; ~ marks an estimated price."""
    table = Table(
        "time",
        "buy",
        "sell",
        "sun kW",
        "load kW",
        "battery kW",
        "grid kW",
        "SoC %",
        "cost",
        title=f"plan {plan.id}",
        row_styles=["", "dim"],
    )
    for step in plan.steps:
        mark = "" if step.priced.provenance.is_told else "~"
        table.add_row(
            f"{step.priced.slot.start.astimezone(site.zone):%a %H:%M}",
            mark + money(step.priced.import_per_kwh, site.currency),
            mark + money(step.priced.export_per_kwh, site.currency),
            f"{step.solar_kw:.2f}",
            f"{step.load_kw:.2f}",
            f"{step.charge_kw - step.discharge_kw:+.2f}",
            f"{step.import_kw - step.export_kw:+.2f}",
            f"{site.battery.pct(step.stored_kwh):.0f}",
            money(step.cost, site.currency),
        )
    return table


def shadow_table(run: ShadowRun, site: Site) -> Table:
    """Return a shadow run, one row a week: net cost of each case in currency, and what ours would have saved."""
    table = Table(
        "week from", "hours", "actual", "ours", "no battery", "self-use", "rules", "ours saves", title=f"net cost in {site.currency}"
    )
    for week in run.weeks:
        totals: dict[Case, Total] = {each.case: each for each in (week.savings.actual, week.ours, *week.savings.baselines)}
        costs = [totals[case].net_cost for case in (Case.ACTUAL, Case.OURS, Case.NO_BATTERY, Case.SELF_USE, Case.RULES)]
        day = f"{week.span.start.astimezone(site.zone):%Y-%m-%d}"
        table.add_row(day, f"{week.counted_hours:.1f}", *(f"{cost:.2f}" for cost in costs), f"{week.saved:+.2f}")
    return table


def plan_plot(plan: Plan, site: Site, *, width: int) -> str:
    """Return the state of charge and the buying price as bars, one a slot, as many slots as fit."""
    steps = plan.steps[: width - MARGIN]
    charge = [site.battery.pct(step.stored_kwh) for step in steps]
    buy = [step.priced.import_per_kwh for step in steps]
    hours = [step.priced.slot.end.astimezone(site.zone).hour for step in plan.steps]
    shown = _bars("charge %", charge, low=0.0, high=100.0, ends=("100", "0"))
    ends = (money(max(buy), site.currency), money(min(0.0, *buy), site.currency))
    shown += _bars("buy", buy, low=min(0.0, *buy), high=max(buy), ends=ends)
    every = max(1, len(steps) // PLOT_MARKS)
    return "\n".join([*shown, " " * MARGIN + "".join(f"{hours[n]:02}h".ljust(every)[:every] for n in range(0, len(steps), every))])


def _bars(name: str, values: Sequence[float], *, low: float, high: float, ends: tuple[str, str]) -> list[str]:
    """Return rows of blocks, the highest first, with a name and the ends of the scale before them."""
    eighths = [round((value - low) / ((high - low) or 1.0) * PLOT_ROWS * 8) for value in values]
    rows = ["".join(BLOCKS[min(8, max(0, each - 8 * row))] for each in eighths) for row in reversed(range(PLOT_ROWS))]
    margins = [f"{name} {ends[0]}", *[""] * (PLOT_ROWS - 2), ends[1]]
    return [f"{margin:>{MARGIN - 1}} {row}" for margin, row in zip(margins, rows, strict=True)]
