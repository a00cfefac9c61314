"""What routes ask for: the use cases, the time, the site, the caller."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Query, Request

from app.api.security import Refuse, Token, must_open
from app.domain.decision import Decision
from app.domain.errors import NotFoundError, UnavailableError
from app.domain.plan import Plan
from app.domain.site import HOME, Site, SiteId
from app.fleet.provision import Provision
from app.fleet.registry import Fleet
from app.looks.dashboard import Dashboard
from app.looks.evidence import Proofs
from app.looks.forecast_quality import ForecastQuality
from app.looks.health import Health
from app.looks.savings import Account
from app.looks.shadow import Shadow
from app.optimizer.problem import Problem
from app.usecases import ports
from app.usecases.describe import Describe
from app.usecases.execute import Execute
from app.usecases.home import NO_HOUSE, Homes, nothing_here
from app.usecases.ingest import Ingest
from app.usecases.journal import Journal
from app.usecases.outlook import Outlook
from app.usecases.preferences import Prefer
from app.usecases.recommend import Recommend
from app.usecases.refresh import Refresh
from app.usecases.settle import Settle


@dataclass(frozen=True, slots=True, kw_only=True)
class UseCases:
    """Everything a caller can ask for."""

    clock: Callable[[], datetime]
    homes: Homes
    sites: Mapping[SiteId, Site]
    problem: Callable[[SiteId], str | None]
    """Tells why a house cannot be served as described."""
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
    settle: Settle
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
    optimize: Callable[[Problem, datetime], tuple[Plan, Decision]]
    """Solves a given problem beside the service, so that decisions do not wait for it."""
    broker_for_devices: tuple[str | None, int | None] = (None, None)
    """Where dongles find the broker."""


def _use_cases(request: Request) -> UseCases:
    use: UseCases = request.app.state.use
    return use


Use = Annotated[UseCases, Depends(_use_cases)]


def _now(use: Use) -> datetime:
    return use.clock()


Now = Annotated[datetime, Depends(_now)]


def _named(
    token: Token,
    refuse: Refuse,
    site: Annotated[
        str | None, Query(description="Which house; the one that the token is for, else `home`.", max_length=64, examples=["home"])
    ] = None,
) -> SiteId:
    wanted = SiteId(site) if site is not None else HOME if token.is_for_all else token.site
    must_open(token, wanted, refuse)
    return wanted


Named = Annotated[SiteId, Depends(_named)]
"""The house that is asked about, described or not; a token of another house is refused."""


def _sees_strangers(use: Use, token: Token) -> bool:
    return token.is_for_all or len(use.homes) <= 1


SeesStrangers = Annotated[bool, Depends(_sees_strangers)]
"""Whether the caller may see and claim devices that are nobody's yet: with several houses they could be a neighbour's."""


def _described(use: Use, site: Named) -> SiteId:
    if site not in use.homes and use.problem(site) is None:
        raise NotFoundError(nothing_here(use.homes, site))
    return site


Described = Annotated[SiteId, Depends(_described)]
"""A house that can at least say why it is not served."""


def _site(use: Use, site: Named) -> Site:
    found = use.sites.get(site)
    if found is not None:
        return found
    problem = use.problem(site)
    if problem is None or problem == NO_HOUSE:
        raise NotFoundError(problem or nothing_here(use.homes, site))
    raise UnavailableError(problem)


House = Annotated[Site, Depends(_site)]
