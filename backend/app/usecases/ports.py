"""What the use cases need from the outside world. `wiring` alone picks who provides it."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from app.domain.audit import AuditEntry
from app.domain.decision import Decision, Outcome, Override
from app.domain.forecast import Forecast, ForecastKind
from app.domain.ledger import SettledSlot
from app.domain.plan import Plan
from app.domain.price import Direction, Price
from app.domain.reading import Quantity, Reading
from app.domain.setting import Setting
from app.domain.site import SiteId
from app.domain.slot import Slot


class PriceSource(Protocol):
    """A tariff: Octopus, Nord Pool, a simulation."""

    @property
    def name(self) -> str:
        """What it is called in messages and records."""
        ...

    def prices(self, start: datetime, end: datetime) -> list[Price]:
        """Return what is published of [start, end), both directions, oldest first; unpublished slots are absent.

        Raises:
            UnavailableError: the source did not answer usefully.
        """
        ...

    def published_until(self, now: datetime) -> datetime:
        """Return the instant up to which this source should have published by now, its lateness allowed for."""
        ...


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

    def forecast(self, slots: Sequence[Slot], now: datetime) -> Forecast:
        """Return the roof's expected AC power in those of the slots it covers, without a gap from the first on.

        Raises:
            UnavailableError: the source did not answer usefully.
        """
        ...


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


class Prices(Protocol):
    """The price history."""

    def save(self, site: SiteId, prices: Sequence[Price], fetched_at: datetime) -> int:
        """Store prices, replacing those of the same slot, direction; return how many were new or changed."""
        ...

    def between(self, site: SiteId, start: datetime, end: datetime, direction: Direction | None = None) -> list[Price]:
        """Return the prices whose slot starts in [start, end), oldest first."""
        ...

    def last_fetched(self, site: SiteId) -> datetime | None:
        """Return when prices were stored last; another instant after each time."""
        ...


class Readings(Protocol):
    """The measurement history."""

    def save(self, site: SiteId, readings: Sequence[Reading]) -> int:
        """Store readings once each: device, quantity and instant name one; return how many were new."""
        ...

    def latest(self, site: SiteId, quantities: Sequence[Quantity]) -> dict[Quantity, Reading]:
        """Return the newest reading of each quantity, missing ones included."""
        ...

    def between(self, site: SiteId, quantity: Quantity, start: datetime, end: datetime) -> list[Reading]:
        """Return the good readings of a span, oldest first."""
        ...


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


class Plans(Protocol):
    """Every plan as made."""

    def save(self, plan: Plan) -> None:
        """Store a plan with its steps; the same id is stored once."""
        ...

    def get(self, site: SiteId, plan_id: str) -> Plan:
        """Return a plan.

        Raises:
            NotFoundError: no such plan.
        """
        ...

    def latest(self, site: SiteId, before: datetime) -> Plan | None:
        """Return the plan made last at or before an instant."""
        ...


class Decisions(Protocol):
    """Every decision and what became of it."""

    def save(self, decision: Decision) -> None:
        """Store a decision; the same id is stored once."""
        ...

    def get(self, site: SiteId, decision_id: str) -> Decision:
        """Return a decision with its outcomes.

        Raises:
            NotFoundError: no such decision.
        """
        ...

    def latest(self, site: SiteId, before: datetime) -> Decision | None:
        """Return the decision made last at or before an instant."""
        ...

    def between(self, site: SiteId, start: datetime, end: datetime) -> list[Decision]:
        """Return the decisions whose slot starts in [start, end), oldest first, with outcomes."""
        ...

    def add_outcome(self, site: SiteId, decision_id: str, outcome: Outcome) -> None:
        """Append an outcome; the same report is stored once.

        Raises:
            NotFoundError: no such decision.
        """
        ...


class Overrides(Protocol):
    """What people forced."""

    def put(self, site: SiteId, override: Override) -> None:
        """Store an override, replacing one that starts at the same instant."""
        ...

    def remove(self, site: SiteId, start: datetime) -> None:
        """Delete the override that starts at an instant.

        Raises:
            NotFoundError: none starts then.
        """
        ...

    def active(self, site: SiteId, instant: datetime) -> Override | None:
        """Return the override that covers an instant; of several, the one set last."""
        ...

    def between(self, site: SiteId, span: Slot) -> list[Override]:
        """Return the overrides that touch a span, oldest first."""
        ...


class Ledger(Protocol):
    """Past slots as settled, every version; the highest holds."""

    def save(self, site: SiteId, slots: Sequence[SettledSlot]) -> int:
        """Store settlements; start and version name one, the first one told is kept; return how many were new."""
        ...

    def between(self, site: SiteId, start: datetime, end: datetime) -> list[SettledSlot]:
        """Return the slots that start in [start, end) as they stand, oldest first."""
        ...

    def first(self, site: SiteId) -> SettledSlot | None:
        """Return the oldest slot."""
        ...

    def last(self, site: SiteId) -> SettledSlot | None:
        """Return the newest slot."""
        ...

    def last_counted(self, site: SiteId, before: datetime) -> SettledSlot | None:
        """Return the newest slot before an instant that counts."""
        ...


class Settings(Protocol):
    """What people changed while the service ran."""

    def get(self, site: SiteId, name: str) -> Setting | None:
        """Return the version that holds; None when nobody ever changed it."""
        ...

    def put(self, site: SiteId, name: str, value: Mapping[str, object], *, expected_version: int, set_by: str, set_at: datetime) -> Setting:
        """Store a new version on top of the one the caller has seen.

        Raises:
            ConflictError: somebody else changed it first.
        """
        ...


class Audit(Protocol):
    """The log of every change, never rewritten."""

    def add(self, site: SiteId, entry: AuditEntry) -> None:
        """Append an entry."""
        ...

    def between(self, site: SiteId, start: datetime, end: datetime, *, newest: int | None = None) -> list[AuditEntry]:
        """Return the entries of a span, or the newest so many of them, oldest first."""
        ...


class Actuator(Protocol):
    """Something that carries a decision out by itself: a simulated house, a dongle."""

    def carry_out(self, decision: Decision, now: datetime) -> Outcome:
        """Do what a decision says, until its lease ends, and return what was read back."""
        ...
