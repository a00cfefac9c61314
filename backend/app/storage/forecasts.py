"""Forecasts as issued."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.forecast import Forecast, ForecastKind
from app.domain.site import SiteId
from app.storage.database import Database
from app.storage.models import ForecastRow
from app.storage.runs import runs_of, slots_of
from app.storage.upsert import Values, insert_once


@dataclass(frozen=True, slots=True)
class ForecastStore:
    """Every forecast; none is ever changed."""

    database: Database

    def save(self, site: SiteId, forecast: Forecast) -> None:
        """Store a forecast; the same kind, source and issue instant is stored once."""
        self.database.write(lambda session: insert_once(session, ForecastRow, [_values(site, forecast)]))

    def latest(self, site: SiteId, kind: ForecastKind, before: datetime) -> Forecast | None:
        """Return the forecast issued last at or before an instant."""
        rows = select(ForecastRow).where(ForecastRow.site == site, ForecastRow.kind == kind, ForecastRow.issued_at <= before)
        asked = rows.order_by(ForecastRow.issued_at.desc(), ForecastRow.source.desc()).limit(1)

        def find(session: Session) -> Forecast | None:
            row = session.scalar(asked)
            return None if row is None else _forecast(row)

        return self.database.read(find)

    def issued(self, site: SiteId, kind: ForecastKind, start: datetime, end: datetime, *, apart: timedelta) -> list[Forecast]:
        """Return the forecasts issued in [start, end), oldest first, leaving out those issued sooner than `apart` after another."""
        of = (ForecastRow.site == site, ForecastRow.kind == kind)
        times = select(ForecastRow.issued_at).where(*of, ForecastRow.issued_at >= start, ForecastRow.issued_at < end)

        def find(session: Session) -> list[Forecast]:
            kept: list[datetime] = []
            for at in session.scalars(times.order_by(ForecastRow.issued_at)):
                if not kept or at - kept[-1] >= apart:
                    kept.append(at)
            rows = select(ForecastRow).where(*of, ForecastRow.issued_at.in_(kept)).order_by(ForecastRow.issued_at, ForecastRow.source)
            return [_forecast(row) for row in session.scalars(rows)]

        return self.database.read(find)


def _values(site: SiteId, forecast: Forecast) -> Values:
    return {
        "site": site,
        "kind": forecast.kind,
        "issued_at": forecast.issued_at,
        "source": forecast.source,
        "runs": runs_of(forecast.slots),
        "kw": forecast.kw,
        "spread": None if forecast.low_kw is None else [forecast.low_kw, forecast.high_kw],
    }


def _forecast(row: ForecastRow) -> Forecast:
    low_kw, high_kw = (None, None) if row.spread is None else map(tuple, row.spread)
    return Forecast(
        kind=row.kind,
        slots=slots_of(row.runs),
        kw=tuple(row.kw),
        low_kw=low_kw,
        high_kw=high_kw,
        source=row.source,
        issued_at=row.issued_at,
    )
