"""`battery-optimizer backtest`: what a house would have paid, decided slot by slot with only what was known then."""

import dataclasses
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from app.cli.houses import Which, the_house
from app.domain.errors import InvalidInputError
from app.domain.money import currency as money_of
from app.domain.site import WEAR_PER_KWH, Battery, GridConnection, Inverter, Mode, Site
from app.domain.tape import Tape
from app.forecasting.scenarios import DAYS
from app.forecasting.weatherlike import ErrorModel, errors, foretell
from app.optimizer.rules import Rules
from app.pricing.publication import Publication
from app.replay.backtest import Terms
from app.replay.jobs import Job
from app.replay.report import report
from app.replay.study import Ask, planners, study, table
from app.replay.tapes import read_tape, write_parquet, write_rows
from app.storage.readings import ReadingStore
from app.usecases.stored_tape import stored_tape
from app.wiring.service import clock, running

out, err = Console(), Console(stderr=True)
NO_LIMIT_KW = 1000.0

OF_THE_HOUSE = (
    *("capacity", "reserve", "power", "efficiency", "wear", "inverter", "import_limit", "export_limit", "mode"),
    *("fixed_export", "charge_below", "sell_above", "zone", "currency"),
)
"""What describes the house of a file; the stored history has its own, in its document."""

Data = Annotated[Path | None, typer.Argument(help="CSV, plain or .gz: time_utc, import_price, export_price, load_kwh, pv_kwh.")]


def backtest(  # noqa: PLR0913, PLR0917 - a command line's options are its arguments
    context: typer.Context,
    data: Data = None,
    stored: Annotated[bool, typer.Option("--stored", help="Replay the stored history instead of a file, in the described house.")] = False,  # noqa: FBT002 - typer's way
    house: Which = None,
    start: Annotated[datetime | None, typer.Option(help="First slot decided, UTC; 28 days into the data if not given.")] = None,
    end: Annotated[datetime | None, typer.Option(help="Where to stop, UTC.")] = None,
    capacity: Annotated[float, typer.Option(help="Battery, kWh.")] = 10.0,
    reserve: Annotated[float, typer.Option(help="Never drained below, kWh.")] = 1.0,
    power: Annotated[float, typer.Option(help="Charging and discharging, kW.")] = 5.0,
    efficiency: Annotated[float, typer.Option(help="Each way.")] = 0.95,
    wear: Annotated[float | None, typer.Option(help="Per kWh discharged, in the currency; 2p or its like.")] = None,
    charge: Annotated[float | None, typer.Option(help="Stored at the start, kWh; half if not given.")] = None,
    inverter: Annotated[float, typer.Option(help="AC limit, kW.")] = NO_LIMIT_KW,
    import_limit: Annotated[float, typer.Option(help="kW.")] = 15.0,
    export_limit: Annotated[float, typer.Option(help="kW.")] = 5.0,
    mode: Annotated[list[Mode] | None, typer.Option(help="A mode the inverter offers, once for each; all if none is given.")] = None,
    publication: Annotated[Publication, typer.Option(help="When the tariff's prices become known.")] = Publication.AGILE,
    fixed_export: Annotated[float | None, typer.Option(help="A fixed export price per kWh instead of the column.")] = None,
    charge_below: Annotated[float | None, typer.Option(help="Reactive rules: charge at or below; 10p or its like.")] = None,
    sell_above: Annotated[float | None, typer.Option(help="Reactive rules: sell at or above; 28p or its like.")] = None,
    solar: Annotated[str, typer.Option(help="history, or weather: a made-up forecast with a stated error.")] = "history",
    day_sigma: Annotated[float, typer.Option(help="Weather: error of a whole day, in clearness.")] = 0.1,
    wobble_sigma: Annotated[float, typer.Option(help="Weather: error from hour to hour, in clearness.")] = 0.1,
    zone: Annotated[str, typer.Option(help="Time zone of tariff and house.")] = "Europe/London",
    currency: Annotated[str, typer.Option()] = "GBP",
    plan: Annotated[bool, typer.Option("--plan", help="Also replay the linear plan alone: its power forced, and mapped to modes.")] = False,  # noqa: FBT002
    bounds: Annotated[bool, typer.Option(help="Prove what perfect foresight could reach; about a minute for a year.")] = True,  # noqa: FBT002
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = os.cpu_count() or 1,
    folder: Annotated[Path, typer.Option("--out", help="Where results and what is decided so far are kept.")] = Path("backtest"),
) -> None:
    """Replay a year with only what was known then, beside every baseline and perfect foresight; goes on where it was killed."""
    if stored == (data is not None):
        raise InvalidInputError("name a CSV file, or say --stored")
    if data is None:
        _refuse_house(context)
        site, rules, tape, name = *_from_store(house, start, end), "the stored history"
    else:
        site = Site(
            battery=Battery(
                capacity_kwh=capacity,
                reserve_kwh=reserve,
                max_charge_kw=power,
                max_discharge_kw=power,
                charge_efficiency=efficiency,
                discharge_efficiency=efficiency,
                wear_per_kwh=money_of(currency).of(WEAR_PER_KWH) if wear is None else wear,
            ),
            inverter=Inverter(ac_limit_kw=inverter, modes=tuple(mode or Mode)),
            grid=GridConnection(import_limit_kw=import_limit, export_limit_kw=export_limit),
            zone=_zone(zone),
            currency=currency,
        )
        rules = Rules.of(site.money, charge_below=charge_below, sell_above=sell_above)
        tape, name = read_tape(data, fixed_export=fixed_export), data.name
    site = dataclasses.replace(site, solar=dataclasses.replace(site.solar, peak_kw=float(tape.solar_kw.max())))
    first, last = _span(tape, start, end)
    sun = _sun(solar, day_sigma=day_sigma, wobble_sigma=wobble_sigma)
    stored_kwh = site.battery.capacity_kwh / 2 if charge is None else charge
    job = Job(tape=tape, terms=Terms(site=site, publication=publication), first=first, last=last, start_kwh=stored_kwh, sun=sun)
    ask = Ask(jobs=_jobs(job, also_planned=plan), rules=rules, bounds=bounds)
    with _progress() as told:
        found = study(ask, folder=folder / "decided", workers=workers, told=told)
    out.print(table(found, site))
    lead = _lead(job)
    out.print(lead)
    has_parquet = False
    for policy, rows in found.rows.items():
        path = folder / f"{policy.replace(' ', '_').replace(',', '')}.csv"
        write_rows(path, rows, capacity_kwh=site.battery.capacity_kwh)
        has_parquet = write_parquet(path.with_suffix(".parquet"), rows, capacity_kwh=site.battery.capacity_kwh)
    report(folder / "report.html", found, site, title=f"Backtest of {name}", lead=lead)
    parquet = f" and {folder}/*.parquet" if has_parquet else " (as Parquet too once pyarrow is installed)"
    out.print(f"slot by slot: {folder}/*.csv{parquet}; to look at: {folder / 'report.html'}", markup=False)


def _jobs(job: Job, *, also_planned: bool) -> dict[str, Job]:
    """Return ours, and where wanted the plain plan's ways before it."""
    ours = "ours, history only" if job.sun is None else "ours, weather-like forecast"
    return (planners(job) if also_planned else {}) | {ours: job}


def _lead(job: Job) -> str:
    """Return what was replayed, in words."""
    tape = job.tape
    text = (
        f"{tape.start(job.first):%Y-%m-%d %H:%M} to {tape.start(job.last):%Y-%m-%d %H:%M} UTC in slots of {tape.minutes} minutes, "
        f"prices known as {job.terms.publication.replace('_', '-')} publishes them."
    )
    if job.sun is None:
        return text
    wrong = errors(tape, foretell(tape, job.sun), job.first)
    return (
        f"{text} The solar forecast is made up: the truth over three hours, a day's error of {job.sun.day_sigma} and a wobble of "
        f"{job.sun.wobble_sigma} in clearness; it is wrong by {wrong.all_hours_kw:.3f} kW over all hours, {wrong.daylight_kw:.3f} kW by "
        f"day, {100 * wrong.day_energy:.0f} % of a day's energy."
    )


def _sun(solar: str, *, day_sigma: float, wobble_sigma: float) -> ErrorModel | None:
    if solar not in {"history", "weather"}:
        raise InvalidInputError(f"--solar is history or weather, not {solar}")
    return ErrorModel(day_sigma=day_sigma, wobble_sigma=wobble_sigma) if solar == "weather" else None


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise InvalidInputError(f"there is no time zone {name}") from error


def _span(tape: Tape, start: datetime | None, end: datetime | None) -> tuple[int, int]:
    """Return the slots to decide: from the start, or when four weeks are known, to the end."""
    first = DAYS * tape.per_day if start is None else tape.place(start.replace(tzinfo=start.tzinfo or UTC))
    last = len(tape) if end is None else tape.place(end.replace(tzinfo=end.tzinfo or UTC))
    if start is None and len(tape) <= first:
        first = 0
    if first >= last:
        raise InvalidInputError(
            f"nothing lies between start and end; the data reach from {tape.first:%Y-%m-%d} to {tape.start(len(tape)):%Y-%m-%d}"
        )
    return first, last


def _refuse_house(context: typer.Context) -> None:
    """Refuse what was said of the house while the stored history's own is replayed.

    Raises:
        InvalidInputError: names the options.
    """
    sources = {name: context.get_parameter_source(name) for name in OF_THE_HOUSE}
    said = [f"--{name.replace('_', '-')}" for name, source in sources.items() if source is not None and source.name != "DEFAULT"]
    if said:
        raise InvalidInputError(f"--stored replays the house and the rules of its document: leave out {', '.join(said)}")


def _from_store(named: str | None, start: datetime | None, end: datetime | None) -> tuple[Site, Rules, Tape]:
    """Return the described house, its rules and its tape: four weeks more than is decided."""
    with running() as service:
        house = the_house(service, named)
        home = service.homes[house]
        until = clock() if end is None else end.replace(tzinfo=end.tzinfo or UTC)
        since = until - timedelta(weeks=12) if start is None else start.replace(tzinfo=start.tzinfo or UTC) - timedelta(days=DAYS)
        tape, filled = stored_tape(service.use.prices, ReadingStore(service.database), house, since, until)
    if filled:
        err.print(f"{filled} slots were not measured and are filled with other days' mean", style="yellow")
    return home.site, home.rules, tape


@contextmanager
def _progress() -> Iterator[Callable[[str, int, int], None]]:
    """Show a bar for each step."""
    bars: dict[str, TaskID] = {}
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total}"), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True) as progress:

        def told(what: str, done: int, total: int) -> None:
            if what not in bars:
                bars[what] = progress.add_task(what, total=total)
            progress.update(bars[what], completed=done, total=total)

        yield told
