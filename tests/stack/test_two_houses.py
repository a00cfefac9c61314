"""Two houses in one service through a day on real MariaDB, Home Assistants and Node-REDs: neither knows that there is another."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from sqlalchemy import MetaData, select

from app.api.security import sha256
from app.config.leftover import nothing_left
from app.config.settings import load as load_settings
from app.domain.access import KnownToken, Role
from app.domain.decision import OutcomeStatus
from app.domain.ledger import Case
from app.domain.site import SiteId
from app.domain.slot import Slot
from app.ledger.balance import tolerance_kwh
from app.ledger.savings import total
from tests.records import audit_entry
from tests.served_octopus import ServedOctopus, default_data, load, serving
from tests.served_spot import ServedSpot, serving_spot
from tests.stack import install_home_assistant, nodered
from tests.stack.home_assistant import home_assistant, until
from tests.stack.mariadb import MariaDb
from tests.stack.moved_optimizer import MovedClock, moved_optimizer
from tests.stack.parts import require
from tests.stack.two_houses import FIRST, GNESTA, LONDON, PATIENCE_S, QUARTER, QUARTERS, Dwelling, TwoHouses, gnesta, london, sigenergy

pytestmark = pytest.mark.stack

DATABASE = "two_houses"
ADMIN = "admin-token-of-two-houses-in-one-service"
OTHER = {LONDON: GNESTA, GNESTA: LONDON}
WHOLE = Slot(FIRST, FIRST + QUARTERS * QUARTER)


def token_of(site: SiteId) -> str:
    return f"controller-of-{site}-in-this-test-only"


@pytest.fixture(scope="module")
def houses(mariadb: MariaDb, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwoHouses]:
    require(nodered.is_installed(), "Node-RED")
    require(install_home_assistant.is_installed(), "Home Assistant")
    folder, clock = tmp_path_factory.mktemp("two"), MovedClock()
    clock.move_to(FIRST)
    mariadb.execute(f"DROP DATABASE IF EXISTS {DATABASE}")
    with ExitStack() as parts:
        octopus = parts.enter_context(serving(ServedOctopus(load(default_data()), clock=clock)))
        spot = parts.enter_context(serving_spot(ServedSpot(clock=clock)))
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("OPTIMIZER_DATABASE__URL", mariadb.url(DATABASE))
            environment.setenv("OPTIMIZER_SECRETS__KEY_FILE", str(folder / "key"))
            environment.setenv("OPTIMIZER_API__ADMIN_TOKEN", ADMIN)
            settings = load_settings(folder / "none.env")
        optimizer = parts.enter_context(moved_optimizer(settings, clock, nothing_left()))
        optimizer.shift.described = None
        here = parts.enter_context(home_assistant(folder / "ha-london"))
        there = parts.enter_context(home_assistant(folder / "ha-gnesta", packages=[sigenergy(folder)]))
        use, service = optimizer.service.use, optimizer.service
        for value, near in ((london(octopus.url, here.url), here), (gnesta(spot.url, there.url), there)):
            site = SiteId(value["id"])
            use.describe.create(site, value, actor="test", now=clock())
            use.describe.keep_secret(site, "home_assistant", near.token, actor="test", now=clock())
            token = KnownToken(name=f"flow of {site}", role=Role.CONTROLLER, sha256=sha256(token_of(site)), site=site)
            service.tokens.create(token, audit_entry())
        first = Dwelling(LONDON, optimizer, here, token_of(LONDON), folder / "nr-london", "select.fox_work_mode", "sensor.battery_soc", 4.0)
        modes, soc = "select.sigen_plant_remote_ems_control_mode", "sensor.sigen_plant_battery_state_of_charge"
        second = Dwelling(GNESTA, optimizer, there, token_of(GNESTA), folder / "nr-gnesta", modes, soc, 6.0)
        found = TwoHouses(optimizer=optimizer, dwellings=(first, second))
        for each in found.dwellings:
            each.set_plant(FIRST, 0.0)  # a charge that jumps when the day begins would not be believed at once
            parts.enter_context(each.running())
        until(lambda: len(optimizer.shift.ticked) >= 2 and optimizer.shift.quiet(), PATIENCE_S, "both flows have started")
        found.run()
        yield found


@pytest.fixture(params=[0, 1], ids=[LONDON, GNESTA])
def house(request: pytest.FixtureRequest, houses: TwoHouses) -> Dwelling:
    return houses.dwellings[request.param]


def test_every_decision_is_a_plans_and_was_carried_out(house: Dwelling) -> None:
    for decision in house.decisions:
        statuses = [each.status for each in decision.outcomes]
        assert statuses[-1] is OutcomeStatus.CONFIRMED, decision
        assert OutcomeStatus.FAILED not in statuses
        assert decision.plan_source == "optimizer"
    assert len({decision.command.mode for decision in house.decisions}) >= 2


def test_each_lives_by_its_own_tariff_in_its_own_money(house: Dwelling) -> None:
    currency, hours, source = {LONDON: ("GBP", 0.5, "octopus"), GNESTA: ("SEK", 0.25, "elprisetjustnu SE3")}[house.site]
    prices = house.optimizer.service.use.prices.between(house.site, WHOLE.start, WHOLE.end)

    assert {(each.currency, each.slot.hours) for each in prices} == {(currency, hours)}
    assert all(each.source.startswith(source) for each in prices)
    assert {(decision.currency, decision.slot.hours) for decision in house.decisions} == {(currency, hours)}


def test_each_ledger_closes(house: Dwelling) -> None:
    service = house.optimizer.service
    slots = service.use.dashboard.ledger.between(house.site, WHOLE.start, WHOLE.end)

    assert len(slots) >= WHOLE.hours / slots[0].slot.hours - 2
    for each in slots:
        assert each.status.counts, each
        assert each.anomaly is None, each
        assert each.energies is not None
        assert abs(each.residual_kwh or 0.0) <= tolerance_kwh(each.energies, each.slot.hours)
    whole = total(slots, Slot(slots[0].slot.start, slots[-1].slot.end), service.homes[house.site].site.battery)
    assert whole.actual.cost == pytest.approx(sum(each.cost or 0.0 for each in slots))
    assert whole.saved(Case.NO_BATTERY) > 0


def rows(house: Dwelling) -> dict[str, list[tuple[Any, ...]]]:
    """Return what every table keeps of a house."""
    engine, tables = house.optimizer.service.database.engine, MetaData()
    tables.reflect(engine)
    with engine.connect() as connection:
        own = [table for table in tables.sorted_tables if "site" in table.c]
        return {table.name: [tuple(row) for row in connection.execute(select(table).where(table.c.site == house.site))] for table in own}


def test_nothing_of_one_shows_up_in_the_other(house: Dwelling) -> None:
    other, kept = OTHER[house.site], rows(house)

    assert {"readings", "prices", "decisions", "plans", "ledger", "settings", "secrets", "tokens", "audit"} <= {
        name for name in kept if kept[name]
    }
    for name, found in kept.items():
        assert not [row for row in found if any(cell == other or str(cell).endswith(f"_{other}") for cell in row)], name


def test_every_reading_is_stored_once(house: Dwelling) -> None:
    stored = [row for row in rows(house)["readings"] if any(str(cell).endswith(f"_{house.site}") for cell in row)]

    assert len(stored) >= len(house.pushed) > QUARTERS


@pytest.mark.parametrize(
    "path", ["/api/v1/recommendation/now", "/api/v1/plan", "/api/v1/decisions", "/api/v1/savings", "/api/v1/prices", "/api/v1/dashboard"]
)
def test_a_token_of_one_is_refused_at_the_other(house: Dwelling, path: str) -> None:
    assert house.ask(path).is_success, house.ask(path).text
    assert house.ask(path, site=house.site).is_success
    assert house.ask(path, site=OTHER[house.site]).status_code == 403


def test_a_token_sees_only_its_own_house(house: Dwelling) -> None:
    assert [each["id"] for each in house.ask("/api/v1/sites").json()["sites"]] == [house.site]
    assert house.ask(f"/api/v1/sites/{OTHER[house.site]}").status_code == 403
    assert house.ask(f"/api/v1/sites/{OTHER[house.site]}/executor").status_code == 403
