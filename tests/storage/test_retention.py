from datetime import timedelta

import pytest

from app.domain.errors import NotFoundError
from app.domain.forecast import ForecastKind
from app.domain.reading import Quantity
from app.domain.site import HOME, SiteId
from app.domain.slot import Slot
from app.storage.database import Database
from app.storage.decisions import DecisionStore
from app.storage.forecasts import ForecastStore
from app.storage.overrides import OverrideStore
from app.storage.plans import PlanStore
from app.storage.prices import PriceStore
from app.storage.readings import ReadingStore
from app.storage.retention import BATCH, Keep, prune
from tests.records import NOON, at, audit_entry, decision, forecast, outcome, override, plan, price, reading_

NEIGHBOUR = SiteId("neighbour")
NONE = {"prices": 0, "price_versions": 0, "decisions": 0, "overrides": 0, "readings": 0, "forecasts": 0, "plans": 0}


def fill(database: Database) -> None:
    """Store one of each kind at noon and one an hour later."""
    for n in (0, 2):
        PriceStore(database).save(HOME, [price(0.1, n)], at(n))
        PriceStore(database).save(HOME, [price(0.2, n)], at(n))
        ReadingStore(database).save(HOME, [reading_(50, n)])
        ForecastStore(database).save(HOME, forecast(issued_at=at(n)))
        PlanStore(database).save(plan(id=f"plan-{n}", created_at=at(n)))
        DecisionStore(database).save(decision(n, outcomes=(outcome(),)))
        OverrideStore(database).put(HOME, override(n, slots=1), audit_entry())


def test_keeps_what_savings_need_for_ever_and_the_rest_for_a_while(database: Database) -> None:
    fill(database)

    assert prune(database, HOME, now=NOON + timedelta(days=14)) == NONE
    assert prune(database, HOME, now=NOON + timedelta(days=14, hours=0.5)) == NONE | {"plans": 1}
    assert prune(database, None, now=NOON + timedelta(days=36500)) == NONE | {"readings": 2, "forecasts": 2, "plans": 1}


def test_deletes_what_is_older_and_nothing_else(database: Database) -> None:
    fill(database)
    day = Keep(prices=1, decisions=1, overrides=1, readings=1, forecasts=1, plans=1)

    gone = prune(database, HOME, now=at(1) + timedelta(days=1, seconds=1), keep=day)

    assert gone == dict.fromkeys(NONE, 1)
    assert PriceStore(database).between(HOME, NOON, at(9)) == [price(0.2, 2)]
    assert [one.price for one in PriceStore(database).earlier(HOME, NOON, at(9))] == [price(0.1, 2)]
    assert ReadingStore(database).between(HOME, Quantity.SOC_PCT, NOON, at(9)) == [reading_(50, 2)]
    assert ForecastStore(database).latest(HOME, ForecastKind.LOAD, at(1)) is None
    assert DecisionStore(database).between(HOME, NOON, at(9)) == [decision(2, outcomes=(outcome(),))]
    assert OverrideStore(database).between(HOME, Slot(NOON, at(9))) == [override(2, slots=1)]
    assert PlanStore(database).get(HOME, "plan-2").steps
    with pytest.raises(NotFoundError):
        PlanStore(database).get(HOME, "plan-0")
    assert database.read(lambda session: session.connection().exec_driver_sql("SELECT DISTINCT plan_id FROM plan_steps").all()) == [
        ("plan-2",)
    ]


def test_of_one_site_or_of_all(database: Database) -> None:
    store, later = ReadingStore(database), NOON + timedelta(days=500)
    for site in (HOME, NEIGHBOUR):
        store.save(site, [reading_()])

    assert prune(database, NEIGHBOUR, now=later)["readings"] == 1
    assert store.latest(HOME, [Quantity.SOC_PCT])
    assert prune(database, None, now=later)["readings"] == 1


def test_many_go_in_batches(database: Database) -> None:
    store = ReadingStore(database)
    store.save(HOME, [reading_(50, n / 100, device=f"bat_{n % 2}") for n in range(3 * BATCH)])
    store.save(HOME, [reading_(50, 0, device=f"bat_{n}") for n in range(100, 100 + 2 * BATCH)])

    assert prune(database, HOME, now=at(2) + timedelta(days=400))["readings"] == 200 + 2 * BATCH
    assert len(store.between(HOME, Quantity.SOC_PCT, NOON, at(9))) == 3 * BATCH - 200
