"""The same use cases in a shell: `battery-optimizer`."""

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Column, Table

from app.cli import show
from app.cli.backtest import backtest
from app.cli.devices import ca_cli, device_cli
from app.cli.doctor import examine
from app.cli.history import history
from app.cli.houses import Which, the_house
from app.cli.serving import serve_app
from app.cli.site import site_cli
from app.cli.tokens import token_cli
from app.config.leftover import leftover
from app.config.settings import load, unread_tokens
from app.domain.errors import InvalidInputError, OptimizerError
from app.looks.health import MADE_UP
from app.looks.shadow import last_weeks
from app.main import create_app
from app.storage.database import downgrade
from app.storage.retention import prune
from app.usecases.home import NO_HOUSE
from app.wiring.access import refuse_if_unguarded
from app.wiring.dongles import listen_only
from app.wiring.meters import octopus
from app.wiring.service import Service, build, clock, prepare, retention, running

cli = typer.Typer(no_args_is_help=True, add_completion=False, help="Plans and controls a home battery.")
prices_cli = typer.Typer(no_args_is_help=True, help="What energy costs.")
db_cli = typer.Typer(no_args_is_help=True, help="Where records are kept.")
cli.add_typer(prices_cli, name="prices")
cli.add_typer(db_cli, name="db")
cli.add_typer(token_cli, name="token")
cli.add_typer(history, name="history")
cli.add_typer(ca_cli, name="ca")
cli.add_typer(device_cli, name="device")
cli.add_typer(site_cli, name="site")
out, err = Console(), Console(stderr=True)


def main() -> None:
    """Run the command line; an error of ours is one readable message and exit code 1."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    try:
        cli()
    except OptimizerError as error:
        err.print(str(error), style="bold red", markup=False)
        raise SystemExit(1) from error


@cli.command()
def serve() -> None:
    """Serve the API and the page, and keep prices, readings and decisions fresh."""
    settings = load()
    prepare(settings)
    service = build(settings, left=leftover())
    with ExitStack() as undone:
        undone.callback(service.close)
        refuse_if_unguarded(settings.api, service.guard, unread_tokens(settings))
        undone.pop_all()
    if not service.use.describe.sites():
        logging.getLogger(__name__).warning(NO_HOUSE)
    _serve(service)


@cli.command()
def listen() -> None:
    """Listen to dongles and do nothing else: one of several such services beside `serve`, each with its own client id."""
    settings = load()
    prepare(settings)
    listen_only(settings, clock)


@cli.command()
def demo(
    port: Annotated[int, typer.Option(help="Where to listen.")] = 8000,
    region: Annotated[
        str | None, typer.Option("--octopus", metavar="REGION", help="Real public Agile prices of a region letter, e.g. C.")
    ] = None,
    folder: Annotated[Path, typer.Option(help="Where the demo keeps its database.")] = Path(".demo"),
) -> None:
    """Serve a simulated house on http://127.0.0.1:8000 with made-up or real Agile prices."""
    settings = show.demo_settings(port=port, folder=folder)
    with _working("preparing the simulated house"):
        prepare(settings)
        service = build(settings, demo=show.demo_house(region))
        for _ in range(2):  # what there is to know comes in beside the first decision, and is decided on in the second turn
            service.rounds.turn(clock())
            service.rounds.finish()
    out.print(f"The house is simulated. Open http://127.0.0.1:{port}", style="bold green")
    _serve(service)


@cli.command()
def recommend(site: Which = None) -> None:
    """Say what to do now, and why."""
    with running() as service:
        house = the_house(service, site)
        out.print(show.decision_panel(service.use.recommend.now(house, clock()), service.use.sites[house]))
        if service.homes[house].simulated_prices:
            out.print(f"Simulated: {MADE_UP}. `battery-optimizer doctor` says what to set.", style="bold yellow")


@cli.command()
def plan(site: Which = None) -> None:
    """Show the plan as a table and a plot."""
    with running() as service:
        house = the_house(service, site)
        with _working("planning"):
            service.use.recommend.now(house, clock())
        found = service.use.journal.last_plan(house, clock())
        if found is None:
            raise InvalidInputError("there is no plan; `battery-optimizer doctor` says what is missing")
        out.print(show.plan_table(found, service.use.sites[house]))
        out.print(show.plan_plot(found, service.use.sites[house], width=min(120, out.width)), markup=False, highlight=False)


@cli.command()
def shadow(weeks: Annotated[int, typer.Option(min=1, max=57, help="How far back.")] = 4, site: Which = None) -> None:
    """Score our decisions, simulated, against the controller that really ran the house, week by week."""
    with running() as service:
        house = the_house(service, site)
        with _working("carrying our decisions out in the simulated house"):
            found = service.use.shadow.run(house, last_weeks(clock(), weeks))
        if not found.weeks:
            out.print(f"There is nothing to compare in the last {weeks} weeks: no slot of them is settled yet.")
            return
        out.print(show.shadow_table(found, service.use.sites[house]))
        if not found.observing:
            out.print(f"{found.carried_out} of our decisions were carried out: this was no shadow. Turn dry run on to observe.")


@cli.command()
def doctor(
    site: Annotated[str | None, typer.Option("--site", metavar="SITE", help="Only this house; every one if not given.")] = None,
) -> None:
    """Check every setting and connection, and say what to do."""
    table = Table("", "what", "how it is", Column("what to do", overflow="fold"))
    healthy = True
    with _working("asking every neighbour"):
        for finding in examine(load, site):
            healthy = healthy and finding.is_fine
            table.add_row("✓" if finding.is_fine else "✗", finding.name, finding.state, finding.remedy)
    out.print(table)
    if not healthy:
        raise typer.Exit(1)


cli.command()(backtest)


@prices_cli.command("refresh")
def prices_refresh(site: Which = None) -> None:
    """Fetch and store what the tariff has published."""
    with running() as service:
        house = the_house(service, site)
        with _working(f"asking {service.homes[house].source.name}"):
            found = service.use.refresh.run(house, clock())
        span = f"{found.first:%Y-%m-%d %H:%M} to {found.last:%Y-%m-%d %H:%M} UTC" if found.first and found.last else "nothing"
        out.print(f"{found.stored} prices new or changed; the source gave {span}; {len(found.missing)} slots still missing")


@prices_cli.command("region")
def prices_region(postcode: str, site: Which = None) -> None:
    """Say which Octopus region letter a postcode has."""
    with running() as service:
        found = octopus(service, the_house(service, site), clock)
        if found is None:
            raise InvalidInputError("regions are known only where the house buys from octopus")
        out.print(found.region_of_postcode(postcode))


@db_cli.command("upgrade")
def db_upgrade() -> None:
    """Bring the database to this version's schema."""
    with _working("upgrading"):
        prepare(load())
    out.print("the database fits this version")


@db_cli.command("downgrade")
def db_downgrade(
    revision: Annotated[str, typer.Argument(metavar="REVISION", help="The older version's newest migration, e.g. 0007.")],
) -> None:
    """Take the database back to an older version's schema, before that version is started again; stop this one first."""
    with _working("going back"):
        downgrade(load().database.url.get_secret_value(), revision)
    out.print(f"the database is at {revision}: start the older version now, for this one would upgrade it again")


@db_cli.command("prune")
def db_prune() -> None:
    """Delete what is older than it is to be kept."""
    with running() as service:
        with _working("pruning"):
            gone = prune(service.database, None, now=clock(), keep=retention(service.settings))
        out.print(", ".join(f"{count} {name}" for name, count in gone.items()) + " deleted")


@contextmanager
def _working(what: str) -> Iterator[None]:
    """Show that something is going on for as long as it does."""
    with Progress(SpinnerColumn(), TextColumn(what), TimeElapsedColumn(), console=err, transient=True):
        yield


def _serve(service: Service) -> None:
    serve_app(create_app(service), service.settings.api)
