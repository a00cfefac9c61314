"""/savings: what was paid, and what it would have been under each baseline."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import ConfigDict, Field

from app.api.deps import House, Now, Use
from app.api.models import EARLIEST, LATEST, Instant, Out
from app.api.security import Viewer
from app.domain.errors import InvalidInputError
from app.domain.ledger import Case
from app.ledger.period import Period
from app.ledger.savings import VALUE_BASIS, Savings, Total
from app.looks.savings import Statement
from app.optimizer.rules import Rules

router = APIRouter(prefix="/savings", tags=["savings"])

MOST_ANOMALIES = 50
LocalDay = Annotated[date | None, Query(description="Any local day of the period; today if not given.", examples=["2026-01-15"])]


class TotalOut(Out):
    """One case over a period. `net_cost` is cash plus wear less the value of what the battery holds more at the end."""

    case: Case
    import_kwh: float
    export_kwh: float
    charge_kwh: float
    discharge_kwh: float
    cost: float = Field(description="Cash: import less export earnings.")
    wear: float = Field(description="Apart from cash.")
    stored_change_kwh: float
    stored_change_value: float
    net_cost: float


class BaselineOut(TotalOut):
    """A baseline, and how much less was really paid."""

    rule: str = Field(description="What this house would have done.")
    saved: float = Field(description="Net cost of the baseline less the actual one.")
    saved_cash: float = Field(description="The same in cash alone, without wear and change of charge.")


class KpisOut(Out):
    """Key figures; null where there is nothing to divide by, or less than one cycle to measure over."""

    self_consumption: float | None
    self_sufficiency: float | None
    cycles: float | None
    round_trip: float | None
    fallback_hours: float


class CountOut(Out):
    """How much of the period is behind the totals, in hours. Incomplete and unpriced hours count in no total."""

    passed_hours: float
    settled_hours: float
    estimated_hours: float
    incomplete_hours: float
    unpriced_hours: float
    anomalies: int


class PartOut(Out):
    """A day of a month, a month of a year, a year of all."""

    start: Instant
    end: Instant
    cost: float
    wear: float
    net_cost: float
    saved: dict[Case, float]
    counted_hours: float


class AnomalyOut(Out):
    """A slot whose measurements disagree."""

    start: Instant
    end: Instant
    what: str


class SavingsOut(Out):
    """Savings of a period."""

    period: Period
    start: Instant
    end: Instant
    time_zone: str
    currency: str
    actual: TotalOut
    baselines: list[BaselineOut]
    stored_value_per_kwh: float
    stored_value_basis: str
    kpis: KpisOut
    count: CountOut
    parts: list[PartOut]
    anomalies: list[AnomalyOut] = Field(description=f"The newest {MOST_ANOMALIES} at most.")

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "period": "day",
                    "start": "2026-01-15T00:00:00Z",
                    "end": "2026-01-16T00:00:00Z",
                    "time_zone": "Europe/London",
                    "currency": "GBP",
                    "actual": {
                        "case": "actual",
                        "import_kwh": 12.4,
                        "export_kwh": 1.1,
                        "charge_kwh": 8.2,
                        "discharge_kwh": 7.1,
                        "cost": 1.31,
                        "wear": 0.14,
                        "stored_change_kwh": 0.3,
                        "stored_change_value": 0.06,
                        "net_cost": 1.39,
                    },
                    "baselines": [],
                    "stored_value_per_kwh": 0.19,
                    "stored_value_basis": VALUE_BASIS,
                    "kpis": {
                        "self_consumption": 0.82,
                        "self_sufficiency": 0.31,
                        "cycles": 0.79,
                        "round_trip": None,
                        "fallback_hours": 0.5,
                    },
                    "count": {
                        "passed_hours": 24,
                        "settled_hours": 23.5,
                        "estimated_hours": 0.5,
                        "incomplete_hours": 0,
                        "unpriced_hours": 0,
                        "anomalies": 0,
                    },
                    "parts": [],
                    "anomalies": [],
                }
            ]
        }
    )


@router.get("")
def savings(*, use: Use, house: House, at: Now, _caller: Viewer, period: Period = Period.DAY, start: LocalDay = None) -> SavingsOut:
    """Return a local day's, month's, year's or all savings against the three baselines; every slot at its own price."""
    told = use.account.statement(house.id, period, checked(start), at)
    whole = told.whole
    return SavingsOut(
        period=period,
        start=whole.span.start,
        end=whole.span.end,
        time_zone=str(house.zone),
        currency=house.currency,
        actual=TotalOut.model_validate(whole.actual),
        baselines=[baseline(each, whole.actual, use.homes[house.id].rules) for each in whole.baselines],
        stored_value_per_kwh=whole.stored_value_per_kwh,
        stored_value_basis=VALUE_BASIS,
        kpis=KpisOut.model_validate(whole.kpis),
        count=_count(told),
        parts=[_part(each) for each in told.parts],
        anomalies=[
            AnomalyOut(start=each.slot.start, end=each.slot.end, what=each.anomaly or "") for each in told.anomalies[-MOST_ANOMALIES:]
        ],
    )


def checked(day: date | None) -> date | None:
    """Return a local day that can be one.

    Raises:
        InvalidInputError: it lies outside what the service knows.
    """
    if day is not None and not EARLIEST.date() < day < LATEST.date():
        raise InvalidInputError(f"{day} lies outside 2000 to 2100")
    return day


def baseline(total: Total, actual: Total, rules: Rules) -> BaselineOut:
    """Return a baseline beside what really happened."""
    told = TotalOut.model_validate(total).model_dump()
    saved = total.net_cost - actual.net_cost
    return BaselineOut(**told, rule=_rule(total.case, rules), saved=saved, saved_cash=total.cost - actual.cost)


def _rule(case: Case, rules: Rules) -> str:
    match case:
        case Case.NO_BATTERY:
            return "the same house without its battery"
        case Case.RULES:
            buy, sell = f"import prices up to {rules.charge_below:g} per kWh", f"export prices from {rules.sell_above:g} on"
            return f"charge at {buy}, sell at {sell}, else self-use"
        case _:
            return "the battery stores surplus and feeds the house, whatever the price"


def _count(told: Statement) -> CountOut:
    count = told.whole.count
    return CountOut(
        passed_hours=told.passed_hours,
        settled_hours=count.settled_hours,
        estimated_hours=count.estimated_hours,
        incomplete_hours=count.incomplete_hours,
        unpriced_hours=count.unpriced_hours,
        anomalies=count.anomalies,
    )


def _part(part: Savings) -> PartOut:
    return PartOut(
        start=part.span.start,
        end=part.span.end,
        cost=part.actual.cost,
        wear=part.actual.wear,
        net_cost=part.actual.net_cost,
        saved={each.case: part.saved(each.case) for each in part.baselines},
        counted_hours=part.count.settled_hours + part.count.estimated_hours,
    )
