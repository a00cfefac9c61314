from dataclasses import fields, replace
from datetime import timedelta

import pytest
from sqlalchemy import event, text

from app.domain.asset import SOLAR, Trace
from app.domain.errors import InvalidInputError, NotFoundError
from app.domain.plan import Plan, PlanSource, PlanStatus, PlanStep, Violation
from app.domain.price import PriceClass, PricedSlot, Provenance
from app.domain.site import HOME, SiteId
from app.optimizer.plan import make_plan
from app.storage.database import Database
from app.storage.plans import SAME_IN_PLAN, SAME_IN_PRICED, SAME_IN_STEP, PlanStore
from app.storage.traces import SAME_IN_TRACE
from tests.builders import START, problem
from tests.optimizer.pump import Pump
from tests.records import NOON, at, plan, slot, step, violation


@pytest.fixture
def store(database: Database) -> PlanStore:
    return PlanStore(database)


ODD_STEP = step(
    1,
    priced=PricedSlot(
        slot=slot(1), import_per_kwh=1 / 3, export_per_kwh=-1e-9, provenance=Provenance.ESTIMATED, price_class=PriceClass.NEGATIVE
    ),
    stored_kwh_value=0.1 + 0.2,
)
ODD_PLAN = plan(
    steps=(step(0), ODD_STEP),
    source=PlanSource.RULES,
    status=PlanStatus.FEASIBLE,
    gap=1 / 7,
    solve_s=0.0123,
    violations=(violation(limit="réserve 🪫"), violation(until=None, at=NOON.replace(microsecond=1))),
)


@pytest.mark.parametrize("saved", [plan(96), ODD_PLAN, plan(steps=())])
def test_gives_back_what_was_saved(store: PlanStore, saved: Plan) -> None:
    store.save(saved)

    assert store.get(HOME, saved.id) == saved


def test_gives_back_what_a_device_does_that_it_has_never_heard_of(store: PlanStore) -> None:
    question = problem(buy=[0.3, 0.1, 0.2], load_kw=1, minutes=60, start_kwh=1)
    pump = Pump(needs_kwh=1.25, by=START + timedelta(hours=3), max_kw=1.0)
    saved = make_plan(replace(question, assets=(pump,)), now=START, time_limit_s=5)

    store.save(saved)

    assert store.get(HOME, saved.id) == saved
    assert [step.traces[-1].power_kw for step in saved.steps] == pytest.approx([0, 1, 0.25])


def test_no_field_is_forgotten() -> None:
    kept = {*SAME_IN_PLAN, *SAME_IN_PRICED, *SAME_IN_STEP, "steps", "violations", "priced", "slot", "traces"}
    known = {field.name for noun in (Plan, PlanStep, PricedSlot) for field in fields(noun)}
    not_planned_with = {"import_range", "export_range"}

    assert kept == known - not_planned_with
    assert {field.name for field in fields(Violation)} == {"limit", "at", "amount", "unit", "until"}
    assert {field.name for field in fields(Trace)} == {"asset", "kind", "state", *SAME_IN_TRACE}


def test_a_plan_from_before_traces_were_kept_says_what_the_battery_and_the_array_do(store: PlanStore) -> None:
    wear = 0.02 * 0.5
    sells = step(1, charge_kw=0.0, discharge_kw=1.0, import_kw=0.0, export_kw=0.7, cost=wear - 0.7 * 0.05 * 0.5, curtailed_kw=0.1)
    store.save(plan(steps=(step(0), sells)))
    with store.database.engine.begin() as connection:
        connection.execute(text("UPDATE plan_steps SET wear = NULL"))

    old = store.get(HOME, "plan-1")

    assert [each.trace(SOLAR) for each in old.steps] == [step(0).trace(SOLAR), sells.trace(SOLAR)]
    assert [(each.charge_kw, each.discharge_kw, each.stored_kwh, each.stored_kwh_value) for each in old.steps] == [
        (2.0, 0.0, 5.95, 0.18),
        (0.0, 1.0, 5.95, 0.18),
    ]
    assert [sum(trace.cost for trace in each.traces) for each in old.steps] == pytest.approx([0.0, wear])


def test_a_plan_is_never_changed(store: PlanStore) -> None:
    store.save(plan(2))
    store.save(plan(3, cost=99.0))

    assert store.get(HOME, "plan-1") == plan(2)


def test_latest_is_the_one_made_last_before_an_instant(store: PlanStore) -> None:
    for n in (2, 0, 1):
        store.save(plan(id=f"plan-{n}", created_at=at(n)))

    assert store.latest(HOME, at(1.5)) == plan(id="plan-1", created_at=at(1))
    assert store.latest(HOME, at(2)) == plan(id="plan-2", created_at=at(2))
    assert store.latest(HOME, at(-1)) is None
    assert store.latest(SiteId("neighbour"), at(9)) is None


def test_another_house_has_other_plans(store: PlanStore) -> None:
    store.save(plan())
    store.save(plan(3, site=SiteId("neighbour")))

    assert store.get(HOME, "plan-1") == plan()
    with pytest.raises(NotFoundError, match="home has no plan plan-2"):
        store.get(HOME, "plan-2")


def test_half_a_plan_is_never_stored(store: PlanStore) -> None:
    with pytest.raises(InvalidInputError, match="nan"):
        store.save(plan(steps=(step(0), step(1, cost=float("nan")))))

    assert store.latest(HOME, at(9)) is None


def test_saving_two_days_of_half_hours_takes_one_statement_for_the_plan_and_one_for_its_steps(store: PlanStore) -> None:
    said: list[str] = []
    event.listen(store.database.engine, "before_cursor_execute", lambda *told: said.append(str(told[2])))

    store.save(plan(96))

    assert [one.split(" (")[0].split()[-1] for one in said if one.startswith("INSERT")] == ["plans", "plan_steps"]
