"""Preferences: what people change in passing, seen in the document and changed there. There is no second place for it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from app.domain.description import Description
from app.domain.errors import ConflictError, NotFoundError
from app.domain.setting import NODE_RED, Preferences, dongle_of
from app.domain.site import SiteId
from app.fleet import ports as fleet_ports
from app.usecases.describe import Describe
from app.usecases.home import Homes

ACTION = "settings.changed"
"""What the log calls it, as it always did."""


@dataclass(frozen=True, slots=True)
class Prefer:
    """Knows every site's preferences."""

    homes: Homes
    describe: Describe
    devices: fleet_ports.Devices
    seen_in: Callable[[Mapping[str, object]], Preferences]
    """Reads the preferences out of a document."""

    def of(self, site: SiteId) -> Preferences:
        """Return what holds; while the store is away, what held last.

        Raises:
            NotFoundError: no such site.
        """
        home = self.homes.get(site)
        return self.read(site) if home is None else home.preferences

    def read(self, site: SiteId) -> Preferences:
        """Return what holds by the store, for a process that is not the one where it is changed.

        Raises:
            NotFoundError: no such site.
            UnavailableError: the store is away.
        """
        return self.seen_in(self.describe.of(site).value)

    def change(
        self,
        site: SiteId,
        *,
        reserve_pct: float | None = None,
        dry_run: bool | None = None,
        controller: str | None = None,
        enabled: bool | None = None,
        actor: str,
        now: datetime,
    ) -> Preferences:
        """Change what is given, keep the rest.

        Raises:
            ConflictError: somebody else changed it at the same time, or the dongle that shall control is unclaimed or was shut out.
            InvalidInputError: a reserve or a controller that cannot be.
            NotFoundError: no such site, or the dongle that shall control was never heard of.
        """
        wishes = {"reserve_pct": reserve_pct}
        control = {"dry_run": dry_run, "executor": controller, "enabled": enabled}
        dongle = None if controller is None else dongle_of(controller)
        _ = Preferences(reserve_pct=reserve_pct or 0.0, controller=controller or NODE_RED)  # refuses what cannot be
        if dongle is not None:
            self._must_be_claimed(site, dongle)
        changes: Mapping[str, Mapping[str, object]] = {"wishes": wishes, "control": control}
        try:
            changed = self._put(site, changes, actor=actor, now=now)
        except ConflictError:  # something else of the document, in the same moment
            changed = self._put(site, changes, actor=actor, now=now)
        return self.seen_in(changed.value)

    def _put(self, site: SiteId, changes: Mapping[str, Mapping[str, object]], *, actor: str, now: datetime) -> Description:
        before = self.describe.of(site)
        value = before.value
        for part, given in changes.items():
            value = _with(value, part, given)
        return self.describe.change(site, value, expected_version=before.version, actor=actor, now=now, action=ACTION)

    def _must_be_claimed(self, site: SiteId, dongle: str) -> None:
        """Refuse what would leave the site to nobody."""
        found = self.devices.get(dongle)
        if found is None or found.site not in {site, None}:
            raise NotFoundError(f"no device {dongle!r} has appeared")
        if found.is_revoked:
            raise ConflictError(f"{dongle} was shut out: enroll it anew with a code before it drives")
        if found.site is None:
            raise ConflictError(f"nobody has claimed {dongle}: claim it before it drives")


def _with(value: Mapping[str, object], part: str, changes: Mapping[str, object]) -> Mapping[str, object]:
    """Return a document with what is given changed in one part of it."""
    given = {name: each for name, each in changes.items() if each is not None}
    before = value.get(part)
    return {**value, part: {**(before if isinstance(before, Mapping) else {}), **given}} if given else value
