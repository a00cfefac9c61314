"""A house that can be looked at."""

from datetime import datetime
from typing import Protocol

from app.domain.reading import Quantity, Reading


class House(Protocol):
    """A house that can be looked at: Home Assistant, a dongle, a simulation."""

    @property
    def name(self) -> str:
        """What it is called in messages and records."""
        ...

    def read(self, now: datetime) -> list[Reading]:
        """Return the newest reading of every quantity the house offers, missing ones marked.

        Raises:
            UnavailableError: the house did not answer.
        """
        ...

    def history(self, quantity: Quantity, start: datetime, end: datetime) -> list[Reading]:
        """Return the readings of a span, oldest first.

        Raises:
            UnavailableError: the house did not answer.
        """
        ...
