"""Where forecasts are kept."""

from datetime import datetime, timedelta
from typing import Protocol

from app.domain.forecast import Forecast, ForecastKind
from app.domain.site import SiteId


class Forecasts(Protocol):
    """Every forecast as issued."""

    def save(self, site: SiteId, forecast: Forecast) -> None:
        """Store a forecast; the same kind, source and issue instant is stored once."""
        ...

    def latest(self, site: SiteId, kind: ForecastKind, before: datetime) -> Forecast | None:
        """Return the forecast issued last at or before an instant."""
        ...

    def issued(self, site: SiteId, kind: ForecastKind, start: datetime, end: datetime, *, apart: timedelta) -> list[Forecast]:
        """Return the forecasts issued in [start, end), oldest first, leaving out those issued sooner than `apart` after another."""
        ...
