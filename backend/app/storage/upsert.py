"""Writing rows that may be there already, in the words of either database."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from sqlalchemy import Insert, Table, case
from sqlalchemy.dialects import mysql, sqlite
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from app.storage.table import Base

type Values = Mapping[str, Any]


def insert_once(session: Session, row: type[Base], values: Sequence[Values]) -> int:
    """Insert the rows whose key is not there yet, leave the others alone; return how many were inserted."""
    return _insert(session, row, values, replace=False)


def upsert(session: Session, row: type[Base], values: Sequence[Values]) -> None:
    """Insert the rows, or replace those of the same key."""
    _insert(session, row, values, replace=True)


def upsert_newer(session: Session, row: type[Base], values: Sequence[Values], *, by: str) -> None:
    """Insert the rows, or replace those of the same key that are not newer by a column; other columns stay as they are."""
    if not values:
        return
    table = cast("Table", row.__table__)
    names = [name for name in values[0] if not table.c[name].primary_key and name != by] + [by]  # MariaDB assigns in this order
    if session.get_bind().dialect.name == "mysql":
        told = mysql.insert(table)
        is_newer = (table.c[by].is_(None)) | (told.inserted[by] >= table.c[by])
        newer = [(name, case((is_newer, told.inserted[name]), else_=table.c[name])) for name in names]
        session.connection().execute(told.on_duplicate_key_update(newer), values)
        return
    new = sqlite.insert(table)
    is_new = (table.c[by].is_(None)) | (new.excluded[by] >= table.c[by])
    statement = new.on_conflict_do_update(
        index_elements=list(table.primary_key), set_={name: new.excluded[name] for name in names}, where=is_new
    )
    session.connection().execute(statement, values)


def update_some(session: Session, row: type[Base], values: Sequence[Values]) -> None:
    """Insert the rows, or replace only the columns that are given."""
    if not values:
        return
    table = cast("Table", row.__table__)
    names = [name for name in values[0] if not table.c[name].primary_key]
    if session.get_bind().dialect.name == "mysql":
        told = mysql.insert(table)
        session.connection().execute(told.on_duplicate_key_update({name: told.inserted[name] for name in names}), values)
        return
    new = sqlite.insert(table)
    statement = new.on_conflict_do_update(index_elements=list(table.primary_key), set_={name: new.excluded[name] for name in names})
    session.connection().execute(statement, values)


def _insert(session: Session, row: type[Base], values: Sequence[Values], *, replace: bool) -> int:
    if not values:
        return 0
    table = cast("Table", row.__table__)
    mariadb = session.get_bind().dialect.name == "mysql"
    statement = _mariadb(table, replace=replace) if mariadb else _sqlite(table, replace=replace)
    result = session.connection().execute(statement, values, execution_options={"preserve_rowcount": True})
    return cast("CursorResult[Any]", result).rowcount


def _mariadb(table: Table, *, replace: bool) -> Insert:
    """Not INSERT IGNORE: that would also ignore a number that does not fit."""
    statement = mysql.insert(table)
    if replace:
        return statement.on_duplicate_key_update({name: statement.inserted[name] for name in _others(table)})
    first = next(iter(table.primary_key))
    return statement.on_duplicate_key_update({first.name: first})


def _sqlite(table: Table, *, replace: bool) -> Insert:
    statement = sqlite.insert(table)
    if replace:
        return statement.on_conflict_do_update(
            index_elements=list(table.primary_key), set_={name: statement.excluded[name] for name in _others(table)}
        )
    return statement.on_conflict_do_nothing(index_elements=list(table.primary_key))


def _others(table: Table) -> list[str]:
    return [column.name for column in table.columns if not column.primary_key]
