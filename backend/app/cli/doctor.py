"""The doctor: looks at every setting and connection and says what to do."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from app.config.settings import Settings
from app.domain.errors import ForeignMoneyError, OptimizerError, UnauthorizedError
from app.domain.price import Direction
from app.domain.reading import Quality, Quantity
from app.looks.health import MADE_UP
from app.services.home_assistant.entities import HomeAssistant
from app.usecases.house_prices import refuse_foreign
from app.wiring.service import Service, build, clock, prepare

STALE_S = 900.0


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


def examine(load: Callable[[], Settings]) -> Iterator[Finding]:
    """Yield what is found, most basic first; what rests on something broken is not looked at."""
    try:
        settings = load()
    except OptimizerError as error:
        yield Finding(name="settings", state=str(error), remedy="mend these variables in .env; .env.example explains each")
        return
    yield _site(settings)
    try:
        prepare(settings, patience_s=0)
    except OptimizerError as error:
        yield Finding(name="database", state=str(error), remedy="check OPTIMIZER_DATABASE__URL: host, port, user, password, grants")
        return
    service = build(settings)
    try:
        yield Finding(name="database", state="answers, schema up to date")
        yield _access(service)
        yield from _prices(service)
        yield from _made_up(service)
        yield from _house(service)
    finally:
        service.close()


def _site(settings: Settings) -> Finding:
    battery = settings.battery
    state = f"{battery.capacity_kwh:g} kWh, {battery.max_charge_kw:g}/{battery.max_discharge_kw:g} kW, reserve {battery.reserve_pct:g} %"
    return Finding(name="battery", state=state)


def _access(service: Service) -> Finding:
    host = service.settings.api.host
    if service.guard.is_open:
        return Finding(name="access", state=f"listens on {host} only, open to this machine")
    if not service.guard.known():
        return Finding(
            name="access",
            state=f"would listen on {host} without a token",
            remedy="set OPTIMIZER_API__ADMIN_TOKEN, or create tokens with `battery-optimizer token create`",
        )
    return Finding(name="access", state=f"listens on {host}, tokens are set")


def _made_up(service: Service) -> Iterator[Finding]:
    """Warn of a real house on made-up prices; the demo's house is made up as well."""
    if service.use.simulated_prices and not service.use.simulated_house:
        yield Finding(name="tariff", state=MADE_UP, remedy="set OPTIMIZER_TARIFF__SOURCE=octopus, and its region and products")


def _prices(service: Service) -> Iterator[Finding]:
    now = clock()
    name, money = f"prices ({service.source.name})", service.settings.site.money
    try:
        prices = service.source.prices(now - timedelta(minutes=30), now + timedelta(days=2))
        refuse_foreign(money, prices)
    except UnauthorizedError as error:
        yield Finding(name=name, state=str(error), remedy="check the API key")
        return
    except ForeignMoneyError as error:
        remedy = "set OPTIMIZER_HOUSE__CURRENCY to what your bill is in, or another tariff: nothing is stored and planned on meanwhile"
        yield Finding(name=name, state=str(error), remedy=remedy)
        return
    except OptimizerError as error:
        yield Finding(
            name=name, state=str(error), remedy="check OPTIMIZER_TARIFF__* and the network; the last prices stay in use meanwhile"
        )
        return
    for direction in Direction:
        known = [price for price in prices if price.direction is direction]
        if not any(price.slot.contains(now) for price in known):
            remedy = "the product may be retired: compare OPTIMIZER_TARIFF__* with your bill"
            yield Finding(name=f"{name}, {direction}", state="no price for now", remedy=remedy)
        else:
            until = max(price.slot.end for price in known)
            yield Finding(name=f"{name}, {direction}", state=f"known until {until:%Y-%m-%d %H:%M} UTC")


def _house(service: Service) -> Iterator[Finding]:
    house, now = service.house, clock()
    if not isinstance(house, HomeAssistant):
        yield Finding(name="house", state="no Home Assistant is set: readings must be pushed to /api/v1/readings")
        return
    try:
        status = house.config()
        problems = house.problems(now)
        readings = house.read(now)
    except UnauthorizedError as error:
        remedy = "make a long-lived access token in your Home Assistant profile and set OPTIMIZER_HOME_ASSISTANT__TOKEN"
        yield Finding(name="home assistant", state=str(error), remedy=remedy)
        return
    except OptimizerError as error:
        yield Finding(name="home assistant", state=str(error), remedy="check OPTIMIZER_HOME_ASSISTANT__URL and that Home Assistant runs")
        return
    yield Finding(name="home assistant", state=f"{status.version} {status.state}, {status.time_zone}")
    if Quantity.SOC_PCT not in house.entities:
        remedy = "add soc_pct to OPTIMIZER_HOME_ASSISTANT__ENTITIES: without a state of charge nothing is planned"
        yield Finding(name="soc_pct", state="no entity shows it", remedy=remedy)
    for problem in problems:
        yield Finding(name="entity", state=problem, remedy="correct OPTIMIZER_HOME_ASSISTANT__ENTITIES")
    for each in readings:
        if each.quality is Quality.GOOD:
            old = each.quantity is Quantity.SOC_PCT and each.age_s(now) > STALE_S
            remedy = "the sensor does not update: look at its integration" if old else ""
            yield Finding(name=each.quantity, state=f"{each.value:g}, {each.age_s(now):.0f} s old", remedy=remedy)
