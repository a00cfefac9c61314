"""Whom the past of a house can be asked of: its meter at Octopus, its Home Assistant's statistics."""

from collections.abc import Callable
from datetime import datetime

from app.document.planned import checked
from app.document.site import SiteDocument
from app.domain.errors import InvalidInputError
from app.domain.price import Direction
from app.domain.site import SiteId
from app.services.home_assistant.statistics import HomeAssistantStatistics
from app.services.octopus.energy import OctopusEnergy
from app.services.tariffs.octopus import Octopus, OctopusRates
from app.services.tariffs.source import Tools
from app.wiring.homes import Opened
from app.wiring.service import Service


def document(service: Service, site: SiteId) -> SiteDocument:
    """Return a house's document.

    Raises:
        NotFoundError: there is none.
    """
    return checked(service.use.describe.of(site).value)


def secrets(service: Service, site: SiteId) -> Opened:
    """Return a house's secrets in the clear."""
    return Opened(site, *service.use.describe.opened(site))


def octopus(service: Service, site: SiteId, clock: Callable[[], datetime]) -> OctopusEnergy | None:
    """Return Octopus as a house buys from it now, None where it does not."""
    found, clear = document(service, site), secrets(service, site).clear
    tools = Tools(http=service.clients.to, secret=clear.get, clock=clock, currency=found.place.currency)
    for agreement in found.tariff.agreements:
        if agreement.holds(clock()) and isinstance(agreement.buying, Octopus):
            opened = agreement.buying.open(Direction.IMPORT, tools)
            return opened.client if isinstance(opened, OctopusRates) else None
    return None


def statistics(service: Service, site: SiteId) -> HomeAssistantStatistics:
    """Return the long-term statistics of a house's Home Assistant.

    Raises:
        InvalidInputError: it has none.
        UnavailableError: its token is not set or does not open.
    """
    given = document(service, site).sources.home_assistant
    if given is None:
        raise InvalidInputError("give the document sources.home_assistant and its token first")
    return HomeAssistantStatistics(url=given.url, token=secrets(service, site)(given.token))
