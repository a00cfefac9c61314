"""`battery-optimizer history`: the house's past from before it was looked at, so that forecasts start with weeks of it."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from app.cli.houses import Which, the_house
from app.domain.errors import InvalidInputError
from app.domain.reading import Metered, Quantity
from app.domain.site import SiteId
from app.domain.slot import floor
from app.services.home_assistant.entities import Entity, HomeAssistant
from app.storage.past_file import read_past
from app.storage.readings import ReadingStore
from app.usecases.bring_past import BringPast
from app.wiring.meters import octopus, statistics
from app.wiring.service import Service, clock, running

history = typer.Typer(no_args_is_help=True, help="Bring in the house's past from before it was looked at.")
out = Console()
MOST_SAID = 20
"""Lines of what is left out; more say nothing new."""
Days = Annotated[int, typer.Option(min=1, max=1000, help="How far back.")]


@history.command("import")
def import_file(
    data: Annotated[
        Path, typer.Argument(help="CSV, plain or .gz: time_utc, and load_kwh or pv_kwh or both; or what Octopus gives out of a meter.")
    ],
    site: Which = None,
) -> None:
    """Bring in a CSV file of energies; empty cells and missing rows are gaps."""
    past = read_past(data)
    with running() as service:
        _bring(service, the_house(service, site), past, source="file")


@history.command("home-assistant")
def from_home_assistant(
    days: Days = 60,
    load_entity: Annotated[str | None, typer.Option("--load", help="Another entity for the load, a power or an energy sensor.")] = None,
    solar_entity: Annotated[str | None, typer.Option("--solar", help="The same for the array.")] = None,
    site: Which = None,
) -> None:
    """Bring in Home Assistant's long-term statistics, which reach back further than its ten days of states."""
    with running() as service:
        which = the_house(service, site)
        home, asks = service.homes[which], statistics(service, which).hours
        entities = home.house.entities if isinstance(home.house, HomeAssistant) else {}
        now = floor(clock(), minutes=60)
        for quantity, named in ((Quantity.LOAD_KW, load_entity), (Quantity.SOLAR_KW, solar_entity)):
            entity = Entity(entity_id=named) if named else entities.get(quantity)
            if entity is not None and (quantity is Quantity.LOAD_KW or home.site.solar.peak_kw > 0):
                out.print(f"{entity.entity_id}: ", end="", markup=False)
                _bring(service, which, asks(quantity, entity, now - timedelta(days=days), now), source="statistics")


@history.command("octopus")
def from_octopus(
    mpan: Annotated[str, typer.Option(help="The import meter point, 13 digits, on the bill.")],
    serial: Annotated[str, typer.Option(help="The meter's serial number, on the bill.")],
    days: Days = 60,
    site: Which = None,
) -> None:
    """Bring in metered consumption: the load of a house that had neither array nor battery then."""
    with running() as service:
        which = the_house(service, site)
        meter = octopus(service, which, clock)
        if meter is None:
            raise InvalidInputError("consumption is known only where the house buys from octopus")
        now = clock()
        rows = meter.consumption(mpan, serial, now - timedelta(days=days), now)
        past = [Metered(quantity=Quantity.LOAD_KW, slot=row.slot, kwh=row.kwh, by_meter=True) for row in rows]
        _bring(service, which, past, source="octopus_meter")


def _bring(service: Service, site: SiteId, past: Sequence[Metered], *, source: str) -> None:
    """Store a past and say what came of it."""
    if not past:
        raise InvalidInputError("there is nothing in that time")
    found = BringPast(ReadingStore(service.database), service.use.sites).run(site, past, source=source)
    for each in found.left_out[:MOST_SAID]:
        out.print(str(each), markup=False, soft_wrap=True)
    if found.impossible > MOST_SAID:
        out.print(f"… and {found.impossible - MOST_SAID} more", markup=False)
    span = f", {found.first:%Y-%m-%d} to {found.last:%Y-%m-%d}" if found.first and found.last else ""
    left_out = f"; {found.impossible} impossible ones left out" if found.impossible else ""
    told = f"{found.new} intervals new{span}; {found.measured} of {found.told} were measured already{left_out}"
    out.print(told, markup=False, soft_wrap=True)
    if found.doubted:
        raise InvalidInputError(
            f"most of {' and '.join(found.doubted)} cannot be, so nothing of it was stored: is it in Wh and not in kWh?"
        )
