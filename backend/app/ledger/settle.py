"""Settles one slot: its flows, its cost at its own price, wear apart from cash, and the same slot under every baseline."""

from dataclasses import dataclass, replace
from datetime import datetime
from math import isclose

from app.domain.ledger import SettledSlot, SlotStatus
from app.domain.site import Site
from app.ledger.balance import Balance, balance, measured_only
from app.ledger.baselines import Stored, baselines, given
from app.ledger.flows import flows
from app.ledger.intent import intent
from app.ledger.measure import Measured
from app.optimizer.rules import Rules

SAME_KWH = 1e-6
"""Closer numbers are one number summed in another order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotPrices:
    """The prices of a slot; None where nothing was published."""

    import_per_kwh: float | None
    export_per_kwh: float | None


def settle(site: Site, rules: Rules, measured: Measured, prices: SlotPrices, stored: Stored, *, now: datetime) -> SettledSlot:
    """Return a slot as settled from what is known now, as its first version."""
    found = balance(site, measured)
    known = _known(site, measured, prices, found, now)
    if found.energies is None:
        return known
    split = flows(found.energies)
    known = replace(known, energies=found.energies, flows=split, intent=intent(split, measured.slot.hours))
    bought, sold = prices.import_per_kwh, prices.export_per_kwh
    if bought is None or sold is None:
        way = "import" if bought is None else "export"
        return replace(known, status=SlotStatus.UNPRICED, reason=f"no published {way} price")
    reason = _doubts(found, measured)
    return replace(
        known,
        status=SlotStatus.SETTLED if reason is None else SlotStatus.ESTIMATED,
        reason=reason,
        cost=found.energies.import_kwh * bought - found.energies.export_kwh * sold,
        wear=found.energies.discharge_kwh * site.battery.wear_per_kwh,
        baselines=baselines(site, rules, given(measured.slot, found.energies, bought, sold), stored),
    )


def house_of(site: Site, slot: SettledSlot) -> Site:
    """Return the house a slot was settled with: a battery of the size it had then."""
    battery = site.battery
    if slot.capacity_kwh in {None, battery.capacity_kwh}:
        return site
    return replace(site, battery=battery.sized(slot.capacity_kwh))


def same_inputs(one: SettledSlot, other: SettledSlot) -> bool:
    """Tell whether two settlements of a slot rest on the same measurements and prices; what people set meanwhile does not count."""
    words = [(each.slot, each.status, each.reason, each.derived, each.energies is None) for each in (one, other)]
    return words[0] == words[1] and all(_same(mine, theirs) for mine, theirs in zip(_inputs(one), _inputs(other), strict=True))


def same_stored(one: Stored, other: Stored) -> bool:
    """Tell whether baselines stand where others do."""
    return one.keys() == other.keys() and all(isclose(one[case], other[case], abs_tol=SAME_KWH) for case in one)


def _known(site: Site, measured: Measured, prices: SlotPrices, found: Balance, now: datetime) -> SettledSlot:
    return SettledSlot(
        slot=measured.slot,
        version=1,
        settled_at=now,
        status=SlotStatus.INCOMPLETE,
        reason=found.reason,
        import_per_kwh=prices.import_per_kwh,
        export_per_kwh=prices.export_per_kwh,
        energies=None,
        derived=found.derived,
        residual_kwh=found.residual_kwh,
        anomaly=found.anomaly,
        capacity_kwh=site.battery.capacity_kwh,
        stored_start_kwh=_stored(site, measured.soc_start_pct),
        stored_end_kwh=_stored(site, measured.soc_end_pct),
    )


def _stored(site: Site, soc_pct: float | None) -> float | None:
    return None if soc_pct is None else site.battery.kwh(soc_pct)


def _inputs(slot: SettledSlot) -> list[float | None]:
    energies = [] if slot.energies is None else measured_only(slot.energies, slot.derived)
    return [slot.import_per_kwh, slot.export_per_kwh, slot.stored_start_kwh, slot.stored_end_kwh, *energies]


def _same(one: float | None, other: float | None) -> bool:
    return one is other is None or (one is not None and other is not None and isclose(one, other, abs_tol=SAME_KWH))


def _doubts(found: Balance, measured: Measured) -> str | None:
    """Return why a slot is an estimate, None if it is not."""
    doubts = list(found.derived)
    if measured.partly:
        doubts.append(f"only partly measured: {', '.join(measured.partly)}")
    if found.anomaly is not None:
        doubts.append("measurements disagree")
    return "; ".join(doubts) or None
