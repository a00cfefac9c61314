"""Describe: what a house is. One document, checked, versioned, audited; whoever builds from it is told of each change."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from app.domain.audit import AuditEntry
from app.domain.description import Description, SealedSecret
from app.domain.errors import InvalidInputError, InvalidSiteError, NotFoundError, OutdatedError, UnavailableError
from app.domain.site import SiteId
from app.usecases import ports

FIRST = 1
LONGEST_SECRET = 4000


@dataclass(slots=True)
class Describe:
    """Keeps the documents of houses and their secrets."""

    descriptions: ports.Descriptions
    secrets: ports.Secrets
    seal: ports.Seal
    check: Callable[[Mapping[str, object]], object]
    """Raises InvalidSiteError where a document is no good."""
    changed: list[Callable[[SiteId], None]] = field(default_factory=list)
    """Told after each change."""

    def newest(self) -> Sequence[Description]:
        """Return the document that holds of every house, by name."""
        return self.descriptions.newest()

    def sites(self) -> tuple[SiteId, ...]:
        """Return every house, by name."""
        return tuple(sorted(self.descriptions.versions()))

    def of(self, site: SiteId) -> Description:
        """Return the document that holds.

        Raises:
            NotFoundError: no such house.
        """
        found = self.descriptions.get(site)
        if found is None:
            raise NotFoundError(f"no site named {site!r}")
        return found

    def history(self, site: SiteId) -> Sequence[Description]:
        """Return every version, oldest first.

        Raises:
            NotFoundError: no such house.
        """
        found = self.descriptions.history(site)
        if not found:
            raise NotFoundError(f"no site named {site!r}")
        return found

    def create(self, site: SiteId, value: Mapping[str, object], *, actor: str, now: datetime) -> Description:
        """Store the first document of a house.

        Raises:
            OutdatedError: there is such a house.
            InvalidSiteError: the document is no good.
        """
        if self.descriptions.get(site) is not None:
            raise OutdatedError(f"there is a site named {site!r} already")
        return self._put(site, value, version=FIRST, actor=actor, now=now, action="site.created", detail="")

    def change(
        self,
        site: SiteId,
        value: Mapping[str, object],
        *,
        expected_version: int,
        actor: str,
        now: datetime,
        action: str = "site.changed",
    ) -> Description:
        """Store a new version on top of the one the caller has seen; what says the same as before is no new version.

        Raises:
            OutdatedError: somebody else changed it first.
            InvalidSiteError: the document is no good; the one before holds.
            NotFoundError: no such house.
        """
        before = self.of(site)
        if before.version != expected_version:
            raise OutdatedError(f"the document of {site} is at version {before.version}, not {expected_version}: somebody changed it")
        if before.value == value:
            return before
        self.check(value)
        detail = "; ".join(differences(before.value, value))
        return self._put(site, value, version=before.version + 1, actor=actor, now=now, action=action, detail=detail)

    def rollback(self, site: SiteId, version: int, *, actor: str, now: datetime) -> Description:
        """Make an earlier version the newest.

        Raises:
            InvalidSiteError: this release no longer takes it.
            NotFoundError: no such house or version.
        """
        wanted, newest = self.version(site, version), self.of(site).version
        return self._put(
            site, wanted.value, version=newest + 1, actor=actor, now=now, action="site.rolled_back", detail=f"{newest} → {version}"
        )

    def version(self, site: SiteId, version: int) -> Description:
        """Return one version.

        Raises:
            NotFoundError: no such house or version.
        """
        history = self.history(site)
        found = next((each for each in history if each.version == version), None)
        if found is None:
            raise NotFoundError(f"{site} has no version {version}; there are {history[0].version} to {history[-1].version}")
        return found

    def secret_names(self, site: SiteId) -> tuple[str, ...]:
        """Return which secrets of a house are set."""
        return tuple(each.name for each in self.secrets.all(site))

    def secret(self, site: SiteId, name: str) -> str | None:
        """Return a secret in the clear, for a connection that is being built; None where it is not set.

        Raises:
            UnavailableError: it cannot be opened with this service's key file.
        """
        found = next((each for each in self.secrets.all(site) if each.name == name), None)
        return None if found is None else self.seal.open(site, name, found.sealed)

    def opened(self, site: SiteId) -> tuple[Mapping[str, str], Mapping[str, str]]:
        """Return a house's secrets in the clear, and of each that does not open why.

        Raises:
            UnavailableError: the store is away.
        """
        clear, closed = dict[str, str](), dict[str, str]()
        for each in self.secrets.all(site):
            try:
                clear[each.name] = self.seal.open(site, each.name, each.sealed)
            except UnavailableError as error:
                closed[each.name] = str(error)
        return clear, closed

    def mark(self, site: SiteId) -> tuple[int, str]:
        """Return what tells a house's present document and secrets from those of another moment; version 0 where there is none."""
        return self.marks().get(site, (0, ""))

    def marks(self) -> Mapping[SiteId, tuple[int, str]]:
        """Return the same of every house."""
        secrets = self.secrets.marks()
        return {site: (version, secrets.get(site, "")) for site, version in self.descriptions.versions().items()}

    def take_over(self, site: SiteId, value: Mapping[str, object], secrets: Mapping[str, str], *, actor: str, now: datetime) -> Description:
        """Store the first document of a house with its secrets. The document comes last: what is cut short begins again.

        Raises:
            ConflictError: there is such a house; its secrets are left alone.
            InvalidSiteError: the document is no good.
            UnavailableError: the store is away, or there is no key file to encrypt with.
        """
        self.check(value)
        for name, text in secrets.items():
            if self.descriptions.get(site) is None:
                sealed = SealedSecret(name=name, sealed=self.seal.seal(site, name, text), set_by=actor, set_at=now)
                self.secrets.put(site, sealed, AuditEntry(at=now, actor=actor, action="secret.set", subject=name))
        return self.create(site, value, actor=actor, now=now)

    def keep_secret(self, site: SiteId, name: str, text: str, *, actor: str, now: datetime) -> None:
        """Encrypt and keep a secret.

        Raises:
            InvalidInputError: it is empty or too long.
            NotFoundError: no such house.
        """
        self.of(site)
        if not 0 < len(text.strip()) <= LONGEST_SECRET:
            raise InvalidInputError(f"a secret has 1 to {LONGEST_SECRET} characters")
        sealed = SealedSecret(name=name, sealed=self.seal.seal(site, name, text.strip()), set_by=actor, set_at=now)
        self.secrets.put(site, sealed, AuditEntry(at=now, actor=actor, action="secret.set", subject=name))
        self._tell(site)

    def forget_secret(self, site: SiteId, name: str, *, actor: str, now: datetime) -> None:
        """Forget a secret.

        Raises:
            NotFoundError: no such secret.
        """
        self.secrets.remove(site, name, AuditEntry(at=now, actor=actor, action="secret.forgotten", subject=name))
        self._tell(site)

    def _put(
        self, site: SiteId, value: Mapping[str, object], *, version: int, actor: str, now: datetime, action: str, detail: str
    ) -> Description:
        self.check(value)
        if value.get("id") != site:
            raise InvalidSiteError(f"id: the document is of {value.get('id')!r}, not of {site!r}")
        new = Description(site=site, version=version, value=value, set_by=actor, set_at=now)
        self.descriptions.put(
            new, AuditEntry(at=now, actor=actor, action=action, subject=f"version {version}", detail=detail[:LONGEST_DETAIL])
        )
        self._tell(site)
        return new

    def _tell(self, site: SiteId) -> None:
        for told in self.changed:
            told(site)


LONGEST_DETAIL = 2000


def differences(before: object, after: object, place: str = "") -> list[str]:
    """Return where two JSON values differ, a phrase each: `grid.export_limit_kw: 5 → 3.6`."""
    if before == after:
        return []
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        names = dict.fromkeys((*before, *after))
        return [
            phrase for name in names for phrase in differences(before.get(name), after.get(name), f"{place}.{name}" if place else str(name))
        ]
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        pairs = enumerate(zip(before, after, strict=True))
        return [phrase for n, (one, other) in pairs for phrase in differences(one, other, f"{place}[{n}]")]
    return [f"{place or 'document'}: {_told(before)} → {_told(after)}"]


def merged(value: Mapping[str, object], patch: Mapping[str, object]) -> dict[str, object]:
    """Return a JSON object with a patch laid over it (RFC 7396): null takes a field away, a list is replaced as a whole."""
    new = dict(value)
    for name, wanted in patch.items():
        before = new.get(name)
        if wanted is None:
            new.pop(name, None)
        elif isinstance(wanted, Mapping):
            new[name] = merged(before if isinstance(before, Mapping) else {}, wanted)
        else:
            new[name] = wanted
    return new


def _told(value: object) -> str:
    return "not set" if value is None else str(value)
