"""The reactive rules: the fallback when no plan can be had, and the named baseline of the system before this one."""

from dataclasses import dataclass
from datetime import datetime

from app.domain.decision import Command
from app.domain.house import run_slot
from app.domain.money import Currency
from app.domain.plan import Plan, PlanSource, PlanStatus, PlanStep, battery_trace, solar_trace
from app.domain.possible import possible
from app.domain.site import Mode, Site
from app.optimizer.plan import plan_id
from app.optimizer.problem import Problem, ProblemSlot

CHARGE_BELOW, SELL_ABOVE = 0.10, 0.28
"""Yardsticks per kWh at which the rules charge and sell where nobody set them: 10p and 28p, 1 and 2.80 kronor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Charge from the grid at or below one import price, sell at or above an export price, else self-use; in currency per kWh."""

    charge_below: float
    sell_above: float

    @classmethod
    def of(cls, money: Currency, *, charge_below: float | None = None, sell_above: float | None = None) -> "Rules":
        """Return the rules of a house; a price that its people never set is the usual one in their currency."""
        return cls(
            charge_below=money.of(CHARGE_BELOW) if charge_below is None else charge_below,
            sell_above=money.of(SELL_ABOVE) if sell_above is None else sell_above,
        )

    def command(self, import_per_kwh: float, export_per_kwh: float) -> Command:
        """Return what the rules do at both prices."""
        if import_per_kwh <= self.charge_below:
            return Command(mode=Mode.FORCE_CHARGE)
        if export_per_kwh >= self.sell_above:
            return Command(mode=Mode.FORCE_DISCHARGE)
        return Command(mode=Mode.SELF_USE)


def follow(problem: Problem, rules: Rules, *, now: datetime) -> Plan:
    """Return what the house does when the rules steer it over the whole horizon, by what its inverter can be told."""
    steps: list[PlanStep] = []
    stored = problem.start_kwh
    for slot in problem.slots:
        wish = rules.command(slot.priced.import_per_kwh, slot.priced.export_per_kwh)
        step = behave(problem.site, slot, possible(problem.site.inverter, wish).command, stored)
        stored = step.stored_kwh
        steps.append(step)
    return Plan(
        id=plan_id(now, problem, PlanSource.RULES),
        site=problem.site.id,
        created_at=now,
        source=PlanSource.RULES,
        status=PlanStatus.FALLBACK,
        fingerprint=problem.fingerprint,
        start_kwh=problem.start_kwh,
        end_value_per_kwh=problem.end_value_per_kwh,
        steps=tuple(steps),
        cost=sum(step.cost for step in steps),
    )


def behave(site: Site, slot: ProblemSlot, command: Command, stored_kwh: float) -> PlanStep:
    """Return the step that follows from telling the inverter a mode in a slot."""
    flows = run_slot(site, command, stored_kwh=stored_kwh, solar_kw=slot.solar_kw, load_kw=slot.load_kw, hours=slot.hours)
    bought, sold, discharge = float(flows.import_kw), float(flows.export_kw), float(flows.discharge_kw)
    earned, wear = sold * slot.priced.export_per_kwh, discharge * site.battery.wear_per_kwh
    battery = battery_trace(
        charge_kw=float(flows.charge_kw),
        discharge_kw=discharge,
        stored_kwh=float(flows.stored_kwh),
        stored_kwh_value=0.0,
        cost=slot.hours * wear,
    )
    return PlanStep(
        priced=slot.priced,
        load_kw=slot.load_kw,
        solar_kw=slot.solar_kw,
        import_kw=bought,
        export_kw=sold,
        cost=slot.hours * (bought * slot.priced.import_per_kwh - earned + wear),
        traces=(solar_trace(solar_kw=slot.solar_kw, curtailed_kw=float(flows.curtailed_kw)), battery),
    )
