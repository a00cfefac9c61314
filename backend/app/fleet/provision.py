"""Provision: who lets a device in, and how it is shut out. Every attempt is in the log, the refused ones too."""

import hashlib
import logging
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from app.domain.audit import AuditEntry
from app.domain.credential import ClaimCode, Issued
from app.domain.device import Device, DeviceStanding, device_id, unclaimed
from app.domain.errors import (
    ConflictError,
    DeniedError,
    InvalidInputError,
    NotFoundError,
    OptimizerError,
    TooManyTriesError,
    UnavailableError,
)
from app.domain.site import HOME, SiteId
from app.domain.tries import Tries
from app.fleet import ports

log = logging.getLogger(__name__)

LEAST_CODE_LETTERS = 16
GOOD_FOR = timedelta(hours=24)
LONGEST_GOOD_FOR = timedelta(days=30)
SIGNED_WITHIN = timedelta(minutes=5)
"""How old, by the device's clock, a wish for a new certificate may be."""


@dataclass(slots=True)
class Provision:
    """Lets devices in by a code or a person, renews their certificates, shuts them out."""

    devices: ports.Devices
    credentials: ports.Credentials
    audit: ports.Log
    authority: ports.Authority | None
    codes: Tries = field(default_factory=Tries)
    proofs: Tries = field(default_factory=Tries)
    """A door of its own, so that guessed codes do not keep wrong certificates out of the log."""

    @property
    def root_pem(self) -> str:
        """What devices trust."""
        return self._signer().root_pem

    def offer(self, site: SiteId, code: str, *, device: str | None, good_for: timedelta, by: str, now: datetime) -> ClaimCode:
        """Keep a fresh code that will let one device in once.

        Raises:
            InvalidInputError: a device, a code or a time that cannot be.
            NotFoundError: there is no authority to sign certificates.
        """
        self._signer()
        if not timedelta(0) < good_for <= LONGEST_GOOD_FOR:
            raise InvalidInputError(f"a code is good for at most {LONGEST_GOOD_FOR.days} days")
        if len(_plain(code)) < LEAST_CODE_LETTERS:
            raise InvalidInputError(f"a code needs at least {LEAST_CODE_LETTERS} letters, or it could be guessed")
        only = None if device is None else device_id(device)
        made = ClaimCode(sha256=digest(code), site=site, device=only, created_by=by, created_at=now, expires_at=now + good_for)
        detail = f"for {only or 'any device'}, until {made.expires_at:%Y-%m-%dT%H:%MZ}"
        self.credentials.offer(made, AuditEntry(at=now, actor=by, action="device.code", subject=made.sha256[:12], detail=detail))
        return made

    def enroll(self, code: str, device: str, csr_pem: str, *, title: str, client: str, now: datetime) -> Issued:
        """Let a device in that shows a code, and return its certificate. A request that cannot be signed does not use the code up.

        Raises:
            DeniedError: a code that was never made, is used up, out of date, or for another device.
            TooManyTriesError: the same, after too many wrong ones lately.
            ConflictError: the device belongs to another site.
            InvalidInputError: an id or a request that cannot be.
        """
        authority, name = self._signer(), device_id(device)
        found = self.credentials.code(digest(code))
        refusal = "there is no such code" if found is None else found.refusal(name, now)
        if found is None or refusal is not None:
            raise self._denied(self.codes, HOME if found is None else found.site, name, str(refusal), client=client, now=now)
        before = self.devices.get(name) or unclaimed(name, now)
        if before.site not in {None, found.site} and not before.is_revoked:
            self._log_denied(found.site, name, f"it belongs to another site, from {client}", now)
            raise ConflictError(f"{name} belongs to another site: it must be shut out there first")
        issued = authority.sign(csr_pem, name, now)
        claimed = _claimed(before, found.site, title=title, by=found.created_by, now=now)
        detail = f"certificate {issued.certificate.serial}, from {client}"
        entry = AuditEntry(at=now, actor=found.created_by, action="device.enrolled", subject=name, detail=detail)
        try:
            self.credentials.enroll(found, claimed, issued.certificate, entry)
        except ConflictError as error:
            raise self._denied(self.codes, found.site, name, str(error), client=client, now=now) from error
        self._publish_if_possible(now)
        return issued

    def renew(self, certificate_pem: str, csr_pem: str, signed_at: datetime, signature: bytes, *, client: str, now: datetime) -> Issued:
        """Return a further certificate for a device that proves it holds the key of the one it has.

        It signs `renewal_message`. The certificate it has stays good until its end, so an answer that is lost locks nobody out.

        Raises:
            DeniedError: not ours, revoked, out of date, or signed by somebody else or long ago.
            TooManyTriesError: the same, after too many wrong ones lately.
        """
        authority = self._signer()
        try:
            held = authority.proven(certificate_pem, renewal_message(signed_at, csr_pem), signature, now)
        except DeniedError as error:
            raise self._denied(self.proofs, HOME, "unknown", str(error), client=client, now=now) from error
        device, known = self.devices.get(held.device), self.credentials.certificate(held.serial)
        if device is None or device.site is None or device.is_revoked or known is None or known.revoked_at is not None:
            raise self._denied(self.proofs, HOME, held.device, "its certificate was revoked", client=client, now=now)
        if abs(now - signed_at) > SIGNED_WITHIN:
            why = f"signed at {signed_at:%Y-%m-%dT%H:%M:%SZ}: an old wish, or a wrong clock"
            raise self._denied(self.proofs, device.site, held.device, why, client=client, now=now)
        issued = authority.sign(csr_pem, held.device, now)
        detail = f"certificate {issued.certificate.serial}"
        entry = AuditEntry(at=now, actor=held.device, action="device.renewed", subject=held.device, detail=detail)
        self.credentials.renew(issued.certificate, device.site, entry)
        return issued

    def claim(self, site: SiteId, device: str, *, title: str, by: str, now: datetime) -> Device:
        """Let a device in that has appeared: a person says whose it is.

        Raises:
            NotFoundError: it never appeared.
            ConflictError: it is claimed for another site, or was shut out and needs a new certificate.
        """
        before = self.devices.get(device)
        if before is None:
            raise NotFoundError(f"no device {device!r} has appeared")
        if before.is_revoked:
            raise ConflictError(f"{device} was shut out: enroll it anew with a code")
        if before.site not in {None, site}:
            raise ConflictError(f"{device} belongs to another site")
        claimed = _claimed(before, site, title=title, by=by, now=now)
        self.devices.put(claimed, AuditEntry(at=now, actor=by, action="device.claimed", subject=device))
        return claimed

    def shut_out(self, site: SiteId, device: str, *, by: str, now: datetime) -> Device:
        """Hear a device no more, and revoke every certificate it has.

        Raises:
            NotFoundError: the site has no such device.
        """
        before = self.devices.get(device)
        if before is None or before.site not in {None, site}:
            raise NotFoundError(f"{site} has no device {device!r}")
        revoked = replace(before, standing=DeviceStanding.REVOKED, site=site)
        self.credentials.revoke(revoked, AuditEntry(at=now, actor=by, action="device.revoked", subject=device))
        self.publish_revoked(now)
        return revoked

    def publish_revoked(self, now: datetime) -> None:
        """Tell the broker which certificates are no longer good.

        Raises:
            UnavailableError: the list could not be written; what the database holds counts at our own door all the same.
        """
        if self.authority is not None:
            self.authority.publish_revoked(self.credentials.revoked(now), now)

    def _publish_if_possible(self, now: datetime) -> None:
        """Tell the broker, or leave it to the rounds: the code is used up, so whoever showed it must get its certificate."""
        try:
            self.publish_revoked(now)
        except UnavailableError as error:
            log.warning("%s; it is tried again every minute", error)

    def _signer(self) -> ports.Authority:
        if self.authority is None:
            raise NotFoundError(
                "there is no certificate authority: set OPTIMIZER_CERTIFICATES__FOLDER and run `battery-optimizer ca create`"
            )
        return self.authority

    def _denied(self, tries: Tries, site: SiteId, device: str, why: str, *, client: str, now: datetime) -> OptimizerError:
        """Count and log a credential that does not open; return what to raise."""
        if wait := tries.count(client, now):
            return TooManyTriesError(TOO_MANY, wait)
        self._log_denied(site, device, f"{why}, from {client}", now)
        return DeniedError(f"{device}: {why}")

    def _log_denied(self, site: SiteId, device: str, why: str, now: datetime) -> None:
        log.warning("device %s denied: %s", device, why)
        self.audit.add(site, AuditEntry(at=now, actor=device, action="device.denied", subject=device, detail=why))


TOO_MANY = "too many wrong codes or certificates: try again in some minutes"


def _claimed(before: Device, site: SiteId, *, title: str, by: str, now: datetime) -> Device:
    return replace(before, standing=DeviceStanding.CLAIMED, site=site, title=title or before.title, claimed_by=by, claimed_at=now)


def digest(code: str) -> str:
    """Return what is kept of a code; dashes, spaces and case do not count."""
    return hashlib.sha256(_plain(code).encode()).hexdigest()


def renewal_message(signed_at: datetime, csr_pem: str) -> bytes:
    """Return what a device signs to renew: the second it does so, a line feed, and its request as sent."""
    return f"{int(signed_at.timestamp())}\n{csr_pem}".encode()


def _plain(code: str) -> str:
    return "".join(letter for letter in code.upper() if letter.isalnum())
