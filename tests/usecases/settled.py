"""A house that has lived for some hours, and what is settled of them."""

from datetime import UTC, datetime, timedelta

from app.domain.ledger import SettledSlot
from app.domain.reading import Quantity
from app.domain.site import HOME
from tests.books import MEASURED, Books

START = datetime(2026, 3, 22, 0, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def lived(hours: float = 12, measured: frozenset[Quantity] = MEASURED) -> Books:
    books = Books(START, measured=measured).price(START - DAY, START + 3 * DAY)
    books.live(START, START + hours * HOUR)
    return books


def rows(books: Books) -> list[SettledSlot]:
    return books.ledger.between(HOME, START - DAY, START + 30 * DAY)
