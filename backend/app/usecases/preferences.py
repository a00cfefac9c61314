"""Preferences: what people change while the service runs. They hold at once, are kept as versions and audited."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime

from app.domain.audit import AuditEntry
from app.domain.errors import ConflictError, NotFoundError, UnavailableError
from app.domain.setting import NEVER_SET, Preferences, Setting, dongle_of
from app.domain.site import Site, SiteId
from app.fleet import ports as fleet_ports
from app.usecases import ports

GROUP = "control"


@dataclass(slots=True)
class Prefer:
    """Knows every site's preferences; what was never changed is as configured."""

    configured: Mapping[SiteId, Site]
    settings: ports.Settings
    audit: ports.Audit
    devices: fleet_ports.Devices
    known: dict[SiteId, Setting | None] = field(default_factory=dict)

    def of(self, site: SiteId) -> Preferences:
        """Return what holds; while the store is away, what held last."""
        if site not in self.known:
            try:
                return self.read(site)
            except UnavailableError:
                return self._configured(site)
        return self._applied(site, self.known[site])

    def read(self, site: SiteId) -> Preferences:
        """Return what holds by the store, for a process that is not the one where it is changed.

        Raises:
            UnavailableError: the store is away.
        """
        self.known[site] = self.settings.get(site, GROUP)
        return self._applied(site, self.known[site])

    def change(
        self, site: SiteId, *, reserve_pct: float | None, dry_run: bool | None, controller: str | None = None, actor: str, now: datetime
    ) -> Preferences:
        """Change what is given, keep the rest.

        Raises:
            ConflictError: somebody else changed it at the same time, or the dongle that shall control is unclaimed or was shut out.
            InvalidInputError: a reserve or a controller that cannot be.
            NotFoundError: the dongle that shall control was never heard of.
        """
        before = self.settings.get(site, GROUP)
        old = self._applied(site, before)
        new = Preferences(
            reserve_pct=old.reserve_pct if reserve_pct is None else reserve_pct,
            dry_run=old.dry_run if dry_run is None else dry_run,
            controller=old.controller if controller is None else controller,
        )
        dongle = None if controller is None else dongle_of(controller)
        if dongle is not None:
            self._must_be_claimed(site, dongle)
        version = NEVER_SET if before is None else before.version
        self.known[site] = self.settings.put(site, GROUP, asdict(new), expected_version=version, set_by=actor, set_at=now)
        self.audit.add(site, AuditEntry(at=now, actor=actor, action="settings.changed", subject=GROUP, detail=f"{old} → {new}"))
        return new

    def _must_be_claimed(self, site: SiteId, dongle: str) -> None:
        """Refuse what would leave the site to nobody."""
        found = self.devices.get(dongle)
        if found is None or found.site not in {site, None}:
            raise NotFoundError(f"no device {dongle!r} has appeared")
        if found.is_revoked:
            raise ConflictError(f"{dongle} was shut out: enroll it anew with a code before it drives")
        if found.site is None:
            raise ConflictError(f"nobody has claimed {dongle}: claim it before it drives")

    def _applied(self, site: SiteId, setting: Setting | None) -> Preferences:
        configured = self._configured(site)
        if setting is None:
            return configured
        reserve, dry_run, controller = (setting.value.get(name) for name in ("reserve_pct", "dry_run", "controller"))
        return Preferences(
            reserve_pct=float(reserve) if isinstance(reserve, int | float) else configured.reserve_pct,
            dry_run=dry_run if isinstance(dry_run, bool) else configured.dry_run,
            controller=controller if isinstance(controller, str) else configured.controller,
        )

    def _configured(self, site: SiteId) -> Preferences:
        battery = self.configured[site].battery
        return Preferences(reserve_pct=battery.pct(battery.reserve_kwh))


@dataclass(frozen=True, slots=True)
class PreferredSites(Mapping[SiteId, Site]):
    """The sites as people prefer them now."""

    configured: Mapping[SiteId, Site]
    prefer: Prefer

    def __getitem__(self, site: SiteId) -> Site:
        """Return a site with the reserve that holds, never above its limit; the inverter itself stops at the configured one."""
        found = self.configured[site]
        reserve_kwh = min(found.battery.top_kwh, found.battery.capacity_kwh * self.prefer.of(site).reserve_pct / 100)
        return replace(found, battery=replace(found.battery, reserve_kwh=reserve_kwh, floor_kwh=found.battery.bottom_kwh))

    def __iter__(self) -> Iterator[SiteId]:
        return iter(self.configured)

    def __len__(self) -> int:
        return len(self.configured)
