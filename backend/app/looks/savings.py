"""Savings: what a day, a month, a year cost against each baseline."""

from dataclasses import dataclass
from datetime import date, datetime

from app.domain.ledger import SettledSlot
from app.domain.site import Site, SiteId
from app.domain.slot import Slot
from app.ledger.period import Period, parts, span
from app.ledger.savings import Savings, total
from app.usecases import ports
from app.usecases.home import Homes


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A period's savings, the same for its parts, and the slots whose measurements disagree."""

    period: Period
    whole: Savings
    parts: tuple[Savings, ...]
    anomalies: tuple[SettledSlot, ...]
    passed_hours: float
    """Hours of the period that are over and lie in the ledger's time; what is not counted is not settled yet."""


@dataclass(slots=True)
class Account:
    """Adds the ledger up."""

    homes: Homes
    ledger: ports.Ledger

    def statement(self, site: SiteId, period: Period, day: date | None, now: datetime) -> Statement:
        """Return the savings of the period that a local day lies in, today if none is given; `all` ends with today's year."""
        house = self.homes[site].site
        wanted = span(period, day or now.astimezone(house.zone).date(), house.zone)
        first = self.ledger.first(site)
        if period is Period.ALL and first is not None:
            begin = span(Period.YEAR, first.slot.start.astimezone(house.zone).date(), house.zone)
            wanted = Slot(min(begin.start, wanted.start), wanted.end)
        slots = self.ledger.between(site, wanted.start, wanted.end)
        begun = wanted.end if first is None else max(first.slot.start, wanted.start)
        return Statement(
            period=period,
            whole=total(slots, wanted, house.battery),
            parts=tuple(_part(slots, part, house) for part in parts(period, wanted, house.zone)),
            anomalies=tuple(slot for slot in slots if slot.anomaly is not None),
            passed_hours=max(0.0, (min(now, wanted.end) - begun).total_seconds() / 3600),
        )


def _part(slots: list[SettledSlot], part: Slot, house: Site) -> Savings:
    return total([slot for slot in slots if part.contains(slot.slot.start)], part, house.battery)
