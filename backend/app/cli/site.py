"""Houses in a shell: `battery-optimizer site`, each described by one document."""

import json
import sys
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from app.cli.document_file import as_yaml, document_in
from app.cli.new_site import new_house
from app.cli.site_secret import secret_cli
from app.document.site import SiteDocument, read, schema
from app.domain.errors import InvalidInputError, NotFoundError
from app.domain.site import HOME, SiteId
from app.usecases.describe import Describe, differences
from app.wiring.service import clock, running

site_cli = typer.Typer(no_args_is_help=True, help="Houses: what describes each, as one document.")
site_cli.add_typer(secret_cli, name="secret")
out = Console(soft_wrap=True)
ME = "command line"
Name = Annotated[str, typer.Argument(metavar="SITE", help="Which house.")]
Site = Annotated[str, typer.Option(help="Which house.")]


@site_cli.command("list")
def site_list() -> None:
    """Show every house, its title and the version of its document."""
    table = Table("site", "title", "version", "changed", "by")
    with running() as service:
        for each in service.use.describe.newest():
            table.add_row(each.site, str(each.value.get("title", "")), str(each.version), f"{each.set_at:%Y-%m-%d %H:%M}", each.set_by)
    out.print(table)


@site_cli.command()
def show(
    site: Name = HOME,
    *,
    as_json: Annotated[bool, typer.Option("--json/--yaml", help="How it is written.")] = False,
    version: Annotated[int | None, typer.Option(min=1, help="An earlier one.")] = None,
) -> None:
    """Print a house's document, ready for `apply`."""
    with running() as service:
        describe = service.use.describe
        found = describe.of(SiteId(site)) if version is None else describe.version(SiteId(site), version)
    _print(found.value, as_json=as_json)


@site_cli.command()
def apply(
    file: Annotated[Path, typer.Argument(help="YAML or JSON; - reads from the standard input.")],
    *,
    dry_run: Annotated[bool, typer.Option(help="Show what would change, and change nothing.")] = False,
) -> None:
    """Make a document the one that holds, or describe a new house; says what changes, and every field that is wrong."""
    value = document_in(sys.stdin.read() if str(file) == "-" else _text(file), str(file))
    document = read(value)
    with running() as service:
        describe = service.use.describe
        describe.check(value)
        said = _changed(describe, document, value, dry_run=dry_run)
        missing = sorted(document.secret_names - set(describe.secret_names(SiteId(document.id))))
    out.print(said, markup=False, highlight=False)
    for name in missing:
        command = f"battery-optimizer site secret set {name} --site {document.id}"
        out.print(f"the secret {name} is not set yet: {command}", markup=False, highlight=False)


@site_cli.command()
def history(site: Name = HOME) -> None:
    """Show every version: when, by whom, and what it changed."""
    table = Table("version", "when", "by", "what changed")
    with running() as service:
        found = service.use.describe.history(SiteId(site))
    changes: list[list[str]] = [[], *(differences(one.value, other.value) for one, other in pairwise(found))]
    for each, what in zip(found, changes, strict=True):
        table.add_row(str(each.version), f"{each.set_at:%Y-%m-%d %H:%M}", each.set_by, "\n".join(what))
    out.print(table, markup=False)


@site_cli.command()
def rollback(version: Annotated[int, typer.Argument(min=1)], site: Site = HOME) -> None:
    """Make an earlier version hold again, as a new version on top."""
    with running() as service:
        before = service.use.describe.of(SiteId(site))
        now = service.use.describe.rollback(SiteId(site), version, actor=ME, now=clock())
    said = f"{site} is at version {now.version}, which says what version {version} said"
    out.print("\n".join([*differences(before.value, now.value), said]), markup=False, highlight=False)


@site_cli.command()
def new(
    name: Annotated[str, typer.Argument(help="What the house is called: small letters, digits, - and _.")],
    copied: Annotated[str | None, typer.Option("--from", metavar="SITE", help="Copy another house's document, not its secrets.")] = None,
    to: Annotated[Path | None, typer.Option(help="A file that is not there yet; printed if not given.")] = None,
) -> None:
    """Make a document to edit and `apply`; nothing is stored yet."""
    text = new_house(name) if copied is None else _copy(copied, name)
    read(document_in(text, name))
    if to is None:
        typer.echo(text, nl=False)
        return
    try:
        with to.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise InvalidInputError(f"{to} cannot be written: {error.strerror}") from error
    out.print(f"{to} is written: edit it, then battery-optimizer site apply {to}", markup=False, highlight=False)


@site_cli.command("schema")
def site_schema() -> None:
    """Print the JSON schema of the document, for an editor."""
    _print(schema(), as_json=True)


def _changed(describe: Describe, document: SiteDocument, value: dict[str, Any], *, dry_run: bool) -> str:
    """Store a document unless this is a dry run; return what it changes."""
    site = SiteId(document.id)
    try:
        before = describe.of(site)
    except NotFoundError:
        if dry_run:
            return f"{site} is a new house; nothing is stored"
        return f"{site} is described, version {describe.create(site, value, actor=ME, now=clock()).version}"
    changes = differences(before.value, value)
    if not changes:
        return f"nothing changes; version {before.version} of {site} holds"
    if dry_run:
        return "\n".join([*changes, f"nothing is stored; version {before.version} of {site} holds"])
    new = describe.change(site, value, expected_version=before.version, actor=ME, now=clock())
    return "\n".join([*changes, f"{site} is at version {new.version}"])


def _copy(site: str, name: str) -> str:
    with running() as service:
        return as_yaml({**service.use.describe.of(SiteId(site)).value, "id": name})


def _print(value: object, *, as_json: bool) -> None:
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False) if as_json else as_yaml(value).rstrip())


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInputError(f"{file} cannot be read: {error}") from error
