"""The database of release 0.1 for tests: put where a test wants it, and all its records as this version's stores read them."""

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, text

from app.domain.forecast import ForecastKind
from app.domain.reading import Quantity
from app.domain.site import HOME
from app.domain.slot import Slot
from app.storage.audit import AuditStore
from app.storage.credentials import CredentialStore
from app.storage.database import Database, upgrade
from app.storage.decisions import DecisionStore
from app.storage.device_commands import DeviceCommandStore
from app.storage.device_states import DeviceStateStore
from app.storage.devices import DeviceStore
from app.storage.engine import open_engine
from app.storage.forecasts import ForecastStore
from app.storage.ledger import LedgerStore
from app.storage.overrides import OverrideStore
from app.storage.plans import PlanStore
from app.storage.prices import PriceStore
from app.storage.readings import ReadingStore
from app.storage.rollup import RollupStore
from app.storage.settings import SettingStore
from app.storage.telemetry import TelemetryStore
from app.storage.tokens import TokenStore

FOLDER = Path(__file__).parents[1] / "fixtures" / "release_0_1"
REVISION = "0007"
"""The release's last migration."""
START, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
DONGLE = "bat_60bh37202bfa"
PARENTS = ("plans", "decisions")
"""What other rows point to."""


class Rows(NamedTuple):
    """A table's columns as the release named them, and its rows as the release wrote them."""

    columns: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]


@cache
def tables() -> dict[str, Rows]:
    """Return every table of the release, those that others point to first."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript((FOLDER / "database.sql").read_text())
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
        names.remove("alembic_version")
        return {name: _read(connection, name) for name in sorted(names, key=lambda each: (each not in PARENTS, each))}


def put(url: str) -> None:
    """Make the release's database: on SQLite its own statements, on MariaDB its migrations and its rows."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
            connection.executescript((FOLDER / "database.sql").read_text())
        return
    upgrade(url, REVISION)
    engine = open_engine(url)
    with engine.begin() as connection:
        insert(connection)
    engine.dispose()


def insert(connection: Connection) -> None:
    """Insert every row by the release's own list of columns."""
    quote = connection.dialect.identifier_preparer.quote_identifier
    for name, (columns, rows) in tables().items():
        listed, marks = ", ".join(map(quote, columns)), ", ".join(f":c{n}" for n in range(len(columns)))
        for row in rows:
            connection.execute(text(f"INSERT INTO {name} ({listed}) VALUES ({marks})"), {f"c{n}": each for n, each in enumerate(row)})  # noqa: S608


def empty(connection: Connection) -> None:
    """Delete every row of the release's tables."""
    for name in reversed(tables()):
        connection.execute(text(f"DELETE FROM {name}"))  # noqa: S608


def stored(engine: Engine) -> dict[str, list[str]]:
    """Return what the release's columns hold now, as the driver gives it, in an order of its own."""
    quote = engine.dialect.identifier_preparer.quote_identifier
    with engine.connect() as connection:
        return {
            name: sorted(repr(tuple(row)) for row in connection.execute(text(f"SELECT {', '.join(map(quote, columns))} FROM {name}")))  # noqa: S608
            for name, (columns, _) in tables().items()
        }


def told(name: str) -> Any:  # noqa: ANN401  (JSON)
    """Return a file of what the release itself told."""
    return json.loads((FOLDER / name).read_text())


def read(database: Database) -> dict[str, Sequence[object]]:
    """Return every record of the release, by its kind, as this version reads it."""
    prices, plans, credentials = PriceStore(database), PlanStore(database), CredentialStore(database)
    decided = DecisionStore(database).between(HOME, START, END)
    return {
        "prices": prices.between(HOME, START, END),
        "earlier_prices": prices.earlier(HOME, START, END),
        "prices_fetched": [prices.last_fetched(HOME)],
        "readings": [each for quantity in Quantity for each in ReadingStore(database).between(HOME, quantity, START, END)],
        "forecasts": [each for kind in ForecastKind for each in ForecastStore(database).issued(HOME, kind, START, END, apart=timedelta(0))],
        "plans": [plans.get(HOME, name) for name in sorted({each.plan_id for each in decided if each.plan_id})],
        "decisions": decided,
        "overrides": OverrideStore(database).between(HOME, Slot(START, END)),
        "settings": SettingStore(database).history(HOME, "control"),
        "ledger": LedgerStore(database).versions(HOME, START, END),
        "tokens": TokenStore(database).all(),
        "audit": AuditStore(database).between(HOME, START, END),
        "devices": DeviceStore(database).all(),
        "device_states": DeviceStateStore(database).everybody(),
        "device_commands": DeviceCommandStore(database).between(DONGLE, START, END),
        "telemetry": TelemetryStore(database).between(DONGLE, START, END),
        "telemetry_means": RollupStore(database).between(DONGLE, START, END),
        "claim_codes": [credentials.code(letter * 64) for letter in "ab"],
        "certificates": [credentials.certificate(serial) for serial in ("0a", "0b")],
    }


def differences(was: Any, found: Any, where: str = "") -> Iterator[str]:  # noqa: ANN401  (JSON, and any noun)
    """Yield where a record no longer tells what the release told of it; what it tells besides is welcome."""
    match was:
        case dict():
            for name, value in was.items():
                inner = found.get(name, "nothing") if isinstance(found, Mapping) else getattr(found, name, "nothing")
                yield from differences(value, inner, f"{where}.{name}")
        case list() if isinstance(found, Sequence) and len(found) == len(was):
            for n, (one, other) in enumerate(zip(was, found, strict=True)):
                yield from differences(one, other, f"{where}[{n}]")
        case _ if was != _plain(found):
            yield f"{where}: {was!r} is {found!r} now"


def _plain(value: object) -> object:
    match value:
        case datetime():
            return value.isoformat()
        case Enum():
            return value.value
        case ZoneInfo():
            return value.key
        case _:
            return value


def _read(connection: sqlite3.Connection, name: str) -> Rows:
    found = connection.execute(f"SELECT * FROM {name}")  # noqa: S608
    return Rows(tuple(column for column, *_ in found.description), tuple(found))
