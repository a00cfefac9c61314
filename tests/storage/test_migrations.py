import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import MetaData, Table, inspect, text

from app.domain.errors import InvalidInputError, UnavailableError
from app.domain.order import Evidence
from app.domain.price import Provenance
from app.domain.site import HOME
from app.storage.audit import AuditStore
from app.storage.database import MIGRATIONS, Database, Schema, downgrade, newest_revision, upgrade
from app.storage.decisions import DecisionStore
from app.storage.plans import PlanStore
from app.storage.prices import PriceStore
from app.storage.schema import Base
from tests.records import NOON, at, audit_entry, decision, outcome, plan
from tests.stack.mariadb import MariaDb

BEFORE_MONEY = "0007"
TABLES = {*Base.metadata.tables, "alembic_version"}


def tables(url: str) -> set[str]:
    database = Database.open(url)
    try:
        return set(inspect(database.engine).get_table_names())
    finally:
        database.close()


def schema(url: str) -> Schema:
    database = Database.open(url)
    try:
        return database.check()
    finally:
        database.close()


def test_makes_every_table_and_says_so(empty_url: str) -> None:
    assert not schema(empty_url).is_current

    upgrade(empty_url)

    assert tables(empty_url) == TABLES
    assert schema(empty_url) == Schema(current=newest_revision(), newest=newest_revision())


def test_models_and_migrations_agree(empty_url: str) -> None:
    upgrade(empty_url)
    database = Database.open(empty_url)
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
    database.close()


def test_a_second_upgrade_changes_nothing(empty_url: str) -> None:
    upgrade(empty_url)
    database = Database.open(empty_url)
    AuditStore(database).add(HOME, audit_entry())

    upgrade(empty_url)

    assert AuditStore(database).between(HOME, NOON, at(1)) == [audit_entry()]
    database.close()


def test_a_downgrade_leaves_nothing(empty_url: str) -> None:
    upgrade(empty_url)
    downgrade(empty_url, "base")

    assert tables(empty_url) == {"alembic_version"}
    assert schema(empty_url).current is None

    upgrade(empty_url)
    assert tables(empty_url) == TABLES


def test_a_rollback_to_the_last_release_and_its_upgrade_lose_nothing_that_it_knew(empty_url: str) -> None:
    upgrade(empty_url)
    database = Database.open(empty_url)
    told = decision(outcomes=(outcome(evidence=Evidence.READ_BACK),))
    PlanStore(database).save(plan())
    DecisionStore(database).save(told)

    downgrade(empty_url, "0007")
    upgrade(empty_url)

    (first, *_), (kept, *_) = PlanStore(database).get(HOME, "plan-1").steps, plan().steps
    assert (first.charge_kw, first.stored_kwh, first.curtailed_kw, first.cost) == (kept.charge_kw, kept.stored_kwh, 0.0, kept.cost)
    assert DecisionStore(database).get(HOME, told.id) == replace(told, outcomes=(outcome(),))
    database.close()


def test_services_that_start_at_once_upgrade_once(empty_url: str) -> None:
    # Alembic keeps its context in a module, so two upgrades at once are two processes, as two services are
    code = f"from app.storage.database import upgrade; upgrade({empty_url!r})"
    with ThreadPoolExecutor(2) as pool:
        ended = list(pool.map(lambda _: python(code, at=MIGRATIONS.parent), range(2)))

    assert [one.stderr for one in ended] == ["", ""]
    assert schema(empty_url).is_current


def test_an_image_needs_only_app_and_migrations_side_by_side(tmp_path: Path) -> None:
    for folder in ("app", "migrations"):
        shutil.copytree(MIGRATIONS.parent / folder, tmp_path / "image" / folder)
    code = f"from app.storage.database import MIGRATIONS, upgrade; upgrade('sqlite:///{tmp_path}/data/new.db'); print(MIGRATIONS)"

    ended = python(code, at=tmp_path / "image")

    assert ended.stderr == ""
    assert ended.stdout.strip() == str(tmp_path / "image" / "migrations")
    assert tables(f"sqlite:///{tmp_path}/data/new.db") == TABLES


@pytest.mark.stack
def test_a_migration_that_broke_off_goes_on(mariadb: MariaDb) -> None:
    mariadb.execute("DROP DATABASE IF EXISTS broken")
    url = mariadb.url("broken")
    upgrade(url)
    mariadb.execute("DROP TABLE broken.tokens", "DELETE FROM broken.alembic_version")

    upgrade(url)

    assert tables(url) == TABLES
    assert schema(url).is_current


def test_a_database_that_a_newer_version_upgraded_is_refused_with_the_way_back(empty_url: str) -> None:
    upgrade(empty_url)
    database = Database.open(empty_url)
    with database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    database.close()

    with pytest.raises(InvalidInputError, match=rf"Can't locate revision .*'9999'.* `battery-optimizer db downgrade {newest_revision()}`"):
        upgrade(empty_url)

    assert schema(empty_url).current == "9999"


def test_a_revision_that_never_was_is_refused(empty_url: str) -> None:
    upgrade(empty_url)

    with pytest.raises(InvalidInputError, match="no-such"):
        downgrade(empty_url, "no-such")

    assert schema(empty_url).is_current


def test_a_folder_that_cannot_be_made_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(UnavailableError, match="database: "):
        upgrade(f"sqlite:///{tmp_path}/file/below.db")


@pytest.mark.parametrize(
    "url", ["", "nonsense", "sqlite://", "sqlite:///:memory:", "postgresql://db/x", "mysql://u:geheim@h/x", "mysql+pymysql://h"]
)
def test_refuses_other_databases_without_telling_the_password(url: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        Database.open(url)

    assert "geheim" not in str(refused.value)


def test_knows_mariadb_by_both_names() -> None:
    assert Database.open("mariadb+pymysql://u@h/x").engine.url == Database.open("mysql+pymysql://u@h/x").engine.url


def python(code: str, *, at: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", "-c", code]
    return subprocess.run(command, env=os.environ | {"PYTHONPATH": str(at)}, cwd="/", capture_output=True, text=True, check=False)


def test_an_old_demo_is_read_as_made_up_and_goes_back_to_what_the_version_before_knows(empty_url: str) -> None:
    upgrade(empty_url)
    downgrade(empty_url, BEFORE_MONEY)
    old = Database.open(empty_url)
    with old.engine.begin() as connection:
        prices = Table("prices", MetaData(), autoload_with=connection)
        usual = {"site": HOME, "direction": "import", "per_kwh": 0.2, "provenance": "published", "version": 0}
        for n, source in enumerate(("simulated", "octopus")):
            start, end = (at(each).replace(tzinfo=None) for each in (n, n + 1))
            connection.execute(prices.insert().values(**usual, source=source, start=start, end=end, fetched_at=start))
    old.close()

    upgrade(empty_url)
    database = Database.open(empty_url)
    found = PriceStore(database).between(HOME, NOON, at(9))
    assert [(each.provenance, each.currency) for each in found] == [(Provenance.SIMULATED, None), (Provenance.PUBLISHED, None)]
    database.close()

    downgrade(empty_url, BEFORE_MONEY)
    before = Database.open(empty_url)
    with before.engine.connect() as connection:
        assert set(connection.scalars(text("SELECT provenance FROM prices"))) == {"published"}
    before.close()
