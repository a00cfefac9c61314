"""The database and `.env` of release 0.1 come up to this version, and go back to that release, and nothing is lost on either way.

Every later migration is covered as it is: a column that the release's inserts cannot leave out, a word of an enumeration that the release
cannot read and no downgrade turns into one it can, a table rebuilt without some of its rows, all fail here.
"""

import re
from collections.abc import Iterator
from itertools import chain
from operator import ge

import pytest
from sqlalchemy import Engine, inspect, text

from app.config.leftover import leftover
from app.config.settings import load
from app.document.checked import checked
from app.document.planned import site_of
from app.storage.columns import ENUM_LENGTH
from app.storage.database import Database, downgrade, upgrade
from app.storage.engine import open_engine
from app.storage.schema import Base
from app.wiring.simulated import physical
from tests.storage import released
from tests.storage.released import REVISION, differences, tables, told

type Columns = dict[tuple[str, str], tuple[str, bool]]


@pytest.fixture
def released_url(empty_url: str) -> str:
    """The URL of a database as release 0.1 left it."""
    released.put(empty_url)
    return empty_url


@pytest.fixture
def engine(released_url: str) -> Iterator[Engine]:
    opened = open_engine(released_url)
    yield opened
    opened.dispose()


def schema(engine: Engine) -> Columns:
    """Return type and nullability of each column by table and name."""
    found = inspect(engine)
    return {
        (table, column["name"]): (str(column["type"]), bool(column["nullable"]))
        for table in tables()
        for column in found.get_columns(table)
    }


def lost(url: str) -> list[str]:
    """Return what the stores no longer tell as the release told it."""
    database = Database.open(url)
    try:
        return list(differences(told("read.json"), released.read(database)))
    finally:
        database.close()


def new_words() -> Iterator[tuple[str, str, str]]:
    """Yield every word that a column may hold now and the release cannot read."""
    for table, columns in told("words.json").items():
        for column, known in columns.items():
            now = getattr(Base.metadata.tables[table].columns[column].type, "enums", ())
            yield from ((table, column, word) for word in now if word not in known)


def test_the_release_left_a_bit_of_everything() -> None:
    assert [name for name, (_, rows) in tables().items() if not rows] == []
    assert [kind for kind, records in told("read.json").items() if not records] == []


def test_every_record_is_read_as_the_release_read_it(released_url: str) -> None:
    upgrade(released_url)

    assert lost(released_url) == []


def test_a_difference_is_seen() -> None:
    assert list(differences([{"a": {"b": 1.0}}], [{"a": {"b": 2.0}, "new": 1}])) == ["[0].a.b: 1.0 is 2.0 now"]
    assert list(differences([1, 2], [1])) == [": [1, 2] is [1] now"]


def test_every_column_is_still_there_with_its_type_and_may_be_left_empty_as_before(released_url: str, engine: Engine) -> None:
    before = schema(engine)
    upgrade(released_url)
    after = schema(engine)

    assert [where for where, column in before.items() if where not in after or not holds(after[where], column)] == []


def holds(after: tuple[str, bool], before: tuple[str, bool]) -> bool:
    """Tell whether a column takes all that it took before: the same kind, as wide or wider."""
    kind, was = (re.sub(r"\(.*\)", "", each[0]) for each in (after, before))
    wide, needed = (list(map(int, re.findall(r"\d+", each[0]))) for each in (after, before))
    return (kind, after[1], len(wide)) == (was, before[1], len(needed)) and all(map(ge, wide, needed))


def test_what_the_release_inserts_is_taken_after_the_upgrade_too(released_url: str, engine: Engine) -> None:
    upgrade(released_url)
    before = released.stored(engine)

    with engine.begin() as connection:
        released.empty(connection)
        released.insert(connection)

    assert released.stored(engine) == before
    assert lost(released_url) == []


def test_the_way_back_leaves_every_row_and_the_very_schema_of_the_release(released_url: str, engine: Engine) -> None:
    rows, columns, names = released.stored(engine), schema(engine), set(inspect(engine).get_table_names())

    upgrade(released_url)
    downgrade(released_url, REVISION)

    assert released.stored(engine) == rows
    assert schema(engine) == columns
    assert set(inspect(engine).get_table_names()) == names
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == REVISION


def test_the_way_back_and_up_again_loses_nothing(released_url: str) -> None:
    upgrade(released_url)
    downgrade(released_url, REVISION)
    upgrade(released_url)

    assert lost(released_url) == []


def test_the_way_back_leaves_no_word_that_the_release_cannot_read(released_url: str, engine: Engine) -> None:
    upgrade(released_url)
    rows = {table: len(found) for table, found in released.stored(engine).items()}
    for table, column, word in new_words():
        assert len(word) <= ENUM_LENGTH
        quote = engine.dialect.identifier_preparer.quote_identifier
        with engine.begin() as connection:
            one = connection.scalar(text(f"SELECT {quote(column)} FROM {table} WHERE {quote(column)} IS NOT NULL LIMIT 1"))  # noqa: S608
            statement = f"UPDATE {table} SET {quote(column)} = :word WHERE {quote(column)} = :one"  # noqa: S608
            connection.execute(text(statement), {"word": word, "one": one})

    downgrade(released_url, REVISION)

    assert list(chain.from_iterable(unreadable(engine, table, columns) for table, columns in told("words.json").items())) == []
    assert {table: len(found) for table, found in released.stored(engine).items()} == rows


def unreadable(engine: Engine, table: str, columns: dict[str, list[str]]) -> Iterator[str]:
    """Yield the words of a table that the release cannot read."""
    quote = engine.dialect.identifier_preparer.quote_identifier
    with engine.connect() as connection:
        for column, known in columns.items():
            found = connection.scalars(text(f"SELECT DISTINCT {quote(column)} FROM {table}"))  # noqa: S608
            yield from (f"{table}.{column}: {word}" for word in found if word is not None and word not in known)


def test_the_env_of_the_release_still_describes_the_same_house() -> None:
    settings, left = load(released.FOLDER / "house.env"), leftover(released.FOLDER / "house.env")

    house = told("house.json")
    assert house["inverter"].pop("profile") == "plain"  # its words are the model's since
    assert list(differences(house, physical(site_of(checked(left.taken(None).value))))) == []
    assert settings.database.keep_readings_days == 500
