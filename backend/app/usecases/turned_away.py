"""Turned away: who showed a wrong token, or asked for a change that it may not make. All are counted, few are logged."""

import logging
import threading
from collections import deque
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from app.domain.access import ALL_SITES, KnownToken
from app.domain.audit import AuditEntry
from app.domain.errors import OptimizerError, TooManyTriesError
from app.domain.site import SiteId
from app.domain.tries import Tries, source_of
from app.usecases import ports

log = logging.getLogger(__name__)

MOST_AN_HOUR = 20
"""Entries of one kind: whoever asks a million times makes some 30 MB of log in a year, and no more."""
HOUR = timedelta(hours=1)
LONGEST_NAME = 64


@dataclass(slots=True)
class FewEntries:
    """Logs one entry an hour of each actor, and so many in all; each says how many were left out since the one before."""

    audit: ports.Audit
    logged: deque[tuple[datetime, str]] = field(default_factory=lambda: deque(maxlen=MOST_AN_HOUR))
    unlogged: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, site: SiteId, entry: AuditEntry) -> None:
        """Log an entry, or count it; a log that is away changes no answer."""
        with self.lock:
            lately = [who for at, who in self.logged if abs(entry.at - at) < HOUR]
            if entry.actor in lately or len(lately) == MOST_AN_HOUR:
                self.unlogged += 1
                return
            self.logged.append((entry.at, entry.actor))
            left_out, self.unlogged = self.unlogged, 0
        more = f"; {left_out} more since the last entry, too many to log" if left_out else ""
        try:
            self.audit.add(site, replace(entry, detail=f"{entry.detail}{more}"))
        except OptimizerError as error:
            log.warning("not in the audit log: %s %s %s: %s", entry.action, entry.actor, entry.subject, error)


@dataclass(slots=True)
class TurnedAway:
    """Counts since the service started, and the few entries."""

    audit: ports.Audit
    tries: Tries = field(default_factory=Tries)
    wrong_tokens: int = 0
    """Every one, those included that were turned away unlooked at."""
    forbidden_writes: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    tokens_logged: FewEntries = field(init=False)
    writes_logged: FewEntries = field(init=False)

    def __post_init__(self) -> None:
        self.tokens_logged, self.writes_logged = FewEntries(self.audit), FewEntries(self.audit)

    def wrong_token(self, client: str, now: datetime) -> None:
        """Count and log a token that opens nothing.

        Raises:
            TooManyTriesError: there were too many of this address, or of all; a good token is let in all the same.
        """
        with self.lock:
            self.wrong_tokens += 1
        source = source_of(client)[:LONGEST_NAME]
        self.tokens_logged.add(ALL_SITES, AuditEntry(at=now, actor=source, action="token.refused", subject=source))
        if wait := self.tries.count(client, now):
            raise TooManyTriesError("too many wrong tokens from here: try again later, with a right one at once", wait)

    def forbidden_write(self, token: KnownToken, what: str, why: str, *, site: SiteId, now: datetime) -> None:
        """Count and log a change that a good token may not make, in the house whose business it is, or the service's."""
        with self.lock:
            self.forbidden_writes += 1
        self.writes_logged.add(site, AuditEntry(at=now, actor=token.name, action="write.forbidden", subject=what, detail=why))
