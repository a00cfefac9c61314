"""What routes ask for: the use cases, the time, the site, the caller."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Query, Request

from app.domain.errors import NotFoundError
from app.domain.site import HOME, Site, SiteId
from app.fleet.provision import Provision
from app.fleet.registry import Fleet
from app.looks.dashboard import Dashboard
from app.looks.evidence import Proofs
from app.looks.forecast_quality import ForecastQuality
from app.looks.health import Health
from app.looks.savings import Account
from app.looks.shadow import Shadow
from app.usecases import ports
from app.usecases.describe import Describe
from app.usecases.execute import Execute
from app.usecases.ingest import Ingest
from app.usecases.journal import Journal
from app.usecases.outlook import Outlook
from app.usecases.preferences import Prefer
from app.usecases.recommend import Recommend
from app.usecases.refresh import Refresh


@dataclass(frozen=True, slots=True, kw_only=True)
class UseCases:
    """Everything a caller can ask for."""

    clock: Callable[[], datetime]
    sites: Mapping[SiteId, Site]
    describe: Describe
    refresh: Refresh
    ingest: Ingest
    outlook: Outlook
    recommend: Recommend
    execute: Execute
    health: Health
    journal: Journal
    prefer: Prefer
    account: Account
    dashboard: Dashboard
    shadow: Shadow
    forecast_quality: ForecastQuality
    fleet: Fleet
    prices: ports.Prices
    plans: ports.Plans
    decisions: ports.Decisions
    proofs: Proofs
    audit: ports.Audit
    provision: Provision
    time_limit_s: float
    simulated_house: bool = False
    simulated_prices: bool = False
    broker_for_devices: tuple[str | None, int | None] = (None, None)
    """Where dongles find the broker."""

    @property
    def simulated(self) -> bool:
        """Whether prices or house are made up; pages say so."""
        return self.simulated_house or self.simulated_prices


def _use_cases(request: Request) -> UseCases:
    use: UseCases = request.app.state.use
    return use


Use = Annotated[UseCases, Depends(_use_cases)]


def _now(use: Use) -> datetime:
    return use.clock()


Now = Annotated[datetime, Depends(_now)]


def _site(use: Use, site: Annotated[str, Query(description="Which house.", max_length=64, examples=["home"])] = HOME) -> Site:
    found = use.sites.get(SiteId(site))
    if found is None:
        raise NotFoundError(f"no site named {site!r}")
    return found


House = Annotated[Site, Depends(_site)]
