"""History: the mean power of every slot of the last weeks, kept in memory so that a decision reads only what is new."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from app.domain.reading import Quantity
from app.domain.site import Site, SiteId
from app.domain.slot import Slot, slots_between
from app.forecasting.calibrate import MOST
from app.forecasting.expect import Past
from app.forecasting.history import slot_means
from app.forecasting.scenarios import DAYS
from app.usecases import ports

REBUILT_EVERY = timedelta(hours=6)
"""What arrives late, from a house's own records, is found this often."""
REBUILT_WHILE_SHORT = timedelta(minutes=5)
LATE = timedelta(hours=2)
"""Readings that arrive within this time are found at once."""

type Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Kept:
    built_at: datetime
    first: datetime
    means: Array


@dataclass(slots=True)
class History:
    """The past of every site in slots of one length."""

    readings: ports.Readings
    kept: dict[tuple[SiteId, Quantity, int], _Kept] = field(default_factory=dict)

    def past(self, site: Site, until: datetime, *, minutes: int) -> Past:
        """Return load and solar power up to a slot's start; empty where a time of day was never measured."""
        means = _possible(self._means(site.id, Quantity.LOAD_KW, until, minutes), most_kw(site, Quantity.LOAD_KW))
        load = filled(means, per_day=24 * 60 // minutes)
        if site.solar.peak_kw == 0:
            return Past(load_kw=load, solar_kw=np.zeros_like(load))
        means = _possible(self._means(site.id, Quantity.SOLAR_KW, until, minutes), most_kw(site, Quantity.SOLAR_KW))
        solar = filled(means, per_day=24 * 60 // minutes)
        both = min(len(load), len(solar)) or len(load)
        return Past(load_kw=load[len(load) - both :], solar_kw=solar[max(0, len(solar) - both) :])

    def measured_kw(self, site: SiteId, quantity: Quantity, until: datetime, *, minutes: int) -> dict[Slot, float]:
        """Return the mean power of each measured slot of the last weeks; what was not measured is absent."""
        means = self._means(site, quantity, until, minutes)
        first = until - timedelta(minutes=minutes * len(means))
        slots = slots_between(first, until, minutes=minutes)
        return {slot: float(kw) for slot, kw in zip(slots, means, strict=True) if not np.isnan(kw)}

    def _means(self, site: SiteId, quantity: Quantity, until: datetime, minutes: int) -> Array:
        kept = self.kept.get((site, quantity, minutes))
        first = until - timedelta(days=DAYS + 1)
        if kept is None or until - kept.built_at >= self._patience(kept):
            means = self._read(site, quantity, first, until, minutes)
            self.kept[site, quantity, minutes] = _Kept(until, first, means)
            return means
        end = kept.first + timedelta(minutes=minutes * len(kept.means))
        recent = max(kept.first, min(end, until) - LATE)
        known = kept.means[: round((recent - kept.first) / timedelta(minutes=minutes))]
        means = np.concatenate([known, self._read(site, quantity, recent, until, minutes)])
        self.kept[site, quantity, minutes] = _Kept(kept.built_at, kept.first, means)
        return means

    def _read(self, site: SiteId, quantity: Quantity, first: datetime, until: datetime, minutes: int) -> Array:
        count = max(0, round((until - first) / timedelta(minutes=minutes)))
        readings = self.readings.between(site, quantity, first - timedelta(minutes=minutes), until)
        return slot_means(readings, first=first, minutes=minutes, count=count)

    @staticmethod
    def _patience(kept: _Kept) -> timedelta:
        return REBUILT_WHILE_SHORT if np.isnan(kept.means).mean() > MOSTLY else REBUILT_EVERY


MOSTLY = 0.1


def most_kw(site: Site, quantity: Quantity) -> float:
    """Return the most that a house like this can draw or make: all that its connection, battery and array give it, or its array."""
    if quantity is Quantity.SOLAR_KW:
        return MOST * site.solar.peak_kw
    return site.grid.import_limit_kw + site.max_discharge_kw + site.solar.peak_kw


def _possible(means: Array, most_kw: float) -> Array:
    """Return the means with what a house like this cannot have drawn or made as gaps: a meter's spike, a counter's reset."""
    return np.where(means > most_kw, np.nan, means)


def filled(means: Array, *, per_day: int) -> Array:
    """Return the series from its first measured day on, each gap filled with the mean of the other days at that time of day.

    Empty where some time of day was never measured: a gap is not filled with a guess.
    """
    measured = np.flatnonzero(~np.isnan(means))
    if not len(measured):
        return np.zeros(0)
    whole = (len(means) - measured[0]) // per_day * per_day
    series = means[len(means) - whole :].copy()
    days = series.reshape(-1, per_day)
    known = ~np.isnan(days)
    if not whole or not known.any(axis=0).all():
        return np.zeros(0)
    usual = np.where(known, days, 0.0).sum(axis=0) / known.sum(axis=0)
    return np.maximum(np.where(known, days, usual), 0.0).ravel()
