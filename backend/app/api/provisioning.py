"""/devices: how a device gets in, renews its certificate, and is shut out. The first two need no token: the code or the key is one."""

import base64
import binascii
import secrets
from datetime import UTC, datetime, timedelta

from fastapi import APIRouter, Request
from pydantic import ConfigDict, Field, JsonValue

from app.api.deps import House, Now, SeesStrangers, Use
from app.api.models import In, Instant, Out
from app.api.security import Admin
from app.domain.credential import Issued
from app.domain.device import Device, DeviceStanding
from app.domain.errors import DeniedError
from app.fleet.provision import GOOD_FOR

router = APIRouter(prefix="/devices", tags=["devices"])

LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Without those that are read for each other."""
GROUPS, GROUP = 4, 4
CSR: JsonValue = "-----BEGIN CERTIFICATE REQUEST-----\n…\n-----END CERTIFICATE REQUEST-----\n"
CERTIFICATE: JsonValue = "-----BEGIN CERTIFICATE-----\n…\n-----END CERTIFICATE-----\n"


class CodeIn(In):
    """What a code is to be good for."""

    device: str | None = Field(None, description="The only device it lets in; left out, the first that shows it.")
    hours: float = Field(GOOD_FOR / timedelta(hours=1), gt=0, le=720)

    model_config = ConfigDict(json_schema_extra={"examples": [{"device": "bat_60bh37202bfa"}]})


class CodeOut(Out):
    """A code, shown once; only its hash is kept."""

    code: str
    device: str | None
    expires_at: Instant


class EnrollIn(In):
    """A code, and a request whose key never left the device."""

    code: str = Field(min_length=1, max_length=64)
    device: str = Field(max_length=64)
    csr: str = Field(max_length=8000, description="PKCS#10 in PEM; the certificate's name will be the device's id.")
    title: str = Field("", max_length=64)

    model_config = ConfigDict(json_schema_extra={"examples": [{"code": "ABCD-EFGH-JKLM-NPQR", "device": "bat_60bh37202bfa", "csr": CSR}]})


class RenewIn(In):
    """The certificate a device has, a new request, and the proof that both are its own."""

    certificate: str = Field(max_length=8000)
    csr: str = Field(max_length=8000)
    signed_at: int = Field(ge=0, lt=2**33, description="Epoch seconds by the device's clock.")
    signature: str = Field(
        max_length=1000, description="Base64; the present key's SHA-256 signature over `signed_at`, a line feed, and `csr` as sent."
    )

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"certificate": CERTIFICATE, "csr": CSR, "signed_at": 1795219200, "signature": "MEUCIQ=="}]}
    )


class IssuedOut(Out):
    """A certificate, and the authority by which the device knows its broker."""

    device: str
    certificate: str
    ca: str
    serial: str
    expires_at: Instant
    renew_after: Instant = Field(description="Two thirds of its life.")
    broker_host: str | None
    broker_port: int | None


class ClaimIn(In):
    """What a person calls it."""

    title: str = Field("", max_length=64)

    model_config = ConfigDict(json_schema_extra={"examples": [{"title": "Cellar"}]})


class DeviceOut(Out):
    """A device as registered."""

    id: str
    standing: DeviceStanding
    title: str
    claimed_by: str | None
    claimed_at: Instant | None

    @classmethod
    def of(cls, device: Device) -> "DeviceOut":
        """Return a device."""
        return cls.model_validate(device)


@router.post("/claim-codes")
def claim_code(use: Use, house: House, now: Now, caller: Admin, wish: CodeIn) -> CodeOut:
    """Make a code that lets one device in, once."""
    code = fresh_code()
    made = use.provision.offer(house.id, code, device=wish.device, good_for=timedelta(hours=wish.hours), by=caller, now=now)
    return CodeOut(code=code, device=made.device, expires_at=made.expires_at)


@router.post("/enroll")
def enroll(use: Use, now: Now, request: Request, wish: EnrollIn) -> IssuedOut:
    """Let a device in that shows a code, and sign its certificate."""
    issued = use.provision.enroll(wish.code, wish.device, wish.csr, title=wish.title, client=_client(request), now=now)
    return _out(use, issued)


@router.post("/renew")
def renew(use: Use, now: Now, request: Request, wish: RenewIn) -> IssuedOut:
    """Sign a further certificate for a device that has one."""
    try:
        signature = base64.b64decode(wish.signature, validate=True)
    except (binascii.Error, ValueError) as error:
        raise DeniedError("the signature is no base64") from error
    signed_at = datetime.fromtimestamp(wish.signed_at, UTC)
    issued = use.provision.renew(wish.certificate, wish.csr, signed_at, signature, client=_client(request), now=now)
    return _out(use, issued)


@router.post("/{device}/claim")
def claim(*, use: Use, house: House, now: Now, caller: Admin, strangers: SeesStrangers, device: str, wish: ClaimIn) -> DeviceOut:
    """Say that a device that has appeared is this house's. With several houses this needs a token for all, or else a code."""
    use.fleet.one(house.id, device, strangers=strangers)
    return DeviceOut.of(use.provision.claim(house.id, device, title=wish.title, by=caller, now=now))


@router.delete("/{device}")
def shut_out(*, use: Use, house: House, now: Now, caller: Admin, strangers: SeesStrangers, device: str) -> DeviceOut:
    """Hear a device no more, and revoke its certificates."""
    use.fleet.one(house.id, device, strangers=strangers)
    return DeviceOut.of(use.provision.shut_out(house.id, device, by=caller, now=now))


def fresh_code() -> str:
    """Return a code of eighty random bits that can be read out."""
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(GROUP)) for _ in range(GROUPS))


def _client(request: Request) -> str:
    return request.client.host if request.client is not None else "unknown"


def _out(use: Use, issued: Issued) -> IssuedOut:
    kept = issued.certificate
    host, port = use.broker_for_devices
    return IssuedOut(
        device=kept.device,
        certificate=issued.pem,
        ca=use.provision.root_pem,
        serial=kept.serial,
        expires_at=kept.expires_at,
        renew_after=kept.issued_at + (kept.expires_at - kept.issued_at) * 2 / 3,
        broker_host=host,
        broker_port=port,
    )
