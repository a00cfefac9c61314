"""Devices in a shell: `battery-optimizer ca` and `battery-optimizer device`."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import httpx
import typer
from rich.console import Console
from rich.table import Table

from app.api.provisioning import fresh_code
from app.cli.houses import Which, the_house
from app.config.settings import load
from app.domain.device import device_id
from app.domain.errors import InvalidInputError, UnavailableError
from app.fleet.provision import renewal_message
from app.services.bounded import BoundedClient
from app.trust.credentials import PUBLIC, Authority, write_whole
from app.trust.holder import Holder
from app.wiring.service import clock, running

ca_cli = typer.Typer(no_args_is_help=True, help="The house's own certificate authority, for dongles.")
device_cli = typer.Typer(no_args_is_help=True, help="Dongles and gateways.")
out = Console()
ME = "command line"
PATIENCE_S = 20.0


@ca_cli.command("create")
def ca_create(
    broker: Annotated[list[str], typer.Option(help="A name or address under which dongles find the broker; may be given again.")],
) -> None:
    """Make the authority, the broker's certificate, and an empty list of revoked ones, in OPTIMIZER_CERTIFICATES__FOLDER."""
    folder = _folder()
    Authority.create(folder, clock()).sign_broker(broker, clock())
    out.print(f"made in {folder}: keep a copy of ca.key where nobody else reads it", soft_wrap=True)


@ca_cli.command("broker")
def ca_broker(broker: Annotated[list[str], typer.Option(help="As for create.")]) -> None:
    """Make a new certificate for the broker: its names changed, or five years are nearly over."""
    Authority.load(_folder()).sign_broker(broker, clock())
    out.print("made; the broker of the compose file shows it within seconds, another one after a SIGHUP", soft_wrap=True)


@device_cli.command("list")
def device_list() -> None:
    """Show every device that has appeared or was claimed."""
    table = Table("device", "", "title", "claimed by", "first seen")
    with running() as service:
        for each in service.use.provision.devices.all():
            table.add_row(each.id, each.standing, each.title, each.claimed_by or "", f"{each.first_seen:%Y-%m-%d %H:%M}")
    out.print(table)


@device_cli.command("code")
def device_code(
    device: Annotated[str | None, typer.Argument(help="The only device it lets in.")] = None,
    hours: Annotated[float, typer.Option(min=0.1, max=720, help="How long it is good.")] = 24,
    site: Which = None,
) -> None:
    """Make a code that lets one device in, once."""
    code = fresh_code()
    with running() as service:
        service.use.provision.offer(the_house(service, site), code, device=device, good_for=timedelta(hours=hours), by=ME, now=clock())
    out.print(code, markup=False)


@device_cli.command("claim")
def device_claim(device: str, title: Annotated[str, typer.Option(help="What you call it.")] = "", site: Which = None) -> None:
    """Say that a device that has appeared is this house's."""
    with running() as service:
        service.use.provision.claim(the_house(service, site), device, title=title, by=ME, now=clock())
    out.print(f"{device} is heard from now on")


@device_cli.command("revoke")
def device_revoke(device: str, site: Which = None) -> None:
    """Hear a device no more, and revoke its certificates."""
    with running() as service:
        service.use.provision.shut_out(the_house(service, site), device, by=ME, now=clock())
    out.print(f"{device} is shut out")


@device_cli.command("enroll")
def device_enroll(
    device: str,
    code: Annotated[str, typer.Option(prompt=True, help="What `device code` or the page showed.")],
    url: Annotated[str, typer.Option(help="Where the optimizer is; with TLS unless it is this machine.")] = "http://127.0.0.1:8000",
    into: Annotated[Path, typer.Option(help="A folder for key and certificates.")] = Path(),
) -> None:
    """Make a key here, enroll it, and write what the firmware is built with: DEVICE.key, DEVICE.crt, ca.crt."""
    holder = Holder.fresh()
    told = _asked(url, "enroll", {"code": code, "device": device_id(device), "csr": holder.csr(device)})
    _keep(into, device, holder, told)
    out.print(f"good until {told['expires_at']}; the broker is {told['broker_host']}:{told['broker_port']}", soft_wrap=True)


@device_cli.command("renew")
def device_renew(
    device: str,
    url: Annotated[str, typer.Option(help="As for enroll.")] = "http://127.0.0.1:8000",
    into: Annotated[Path, typer.Option(help="The folder that `enroll` wrote.")] = Path(),
) -> None:
    """Renew what `enroll` made, with a new key."""
    held, fresh = Holder.load(into / f"{device}.key"), Holder.fresh()
    now, csr = clock(), fresh.csr(device)
    signature = held.signature(renewal_message(now, csr))
    certificate = (into / f"{device}.crt").read_text()
    told = _asked(url, "renew", {"certificate": certificate, "csr": csr, "signed_at": int(now.timestamp()), "signature": signature})
    _keep(into, device, fresh, told)
    out.print(f"good until {told['expires_at']}")


def _folder() -> Path:
    folder = load().certificates.folder
    if folder is None:
        raise InvalidInputError("set OPTIMIZER_CERTIFICATES__FOLDER to where the authority is to be")
    return folder


def _asked(url: str, what: str, body: dict[str, object]) -> dict[str, object]:
    try:
        with BoundedClient(exchange_s=PATIENCE_S) as http:
            reply = http.post(f"{url.rstrip('/')}/api/v1/devices/{what}", json=body, timeout=PATIENCE_S)
        told: dict[str, object] = reply.json()
    except (httpx.HTTPError, ValueError) as error:
        raise UnavailableError(f"{url}: {error}") from error
    if reply.is_error:
        raise InvalidInputError(f"{url}: {told.get('detail', reply.status_code)}")
    return told


def _keep(into: Path, device: str, holder: Holder, told: dict[str, object]) -> None:
    """Write certificates and key; the key comes last into its place, so that what was there before still fits together if that fails."""
    key = into / f"{device}.key"
    into.mkdir(parents=True, exist_ok=True)
    fresh = key.with_suffix(".key.new")
    holder.save(fresh)
    write_whole(into / "ca.crt", str(told["ca"]).encode(), PUBLIC)
    write_whole(into / f"{device}.crt", str(told["certificate"]).encode(), PUBLIC)
    fresh.replace(key)
