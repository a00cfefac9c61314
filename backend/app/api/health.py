"""/live, /health and /metrics: is it alive, is it well, how does it do."""

from collections.abc import Iterator
from http import HTTPStatus

from fastapi import APIRouter, Request, Response
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric, SummaryMetricFamily
from pydantic import Field

from app.api.deps import Described, Now, Use
from app.api.models import Out
from app.api.security import Viewer
from app.domain.decision import Decision
from app.domain.telemetry import Cause
from app.fleet.intake import Counts
from app.looks.execution import Carried
from app.looks.health import BADNESS, Report, Status
from app.usecases.turned_away import TurnedAway

router = APIRouter(tags=["health"])


class LiveOut(Out):
    """The process runs."""

    status: str = "alive"


class ComponentOut(Out):
    """One component."""

    name: str
    status: Status
    age_s: float | None
    detail: str
    remedy: str = Field(description="What to do about it; empty where nothing is to be done.")


class HealthOut(Out):
    """The worst of its components; `can_answer` says whether a recommendation rests on a plan or prices."""

    status: Status
    can_answer: bool
    carried_out: Carried | None = Field(description="Whether somebody carries decisions out, as far as reports tell; null if not known.")
    simulated: bool = Field(description="Whether prices or house are made up.")
    simulated_prices: bool
    simulated_house: bool
    components: list[ComponentOut]


@router.get("/live")
async def live() -> LiveOut:  # no thread: those may all be at work
    """Say that the process runs; needs no token."""
    return LiveOut()


@router.get("/health", responses={HTTPStatus.SERVICE_UNAVAILABLE: {"model": HealthOut}})
def health(use: Use, site: Described, at: Now, _caller: Viewer, response: Response) -> HealthOut:
    """Return the state of every component; 200 when it can answer, 503 when not."""
    report, home = use.health.report(site, at), use.homes.get(site)
    if not report.can_answer:
        response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
    return HealthOut(
        status=report.status,
        can_answer=report.can_answer,
        carried_out=report.carried,
        simulated=home is not None and home.is_simulated,
        simulated_prices=home is not None and home.simulated_prices,
        simulated_house=home is not None and home.simulated_house,
        components=[ComponentOut.model_validate(each) for each in report.components],
    )


@router.get("/metrics", response_class=Response)
def metrics(use: Use, site: Described, at: Now, _caller: Viewer, request: Request) -> Response:
    """Return Prometheus text."""
    registry = CollectorRegistry()
    registry.register(_Refusals(request.app.state.guard.turned_away))
    registry.register(_Intake(use.fleet.counts, use.fleet.waiting()))
    registry.register(_Collector(use.health.report(site, at), use.journal.remembered_decisions.get(site), len(use.journal.waiting)))
    return Response(generate_latest(registry), media_type="text/plain; version=0.0.4; charset=utf-8")


class _Collector:
    """Tells one scrape what health and the last decision say."""

    def __init__(self, report: Report, decision: Decision | None, waiting: int) -> None:
        self.report = report
        self.decision = decision
        self.waiting = waiting

    def collect(self) -> Iterator[Metric]:
        status = GaugeMetricFamily("battery_optimizer_component_status", "0 ok, 1 unknown, 2 degraded, 3 failed", labels=["component"])
        age = GaugeMetricFamily("battery_optimizer_component_age_seconds", "Age of the newest sign of life", labels=["component"])
        for component in self.report.components:
            status.add_metric([component.name], BADNESS[component.status])
            if component.age_s is not None:
                age.add_metric([component.name], component.age_s)
        yield status
        yield age
        yield GaugeMetricFamily("battery_optimizer_waiting_records", "Records held back while the database is away", self.waiting)
        if self.decision is not None:
            yield from _of_decision(self.decision)


class _Refusals:
    """Tells one scrape how many were turned away."""

    def __init__(self, turned_away: TurnedAway) -> None:
        self.turned_away = turned_away

    def collect(self) -> Iterator[Metric]:
        yield CounterMetricFamily("battery_optimizer_wrong_tokens", "Tokens that open nothing", self.turned_away.wrong_tokens)
        yield CounterMetricFamily("battery_optimizer_forbidden_writes", "Changes refused to a token", self.turned_away.forbidden_writes)


class _Intake:
    """Tells one scrape how the intake of what dongles say does."""

    def __init__(self, counts: Counts, waiting: int) -> None:
        self.counts = counts
        self.waiting = waiting

    def collect(self) -> Iterator[Metric]:
        prefix, counts = "battery_optimizer_telemetry", self.counts
        yield CounterMetricFamily(f"{prefix}_received", "Messages of dongles", counts.received)
        yield CounterMetricFamily(f"{prefix}_stored", "Samples stored", counts.stored)
        yield CounterMetricFamily(f"{prefix}_duplicate", "Samples that were there already", counts.duplicate)
        yield CounterMetricFamily(f"{prefix}_acknowledged", "Acknowledgements of logs", counts.acks)
        yield CounterMetricFamily(f"{prefix}_rolled_up", "Five-minute means made", counts.rolled)
        rejected = CounterMetricFamily(f"{prefix}_rejected", "Dead letters by cause", labels=["cause"])
        for cause in Cause:
            rejected.add_metric([cause], counts.rejected[cause])
        yield rejected
        yield SummaryMetricFamily(f"{prefix}_batch_seconds", "Time to store a batch", count_value=counts.batches, sum_value=counts.batch_s)
        yield GaugeMetricFamily(f"{prefix}_waiting", "Messages that are not stored yet", self.waiting)


def _of_decision(decision: Decision) -> Iterator[Metric]:
    mode = GaugeMetricFamily("battery_optimizer_mode", "The decided mode and the rung it came from", labels=["mode", "plan_source"])
    mode.add_metric([decision.command.mode, decision.plan_source], 1)
    yield mode
    numbers = {
        "import_price_per_kwh": ("Import price of the current slot", decision.price.import_per_kwh),
        "stored_kwh_value": ("Worth of one stored kWh", decision.stored_kwh_value),
        "expected_soc_percent": ("Expected state of charge at the slot's end", decision.expected_soc_pct),
    }
    for name, (help_text, value) in numbers.items():
        if value is not None:
            yield GaugeMetricFamily(f"battery_optimizer_{name}", help_text, value)
