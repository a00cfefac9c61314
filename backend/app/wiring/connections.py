"""The homes of the service: each built from its document, and again when that or a secret of it changes, in whatever process."""

import logging
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from app.domain.errors import InvalidInputError, NotFoundError, UnavailableError
from app.domain.site import HOME, SiteId
from app.usecases.describe import Describe
from app.usecases.home import NO_HOUSE, Home
from app.wiring.homes import Builder, Opened, Parts

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Built:
    """What became of one document."""

    mark: tuple[int, str] = (0, "")
    home: Home | None = None
    parts: Parts = field(default_factory=Parts)
    problem: str | None = None


@dataclass(slots=True)
class Connections(Mapping[SiteId, Home]):
    """Every home that can be served. While the database is away, those known last."""

    describe: Describe
    builder: Builder
    built: dict[SiteId, Built] = field(default_factory=dict)
    changing: threading.RLock = field(default_factory=threading.RLock)

    def __getitem__(self, site: SiteId) -> Home:
        """Return a home."""
        found = self.built.get(site)
        if found is None or found.home is None:
            raise KeyError(site)
        return found.home

    def __iter__(self) -> Iterator[SiteId]:
        return iter([site for site, each in sorted(self.built.items()) if each.home is not None])

    def __len__(self) -> int:
        return sum(each.home is not None for each in self.built.values())

    def look(self) -> None:
        """Build anew what changed since, here or in another process; while the database is away, nothing."""
        try:
            for site, mark in self.describe.marks().items():
                known = self.built.get(site)
                if known is None or known.mark != mark:
                    self._renew(site)
        except UnavailableError as error:
            log.debug("homes as known before: %s", error)

    def renew(self, site: SiteId) -> None:
        """Build a home anew: its document or a secret was changed here."""
        try:
            self._renew(site)
        except UnavailableError as error:  # the next look sees to it
            log.warning("site %s is as before: %s", site, error)

    def problem(self, site: SiteId) -> str | None:
        """Return what keeps a house from being served as described; None where all is well or there is no such house."""
        found = self.built.get(site)
        if found is not None:
            return found.problem
        return NO_HOUSE if not self.built and site == HOME else None

    def _renew(self, site: SiteId) -> None:
        with self.changing:
            mark, built = self.describe.mark(site), self.built.get(site) or Built()
            try:
                secrets = Opened(site, *self.describe.opened(site))
                built.home, problems = self.builder.home(self.describe.of(site), secrets, built.parts)
                built.problem = "; ".join(problems) or None
            except NotFoundError:
                return
            except InvalidInputError as error:
                built.problem = f"this release cannot use version {mark[0]} of its document: {error}"
            built.mark = mark
            self.built = self.built | {site: built}
            if built.problem is not None:
                log.warning("site %s: %s", site, built.problem)
