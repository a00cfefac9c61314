"""Quarters into half-hours: energies and money add up, the charge is the last one, the weakest status holds."""

from collections.abc import Sequence
from dataclasses import fields, replace

from app.domain.ledger import Energies, Flows, SettledSlot, SlotStatus
from app.domain.slot import Slot
from app.ledger.intent import intent

WEAKEST_LAST = (SlotStatus.SETTLED, SlotStatus.ESTIMATED, SlotStatus.UNPRICED, SlotStatus.INCOMPLETE)


def combined(whole: Slot, parts: Sequence[SettledSlot]) -> SettledSlot | None:
    """Return the parts of a slot, oldest first, as one; None where they do not cover it. Prices are means over time."""
    if abs(sum(part.slot.hours for part in parts) - whole.hours) > 1e-9:  # noqa: PLR2004 - rounding
        return None
    if len(parts) == 1:
        return parts[0]
    weakest = max(parts, key=lambda part: WEAKEST_LAST.index(part.status))
    energies = added(Energies, [part.energies for part in parts])
    flows = added(Flows, [part.flows for part in parts])
    return replace(
        parts[-1],
        slot=whole,
        status=weakest.status,
        reason=weakest.reason,
        anomaly=next((part.anomaly for part in parts if part.anomaly is not None), None),
        import_per_kwh=_mean([part.import_per_kwh for part in parts]),
        export_per_kwh=_mean([part.export_per_kwh for part in parts]),
        energies=energies,
        flows=flows,
        intent=None if flows is None else intent(flows, whole.hours),
        cost=_sum([part.cost for part in parts]),
        wear=_sum([part.wear for part in parts]),
        stored_start_kwh=parts[0].stored_start_kwh,
        residual_kwh=_sum([part.residual_kwh for part in parts]),
        baselines=(),
    )


def added[Kind: (Energies, Flows)](kind: type[Kind], parts: Sequence[Kind | None]) -> Kind | None:
    """Return the sum of energies or flows, field by field; None where one is not known."""
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    return kind(**{each.name: sum(getattr(part, each.name) for part in known) for each in fields(kind)})


def _sum(numbers: Sequence[float | None]) -> float | None:
    known = [each for each in numbers if each is not None]
    return sum(known) if len(known) == len(numbers) else None


def _mean(numbers: Sequence[float | None]) -> float | None:
    whole = _sum(numbers)
    return None if whole is None else whole / len(numbers)
