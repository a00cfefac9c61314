"""A house as its dongles see it: what forecasts, decisions and the ledger are made from."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from app.domain.dongle import DeviceState, DongleStatus
from app.domain.reading import Reading
from app.domain.site import SiteId
from app.domain.telemetry import Sample, readings
from app.fleet import ports

LOG_IS_LATE = timedelta(minutes=3)
"""Minute means are what is kept; while the newest is older, the live sample stands in."""
AT_ONCE = 3_000
SOURCE = "dongle"


@dataclass(slots=True)
class DongleHouses:
    """Every site's claimed dongles. Minute records become readings once all before them are stored, late ones too."""

    devices: ports.Devices
    states: ports.DeviceStates
    telemetry: ports.Telemetry
    copied: dict[str, int] = field(default_factory=dict)
    """The record of each log from which on nothing was kept as readings yet."""
    given: dict[str, int] = field(default_factory=dict)
    """The same, once what was given out last is kept."""
    begun: set[str] = field(default_factory=set)
    """Logs that nothing was acknowledged of when we first looked: all of them is new."""
    statuses: dict[str, DongleStatus] = field(default_factory=dict)
    """The newest that told of each log."""

    def newest(self, site: SiteId, now: datetime) -> list[Reading]:
        """Return what came in since the last time: records however old, or else what is measured now. The same again until `kept`."""
        found: list[Reading] = []
        self.given.clear()  # what was given out and not kept, to this site or another, is given out again
        for state in self.states.of(self._of(site)):
            self._heed(state)
            fresh = self._records(state.device, state.acked_seq)
            found += readings(fresh, SOURCE)
            live = state.sample
            if live is not None and now - live.at < LOG_IS_LATE and not any(now - each.at < LOG_IS_LATE for each in fresh[-1:]):
                found += readings([live], SOURCE)
        return found

    def kept(self) -> None:
        """Note that what was given out last is stored."""
        self.copied |= self.given
        self.given.clear()

    def past(self, site: SiteId, start: datetime, end: datetime) -> list[Reading]:
        """Return the minute means of a span."""
        return [each for device in self._of(site) for each in readings(self.telemetry.between(device, start, end, only_log=True), SOURCE)]

    def _heed(self, state: DeviceState) -> None:
        """Begin again where a device has begun another log; a reading that is given twice is kept once."""
        before, status = self.statuses.get(state.device), state.status
        if before is None or state.acked_seq is None:
            is_other = (state.acked_seq or 0) < self.copied.get(state.device, 0)
        else:
            is_other = status is not None and status.is_of_another_log(before)
        if is_other:
            self.copied[state.device] = 0
        if status is not None and status.next_seq is not None:
            self.statuses[state.device] = status

    def _records(self, device: str, acked_seq: int | None) -> Sequence[Sample]:
        if acked_seq is None:
            self.begun.add(device)
            return []
        first = self._first(device, acked_seq)
        upto = min(acked_seq, first + AT_ONCE)
        fresh = self.telemetry.records(device, first, upto) if first < upto else []
        self.given[device] = max(first, upto)
        return fresh

    def _first(self, device: str, acked_seq: int) -> int:
        """Return where the log goes on; of a log that we met in the middle what is older is given out as the past."""
        if device not in self.copied:
            stored = self.telemetry.seqs(device, 0, limit=1) if device in self.begun else []
            self.copied[device] = min([*stored, acked_seq])
        return self.copied[device]

    def _of(self, site: SiteId) -> list[str]:
        return [each.id for each in self.devices.all() if each.site == site and not each.is_revoked]
