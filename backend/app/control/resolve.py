"""The one way from a question to a decision, live, asked for once or played back: choose, plan on from the choice, say why."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from app.control.choose import Choice, choose
from app.control.decide import Verdict, from_choice
from app.domain.asset import BATTERY, SOLAR, AssetId
from app.domain.decision import Command, Decision
from app.domain.house import run_slot
from app.domain.plan import Plan
from app.forecasting.scenarios import Paths
from app.optimizer.lp import RELATIVE_GAP
from app.optimizer.plan import make_plan
from app.optimizer.problem import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """What is chosen for the first slot of a problem."""

    problem: Problem
    choice: Choice

    @property
    def powers_kw(self) -> Mapping[AssetId, float]:
        """What battery and array do in this slot's expected load and sun, drawing positive: what a plan has to go on from."""
        slot, problem = self.problem.slots[0], self.problem
        flows = run_slot(
            problem.site,
            self.choice.best.command,
            stored_kwh=problem.start_kwh,
            solar_kw=slot.solar_kw,
            load_kw=slot.load_kw,
            hours=slot.hours,
        )
        return {BATTERY: float(flows.charge_kw - flows.discharge_kw), SOLAR: float(flows.curtailed_kw) - slot.solar_kw}

    def planned(
        self, *, now: datetime, time_limit_s: float, relative_gap: float = RELATIVE_GAP, before: Decision | None = None
    ) -> tuple[Plan, Verdict]:
        """Return the cheapest plan that goes on from the choice, and what is decided and why; `before` is what was decided last.

        Raises:
            InfeasibleError: no plan was proved in time.
        """
        plan = make_plan(self.problem, now=now, time_limit_s=time_limit_s, relative_gap=relative_gap, decided=self.powers_kw)
        return plan, from_choice(self.problem, plan, self.choice, before=before)


def resolve(problem: Problem, paths: Paths, *, running: Command | None = None, switching_cost: float = 0.0) -> Resolved:
    """Return what is chosen for this slot over all paths; leaving the running command costs `switching_cost`.

    A plan is made where one is asked for: a backtest of a year needs none.
    """
    return Resolved(problem=problem, choice=choose(problem, paths, running=running, switching_cost=switching_cost))
