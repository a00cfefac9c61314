"""Stand-ins for whom a house cannot ask: they say why, so that everything else goes on."""

from dataclasses import dataclass
from datetime import datetime

from app.domain.errors import UnavailableError
from app.domain.price import Direction, Price
from app.domain.reading import Quantity, Reading


@dataclass(frozen=True, slots=True)
class AbsentHouse:
    """A house that cannot be looked at."""

    why: str
    name: str = "home_assistant"

    def read(self, now: datetime) -> list[Reading]:
        """Say why.

        Raises:
            UnavailableError: always.
        """
        del now
        raise UnavailableError(self.why)

    def history(self, quantity: Quantity, start: datetime, end: datetime) -> list[Reading]:
        """Say why.

        Raises:
            UnavailableError: always.
        """
        del quantity, start, end
        raise UnavailableError(self.why)


@dataclass(frozen=True, slots=True)
class AbsentPrices:
    """A tariff that cannot be asked."""

    why: str
    name: str = "no tariff"

    def prices(self, start: datetime, end: datetime) -> list[Price]:
        """Say why.

        Raises:
            UnavailableError: always.
        """
        del start, end
        raise UnavailableError(self.why)

    @staticmethod
    def published_until(now: datetime) -> datetime:
        """Return that nothing is due."""
        return now

    @staticmethod
    def told_by(direction: Direction, at: datetime) -> None:
        """Return that nobody can say: the prices known last stay."""
        del direction, at
