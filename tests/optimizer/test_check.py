from collections.abc import Callable
from dataclasses import replace

import pytest

from app.domain.errors import InfeasibleError
from app.domain.plan import PlanStep
from app.domain.site import Coupling
from app.optimizer import lp
from app.optimizer.check import prove
from tests.builders import battery, house, problem
from tests.records import changed

QUESTION = problem(
    buy=[0.05, 0.40, 0.2],
    load_kw=[1, 2, 1],
    solar_kw=[2, 0, 6],
    minutes=60,
    start_kwh=5,
    end_value=0.3,
    site=house(battery(), ac_limit_kw=6, coupling=Coupling.DC),
)
STEPS = lp.solve(QUESTION).steps

type Change = Callable[[PlanStep], PlanStep]


def test_accepts_a_plan_that_is_right() -> None:
    prove(QUESTION, STEPS)


@pytest.mark.parametrize(
    ("complaint", "change"),
    [
        ("not a number", lambda s: changed(s, import_kw=float("nan"))),
        ("not a number", lambda s: changed(s, charge_kw=float("inf"))),
        ("negative", lambda s: changed(s, export_kw=-0.1)),
        ("does not balance", lambda s: changed(s, import_kw=s.import_kw + 0.001)),
        ("does not add up", lambda s: changed(s, stored_kwh=s.stored_kwh + 0.001)),
        ("imports and exports at once", lambda s: changed(s, import_kw=s.import_kw + 1, export_kw=s.export_kw + 1)),
        ("charges and discharges at once", lambda s: moved(changed(s, discharge_kw=1.0, import_kw=s.import_kw - 1))),
        ("charges too fast", lambda s: moved(changed(s, import_kw=s.import_kw + 3, charge_kw=s.charge_kw + 3))),
        ("discharges too fast", lambda s: moved(changed(s, charge_kw=0, discharge_kw=5.5, import_kw=0, export_kw=6.5))),
        ("wear does not add up", lambda s: replace(moved(s), traces=(s.traces[0], replace(s.traces[1], cost=0.1)))),
        ("curtails more", lambda s: moved(changed(s, curtailed_kw=2.1, charge_kw=s.charge_kw - 2.1))),
        ("overloaded", lambda s: moved(changed(s, charge_kw=0, discharge_kw=4.5, import_kw=0, export_kw=5.5))),
    ],
)
def test_refuses_what_cannot_be(complaint: str, change: Change) -> None:
    wrong = change(STEPS[0])

    with pytest.raises(InfeasibleError, match=complaint):
        prove(QUESTION, (wrong, *STEPS[1:]))


def test_refuses_a_battery_emptier_than_empty_and_fuller_than_full() -> None:
    emptied = moved(changed(STEPS[0], charge_kw=0.0, discharge_kw=1.0, import_kw=0.0, export_kw=2.0), start_kwh=0.5)
    filled = moved(changed(STEPS[0], charge_kw=1.0, discharge_kw=0.0, import_kw=0.0, export_kw=0.0), start_kwh=9.5)

    with pytest.raises(InfeasibleError, match="emptier"):
        prove(replace(QUESTION, start_kwh=0.5, slots=QUESTION.slots[:1]), (emptied,))
    with pytest.raises(InfeasibleError, match="fuller"):
        prove(replace(QUESTION, start_kwh=9.5, slots=QUESTION.slots[:1]), (filled,))


def test_a_plan_with_a_step_too_few_is_no_plan() -> None:
    with pytest.raises(ValueError, match="shorter"):
        prove(QUESTION, STEPS[:-1])


def moved(step: PlanStep, *, start_kwh: float = QUESTION.start_kwh) -> PlanStep:
    """Return the step with the stored energy and the wear its powers lead to, so that only the fault in question shows."""
    solar, store = changed(step, stored_kwh=start_kwh + step.charge_kw * 0.95 - step.discharge_kw / 0.95).traces
    return replace(step, traces=(solar, replace(store, cost=0.02 * step.discharge_kw)))
