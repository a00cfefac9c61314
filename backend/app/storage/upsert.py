"""Writing rows that may be there already, in the words of either database."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from sqlalchemy import Insert, Table
from sqlalchemy.dialects import mysql, sqlite
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from app.storage.models import Base

type Values = Mapping[str, Any]


def insert_once(session: Session, row: type[Base], values: Sequence[Values]) -> int:
    """Insert the rows whose key is not there yet, leave the others alone; return how many were inserted."""
    return _insert(session, row, values, replace=False)


def upsert(session: Session, row: type[Base], values: Sequence[Values]) -> None:
    """Insert the rows, or replace those of the same key."""
    _insert(session, row, values, replace=True)


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
    return statement.on_duplicate_key_update(site=table.c.site)


def _sqlite(table: Table, *, replace: bool) -> Insert:
    statement = sqlite.insert(table)
    if replace:
        return statement.on_conflict_do_update(
            index_elements=list(table.primary_key), set_={name: statement.excluded[name] for name in _others(table)}
        )
    return statement.on_conflict_do_nothing(index_elements=list(table.primary_key))


def _others(table: Table) -> list[str]:
    return [column.name for column in table.columns if not column.primary_key]
