"""From readings to what was measured in each slot, with what is missing left missing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from app.domain.reading import Quality, Quantity, Reading
from app.domain.slot import Slot

LONGEST_HOLD = timedelta(minutes=15)
"""A reading stands until the next one, at most this long: a sensor that is silent for longer is a gap."""
LEAST_COVERAGE = 0.5
"""A quantity needs readings for half of a slot; an energy from less would be a guess."""
FULL_COVERAGE = 0.9
"""From here on a quantity counts as measured; below, its mean stands for the whole slot and the slot is an estimate."""
POWERS = (Quantity.SOLAR_KW, Quantity.LOAD_KW, Quantity.GRID_KW, Quantity.BATTERY_KW)

PLACES = 9
"""Beyond these, a sum depends on how much else was summed in the same go."""

type Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What meters said of one slot in kWh, and of the charge at its edges; None is not measured.

    Import and export, charge and discharge are kept apart.
    """

    slot: Slot
    solar_kwh: float | None = None
    load_kwh: float | None = None
    import_kwh: float | None = None
    export_kwh: float | None = None
    charge_kwh: float | None = None
    discharge_kwh: float | None = None
    soc_start_pct: float | None = None
    soc_end_pct: float | None = None
    partly: tuple[Quantity, ...] = ()
    """Measured for less than nine tenths of the slot."""
    awaited: tuple[Quantity, ...] = ()
    """Measured at other times but not, or not wholly, in this slot: more may come."""


def measure(slots: Sequence[Slot], readings: Mapping[Quantity, Sequence[Reading]]) -> list[Measured]:
    """Return what was measured in each slot. Readings are good ones, in any order, from `LONGEST_HOLD` before the first slot on."""
    spans = _Spans(slots)
    powers = {quantity: _energies(spans, readings.get(quantity, ())) for quantity in POWERS}
    starts, ends = (_charge(readings.get(Quantity.SOC_PCT, ()), edges) for edges in (spans.starts, spans.ends))
    in_use = {quantity for quantity in (*POWERS, Quantity.SOC_PCT) if readings.get(quantity)}
    return [_one(slot, n, powers, (starts[n], ends[n]), in_use) for n, slot in enumerate(slots)]


class _Spans:
    """Slots as arrays of seconds."""

    def __init__(self, slots: Sequence[Slot]) -> None:
        self.starts: Numbers = np.array([slot.start.timestamp() for slot in slots])
        self.ends: Numbers = np.array([slot.end.timestamp() for slot in slots])


@dataclass(frozen=True, slots=True)
class _Energy:
    """Of one quantity per slot: what went the positive and the negative way in kWh, and the share of the slot that was covered."""

    positive_kwh: Numbers
    negative_kwh: Numbers
    coverage: Numbers


def _energies(spans: _Spans, readings: Sequence[Reading]) -> _Energy:
    """Return a quantity's energies; of several devices that tell the same, the one that covers a slot best, by name if equal."""
    best = _Energy(*(np.zeros_like(spans.starts) for _ in range(3)))
    for device in sorted({reading.device for reading in readings}):
        found = _of_device(spans, [reading for reading in readings if reading.device == device])
        better = found.coverage > best.coverage + 1e-9
        best = _Energy(
            np.where(better, found.positive_kwh, best.positive_kwh),
            np.where(better, found.negative_kwh, best.negative_kwh),
            np.where(better, found.coverage, best.coverage),
        )
    return best


def _of_device(spans: _Spans, readings: Sequence[Reading]) -> _Energy:
    at, values = _series(readings)
    if not at.size:
        return _Energy(*(np.zeros_like(spans.starts) for _ in range(3)))
    hold_s = LONGEST_HOLD.total_seconds()
    until = np.minimum(at + hold_s, np.append(at[1:], at[-1] + hold_s))
    length_s = spans.ends - spans.starts
    covered_s = _integral(spans, at, until, np.ones_like(values))
    with np.errstate(invalid="ignore", divide="ignore"):
        whole_hours = np.where(covered_s > 0, length_s / covered_s, 0.0) / 3600  # the mean of what is covered stands for the rest
    return _Energy(
        _integral(spans, at, until, np.maximum(values, 0.0)) * whole_hours,
        _integral(spans, at, until, np.maximum(-values, 0.0)) * whole_hours,
        covered_s / length_s,
    )


def _series(readings: Sequence[Reading]) -> tuple[Numbers, Numbers]:
    """Return instants in seconds and values, ordered, each instant once."""
    good = {each.at: each.value for each in readings if each.quality is Quality.GOOD and each.value is not None}
    ordered: list[tuple[datetime, float]] = sorted(good.items())
    return np.array([at.timestamp() for at, _ in ordered]), np.array([value for _, value in ordered], dtype=np.float64)


def _integral(spans: _Spans, at: Numbers, until: Numbers, values: Numbers) -> Numbers:
    """Return the integral over each span of a function that is `values` in each [at, until) and 0 elsewhere."""
    knots = np.column_stack([at, until]).ravel()
    areas = np.column_stack([np.zeros_like(values), values * (until - at)]).ravel().cumsum()
    between = np.interp(spans.ends, knots, areas) - np.interp(spans.starts, knots, areas)
    return np.asarray(np.round(between, PLACES))


def _charge(readings: Sequence[Reading], edges: Numbers) -> list[float | None]:
    """Return the state of charge at each edge as last said before it; what is said later never changes it."""
    at, values = _series(readings)
    last = np.searchsorted(at, edges, side="right") - 1
    return [
        float(values[n]) if n >= 0 and edge - at[n] <= LONGEST_HOLD.total_seconds() else None
        for n, edge in zip(last.tolist(), edges.tolist(), strict=True)
    ]


def _one(
    slot: Slot, n: int, powers: Mapping[Quantity, _Energy], charge: tuple[float | None, float | None], in_use: set[Quantity]
) -> Measured:
    coverage = {quantity: float(energy.coverage[n]) for quantity, energy in powers.items()}
    positive, negative = (
        {
            quantity: float(way[n]) if coverage[quantity] >= LEAST_COVERAGE else None
            for quantity, way in ((quantity, getattr(energy, name)) for quantity, energy in powers.items())
        }
        for name in ("positive_kwh", "negative_kwh")
    )
    awaited = [quantity for quantity in POWERS if quantity in in_use and coverage[quantity] < FULL_COVERAGE]
    if Quantity.SOC_PCT in in_use and charge[1] is None:
        awaited.append(Quantity.SOC_PCT)
    return Measured(
        slot=slot,
        solar_kwh=positive[Quantity.SOLAR_KW],
        load_kwh=positive[Quantity.LOAD_KW],
        import_kwh=positive[Quantity.GRID_KW],
        export_kwh=negative[Quantity.GRID_KW],
        charge_kwh=positive[Quantity.BATTERY_KW],
        discharge_kwh=negative[Quantity.BATTERY_KW],
        soc_start_pct=charge[0],
        soc_end_pct=charge[1],
        partly=tuple(quantity for quantity in POWERS if LEAST_COVERAGE <= coverage[quantity] < FULL_COVERAGE),
        awaited=tuple(awaited),
    )
