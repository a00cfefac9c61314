"""Watch: what the broker refused comes into the log of changes, few enough that nobody can flood it."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from app.domain.audit import AuditEntry
from app.domain.refusal import Refusal
from app.domain.site import HOME, SiteId
from app.fleet import ports

MOST_AN_HOUR = 60
MOST_WAITING = 10_000
"""While the database is away; the rest waits in the broker's log."""
LOOK_BACK = timedelta(days=30)
UNKNOWN = "unknown"
ACTION = "device.refused"


@dataclass(slots=True)
class Watch:
    """Keeps what the broker refused, every refusal once, also when we were away meanwhile."""

    refusals: ports.Refusals
    devices: ports.Devices
    audit: ports.Log
    logged: deque[datetime] = field(default_factory=lambda: deque(maxlen=MOST_AN_HOUR))
    unlogged: int = 0
    waiting: list[Refusal] = field(default_factory=list)
    after: datetime | None = None

    def turn(self, now: datetime) -> None:
        """Log what is new; what is the same is one entry with a number.

        Raises:
            UnavailableError: the broker's log or the database is away; what is not logged yet waits.
        """
        if self.after is None:
            self.after = self._logged_before(now)
        after = self.after
        if len(self.waiting) < MOST_WAITING:
            self.waiting += [each for each in self.refusals.fresh() if each.at > after]
        for (who, what), found in _alike(self.waiting).items():
            if len(self.logged) == MOST_AN_HOUR and now - self.logged[0] < timedelta(hours=1):
                self.unlogged += len(found)
            else:
                self._keep(who, what, found, now)
            self.waiting = [each for each in self.waiting if (each.who, each.what) != (who, what)]

    def _keep(self, who: str | None, what: str, found: Sequence[Refusal], now: datetime) -> None:
        times = f" ({len(found)} times)" if len(found) > 1 else ""
        more = f"; {self.unlogged} more since the last entry, too many to log" if self.unlogged else ""
        name = who or UNKNOWN
        entry = AuditEntry(at=found[-1].at, actor=name[:64], action=ACTION, subject=name[:64], detail=f"{what[:400]}{times}{more}")
        self.audit.add(self._site(who), entry)
        self.logged.append(now)
        self.unlogged = 0

    def _site(self, who: str | None) -> SiteId:
        device = None if who is None else self.devices.get(who)
        return HOME if device is None or device.site is None else device.site

    def _logged_before(self, now: datetime) -> datetime:
        """Return the newest refusal that an earlier run of ours logged."""
        entries = self.audit.between(HOME, now - LOOK_BACK, now + timedelta(seconds=1))
        return max((each.at for each in entries if each.action == ACTION), default=now - LOOK_BACK)


def _alike(refusals: Sequence[Refusal]) -> dict[tuple[str | None, str], list[Refusal]]:
    alike: dict[tuple[str | None, str], list[Refusal]] = {}
    for each in refusals:
        alike.setdefault((each.who, each.what), []).append(each)
    return alike
