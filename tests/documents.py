"""Documents on fakes: what a house is described by, and what people see and change of it in passing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from app.domain.audit import AuditEntry
from app.domain.description import Description, SealedSecret
from app.domain.errors import ConflictError, NotFoundError
from app.domain.setting import Preferences
from app.domain.site import HOME, SiteId
from app.fleet.ports import Devices
from app.usecases.describe import Describe
from app.usecases.home import Home
from app.usecases.preferences import Prefer
from tests.fake_stores import NIGHT, FakeAudit


@dataclass
class FakeDescriptions:
    """Documents, every version; a change and its entry in the log come together."""

    audit: FakeAudit = field(default_factory=FakeAudit)
    rows: list[Description] = field(default_factory=list)
    meanwhile: Callable[[], object] = lambda: None
    """What somebody else does in the very moment of a change."""

    def versions(self) -> dict[SiteId, int]:
        return {each.site: each.version for each in self.rows}

    def newest(self) -> list[Description]:
        held = {each.site: each for each in self.rows}
        return [held[site] for site in sorted(held)]

    def get(self, site: SiteId) -> Description | None:
        return next((each for each in reversed(self.rows) if each.site == site), None)

    def history(self, site: SiteId) -> list[Description]:
        return [each for each in self.rows if each.site == site]

    def put(self, description: Description, entry: AuditEntry) -> None:
        self.meanwhile()
        if self.versions().get(description.site, 0) != description.version - 1:
            raise ConflictError(f"the document of {description.site} is no longer at version {description.version - 1}")
        self.rows.append(description)
        self.audit.add(description.site, entry)


@dataclass
class FakeSecrets:
    """Secrets, as they were given."""

    rows: dict[tuple[SiteId, str], SealedSecret] = field(default_factory=dict)

    def all(self, site: SiteId) -> list[SealedSecret]:
        return [each for (whose, _), each in sorted(self.rows.items()) if whose == site]

    def put(self, site: SiteId, secret: SealedSecret, entry: AuditEntry) -> None:
        del entry
        self.rows[site, secret.name] = secret

    def remove(self, site: SiteId, name: str, entry: AuditEntry) -> None:
        del entry
        if self.rows.pop((site, name), None) is None:
            raise NotFoundError(f"{site} has no secret {name}")

    def marks(self) -> dict[SiteId, str]:
        return {site: repr(self.all(site)) for site, _ in self.rows}


class OpenSeal:
    """Hides nothing."""

    def seal(self, site: SiteId, name: str, text: str) -> str:
        del site, name
        return text

    def open(self, site: SiteId, name: str, sealed: str) -> str:
        del site, name
        return sealed


def described(value: Mapping[str, object] | None = None, *, audit: FakeAudit | None = None) -> Describe:
    """Return the documents of a service that has this one of home; an ordinary house's if none is given."""
    first = Description(site=HOME, version=1, value=value or {"id": HOME}, set_by="test", set_at=NIGHT)
    return Describe(FakeDescriptions(audit or FakeAudit(), [first]), FakeSecrets(), OpenSeal(), lambda _: None)


def seen(value: Mapping[str, object]) -> Preferences:
    """Return the preferences of a document that says nothing else."""
    parts = [value.get(part) for part in ("wishes", "control")]
    wishes, control = (dict(each) if isinstance(each, Mapping) else {} for each in parts)
    return Preferences(
        reserve_pct=float(wishes.get("reserve_pct", 10.0)),
        dry_run=bool(control.get("dry_run", False)),
        controller=str(control.get("executor", "node_red")),
        enabled=bool(control.get("enabled", True)),
    )


def prefer_in(homes: dict[SiteId, Home], devices: Devices, audit: FakeAudit | None = None) -> Prefer:
    """Return the preferences of home; a change of them makes the home anew."""
    describe = described(audit=audit)

    def rebuild(site: SiteId) -> None:
        found = seen(describe.of(site).value)
        battery = homes[site].site.battery
        kept = replace(battery, reserve_kwh=battery.kwh(found.reserve_pct), floor_kwh=battery.bottom_kwh)
        homes[site] = replace(homes[site], preferences=found, site=replace(homes[site].site, battery=kept))

    describe.changed.append(rebuild)
    return Prefer(homes, describe, devices, seen)
