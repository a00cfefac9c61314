"""Dashboard: a whole local day in half-hours, actual then predicted, always complete."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from app.domain.decision import Decision
from app.domain.ledger import Energies, Flows, Intent, SettledSlot, SlotStatus
from app.domain.plan import Plan, PlanSource
from app.domain.price import Provenance
from app.domain.site import Mode, Site, SiteId
from app.domain.slot import Slot, local_day, slots_between
from app.ledger.combine import combined
from app.ledger.expected import Expected, expected
from app.ledger.grid import PriceBook
from app.ledger.savings import Savings, total
from app.ledger.settle import house_of
from app.usecases import ports
from app.usecases.journal import Journal
from app.usecases.settle import Settle

HALF_HOUR = timedelta(minutes=30)


class Source(StrEnum):
    """Where a row's numbers come from."""

    ACTUAL = "actual"
    PROVISIONAL = "provisional"
    """Measured, not settled yet."""
    PREDICTED = "predicted"
    MISSING = "missing"
    """Nothing is known but perhaps the price."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One half-hour. What is not known is None."""

    slot: Slot
    source: Source
    status: SlotStatus | None
    reason: str | None
    anomaly: str | None
    hours: float
    """For how much of the half-hour the energies stand: less than a half only in the one that is running."""
    import_per_kwh: float | None
    export_per_kwh: float | None
    price_provenance: Provenance
    energies: Energies | None
    flows: Flows | None
    intent: Intent | None
    cost: float | None
    wear: float | None
    stored_kwh: float | None
    """At the half-hour's end."""
    soc_pct: float | None
    mode: Mode | None
    plan_source: PlanSource | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A local day: 46, 48 or 50 rows, and what is settled of it against each baseline."""

    day: date
    span: Slot
    rows: tuple[Row, ...]
    savings: Savings
    plan_id: str | None


@dataclass(slots=True)
class Dashboard:
    """Puts a day together from the ledger, the newest readings, the plan and the prices."""

    sites: Mapping[SiteId, Site]
    ledger: ports.Ledger
    prices: ports.Prices
    decisions: ports.Decisions
    journal: Journal
    settle: Settle

    def day(self, site: SiteId, day: date | None, now: datetime) -> Day:
        """Return a local day, today if none is given."""
        house = self.sites[site]
        wanted = day or now.astimezone(house.zone).date()
        span = local_day(wanted, house.zone)
        settled = self.ledger.between(site, span.start, span.end)
        fresh = [each for each in self.settle.preview(site, now) if span.contains(each.slot.start)] if now >= span.start else []
        plan = self.journal.last_plan(site, now)
        book = PriceBook(self.prices.between(site, span.start - timedelta(days=1), span.end))
        decided = {each.slot: each for each in self.decisions.between(site, span.start - HALF_HOUR, span.end)}
        looks = _Looks(house, _halves(settled), _halves(fresh), plan, book, decided, now)
        return Day(
            day=wanted,
            span=span,
            rows=tuple(looks.row(half) for half in slots_between(span.start, span.end, minutes=30)),
            savings=total(settled, span, house.battery),
            plan_id=None if plan is None else plan.id,
        )


@dataclass(frozen=True, slots=True)
class _Looks:
    """Everything known about a day."""

    site: Site
    settled: Mapping[datetime, list[SettledSlot]]
    fresh: Mapping[datetime, list[SettledSlot]]
    plan: Plan | None
    book: PriceBook
    decided: Mapping[Slot, Decision]
    now: datetime

    def row(self, half: Slot) -> Row:
        for source, slots in ((Source.ACTUAL, self.settled), (Source.PROVISIONAL, self.fresh)):
            whole = combined(half, slots.get(half.start, []))
            if whole is not None:
                return self._measured(whole, source)
        plan = self.plan if half.end > self.now else None
        return self._expected(half, None if plan is None else expected(plan, half, since=self.now))

    def _measured(self, slot: SettledSlot, source: Source) -> Row:
        priced = slot.import_per_kwh is not None and slot.export_per_kwh is not None
        decision = self._decision(slot.slot)
        return Row(
            slot=slot.slot,
            source=source if slot.energies is not None else Source.MISSING,
            status=slot.status,
            reason=slot.reason,
            anomaly=slot.anomaly,
            hours=slot.slot.hours,
            import_per_kwh=slot.import_per_kwh,
            export_per_kwh=slot.export_per_kwh,
            price_provenance=(self.book.provenance(slot.slot) or Provenance.PUBLISHED) if priced else Provenance.MISSING,
            energies=slot.energies,
            flows=slot.flows,
            intent=slot.intent,
            cost=slot.cost,
            wear=slot.wear,
            stored_kwh=slot.stored_end_kwh,
            soc_pct=_pct(house_of(self.site, slot), slot.stored_end_kwh),
            mode=slot.mode or (None if decision is None else decision.command.mode),
            plan_source=slot.plan_source or (None if decision is None else decision.plan_source),
        )

    def _expected(self, half: Slot, found: Expected | None) -> Row:
        price, decision = self.book.of(half), self._decision(half)
        return Row(
            slot=half,
            source=Source.MISSING if found is None else Source.PREDICTED,
            status=None,
            reason=self._why_missing(half) if found is None else None,
            anomaly=None,
            hours=half.hours if found is None else found.hours,
            import_per_kwh=price.import_per_kwh if found is None else found.import_per_kwh,
            export_per_kwh=price.export_per_kwh if found is None else found.export_per_kwh,
            price_provenance=(self.book.provenance(half) or Provenance.MISSING) if found is None else found.provenance,
            energies=None if found is None else found.energies,
            flows=None if found is None else found.flows,
            intent=None if found is None else found.intent,
            cost=None if found is None else found.cost,
            wear=None if found is None else found.wear,
            stored_kwh=None if found is None else found.stored_kwh,
            soc_pct=None if found is None else _pct(self.site, found.stored_kwh),
            mode=None if decision is None else decision.command.mode,
            plan_source=None if decision is None else decision.plan_source,
        )

    def _why_missing(self, half: Slot) -> str:
        if half.end <= self.now:
            return "nothing was measured"
        return "there is no plan" if self.plan is None else "beyond the plan's horizon"

    def _decision(self, half: Slot) -> Decision | None:
        return next((each for slot, each in self.decided.items() if slot.contains(half.start)), None)


def _pct(site: Site, stored_kwh: float | None) -> float | None:
    return None if stored_kwh is None else site.battery.pct(stored_kwh)


def _halves(slots: Sequence[SettledSlot]) -> dict[datetime, list[SettledSlot]]:
    found: dict[datetime, list[SettledSlot]] = {}
    for slot in slots:
        start = slot.slot.start.replace(minute=slot.slot.start.minute // 30 * 30)
        found.setdefault(start, []).append(slot)
    return found
