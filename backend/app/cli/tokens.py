"""`battery-optimizer token`: who may ask, and of which house."""

import secrets
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from app.api.security import sha256
from app.domain.access import ALL_SITES, KnownToken, Role
from app.domain.audit import AuditEntry
from app.domain.errors import InvalidInputError
from app.domain.site import HOME, SiteId
from app.wiring.service import Service, clock, running

token_cli = typer.Typer(no_args_is_help=True, help="Who may ask.")
out = Console()
ME = "command line"


@token_cli.command("create")
def token_create(
    name: str,
    role: Role = Role.VIEWER,
    site: Annotated[str | None, typer.Option("--site", metavar="SITE", help="The only house that it is for.")] = None,
    all_sites: Annotated[bool, typer.Option("--all-sites", help="For every house, also those to come.")] = False,  # noqa: FBT002 - typer's way
) -> None:
    """Make a token and show it once; only its hash is kept."""
    token = secrets.token_hex(24)
    with running() as service:
        whose = _whose(service, site, all_sites=all_sites)
        made = KnownToken(name=name, role=role, sha256=sha256(token), site=whose)
        where = "every house" if made.is_for_all else whose
        detail = f"{role} of {where}"
        service.tokens.create(made, AuditEntry(at=clock(), actor=ME, action="token.created", subject=name, detail=detail))
    out.print(token, markup=False)


@token_cli.command("list")
def token_list() -> None:
    """Show every token's name, role, house and life."""
    table = Table("name", "role", "site", "created", "revoked")
    with running() as service:
        for stored in service.tokens.all():
            revoked = f"{stored.revoked_at:%Y-%m-%d %H:%M}" if stored.revoked_at else ""
            token = stored.token
            site = "all" if token.is_for_all else token.site
            table.add_row(token.name, token.role, site, f"{stored.created_at:%Y-%m-%d %H:%M}", revoked)
    out.print(table)


@token_cli.command("revoke")
def token_revoke(name: str) -> None:
    """Shut a token out for good."""
    with running() as service:
        service.tokens.revoke(name, AuditEntry(at=clock(), actor=ME, action="token.revoked", subject=name))
    out.print(f"{name} is revoked")


def _whose(service: Service, site: str | None, *, all_sites: bool) -> SiteId:
    """Return the house that a token is to be for; with several it must be said.

    Raises:
        InvalidInputError: it is not clear which, or there is no such house.
    """
    described = service.use.describe.sites()
    if all_sites and site is not None:
        raise InvalidInputError("say --site or --all-sites, not both")
    if all_sites:
        return ALL_SITES
    if site is None and len(described) > 1:
        raise InvalidInputError(f"there are {', '.join(described)}: say --site SITE or --all-sites")
    if site is None:
        return described[0] if described else HOME
    if site not in described and site != HOME:
        raise InvalidInputError(f"there is no site {site!r}")
    return SiteId(site)
