from dataclasses import fields, replace

import pytest

from app.domain.asset import AssetId
from app.domain.decision import Alternative, Command, Decision, Outcome, OutcomeStatus, PriceNow, Wording
from app.domain.errors import NotFoundError
from app.domain.order import Evidence, Order
from app.domain.price import Provenance
from app.domain.site import HOME, Mode, SiteId
from app.storage.database import Database
from app.storage.decisions import SAME, SAME_IN_COMMAND, SAME_IN_ORDER, SAME_IN_OUTCOME, SAME_IN_PRICE, SAME_IN_WORDING, DecisionStore
from tests.records import alternative, at, decision, outcome


@pytest.fixture
def store(database: Database) -> DecisionStore:
    return DecisionStore(database)


BARE = decision(
    plan_id=None,
    command=Command(mode=Mode.SELF_USE),
    expected_soc_pct=None,
    stored_kwh_value=None,
    price=PriceNow(import_per_kwh=None, export_per_kwh=None, price_class=None, provenance=Provenance.MISSING),
    alternatives=(),
    fingerprint="",
)
FULL = decision(
    reason="Ladda nu: 1,2 öre/kWh är billigare än i kväll ⚡" * 100,
    cause="the solver found no plan\nin 10 s",
    alternatives=(
        alternative(extra_cost=0.1 + 0.2, why_not="”dear”"),
        alternative(command=Command(mode=Mode.FORCE_DISCHARGE, power_kw=1 / 3, target_soc_pct=10)),
    ),
    outcomes=(
        outcome(OutcomeStatus.COMMANDED, 0.1, asset=AssetId("car"), evidence=Evidence.ACCEPTED),
        outcome(OutcomeStatus.FAILED, 0.1, mode_read_back="Self Use", battery_kw=-1 / 3, soc_pct=50.5, detail="no räck"),
    ),
)


SEVERAL = replace(
    decision(),
    orders=(
        *decision().orders,
        Order(asset=AssetId("car"), verb="charge", power_kw=7.2, target_soc_pct=80.0, lease_until=at(1.1)),
        Order(asset=AssetId("pump"), verb="run", lease_until=at(0.7)),
    ),
)


@pytest.mark.parametrize("saved", [decision(), BARE, FULL, SEVERAL])
def test_gives_back_what_was_saved(store: DecisionStore, saved: Decision) -> None:
    store.save(saved)

    assert store.get(HOME, saved.id) == saved


def test_no_field_is_forgotten() -> None:
    composed = {"slot", "orders", "wording", "price", "alternatives", "explanation", "outcomes"}

    assert {field.name for field in fields(Decision)} == {*SAME, *composed}
    assert {field.name for field in fields(Order)} == {*SAME_IN_ORDER, "lease_until"}
    assert {field.name for field in fields(Wording)} == set(SAME_IN_WORDING)
    assert {field.name for field in fields(Command)} == set(SAME_IN_COMMAND)
    assert {field.name for field in fields(PriceNow)} == set(SAME_IN_PRICE)
    assert {field.name for field in fields(Outcome)} == set(SAME_IN_OUTCOME)
    assert {field.name for field in fields(Alternative)} == {"command", "extra_cost", "why_not"}


def test_a_decision_is_never_changed(store: DecisionStore) -> None:
    store.save(decision())
    store.save(decision(reason="something else", outcomes=(outcome(),)))

    assert store.get(HOME, "decision-0") == decision()


def test_outcomes_are_added_once_each_in_order(store: DecisionStore) -> None:
    told = [outcome(OutcomeStatus.CONFIRMED, 0.2), outcome(OutcomeStatus.COMMANDED, 0.1), outcome(OutcomeStatus.OVERRIDDEN, 0.5)]
    store.save(decision())
    for one in [*told, *told]:
        store.add_outcome(HOME, "decision-0", one)

    assert store.get(HOME, "decision-0").outcomes == (told[1], told[0], told[2])


def test_two_executors_may_report_the_same(store: DecisionStore) -> None:
    store.save(decision())
    store.add_outcome(HOME, "decision-0", outcome())
    store.add_outcome(HOME, "decision-0", outcome(reported_by="dongle"))

    assert {one.reported_by for one in store.get(HOME, "decision-0").outcomes} == {"node-red", "dongle"}


def test_an_unknown_decision_is_not_found(store: DecisionStore) -> None:
    store.save(decision(site=SiteId("neighbour")))

    with pytest.raises(NotFoundError, match="home has no decision decision-0"):
        store.get(HOME, "decision-0")
    with pytest.raises(NotFoundError, match="home has no decision decision-0"):
        store.add_outcome(HOME, "decision-0", outcome())


def test_latest_is_the_one_made_last_before_an_instant(store: DecisionStore) -> None:
    for n in (2, 0, 1):
        store.save(decision(n))

    assert store.latest(HOME, at(1.5)) == decision(1)
    assert store.latest(HOME, at(2)) == decision(2)
    assert store.latest(HOME, at(-1)) is None


def test_a_span_holds_the_slots_that_start_in_it_with_outcomes(store: DecisionStore) -> None:
    for n in (3, 2, 1, 0):
        store.save(decision(n))
    again = decision(1, id="decision-1-again", decided_at=at(1.5))
    store.save(again)
    store.add_outcome(HOME, again.id, outcome())

    found = store.between(HOME, at(1), at(3))

    assert [one.id for one in found] == ["decision-1", "decision-1-again", "decision-2"]
    assert found[1].outcomes == (outcome(),)
