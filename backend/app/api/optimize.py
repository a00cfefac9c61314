"""/optimize: one problem in, plan and decision out. Nothing is read or stored."""

from math import inf
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fastapi import APIRouter
from pydantic import ConfigDict, Field, field_validator, model_validator

from app.api.deps import Now, Use
from app.api.models import In, Instant, Out, RecommendationOut
from app.api.plans import PlanOut
from app.api.security import Viewer
from app.domain.errors import InvalidInputError
from app.domain.money import CURRENCIES, Currency, currency
from app.domain.price import PricedSlot, Provenance
from app.domain.site import (
    FULL_PER_KWH_HOUR,
    FULL_SHARE,
    WEAR_PER_KWH,
    Battery,
    Coupling,
    GridConnection,
    Inverter,
    Mode,
    Site,
    SiteId,
    SolarArray,
)
from app.domain.slot import Slot
from app.optimizer.problem import Problem, ProblemSlot, end_value
from app.pricing.classify import classify
from app.templates.vocabulary import words

router = APIRouter(tags=["optimize"])

WORDS_OF = "fox-ess"
"""Whose words the modes of an asked decision are given in, as they always were."""
ALL_PCT = 100
MOST_KW, MOST_KWH = 10_000, 100_000
"""Beyond a house, but within what the solver's tolerances are good for."""
MOST_PRICE = max(each.dearest_per_kwh for each in CURRENCIES.values())
"""No currency has a higher price; each has its own bound below it."""


class BatteryIn(In):
    """A battery, measured on the AC side."""

    capacity_kwh: float = Field(ge=0, le=MOST_KWH)
    reserve_pct: float = Field(10, ge=0, le=100)
    limit_pct: float = Field(100, ge=0, le=100)
    max_charge_kw: float = Field(ge=0, le=MOST_KW)
    max_discharge_kw: float = Field(ge=0, le=MOST_KW)
    charge_efficiency: float = Field(0.95, ge=0.1, le=1)
    discharge_efficiency: float = Field(0.95, ge=0.1, le=1)
    reserve_per_kwh_hour: float | None = Field(
        None,
        ge=0,
        le=MOST_PRICE,
        description="What each kWh missing from a soft reserve is worth per hour; kept at any price if not given.",
    )
    full_above_pct: float = Field(100 * FULL_SHARE, ge=0, le=100, description="From here on the battery counts as standing full.")
    full_cost_per_kwh_hour: float | None = Field(
        None, ge=0, le=MOST_PRICE, description="What each kWh above that is worth not to have, per hour; next to nothing if not given."
    )
    wear_per_kwh: float | None = Field(None, ge=0, le=MOST_PRICE, description="2p or its like in another currency if not given.")


class SiteIn(In):
    """A house."""

    battery: BatteryIn
    inverter_ac_limit_kw: float = Field(5.0, gt=0, le=MOST_KW)
    coupling: Coupling = Coupling.DC
    modes: list[Mode] = Field(default_factory=lambda: list(Mode))
    import_limit_kw: float = Field(15.0, gt=0, le=MOST_KW)
    export_limit_kw: float = Field(5.0, ge=0, le=MOST_KW)
    curtailable: bool = True
    limits_export: bool = Field(default=True, description="Whether it can be told to export less, and throttles the array.")
    charge_limit_kw: float | None = Field(None, ge=0, le=MOST_KW, description="The most to buy while charging from the grid.")
    when_equal: Literal["late", "early"] = Field("late", description="Which of equally cheap slots to charge in.")
    currency: str = Field("GBP", pattern="^[A-Z]{3}$")
    time_zone: str = "Europe/London"

    @field_validator("time_zone")
    @classmethod
    def _known(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"{value!r} is no time zone") from error
        return value

    @field_validator("currency")
    @classmethod
    def _counted(cls, value: str) -> str:
        try:
            return currency(value).code
        except InvalidInputError as error:
            raise ValueError(str(error)) from error

    def site(self) -> Site:
        """Return the noun."""
        given, money = self.battery, currency(self.currency)
        battery = Battery(
            capacity_kwh=given.capacity_kwh,
            reserve_kwh=given.capacity_kwh * given.reserve_pct / 100,
            limit_kwh=given.capacity_kwh * given.limit_pct / 100,
            max_charge_kw=given.max_charge_kw,
            max_discharge_kw=given.max_discharge_kw,
            charge_efficiency=given.charge_efficiency,
            discharge_efficiency=given.discharge_efficiency,
            wear_per_kwh=money.of(WEAR_PER_KWH) if given.wear_per_kwh is None else given.wear_per_kwh,
            reserve_per_kwh_hour=given.reserve_per_kwh_hour,
            floor_kwh=None if given.reserve_per_kwh_hour is None else 0.0,
            full_above_kwh=given.capacity_kwh * given.full_above_pct / 100,
            full_per_kwh_hour=self._full_cost(money),
        )
        return Site(
            id=SiteId("asked"),
            battery=battery,
            inverter=Inverter(
                ac_limit_kw=self.inverter_ac_limit_kw,
                coupling=self.coupling,
                modes=tuple(self.modes),
                limits_export=self.limits_export,
                words=words(WORDS_OF),
            ),
            grid=GridConnection(
                import_limit_kw=self.import_limit_kw, export_limit_kw=self.export_limit_kw, charge_limit_kw=self.charge_limit_kw
            ),
            solar=SolarArray(curtailable=self.curtailable),
            zone=ZoneInfo(self.time_zone),
            currency=self.currency,
            charges_late=self.when_equal == "late",
        )

    def _full_cost(self, money: Currency) -> float:
        if self.battery.full_cost_per_kwh_hour is not None:
            return self.battery.full_cost_per_kwh_hour
        return money.of(FULL_PER_KWH_HOUR) if self.when_equal == "late" else 0.0


class SlotIn(In):
    """One slot: prices in currency per kWh, mean powers in kW. Slots may differ in length but join without a gap."""

    start: Instant
    end: Instant
    import_per_kwh: float = Field(ge=-MOST_PRICE, le=MOST_PRICE)
    export_per_kwh: float = Field(ge=-MOST_PRICE, le=MOST_PRICE)
    load_kw: float = Field(ge=0, le=MOST_KW)
    solar_kw: float = Field(0, ge=0, le=MOST_KW)
    min_soc_pct: float = Field(0, ge=0, le=100, description="What the battery should hold at the slot's end, at least.")
    max_soc_pct: float = Field(100, ge=0, le=100, description="What the battery should hold at the slot's end, at most.")

    @property
    def hours(self) -> float:
        """Length in hours."""
        return (self.end - self.start).total_seconds() / 3600

    @model_validator(mode="after")
    def _lasts(self) -> "SlotIn":
        if not 60 <= (self.end - self.start).total_seconds() <= 86_400:  # noqa: PLR2004 - a minute to a day
            raise ValueError("a slot lasts a minute to a day")
        return self


def _example() -> dict[str, Any]:
    prices = [0.08, 0.07, 0.31, 0.33]
    slots = [
        {
            "start": f"2026-01-15T{14 + n // 2}:{'30' if n % 2 else '00'}:00Z",
            "end": f"2026-01-15T{14 + (n + 1) // 2}:{'00' if n % 2 else '30'}:00Z",
            "import_per_kwh": price,
            "export_per_kwh": 0.12,
            "load_kw": 0.8,
            "solar_kw": 0.2,
        }
        for n, price in enumerate(prices)
    ]
    battery = {"capacity_kwh": 10, "max_charge_kw": 5, "max_discharge_kw": 5}
    return {"site": {"battery": battery}, "soc_pct": 50, "slots": slots}


class OptimizeIn(In):
    """A problem."""

    site: SiteIn
    soc_pct: float = Field(ge=0, le=100)
    slots: list[SlotIn] = Field(min_length=1, max_length=400)
    end_value_per_kwh: float | None = Field(
        None, ge=-MOST_PRICE, le=MOST_PRICE, description="What a kWh left at the end is worth; estimated if not given."
    )

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, json_schema_extra={"examples": [_example()]})

    def problem(self) -> Problem:
        """Return the noun.

        Raises:
            InvalidInputError: the slots do not join, a price is none in this currency, or the house cannot be.
        """
        site = self.site.site()
        self._refuse_absurd(site)
        classes = classify([slot.import_per_kwh for slot in self.slots], [slot.hours for slot in self.slots], site.money)
        priced = [
            PricedSlot(
                slot=Slot(each.start, each.end),
                import_per_kwh=each.import_per_kwh,
                export_per_kwh=each.export_per_kwh,
                provenance=Provenance.PUBLISHED,
                price_class=price_class,
            )
            for each, price_class in zip(self.slots, classes, strict=True)
        ]
        value = end_value(site, priced) if self.end_value_per_kwh is None else self.end_value_per_kwh
        slots = zip(priced, self.slots, strict=True)
        return Problem(
            site=site,
            start_kwh=site.battery.capacity_kwh * self.soc_pct / 100,
            end_value_per_kwh=value,
            slots=tuple(
                ProblemSlot(
                    priced=price,
                    load_kw=each.load_kw,
                    solar_kw=each.solar_kw,
                    least_kwh=site.battery.kwh(each.min_soc_pct),
                    most_kwh=site.battery.kwh(each.max_soc_pct) if each.max_soc_pct < ALL_PCT else inf,
                )
                for price, each in slots
            ),
        )

    def _refuse_absurd(self, site: Site) -> None:
        given = [("wear", site.battery.wear_per_kwh), ("end value", self.end_value_per_kwh or 0.0)]
        for slot in self.slots:
            given += [("import price", slot.import_per_kwh), ("export price", slot.export_per_kwh)]
        for what, per_kwh in given:
            site.money.must_be_plausible(per_kwh, f"the {what}")


class OptimizeOut(Out):
    """What to do in the first slot, and the cheapest plan that goes on from it."""

    plan: PlanOut
    decision: RecommendationOut


@router.post("/optimize")
def optimize_once(use: Use, at: Now, _caller: Viewer, asked: OptimizeIn) -> OptimizeOut:
    """Plan a given problem."""
    problem = asked.problem()
    plan, decision = use.optimize(problem, at)
    return OptimizeOut(plan=PlanOut.of(plan, problem.site), decision=RecommendationOut.of(decision))
