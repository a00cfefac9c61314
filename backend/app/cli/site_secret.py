"""Secrets of houses in a shell: `battery-optimizer site secret`. They go in and never come out."""

import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from app.document.in_the_clear import NAME
from app.document.site import read
from app.domain.errors import InvalidInputError
from app.domain.site import HOME, SiteId
from app.wiring.service import clock, running

secret_cli = typer.Typer(no_args_is_help=True, help="Tokens and keys that a document names, encrypted; never shown again.")
out = Console(soft_wrap=True)
ME = "command line"
Name = Annotated[str, typer.Argument(help="As the document names it, e.g. home_assistant.")]
Site = Annotated[str, typer.Option(help="Which house.")]


@secret_cli.command("set")
def secret_set(name: Name, site: Site = HOME) -> None:
    """Keep a secret: asks for it without showing it, or takes the standard input."""
    if not NAME.fullmatch(name):
        raise InvalidInputError("a secret's name is small letters, digits and _, e.g. home_assistant; the secret itself is asked for")
    with running() as service:
        describe = service.use.describe
        named = read(describe.of(SiteId(site)).value).secret_names
        text: str = typer.prompt(name, hide_input=True) if sys.stdin.isatty() else sys.stdin.read()
        describe.keep_secret(SiteId(site), name, text, actor=ME, now=clock())
    unused = "" if name in named else f"; the document of {site} does not name it yet"
    out.print(f"{name} is kept{unused}", markup=False, highlight=False)


@secret_cli.command("list")
def secret_list(site: Site = HOME) -> None:
    """Show which secrets the document names and which are kept; never what they are."""
    table = Table("secret", "", "")
    with running() as service:
        describe = service.use.describe
        named, kept = read(describe.of(SiteId(site)).value).secret_names, describe.secret_names(SiteId(site))
    for name in sorted({*named, *kept}):
        table.add_row(name, "set" if name in kept else "not set", "" if name in named else "not named by the document")
    out.print(table)


@secret_cli.command("forget")
def secret_forget(name: Name, site: Site = HOME) -> None:
    """Forget a secret."""
    with running() as service:
        service.use.describe.forget_secret(SiteId(site), name, actor=ME, now=clock())
    out.print(f"{name} is forgotten", markup=False, highlight=False)
