"""Stores in memory behind one disk that can be away, for tests of use cases."""

from bisect import insort
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from app.domain.audit import AuditEntry
from app.domain.decision import Decision, Outcome, Override
from app.domain.errors import NotFoundError, UnavailableError
from app.domain.forecast import Forecast, ForecastKind
from app.domain.ledger import SettledSlot
from app.domain.plan import Plan
from app.domain.price import Direction, Price
from app.domain.reading import Quality, Quantity, Reading
from app.domain.site import SiteId
from app.domain.slot import Slot

NIGHT = datetime(2026, 6, 1, 22, 0, tzinfo=UTC)
EVER, NEVER = datetime(1970, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


@dataclass
class Disk:
    """What all fake stores stand on: away, or answering; it counts writes by kind."""

    away: bool = False
    writes: Counter[str] = field(default_factory=Counter)
    fails_after: int | None = None
    """How many more writes succeed before it goes away by itself."""

    def reach(self) -> None:
        if self.away:
            raise UnavailableError("database: gone away")

    def write(self, kind: str) -> None:
        self.reach()
        if self.fails_after is not None:
            if not self.fails_after:
                self.away = True
                self.reach()
            self.fails_after -= 1
        self.writes[kind] += 1


@dataclass
class FakePrices:
    disk: Disk
    rows: dict[tuple[datetime, Direction], Price] = field(default_factory=dict)
    fetched_at: datetime | None = None

    def save(self, site: SiteId, prices: Sequence[Price], fetched_at: datetime) -> int:
        del site
        self.disk.write("prices")
        new = {(each.slot.start, each.direction): each for each in prices}
        changed = sum(self.rows.get(key) != each for key, each in new.items())
        self.rows.update(new)
        self.fetched_at = fetched_at if self.fetched_at is None else max(self.fetched_at + timedelta(microseconds=1), fetched_at)
        return changed

    def withdraw(self, site: SiteId, gone: Sequence[Price], at: datetime) -> int:
        del site
        if not gone:
            return 0
        self.disk.write("prices")
        keys = [(each.slot.start, each.direction) for each in gone if each.slot.end > at]
        self.fetched_at = self.fetched_at and self.fetched_at + timedelta(microseconds=1)
        return sum(self.rows.pop(key, None) is not None for key in keys)

    def between(self, site: SiteId, start: datetime, end: datetime, direction: Direction | None = None) -> list[Price]:
        del site
        self.disk.reach()
        wanted = (each for each in self.rows.values() if start <= each.slot.start < end and direction in {None, each.direction})
        return sorted(wanted, key=lambda each: (each.slot.start, each.direction))

    def last_fetched(self, site: SiteId) -> datetime | None:
        del site
        self.disk.reach()
        return self.fetched_at


@dataclass
class FakeReadings:
    disk: Disk
    rows: dict[tuple[str, Quantity, datetime], Reading] = field(default_factory=dict)

    def save(self, site: SiteId, readings: Sequence[Reading]) -> int:
        del site
        self.disk.write("readings")
        before = len(self.rows)
        for each in readings:
            self.rows.setdefault((each.device, each.quantity, each.at), each)
        return len(self.rows) - before

    def latest(self, site: SiteId, quantities: Sequence[Quantity], until: datetime) -> dict[Quantity, Reading]:
        del site
        self.disk.reach()
        ordered = sorted((each for each in self.rows.values() if each.at <= until), key=lambda each: each.at)
        return {each.quantity: each for each in ordered if each.quantity in quantities}

    def good(
        self, site: SiteId, quantities: Sequence[Quantity], since: datetime, now: datetime, until: datetime
    ) -> dict[Quantity, Reading]:
        del site
        self.disk.reach()
        wanted = [each for each in self.rows.values() if each.quantity in quantities and each.quality is Quality.GOOD]
        ahead = sorted((each for each in wanted if now < each.at <= until), key=lambda each: each.at, reverse=True)
        known = sorted((each for each in wanted if since <= each.at <= now), key=lambda each: each.at)
        return {each.quantity: each for each in (*ahead, *known)}

    def between(self, site: SiteId, quantity: Quantity, start: datetime, end: datetime) -> list[Reading]:
        del site
        self.disk.reach()
        wanted = (each for each in self.rows.values() if each.quantity is quantity and each.quality is Quality.GOOD)
        return sorted((each for each in wanted if start <= each.at < end), key=lambda each: each.at)

    def before(self, site: SiteId, quantity: Quantity, start: datetime, end: datetime) -> list[Reading]:
        del site
        self.disk.reach()
        told = [each for each in self.rows.values() if each.quantity is quantity and each.quality is not Quality.MISSING]
        return sorted((each for each in told if start <= each.at < end), key=lambda each: each.at)


@dataclass
class FakeForecasts:
    disk: Disk
    rows: list[Forecast] = field(default_factory=list)

    def save(self, site: SiteId, forecast: Forecast) -> None:
        del site
        self.disk.write("forecasts")
        self.rows.append(forecast)

    def latest(self, site: SiteId, kind: ForecastKind, before: datetime) -> Forecast | None:
        del site
        self.disk.reach()
        return next((each for each in reversed(self.rows) if each.kind is kind and each.issued_at <= before), None)

    def issued(self, site: SiteId, kind: ForecastKind, start: datetime, end: datetime, *, apart: timedelta) -> list[Forecast]:
        kept: list[Forecast] = []
        for each in self.between(site, kind, start, end):
            if not kept or each.issued_at - kept[-1].issued_at >= apart:
                kept.append(each)
        return kept

    def between(self, site: SiteId, kind: ForecastKind, start: datetime, end: datetime) -> list[Forecast]:
        del site
        self.disk.reach()
        return [each for each in self.rows if each.kind is kind and start <= each.issued_at < end]


@dataclass
class FakePlans:
    disk: Disk
    rows: dict[str, Plan] = field(default_factory=dict)

    def save(self, plan: Plan) -> None:
        self.disk.write("plans")
        self.rows.setdefault(plan.id, plan)

    def get(self, site: SiteId, plan_id: str) -> Plan:
        self.disk.reach()
        if plan_id not in self.rows:
            raise NotFoundError(f"{site} has no plan {plan_id}")
        return self.rows[plan_id]

    def latest(self, site: SiteId, before: datetime) -> Plan | None:
        del site
        self.disk.reach()
        return max((each for each in self.rows.values() if each.created_at <= before), key=lambda each: each.created_at, default=None)


@dataclass
class FakeDecisions:
    disk: Disk
    rows: dict[str, Decision] = field(default_factory=dict)

    def save(self, decision: Decision) -> None:
        self.disk.write("decisions")
        self.rows.setdefault(decision.id, decision)

    def get(self, site: SiteId, decision_id: str) -> Decision:
        self.disk.reach()
        if decision_id not in self.rows:
            raise NotFoundError(f"{site} has no decision {decision_id}")
        return self.rows[decision_id]

    def latest(self, site: SiteId, before: datetime) -> Decision | None:
        del site
        self.disk.reach()
        return max((each for each in self.rows.values() if each.decided_at <= before), key=lambda each: each.decided_at, default=None)

    def between(self, site: SiteId, start: datetime, end: datetime) -> list[Decision]:
        del site
        self.disk.reach()
        return [each for each in self.rows.values() if start <= each.slot.start < end]

    def add_outcome(self, site: SiteId, decision_id: str, outcome: Outcome) -> None:
        found = self.get(site, decision_id)
        self.disk.write("outcomes")
        self.rows[decision_id] = replace(found, outcomes=(*found.outcomes, outcome))


@dataclass
class FakeAudit:
    rows: list[AuditEntry] = field(default_factory=list)

    def add(self, site: SiteId, entry: AuditEntry) -> None:
        del site
        insort(self.rows, entry, key=lambda each: each.at)

    def between(self, site: SiteId, start: datetime, end: datetime, *, newest: int | None = None) -> list[AuditEntry]:
        del site
        return [each for each in self.rows if start <= each.at < end][-(newest or 0) :]


@dataclass
class FakeOverrides:
    disk: Disk
    audit: FakeAudit
    rows: dict[datetime, Override] = field(default_factory=dict)

    def put(self, site: SiteId, override: Override, entry: AuditEntry) -> None:
        self.disk.write("overrides")
        self.rows[override.span.start] = override
        self.audit.add(site, entry)

    def remove(self, site: SiteId, start: datetime, entry: AuditEntry) -> None:
        self.disk.write("overrides")
        if self.rows.pop(start, None) is None:
            raise NotFoundError(f"{site} has no override from {start}")
        self.audit.add(site, entry)

    def between(self, site: SiteId, span: Slot) -> list[Override]:
        del site
        self.disk.reach()
        return [each for each in self.rows.values() if each.span.start < span.end and each.span.end > span.start]


@dataclass
class FakeLedger:
    disk: Disk
    rows: dict[tuple[datetime, int], SettledSlot] = field(default_factory=dict)

    def save(self, site: SiteId, slots: Sequence[SettledSlot]) -> int:
        del site
        self.disk.write("ledger")
        before = len(self.rows)
        for each in slots:
            self.rows.setdefault((each.slot.start, each.version), each)
        return len(self.rows) - before

    def between(self, site: SiteId, start: datetime, end: datetime) -> list[SettledSlot]:
        del site
        self.disk.reach()
        newest = {start: self.rows[start, version] for start, version in sorted(self.rows)}
        return [each for at, each in newest.items() if start <= at < end]

    def first(self, site: SiteId) -> SettledSlot | None:
        found = self.between(site, EVER, NEVER)
        return found[0] if found else None

    def last(self, site: SiteId) -> SettledSlot | None:
        found = self.between(site, EVER, NEVER)
        return found[-1] if found else None

    def last_counted(self, site: SiteId, before: datetime) -> SettledSlot | None:
        found = [each for each in self.between(site, EVER, before) if each.status.counts]
        return found[-1] if found else None
