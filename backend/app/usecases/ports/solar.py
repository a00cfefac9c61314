"""Where solar forecasts come from."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from app.domain.forecast import Forecast
from app.domain.slot import Slot


class SolarSource(Protocol):
    """A solar forecast: Open-Meteo, SMHI, Forecast.Solar, Solcast, Home Assistant's own."""

    @property
    def name(self) -> str:
        """What it is called in messages and records."""
        ...

    @property
    def every(self) -> timedelta:
        """How long one answer is used before it is asked again: its allowance of calls."""
        ...

    @property
    def complaint(self) -> str | None:
        """What was wrong with the last answer, though it is used; None where nothing was."""
        ...

    def forecast(self, slots: Sequence[Slot], now: datetime) -> Forecast:
        """Return the roof's expected AC power in those of the slots it covers, without a gap from the first on.

        Raises:
            UnavailableError: the source did not answer usefully.
        """
        ...
