"""Settle: every past slot once, when its measurements are complete, or with a reason when they do not come."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from app.domain.decision import Decision
from app.domain.ledger import SettledSlot, SlotStatus
from app.domain.reading import Quantity, Reading
from app.domain.site import Battery, SiteId
from app.domain.slot import Slot, floor
from app.ledger.baselines import Stored, carried, start
from app.ledger.grid import PriceBook, grid
from app.ledger.measure import LONGEST_HOLD, Measured, measure
from app.ledger.settle import house_of, same_inputs, same_stored, settle
from app.usecases import ports
from app.usecases.home import Home, Homes

GRACE = timedelta(minutes=5)
"""The last readings of a slot are on their way for a while."""
WAIT = timedelta(hours=2)
"""How long a slot waits for readings a dongle still buffers, or for a price; then it is settled as far as it goes, and why."""
RECENT = timedelta(hours=6)
"""What is looked at again each time: buffers that empty late."""
WHOLE = timedelta(days=8)
"""What is looked at again now and then: what a backfill from Home Assistant can bring."""
WHOLE_EVERY = timedelta(hours=6)
QUANTITIES = (Quantity.SOLAR_KW, Quantity.LOAD_KW, Quantity.GRID_KW, Quantity.BATTERY_KW, Quantity.SOC_PCT)
LONGEST_PRICE = timedelta(days=1)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What one run did: slots settled for the first time, slots settled anew, and since when slots wait for measurements."""

    new: int = 0
    corrected: int = 0
    waiting_since: datetime | None = None


@dataclass(slots=True)
class Settle:
    """Settles slots in order, since baselines carry their charge from one to the next. What was settled stays; better data add."""

    homes: Homes
    prices: ports.Prices
    readings: ports.Readings
    decisions: ports.Decisions
    ledger: ports.Ledger
    checked: dict[SiteId, datetime] = field(default_factory=dict)
    """When everything that a backfill can reach was looked at last."""

    def run(self, site: SiteId, now: datetime) -> Settlement:
        """Settle what can be settled now. Running it again changes nothing unless measurements or prices did.

        Raises:
            UnavailableError: the store is away; the next run goes on from there.
        """
        whole = now - self.checked.get(site, now - WHOLE_EVERY) >= WHOLE_EVERY
        walk = self._walk(site, now, self._since(site, now, whole=whole))
        done = Settlement()
        for day in walk.days(floor(now - GRACE, minutes=30)):
            drafts = list(walk.settled(day))
            self.ledger.save(site, drafts)
            new = sum(draft.version == 1 for draft in drafts)
            done = Settlement(new=done.new + new, corrected=done.corrected + len(drafts) - new, waiting_since=walk.waiting_since)
            if walk.waiting_since is not None:
                break
        if whole:
            self.checked[site] = now
        return done

    def preview(self, site: SiteId, now: datetime) -> list[SettledSlot]:
        """Return the slots since the last settled one as they would be settled now; nothing is stored."""
        last = self.ledger.last(site)
        since = now - DAY if last is None else max(last.slot.end, now - DAY)
        walk = self._walk(site, now, floor(since, minutes=30))
        walk.waits = False
        return [draft for day in walk.days(floor(now, minutes=30)) for draft in walk.settled(day)]

    def _since(self, site: SiteId, now: datetime, *, whole: bool) -> datetime:
        first, last = self.ledger.first(site), self.ledger.last(site)
        if first is None or last is None:
            return floor(now - WHOLE, minutes=30)
        again = floor(now - (WHOLE if whole else RECENT), minutes=30)
        return max(first.slot.start, min(last.slot.end, again))

    def _walk(self, site: SiteId, now: datetime, since: datetime) -> "_Walk":
        return _Walk(settle=self, home=self.homes[site], now=now, since=since, last=self.ledger.last_counted(site, since))


@dataclass(slots=True, kw_only=True)
class _Walk:
    """One way through past slots, oldest first."""

    settle: Settle
    home: Home
    now: datetime
    since: datetime
    last: SettledSlot | None
    """The last one that counts, from which baselines go on; None before the ledger begins."""
    waits: bool = True
    waiting_since: datetime | None = None

    def days(self, end: datetime) -> Iterator[Slot]:
        """Yield what is left to walk in pieces of a day, so that a long silence fits in memory."""
        at = self.since
        while at < end:
            until = min(end, floor(at, minutes=24 * 60) + DAY)
            yield Slot(at, until)
            at = until

    def settled(self, day: Slot) -> Iterator[SettledSlot]:
        """Yield the settlements that are new or differ from what stands, until a slot has to wait."""
        use, site = self.settle, self.home.site.id
        prices = use.prices.between(site, day.start - LONGEST_PRICE, day.end)
        slots, book = grid(prices, day.start, day.end), PriceBook(prices)
        held = {each.slot.start: each for each in use.ledger.between(site, day.start, day.end)}
        decisions = _by_slot(slots, use.decisions.between(site, day.start - LONGEST_PRICE, day.end))
        for slot, measured in zip(slots, measure(slots, self._readings(day)), strict=True):
            stood = held.get(slot.start)
            house = self.home.site if stood is None else house_of(self.home.site, stood)
            known = self._stored(house.battery, measured)
            draft = settle(house, self.home.rules, measured, book.of(slot), known or {}, now=self.now)
            if known is None or (self.last is None and not draft.status.counts):
                continue  # the ledger begins with the first slot that can be settled, charge included
            if stood is None and self.waits and _may_improve(measured, draft) and self.now < slot.end + WAIT:
                self.waiting_since = slot.start
                return
            stands = stood is not None and same_inputs(stood, draft) and _starts_at(stood, known)
            holds = stood if stands and stood is not None else draft
            self.last = holds if holds.status.counts else self.last
            if not stands:
                decision = decisions.get(slot.start)
                yield replace(
                    draft,
                    version=1 if stood is None else stood.version + 1,
                    mode=None if decision is None else decision.command.mode,
                    plan_source=None if decision is None else decision.plan_source,
                )

    def _stored(self, battery: Battery, measured: Measured) -> Stored | None:
        if self.last is not None:
            return carried(self.last, battery)
        if battery.capacity_kwh == 0:
            return start(0.0)
        return None if measured.soc_start_pct is None else start(battery.kwh(measured.soc_start_pct))

    def _readings(self, day: Slot) -> Mapping[Quantity, Sequence[Reading]]:
        between, until = self.settle.readings.between, day.end + timedelta.resolution  # the charge at its very end counts
        return {quantity: between(self.home.site.id, quantity, day.start - LONGEST_HOLD, until) for quantity in QUANTITIES}


def _may_improve(measured: Measured, draft: SettledSlot) -> bool:
    return bool(measured.awaited) or draft.status in {SlotStatus.INCOMPLETE, SlotStatus.UNPRICED}


def _starts_at(stood: SettledSlot, stored: Stored) -> bool:
    """Tell whether a settlement's baselines go on from where they stand now."""
    return not stood.baselines or same_stored({each.case: each.stored_start_kwh for each in stood.baselines}, stored)


def _by_slot(slots: Sequence[Slot], decisions: Sequence[Decision]) -> Mapping[datetime, Decision]:
    """Return the decision made last for each slot; a tariff's slot may be longer than one that is settled."""
    last = {each.slot: each for each in sorted(decisions, key=lambda each: each.decided_at)}
    found: dict[datetime, Decision] = {}
    for decided, decision in last.items():
        found |= {slot.start: decision for slot in slots if decided.contains(slot.start)}
    return found
