"""Prices beyond the published end: a day's profile learnt from the last week, at the level of the last day. Always marked as estimated."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from app.domain.price import PriceRange, Provenance

LOOK_BACK_DAYS = 7
"""How far back a profile may look; older prices say little about the level."""
HALF_LIFE_DAYS = 2.0
"""Prices change with the wind, which turns within days."""
SAME_KIND = 2.0
"""A day of the same kind, working day or weekend, has twice the vote."""
LEVEL_HALF_LIFE_DAYS = 1.0
"""Half of what sets the last day apart from its profile is gone a day later."""
LOW, HIGH = 0.05, 0.95
"""Of six days only; four in five of the coming ones lie between, in Britain and in Sweden (`make bench-forecasts`)."""
NEAR_H = 1.0
"""What was missed within an hour of the same time of day counts for the spread."""
SATURDAY = 5
DAY_S = 86_400.0

type Array = NDArray[np.float64]
type Places = NDArray[np.intp]
type Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Quote:
    """A price as told, or an estimate with its range."""

    per_kwh: float
    provenance: Provenance
    range: PriceRange | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Week:
    """The prices of the last week: how old in days, at which slot of the local day, on a weekend or not."""

    price: Array
    ago: Array
    clock: Places
    weekend: Flags


def estimates(known: Mapping[datetime, float], wanted: Sequence[datetime], *, zone: ZoneInfo, minutes: int) -> list[Quote | None]:
    """Return an estimate for each wanted instant, None where no day of the last week has a price at that local time."""
    if not known or not wanted:
        return [None] * len(wanted)
    last = max(known)
    recent = sorted(at for at in known if at > last - timedelta(days=LOOK_BACK_DAYS))
    clock, weekend = _places(recent, zone, minutes)
    ago = np.array([(last - at).total_seconds() / DAY_S for at in recent])
    week = _Week(price=np.array([known[at] for at in recent]), ago=ago, clock=clock, weekend=weekend)
    usual = _usual(week, ago >= 0)
    level = float(np.mean((week.price - usual(clock, weekend))[ago < 1.0]))
    places, kinds = _places(wanted, zone, minutes)
    ahead = np.array([max(0.0, (at - last).total_seconds() / DAY_S) for at in wanted])
    found = usual(places, kinds) + level * 0.5 ** (ahead / LEVEL_HALF_LIFE_DAYS)
    low, high = _spread(week, places, per_day=24 * 60 // minutes)
    fresh = [recent[0] <= at <= last + timedelta(days=LOOK_BACK_DAYS) for at in wanted]
    return [
        _told(float(each), float(down), float(up)) if usable and not np.isnan(each) else None
        for each, down, up, usable in zip(found, low, high, fresh, strict=True)
    ]


def _told(per_kwh: float, down: float, up: float) -> Quote:
    return Quote(per_kwh, Provenance.ESTIMATED, PriceRange(low=per_kwh + down, high=per_kwh + up))


def _usual(week: _Week, used: Flags) -> Callable[[Places, Flags], Array]:
    """Return what tells the usual price by slot of the local day and kind of day, learnt from the part of a week that is used."""
    votes = np.where(used, 0.5 ** (week.ago / HALF_LIFE_DAYS), 0.0)
    working, weekend = (_profile(week.price, votes * np.where(week.weekend == kind, SAME_KIND, 1.0), week.clock) for kind in (False, True))

    def told(places: Places, kinds: Flags) -> Array:
        known = np.minimum(places, len(working) - 1)
        return np.where(kinds, weekend[known], working[known])

    return told


def _spread(week: _Week, places: Places, *, per_day: int) -> tuple[Array, Array]:
    """Return how far below and above an estimate prices may lie, by slot of the local day.

    Each day of the week but the first is left out and estimated as the coming one is, from its neighbour's level and the others' profile.
    What was missed at about that time of day is the spread; nothing to learn from is no spread.
    """
    missed = np.full(len(week.price), np.nan)
    days = week.ago.astype(np.intp)
    for day in range(days.max()):
        out, before = days == day, days == day + 1
        if not (out.any() and before.any()):
            continue
        usual = _usual(week, ~out)
        level = float(np.mean((week.price - usual(week.clock, week.weekend))[before])) * 0.5 ** (1 / LEVEL_HALF_LIFE_DAYS)
        missed[out] = (week.price - usual(week.clock, week.weekend))[out] - level
    usable = ~np.isnan(missed)
    if not usable.any():
        return np.zeros(len(places)), np.zeros(len(places))
    apart = np.abs(places[:, None] - week.clock[usable])
    near = np.minimum(apart, per_day - apart) <= NEAR_H * per_day / 24
    near[~near.any(axis=1)] = True
    ranked = np.sort(np.where(near, missed[usable], np.inf), axis=1)
    low, high = (ranked[np.arange(len(places)), np.rint(share * (near.sum(axis=1) - 1)).astype(np.intp)] for share in (LOW, HIGH))
    return np.minimum(low, 0.0), np.maximum(high, 0.0)


def _profile(price: Array, vote: Array, clock: Places) -> Array:
    """Return the weighted mean price by local time of day; NaN where there is none, and one NaN more for times never seen."""
    size = int(clock.max()) + 2
    votes = np.bincount(clock, vote, minlength=size)
    total = np.bincount(clock, vote * price, minlength=size)
    profile: Array = np.divide(total, votes, out=np.full(size, np.nan), where=votes > 0)
    return profile


def _places(instants: Sequence[datetime], zone: ZoneInfo, minutes: int) -> tuple[Places, Flags]:
    """Return the slot of the local day, and whether that day is on a weekend."""
    local = [at.astimezone(zone) for at in instants]
    clock = np.array([(at.hour * 60 + at.minute) // minutes for at in local], dtype=np.intp)
    return clock, np.array([at.weekday() >= SATURDAY for at in local])
