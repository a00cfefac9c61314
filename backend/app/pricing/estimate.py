"""Prices beyond the published end: a day's profile learnt from the last week, at the level of the last day. Always marked as estimated."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

LOOK_BACK_DAYS = 7
"""How far back a profile may look; older prices say little about the level."""
HALF_LIFE_DAYS = 2.0
"""Prices change with the wind, which turns within days."""
SAME_KIND = 2.0
"""A day of the same kind, working day or weekend, has twice the vote."""
LEVEL_HALF_LIFE_DAYS = 1.0
"""Half of what sets the last day apart from its profile is gone a day later."""
SATURDAY = 5
DAY_S = 86_400.0

type Array = NDArray[np.float64]


def estimates(known: Mapping[datetime, float], wanted: Sequence[datetime], *, zone: ZoneInfo, minutes: int) -> list[float | None]:
    """Return an estimate for each wanted instant, None where no day of the last week has a price at that local time."""
    if not known or not wanted:
        return [None] * len(wanted)
    last = max(known)
    recent = sorted(at for at in known if at > last - timedelta(days=LOOK_BACK_DAYS))
    price = np.array([known[at] for at in recent])
    ago = np.array([(last - at).total_seconds() / DAY_S for at in recent])
    clock, weekend = _places(recent, zone, minutes)
    profiles = [_profile(price, 0.5 ** (ago / HALF_LIFE_DAYS) * np.where(weekend == kind, SAME_KIND, 1.0), clock) for kind in (False, True)]
    its_own = np.where(weekend, profiles[True][clock], profiles[False][clock])
    level = float(np.mean((price - its_own)[ago < 1.0]))
    places, kinds = _places(wanted, zone, minutes)
    found = np.where(kinds, profiles[True][_known_place(profiles[True], places)], profiles[False][_known_place(profiles[False], places)])
    ahead = np.array([max(0.0, (at - last).total_seconds() / DAY_S) for at in wanted])
    found = found + level * 0.5 ** (ahead / LEVEL_HALF_LIFE_DAYS)
    fresh = [recent[0] <= at <= last + timedelta(days=LOOK_BACK_DAYS) for at in wanted]
    return [float(each) if usable and not np.isnan(each) else None for each, usable in zip(found, fresh, strict=True)]


def _profile(price: Array, vote: Array, clock: NDArray[np.intp]) -> Array:
    """Return the weighted mean price by local time of day; NaN where there is none, and one NaN more for times never seen."""
    size = int(clock.max()) + 2
    votes = np.bincount(clock, vote, minlength=size)
    total = np.bincount(clock, vote * price, minlength=size)
    profile: Array = np.divide(total, votes, out=np.full(size, np.nan), where=votes > 0)
    return profile


def _known_place(profile: Array, places: NDArray[np.intp]) -> NDArray[np.intp]:
    return np.minimum(places, len(profile) - 1)


def _places(instants: Sequence[datetime], zone: ZoneInfo, minutes: int) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Return the slot of the local day, and whether that day is on a weekend."""
    local = [at.astimezone(zone) for at in instants]
    clock = np.array([(at.hour * 60 + at.minute) // minutes for at in local], dtype=np.intp)
    return clock, np.array([at.weekday() >= SATURDAY for at in local])
