"""Which house a command speaks of."""

from typing import Annotated

import typer

from app.domain.errors import NotFoundError, UnavailableError
from app.domain.site import HOME, SiteId
from app.usecases.home import nothing_here
from app.wiring.service import Service

Which = Annotated[str | None, typer.Option("--site", metavar="SITE", help="Which house; `home`, or the only one, if not given.")]


def the_house(service: Service, named: str | None) -> SiteId:
    """Return the house that is named, else home, else the only one.

    Raises:
        NotFoundError: there is no such house, or it is not clear which.
        UnavailableError: it cannot be served as described.
    """
    homes = service.homes
    if named is None and HOME not in homes and len(homes) == 1:
        return next(iter(homes))
    site = SiteId(named or HOME)
    if site in homes:
        return site
    problem = homes.problem(site)
    if problem is not None and site in homes.built:
        raise UnavailableError(f"{site}: {problem}")
    there = f"; there are {', '.join(homes)}: say --site" if len(homes) else ""
    raise NotFoundError(nothing_here(homes, site) + there)
