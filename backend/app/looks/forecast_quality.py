"""Forecast quality: what was expected against what was measured."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.domain.forecast import ForecastKind
from app.domain.ledger import SettledSlot
from app.domain.site import SiteId
from app.domain.slot import Slot
from app.forecasting.score import WEEK, Score, score
from app.ledger.balance import BY_BALANCE
from app.usecases import ports

APART = timedelta(minutes=30)
"""A forecast made again within a slot would count that slot's hours twice."""


@dataclass(slots=True)
class ForecastQuality:
    """Scores the forecasts kept against the ledger. What was itself derived is no witness."""

    forecasts: ports.Forecasts
    ledger: ports.Ledger

    def scores(self, site: SiteId, now: datetime, *, days: int) -> list[Score]:
        """Return the scores of the forecasts issued in the last days, by kind, source and horizon."""
        since = now - timedelta(days=days)
        slots = self.ledger.between(site, since - WEEK, now)
        return [
            found
            for kind in ForecastKind
            for found in score(self.forecasts.issued(site, kind, since, now, apart=APART), _actual_kw(slots, kind))
        ]


def _actual_kw(slots: Sequence[SettledSlot], kind: ForecastKind) -> dict[Slot, float]:
    """Return the measured mean power of each slot, of half-hours also where quarters were settled."""
    halves: dict[Slot, list[SettledSlot]] = {}
    found: dict[Slot, float] = {}
    for each in slots:
        if each.energies is None or f"{kind} {BY_BALANCE}" in each.derived:
            continue
        found[each.slot] = _kwh(each, kind) / each.slot.hours
        start = each.slot.start.replace(minute=each.slot.start.minute // 30 * 30)
        halves.setdefault(Slot(start, start + timedelta(minutes=30)), []).append(each)
    for half, parts in halves.items():
        if sum(each.slot.hours for each in parts) == half.hours:
            found[half] = sum(_kwh(each, kind) for each in parts) / half.hours
    return found


def _kwh(slot: SettledSlot, kind: ForecastKind) -> float:
    if slot.energies is None:
        return 0.0
    return slot.energies.load_kwh if kind is ForecastKind.LOAD else slot.energies.solar_kwh
