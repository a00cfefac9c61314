"""Builds a home out of its document: what belongs to one house, and nothing that another one has."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

from app.document.checked import checked
from app.document.planned import preferences_of, roof_of, site_of
from app.document.site import SiteDocument
from app.domain.description import Description
from app.domain.errors import OptimizerError, UnavailableError
from app.domain.site import Site, SiteId
from app.optimizer.rules import Rules
from app.services.tariffs.agreed import agreed
from app.services.tariffs.shared import SharedAnswers
from app.services.tariffs.source import Tools
from app.usecases import ports
from app.usecases.home import Home
from app.usecases.sunshine import Sunshine
from app.wiring.absent import AbsentHouse, AbsentPrices
from app.wiring.clients import Clients
from app.wiring.simulated import SimulatedActuator, physical, rebuilt
from app.wiring.sources import home_assistant, solar_source

SWITCHING_COST = 0.002
"""Yardsticks: a fifth of a penny keeps a mode from flapping and is no reason to miss a better one."""


@dataclass(slots=True)
class Parts:
    """What was built for a house, each part with what it was built from: what that leaves as it was stays as it is."""

    built: dict[str, tuple[object, object]] = field(default_factory=dict)

    def part[T](self, name: str, spec: object, make: Callable[[T | None], T]) -> T:
        """Return the part as it is where it would be built from the same, else anew with the one before in hand."""
        known, before = self.built.get(name, (None, None))
        if name not in self.built or known != spec:
            self.built[name] = spec, make(cast("T | None", before))
        return cast("T", self.built[name][1])


@dataclass(frozen=True, slots=True)
class Opened:
    """The secrets of a house in the clear, and why others do not open."""

    site: SiteId
    clear: Mapping[str, str] = field(repr=False)
    closed: Mapping[str, str]

    def __call__(self, name: str) -> str:
        """Return a secret.

        Raises:
            UnavailableError: it is not set, or does not open.
        """
        if name in self.clear:
            return self.clear[name]
        raise UnavailableError(self.closed.get(name, f"the secret {name} of {self.site} is not set"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Builder:
    """Knows what all homes stand on."""

    forecasts: ports.Forecasts
    readings: ports.Readings
    clients: Clients
    shared: SharedAnswers
    clock: Callable[[], datetime]
    simulates: bool = False
    """Whether each house is a simulated one inside this service."""

    def home(self, description: Description, secrets: Opened, parts: Parts) -> tuple[Home, list[str]]:
        """Return a house as its document says, and a sentence for everything of it that cannot be asked.

        Raises:
            InvalidSiteError: this release cannot use the document.
        """
        document, problems = checked(description.value), list[str]()
        site, wishes = site_of(document), document.wishes
        house, actuator = self._house(document, site, secrets, parts, problems)
        home = Home(
            site=site,
            preferences=preferences_of(document),
            source=self._prices(document, secrets, parts, problems),
            rules=Rules.of(site.money, charge_below=wishes.rules.charge_below, sell_above=wishes.rules.sell_above),
            soc_wishes=tuple(span.wish() for span in wishes.soc),
            annual_kwh=wishes.annual_load_kwh,
            switching_cost=site.money.of(SWITCHING_COST) if wishes.switching_cost is None else wishes.switching_cost,
            house=house,
            sunshine=self._sunshine(document, secrets, parts, problems),
            actuator=actuator,
            simulated_house=self.simulates,
            simulated_prices=document.tariff.is_simulated,
            version=description.version,
        )
        return home, problems

    def _house(
        self, document: SiteDocument, site: Site, secrets: Opened, parts: Parts, problems: list[str]
    ) -> tuple[ports.House | None, ports.Actuator | None]:
        if self.simulates:
            simulated = parts.part("simulated", physical(site), lambda before: rebuilt(before, physical(site), self.clock()))
            return simulated, parts.part("actuator", id(simulated), lambda _: SimulatedActuator(simulated))
        spec = document.sources.home_assistant, document.inverter.way, secrets.clear, secrets.closed
        try:
            return parts.part("house", spec, lambda _: home_assistant(document, self.clients.to, secrets)), None
        except UnavailableError as error:
            why = str(error)
            problems.append(why)
            return parts.part("absent house", why, lambda _: AbsentHouse(why)), None

    def _prices(self, document: SiteDocument, secrets: Opened, parts: Parts, problems: list[str]) -> ports.PriceSource:
        tools = Tools(http=self.clients.to, secret=secrets.clear.get, clock=self.clock, currency=document.place.currency)
        spec = document.tariff, document.place.currency, secrets.clear
        try:
            return parts.part("prices", spec, lambda _: agreed(document.tariff, tools, self.shared))
        except OptimizerError as error:
            why = f"tariff: {error}"
            problems.append(why)
            return parts.part("absent prices", why, lambda _: AbsentPrices(why))

    def _sunshine(self, document: SiteDocument, secrets: Opened, parts: Parts, problems: list[str]) -> Sunshine | None:
        roof, named = roof_of(document), document.sources
        spec = roof, named.solar, named.home_assistant, document.place, secrets.clear, secrets.closed

        def make(_before: Sunshine | None) -> Sunshine | None:
            source = solar_source(document, self.clients.to, secrets)
            if roof is None or source is None:
                return None
            return Sunshine(source, roof, self.forecasts, self.readings, named.solar.calibrate)

        try:
            return parts.part("sunshine", spec, make)
        except UnavailableError as error:
            problems.append(f"solar forecast: {error}")
            return None
