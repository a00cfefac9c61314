"""The doctor: looks at every setting and connection and says what to do."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from app.config.env_file import faults
from app.config.leftover import leftover
from app.config.settings import Settings, unread_tokens
from app.document.checked import checked
from app.domain.description import Description
from app.domain.errors import ForeignMoneyError, NotFoundError, OptimizerError, UnauthorizedError
from app.domain.price import Direction
from app.domain.reading import Quality, Quantity
from app.domain.site import Site, SiteId
from app.looks.health import MADE_UP
from app.pricing.swapped import looks_swapped
from app.services.home_assistant.entities import HomeAssistant, HomeAssistantStatus
from app.usecases.home import NO_HOUSE, Home
from app.usecases.house_prices import refuse_foreign
from app.wiring.absent import AbsentHouse
from app.wiring.access import blank
from app.wiring.service import Service, build, clock, prepare

STALE_S = 900.0
SWAPPED = "compare import and export of the document's tariff with the bill: they may be swapped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing looked at; an empty remedy when it is fine."""

    name: str
    state: str
    remedy: str = ""

    @property
    def is_fine(self) -> bool:
        """Whether nothing needs doing."""
        return not self.remedy


def examine(load: Callable[[], Settings], only: str | None = None) -> Iterator[Finding]:
    """Yield what is found, most basic first; what rests on something broken is not looked at. Every house, or only one."""
    try:
        settings = load()
    except OptimizerError as error:
        yield Finding(name="settings", state=str(error), remedy="mend these variables in .env; .env.example explains each")
        return
    for each in faults(Path(".env")):
        yield Finding(name=".env", state=each.says, remedy="mend this line; it is passed over until then")
    try:
        prepare(settings, patience_s=0)
    except OptimizerError as error:
        yield Finding(name="database", state=str(error), remedy="check OPTIMIZER_DATABASE__URL: host, port, user, password, grants")
        return
    try:
        service = build(settings, left=leftover())
    except OptimizerError as error:
        remedy = "the house of the environment could not be taken over: mend these variables, or the key file"
        yield Finding(name="house of .env", state=str(error), remedy=remedy)
        return
    try:
        yield Finding(name="database", state="answers, schema up to date")
        yield _access(service)
        yield from _houses(service, only)
    finally:
        service.close()


def _houses(service: Service, only: str | None) -> Iterator[Finding]:
    """Yield what is found of every house, each under its name where there are several."""
    sites = service.use.describe.sites() if only is None else (SiteId(only),)
    if not sites:
        yield Finding(name="site", state=NO_HOUSE, remedy="describe it: `battery-optimizer site new`")
        return
    for site in sites:
        for finding in _one(service, site):
            yield finding if len(sites) == 1 else replace(finding, name=f"{site}: {finding.name}")
    if service.left.names:
        names = ", ".join(service.left.names)
        yield Finding(name="no longer read", state=f"{names}: the document holds; they may be removed from .env")


def _one(service: Service, site: SiteId) -> Iterator[Finding]:
    try:
        described = service.use.describe.of(site)
    except NotFoundError as error:
        yield Finding(name="site", state=str(error), remedy="describe it: `battery-optimizer site new`")
        return
    problem = service.homes.problem(site)
    remedy = "correct its document, or set the secret again" if problem else ""
    made = f"version {described.version} by {described.set_by}, {described.set_at:%Y-%m-%d %H:%M} UTC"
    yield Finding(name="site", state=f"{made}: {problem}" if problem else made, remedy=remedy)
    if site in service.homes:
        home = service.homes[site]
        yield _battery(home)
        yield from _prices(home)
        yield from _doubts(described)
        yield from _made_up(home)
        yield from _sun(home)
        yield from _house(home)


def _battery(home: Home) -> Finding:
    battery = home.site.battery
    powers = f"{battery.max_charge_kw:g}/{battery.max_discharge_kw:g} kW"
    return Finding(name="battery", state=f"{battery.capacity_kwh:g} kWh, {powers}, reserve {home.preferences.reserve_pct:g} %")


def _access(service: Service) -> Finding:
    host = service.settings.api.host
    unread = unread_tokens(service.settings)
    if service.guard.is_open and unread:
        return Finding(name="access", state=f"does not start: {blank(unread)}", remedy="set the token, or take its line out")
    if service.guard.is_open:
        return Finding(name="access", state=f"listens on {host} only, open to this machine")
    if not service.guard.known():
        return Finding(
            name="access",
            state=f"would listen on {host} without a token",
            remedy="set OPTIMIZER_API__ADMIN_TOKEN, or create tokens with `battery-optimizer token create`",
        )
    return Finding(name="access", state=f"listens on {host}, tokens are set")


def _made_up(home: Home) -> Iterator[Finding]:
    """Warn of a real house on made-up prices; the demo's house is made up as well."""
    if home.simulated_prices and not home.simulated_house:
        yield Finding(name="tariff", state=MADE_UP, remedy="name the real source of its prices in the document's tariff")


def _prices(home: Home) -> Iterator[Finding]:
    now = clock()
    name = f"prices ({home.source.name})"
    try:
        prices = home.source.prices(now - timedelta(minutes=30), now + timedelta(days=2))
        refuse_foreign(home.site.money, prices)
    except UnauthorizedError as error:
        yield Finding(name=name, state=str(error), remedy="check the API key")
        return
    except ForeignMoneyError as error:
        remedy = "set place.currency to what the bill is in, or another tariff: nothing is stored and planned on meanwhile"
        yield Finding(name=name, state=str(error), remedy=remedy)
        return
    except OptimizerError as error:
        yield Finding(
            name=name, state=str(error), remedy="check the tariff in the document and the network; the last prices stay in use meanwhile"
        )
        return
    for direction in Direction:
        known = [price for price in prices if price.direction is direction]
        if not any(price.slot.contains(now) for price in known):
            remedy = "the product may be retired: compare the tariff in the document with your bill"
            yield Finding(name=f"{name}, {direction}", state="no price for now", remedy=remedy)
        else:
            until = max(price.slot.end for price in known)
            yield Finding(name=f"{name}, {direction}", state=f"known until {until:%Y-%m-%d %H:%M} UTC")
    if looks_swapped(prices):
        yield Finding(name="tariff", state="every kWh sold earns more than any kWh bought costs", remedy=SWAPPED)


def _doubts(described: Description) -> Iterator[Finding]:
    """Warn of a source that hardly tells the prices of the direction it stands under."""
    now = clock()
    for agreement in checked(described.value).tariff.agreements:
        for direction, options in agreement.directions if agreement.holds(now) else ():
            if doubt := options.doubt(direction):
                yield Finding(name="tariff", state=doubt, remedy=SWAPPED)


def _sun(home: Home) -> Iterator[Finding]:
    """Ask who forecasts the sun, where somebody is named."""
    if home.sunshine is None:
        return
    name, now = f"solar forecast ({home.sunshine.source.name})", clock()
    try:
        given = home.sunshine.ask(home.site, now)
    except UnauthorizedError as error:
        yield Finding(name=name, state=str(error), remedy="check the API key or token that sources.solar names")
        return
    except OptimizerError as error:
        remedy = (
            "check sources.solar in the document, its place and the network: the last answer stays for 36 hours, then the last weeks count"
        )
        yield Finding(name=name, state=str(error), remedy=remedy)
        return
    until, complaint = f"known until {given.slots[-1].end:%Y-%m-%d %H:%M} UTC", home.sunshine.complaints.get(home.site.id)
    remedy = "correct sources.solar in the document, or the entity: what is missing is made up for by the last weeks" if complaint else ""
    yield Finding(name=name, state=f"{until}; {complaint}" if complaint else until, remedy=remedy)


def _house(home: Home) -> Iterator[Finding]:
    house, now = home.house, clock()
    if isinstance(house, AbsentHouse):
        return  # what is found of its document says why
    if not isinstance(house, HomeAssistant):
        yield Finding(name="house", state="no Home Assistant is set: readings must be pushed to /api/v1/readings")
        return
    try:
        status = house.config()
        problems = house.problems(now)
        readings = house.read(now)
    except UnauthorizedError as error:
        remedy = "make a long-lived access token in your Home Assistant profile and set the secret that sources.home_assistant names"
        yield Finding(name="home assistant", state=str(error), remedy=remedy)
        return
    except OptimizerError as error:
        remedy = "check sources.home_assistant in the document and that Home Assistant runs"
        yield Finding(name="home assistant", state=str(error), remedy=remedy)
        return
    yield Finding(name="home assistant", state=f"{status.version} {status.state}, {status.time_zone}")
    yield from _elsewhere(home.site, status)
    if Quantity.SOC_PCT not in house.entities:
        remedy = "add soc_pct to the sensors of the inverter's way: without a state of charge nothing is planned"
        yield Finding(name="soc_pct", state="no entity shows it", remedy=remedy)
    for problem in problems:
        yield Finding(name="entity", state=problem, remedy="correct the sensors of the inverter's way in the document")
    for each in readings:
        if each.quality is Quality.GOOD:
            old = each.quantity is Quantity.SOC_PCT and each.age_s(now) > STALE_S
            remedy = "the sensor does not update: look at its integration" if old else ""
            yield Finding(name=each.quantity, state=f"{each.value:g}, {_old(each.age_s(now))}", remedy=remedy)


def _elsewhere(site: Site, status: HomeAssistantStatus) -> Iterator[Finding]:
    """Doubt a Home Assistant that lives by another clock or money than the document says: one of the two is another house's, or wrong."""
    told = (("time zone", str(site.zone), status.time_zone), ("currency", site.currency, status.currency))
    for name, ours, theirs in told:
        if theirs is not None and theirs != ours:
            remedy = "correct the house's place in the document, or Home Assistant's own under Settings, System, General"
            field = f"place.{name.replace(' ', '_')}"
            yield Finding(name="home assistant", state=f"its {name} is {theirs}, the document's {field} {ours}", remedy=remedy)


def _old(age_s: float) -> str:
    """Return an age in s; a clock a moment ahead makes no age less than nothing."""
    return f"{abs(round(age_s))} s {'ahead' if round(age_s) < 0 else 'old'}"
