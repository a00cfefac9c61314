"""Sites and problems in a few words, for every test. What a test does not say is an ordinary British house."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Literal

from app.domain.money import currency
from app.domain.price import PriceClass, PricedSlot, Provenance
from app.domain.site import Battery, Coupling, GridConnection, Inverter, Mode, Site, SolarArray, Withheld
from app.domain.slot import Slot
from app.optimizer.problem import Problem, ProblemSlot
from app.optimizer.rules import Rules
from app.templates.vocabulary import words

START = datetime(2026, 6, 1, 0, 0, tzinfo=UTC)
GBP, SEK = currency("GBP"), currency("SEK")
RULES = Rules.of(GBP)
"""The rules of a British house that never set them."""

type Series = float | Sequence[float]
"""One number for every slot, or one for each."""


def battery(
    *,
    capacity_kwh: float = 10.0,
    reserve_kwh: float | None = None,
    floor_kwh: float | None = None,
    limit_kwh: float | None = None,
    power_kw: float = 5.0,
    efficiency: float = 0.95,
    wear_per_kwh: float = 0.02,
) -> Battery:
    """Return a battery that keeps a tenth in reserve if nothing else is said. The efficiency counts once each way."""
    return Battery(
        capacity_kwh=capacity_kwh,
        reserve_kwh=capacity_kwh / 10 if reserve_kwh is None else reserve_kwh,
        floor_kwh=floor_kwh,
        limit_kwh=limit_kwh,
        max_charge_kw=power_kw,
        max_discharge_kw=power_kw,
        charge_efficiency=efficiency,
        discharge_efficiency=efficiency,
        wear_per_kwh=wear_per_kwh,
    )


def house(  # noqa: PLR0913 - a test names only what it is about
    store: Battery | None = None,
    *,
    ac_limit_kw: float = 100.0,
    coupling: Coupling = Coupling.DC,
    import_limit_kw: float = 15.0,
    export_limit_kw: float = 5.0,
    curtailable: bool = True,
    modes: tuple[Mode, ...] = tuple(Mode),
    withheld: tuple[Withheld, ...] = (),
    own_power: tuple[Mode, ...] = (),
    limits_export: bool = False,
    currency: Literal["GBP", "SEK", "EUR"] = "GBP",
) -> Site:
    """Return a site around a battery."""
    return Site(
        battery=store or battery(),
        inverter=Inverter(
            ac_limit_kw=ac_limit_kw,
            coupling=coupling,
            modes=modes,
            withheld=withheld,
            own_power=own_power,
            limits_export=limits_export,
            words=words("fox-ess"),
        ),
        grid=GridConnection(import_limit_kw=import_limit_kw, export_limit_kw=export_limit_kw),
        solar=SolarArray(peak_kw=4.0, curtailable=curtailable),
        currency=currency,
    )


def priced(
    buy: Sequence[float],
    sell: Series = 0.05,
    *,
    minutes: int = 30,
    first_minutes: float | None = None,
    start: datetime = START,
    provenance: Provenance = Provenance.PUBLISHED,
) -> tuple[PricedSlot, ...]:
    """Return priced slots from a start on; the first may be what is left of one."""
    first_end = start + timedelta(minutes=minutes if first_minutes is None else first_minutes)
    edges = [start, *(first_end + n * timedelta(minutes=minutes) for n in range(len(buy)))]
    return tuple(
        PricedSlot(slot=Slot(*edge), import_per_kwh=b, export_per_kwh=s, provenance=provenance, price_class=PriceClass.NORMAL)
        for edge, b, s in zip(pairwise(edges), buy, each(sell, len(buy)), strict=True)
    )


def problem(  # noqa: PLR0913 - a test names only what it is about
    *,
    buy: Sequence[float],
    sell: Series = 0.05,
    load_kw: Series = 0.0,
    solar_kw: Series = 0.0,
    start_kwh: float = 5.0,
    minutes: int = 30,
    first_minutes: float | None = None,
    end_value: float = 0.0,
    site: Site | None = None,
    start: datetime = START,
) -> Problem:
    """Return a problem with one slot for each buying price."""
    slots = priced(buy, sell, minutes=minutes, first_minutes=first_minutes, start=start)
    powers = zip(slots, each(load_kw, len(buy)), each(solar_kw, len(buy)), strict=True)
    return Problem(
        site=site or house(),
        start_kwh=start_kwh,
        end_value_per_kwh=end_value,
        slots=tuple(ProblemSlot(priced=slot, load_kw=load, solar_kw=solar) for slot, load, solar in powers),
    )


def each(series: Series, count: int) -> Sequence[float]:
    """Return a number for every one of `count` slots."""
    return [float(series)] * count if isinstance(series, int | float) else series
