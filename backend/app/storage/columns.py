"""The column types. What a column cannot hold is refused here, the same way on MariaDB and SQLite."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from math import isfinite
from typing import cast

from sqlalchemy import BigInteger, DateTime, Dialect, Double, Enum, Numeric, String, Text
from sqlalchemy.dialects import mysql
from sqlalchemy.types import TypeDecorator, TypeEngine

from app.domain.errors import InvalidInputError

NAME_LENGTH = 64
ENUM_LENGTH = 32
MONEY_DIGITS, MONEY_PLACES = 12, 6
SMALLEST_MONEY = Decimal(1).scaleb(-MONEY_PLACES)
LARGEST_MONEY = Decimal(10) ** (MONEY_DIGITS - MONEY_PLACES)


class UtcDateTime(TypeDecorator[datetime]):
    """An instant. Stored as UTC to the microsecond, given back aware; a naive one is refused."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[datetime]:
        """Return a type that keeps microseconds: MariaDB's plain DATETIME drops them."""
        return dialect.type_descriptor(mysql.DATETIME(fsp=6) if dialect.name == "mysql" else DateTime())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Return the instant as naive UTC."""
        if value is None:
            return None
        if value.utcoffset() is None:
            raise InvalidInputError(f"{value} has no time zone")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Return the instant as aware UTC."""
        return None if value is None else value.replace(tzinfo=UTC)


class Second(TypeDecorator[datetime]):
    """An instant to the second, kept as seconds since the epoch: short, cut into days by number, rolled up by division."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        """Return whole seconds."""
        if value is None:
            return None
        if value.utcoffset() is None:
            raise InvalidInputError(f"{value} has no time zone")
        return int(value.timestamp())

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Return the instant as aware UTC."""
        return None if value is None else datetime.fromtimestamp(value, UTC)


class Number(TypeDecorator[float]):
    """A measured or computed number. DOUBLE, so that it comes back exactly; SQLite would turn NaN into NULL."""

    impl = Double
    cache_ok = True

    def process_bind_param(self, value: float | None, dialect: Dialect) -> float | None:  # noqa: ARG002
        """Return the number, if it is one."""
        if value is not None and not isfinite(value):
            raise InvalidInputError(f"{value} is not a number that can be stored")
        return value


class Money(TypeDecorator[float]):
    """A price that is billed. DECIMAL(12,6), so that a sum in SQL is the sum on the bill: tariffs quote at most 6 places."""

    impl = Numeric(MONEY_DIGITS, MONEY_PLACES, asdecimal=False)
    cache_ok = True

    def process_bind_param(self, value: float | None, dialect: Dialect) -> Decimal | None:  # noqa: ARG002
        """Return the price to 6 places."""
        return None if value is None else _decimal(value)

    def process_result_value(self, value: object | None, dialect: Dialect) -> float | None:  # noqa: ARG002
        """Return the price as the core counts."""
        return None if value is None else float(cast("float", value))


class Name(TypeDecorator[str]):
    """A short text that may be part of a key. Too long is refused: SQLite would not mind, MariaDB would."""

    impl = String
    cache_ok = True

    def __init__(self, length: int = NAME_LENGTH) -> None:
        super().__init__(length)
        self.length = length

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Return the text, if it fits."""
        if value is not None and len(value) > self.length:
            raise InvalidInputError(f"{value[: self.length]!r}… is longer than {self.length} characters")
        return _utf8(value)


class LongText(TypeDecorator[str]):
    """A sentence or more, up to 16 MB."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[str]:
        """Return a type that holds more than MariaDB's 64 KB TEXT."""
        return dialect.type_descriptor(mysql.MEDIUMTEXT() if dialect.name == "mysql" else Text())

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Return the text, if it is one."""
        return _utf8(value)


class Json(TypeDecorator[object]):
    """Anything JSON can say. Kept as text, since MariaDB has no JSON type either; floats come back exactly."""

    impl = LongText
    cache_ok = True

    def process_bind_param(self, value: object | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Return the value as compact JSON."""
        try:
            return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        except (TypeError, ValueError, RecursionError) as error:
            raise InvalidInputError(f"cannot be kept as JSON: {error}") from error

    def process_result_value(self, value: object | None, dialect: Dialect) -> object:  # noqa: ARG002
        """Return the value; None where a column was added after the row."""
        return None if value is None else json.loads(str(value))


def enum(kind: type[StrEnum]) -> Enum:
    """Return a column type for a word of an enumeration, kept as text: a new word needs no migration."""
    return Enum(kind, native_enum=False, length=ENUM_LENGTH, values_callable=_words)


def to_places(price: float) -> float:
    """Return a price as a `Money` column gives it back.

    Raises:
        InvalidInputError: the price is too large to be one.
    """
    return float(_decimal(price))


def _utf8(text: str | None) -> str | None:
    """Return the text, unless it holds half a surrogate pair, which no driver can send."""
    try:
        (text or "").encode()
    except UnicodeEncodeError as error:
        raise InvalidInputError(f"a text that is no UTF-8: {error}") from error
    return text


def _decimal(price: float) -> Decimal:
    exact = Decimal(repr(float(price)))
    if not abs(exact) < LARGEST_MONEY:
        raise InvalidInputError(f"{price} is not a price")
    return exact.quantize(SMALLEST_MONEY)


def _words(kind: type[StrEnum]) -> Sequence[str]:
    return [word.value for word in kind]
