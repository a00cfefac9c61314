"""The shadow run: what our decisions would have made of the slots that another controller ran.

Each recorded decision is carried out in the simulated house on measured load and solar power, with its own charge from slot to slot,
as an executor would have: from the moment it was made until the next one or the end of its lease, then self-use. The decisions were
made at the charge the other controller left, so they are as good as that charge let them be. Within a slot load and solar power
stand at their means, which is kinder than a meter: hold ours against the simulated baselines too, not only against what happened.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from app.domain.decision import Command, Decision
from app.domain.ledger import Case, CaseSlot, SettledSlot
from app.domain.site import Site
from app.domain.slot import Slot
from app.ledger.baselines import SELF_USE, given, moved, run
from app.ledger.period import week
from app.ledger.savings import Savings, Total, case_total, total
from app.ledger.settle import house_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """One local week: what happened, ours as simulated, and the baselines."""

    span: Slot
    savings: Savings
    ours: Total
    decided_hours: float
    """Hours that a decision of ours covered at least in part; the rest is self-use, the safe mode."""
    counted_hours: float

    @property
    def saved(self) -> float:
        """How much less ours would have cost than what happened."""
        return self.savings.actual.net_cost - self.ours.net_cost


def shadow(site: Site, slots: Sequence[SettledSlot], decisions: Sequence[Decision]) -> list[Week]:
    """Return every week of settled slots, oldest first; ours starts at the charge that was measured first."""
    counted = [slot for slot in slots if slot.status.counts and slot.energies is not None]
    ours = simulate(site, counted, decisions)
    return [_week(span, site, slots, ours, decisions) for span in _weeks(slots, site.zone)]


def simulate(site: Site, counted: Sequence[SettledSlot], decisions: Sequence[Decision]) -> dict[datetime, CaseSlot]:
    """Return our house slot by slot, by start."""
    found: dict[datetime, CaseSlot] = {}
    before: SettledSlot | None = None
    stored = next((slot.stored_start_kwh for slot in counted if slot.stored_start_kwh is not None), site.battery.reserve_kwh)
    of_slot = _by_slot(counted, decisions)
    for slot in counted:
        if slot.energies is None or slot.import_per_kwh is None or slot.export_per_kwh is None:
            continue
        house = house_of(site, slot)
        stored = stored if before is None else moved(stored, before, house.battery)
        common = given(slot.slot, slot.energies, slot.import_per_kwh, slot.export_per_kwh)
        case = run(house, Case.OURS, common, commands(slot.slot, of_slot[slot.slot.start]), stored)
        found[slot.slot.start], stored, before = case, case.stored_end_kwh, slot
    return found


def commands(slot: Slot, decisions: Sequence[Decision]) -> list[tuple[float, Command]]:
    """Return what an executor would have told the inverter in a slot, each command with its hours; decisions in the order made."""
    found: list[tuple[float, Command]] = []
    at = slot.start
    for n, decision in enumerate(decisions):
        made = max(decision.decided_at, at)
        following = decisions[n + 1].decided_at if n + 1 < len(decisions) else slot.end
        until = min(slot.end, following, decision.valid_until)
        if until <= made:
            continue
        _append(found, at, made, SELF_USE)
        _append(found, made, until, decision.command)
        at = until
    _append(found, at, slot.end, SELF_USE)
    return found


def _append(found: list[tuple[float, Command]], start: datetime, end: datetime, command: Command) -> None:
    hours = (end - start).total_seconds() / 3600
    if hours <= 0:
        return
    if found and found[-1][1] == command:
        found[-1] = (found[-1][0] + hours, command)
    else:
        found.append((hours, command))


def _by_slot(slots: Sequence[SettledSlot], decisions: Sequence[Decision]) -> Mapping[datetime, list[Decision]]:
    """Return the decisions that may hold in each slot, in the order made: those of its span, and the last one before."""
    ordered = sorted(decisions, key=lambda each: each.decided_at)
    found: dict[datetime, list[Decision]] = {}
    first = 0
    for slot in slots:
        while first + 1 < len(ordered) and ordered[first + 1].decided_at <= slot.slot.start:
            first += 1
        last = first
        while last < len(ordered) and ordered[last].decided_at < slot.slot.end:
            last += 1
        found[slot.slot.start] = ordered[first:last]
    return found


def _weeks(slots: Sequence[SettledSlot], zone: ZoneInfo) -> list[Slot]:
    return sorted({week(slot.slot.start, zone) for slot in slots})


def _week(span: Slot, site: Site, slots: Sequence[SettledSlot], ours: Mapping[datetime, CaseSlot], decisions: Sequence[Decision]) -> Week:
    inside = [slot for slot in slots if span.contains(slot.slot.start)]
    savings = total(inside, span, site.battery)
    counted = [slot for slot in inside if slot.slot.start in ours]
    covering = _by_slot(counted, decisions)
    return Week(
        span=span,
        savings=savings,
        ours=case_total(Case.OURS, [ours[slot.slot.start] for slot in counted], savings.stored_value_per_kwh),
        decided_hours=sum(slot.slot.hours for slot in counted if _touched(slot.slot, covering[slot.slot.start])),
        counted_hours=sum(slot.slot.hours for slot in counted),
    )


def _touched(slot: Slot, decisions: Sequence[Decision]) -> bool:
    return any(each.decided_at < slot.end and each.valid_until > slot.start for each in decisions)
