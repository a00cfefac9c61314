"""Who gets what: builds the use cases out of settings. Nothing else picks a provider."""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from zoneinfo import ZoneInfo

import httpx

from app.api.deps import UseCases
from app.api.security import Guard, sha256
from app.config import ApiSettings, Settings
from app.domain.access import KnownToken, Role
from app.domain.decision import Decision, Outcome, OutcomeStatus
from app.domain.errors import InvalidInputError, UnavailableError
from app.domain.site import HOME
from app.forecasting.pv_model import clear_kw
from app.optimizer.rules import Rules
from app.services.forecast_solar import ForecastSolar
from app.services.home_assistant import Entity, HomeAssistant
from app.services.home_assistant_device import HomeAssistantDevice
from app.services.home_assistant_discovery import Topics
from app.services.home_assistant_solar import HomeAssistantSolar
from app.services.mqtt import Broker, MqttBridge
from app.services.octopus_energy import FlatExport, OctopusEnergy
from app.services.octopus_tariff import OctopusTariff
from app.services.open_meteo import OpenMeteo
from app.services.simulated_house import SimulatedHouse
from app.services.simulated_prices import SimulatedAgile
from app.services.smhi import Smhi
from app.services.solcast import Solcast
from app.storage.audit import AuditStore
from app.storage.database import Database, upgrade
from app.storage.decisions import DecisionStore
from app.storage.forecasts import ForecastStore
from app.storage.ledger import LedgerStore
from app.storage.overrides import OverrideStore
from app.storage.plans import PlanStore
from app.storage.prices import PriceStore
from app.storage.readings import ReadingStore
from app.storage.retention import Keep, prune
from app.storage.settings import SettingStore
from app.storage.tokens import TokenStore
from app.usecases import ports
from app.usecases.dashboard import Dashboard
from app.usecases.execute import Execute
from app.usecases.forecast_quality import ForecastQuality
from app.usecases.health import Health
from app.usecases.history import History
from app.usecases.ingest import Ingest
from app.usecases.journal import Journal
from app.usecases.outlook import Outlook
from app.usecases.preferences import Prefer, PreferredSites
from app.usecases.recommend import Recommend
from app.usecases.refresh import Refresh
from app.usecases.rounds import Rounds
from app.usecases.savings import Account
from app.usecases.settle import Settle
from app.usecases.shadow import Shadow
from app.usecases.sunshine import Sunshine

log = logging.getLogger(__name__)

PATIENCE_S = 60.0
"""How long a start waits for its database, which may be starting too."""
TOKENS_KNOWN_FOR_S = 15.0
"""A revoked token works at most this long."""


def clock() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


@dataclass(slots=True)
class Service:
    """A wired service: what callers ask for, what it does by itself, who may ask."""

    settings: Settings
    database: Database
    use: UseCases
    rounds: Rounds
    guard: Guard
    tokens: TokenStore
    source: ports.PriceSource
    house: ports.House | None
    bridge: MqttBridge | None = None
    clients: list[httpx.Client] = field(default_factory=list)

    def close(self) -> None:
        """Write what waits and let go of every connection."""
        self.use.journal.flush()
        for client in self.clients:
            client.close()
        self.database.close()


def build(settings: Settings, *, simulate_house: bool = False, clock: Callable[[], datetime] = clock) -> Service:
    """Return a service on an upgraded database."""
    clients: list[httpx.Client] = []
    site = settings.site
    database = Database.open(settings.database.url.get_secret_value())
    audit = AuditStore(database)
    prefer = Prefer({HOME: site}, SettingStore(database), audit)
    sites = PreferredSites(prefer.configured, prefer)
    source = price_source(settings, clients, clock)
    simulated = SimulatedHouse(site, now=clock()) if simulate_house else None
    house: ports.House | None = simulated if simulated is not None else home_assistant(settings, clients)

    prices, readings, decisions = PriceStore(database), ReadingStore(database), DecisionStore(database)
    plans, overrides = PlanStore(database), OverrideStore(database)
    journal = Journal(plans, decisions)
    ingest = Ingest(readings, house)
    refresh = Refresh(sites, source, prices)
    forecasts = ForecastStore(database)
    sunshine = sunshine_of(settings, forecasts, readings, clients)
    outlook = Outlook(prices, readings, forecasts, History(readings), settings.house.annual_load_kwh, sunshine)
    rules = Rules(charge_below=settings.rules.charge_below, sell_above=settings.rules.sell_above)
    limit_s = settings.planner.time_limit_s
    recommend = Recommend(sites, ingest, outlook, journal, overrides, rules, limit_s, settings.planner.switching_cost)
    execute = Execute(decisions, overrides, audit)
    ledger = LedgerStore(database)
    settle = Settle(sites, prices, readings, decisions, ledger, rules)
    keep = retention(settings)
    tokens = TokenStore(database)
    use = UseCases(
        clock=clock,
        sites=sites,
        refresh=refresh,
        ingest=ingest,
        outlook=outlook,
        recommend=recommend,
        execute=execute,
        health=Health(lambda: _schema(database), refresh, ingest, journal, prices, readings),
        journal=journal,
        prefer=prefer,
        account=Account(sites, ledger, rules),
        dashboard=Dashboard(sites, ledger, prices, decisions, journal, settle),
        shadow=Shadow(sites, ledger, decisions, prefer),
        forecast_quality=ForecastQuality(ForecastStore(database), ledger),
        prices=prices,
        plans=plans,
        decisions=decisions,
        time_limit_s=limit_s,
        simulated=simulate_house or settings.tariff.source == "simulated",
    )
    return Service(
        settings=settings,
        database=database,
        use=use,
        rounds=Rounds(
            sites,
            refresh,
            ingest,
            recommend,
            execute,
            lambda now: prune(database, None, now=now, keep=keep),
            SimulatedActuator(simulated) if simulated is not None else None,
            sunshine,
            settle=settle,
            is_dry_run=lambda name: prefer.of(name).dry_run,
        ),
        guard=guard(settings.api, tokens),
        tokens=tokens,
        source=source,
        house=house,
        bridge=bridge(settings, use),
        clients=clients,
    )


def retention(settings: Settings) -> Keep:
    """Return how long each kind of record is kept."""
    kept = settings.database
    return Keep(readings=kept.keep_readings_days, forecasts=kept.keep_forecasts_days, plans=kept.keep_plans_days)


def prepare(settings: Settings, *, patience_s: float = PATIENCE_S, sleep: Callable[[float], None] = time.sleep) -> None:
    """Bring the database to this version, waiting for one that is still starting.

    Raises:
        UnavailableError: it did not come up in time.
    """
    url, waited_s = settings.database.url.get_secret_value(), 0.0
    while True:
        try:
            upgrade(url)
        except UnavailableError as error:
            if waited_s >= patience_s:
                raise
            log.warning("waiting for the database: %s", error)
            sleep(RETRY_S)
            waited_s += RETRY_S
        else:
            return


RETRY_S = 2.0


def price_source(settings: Settings, clients: list[httpx.Client], clock: Callable[[], datetime]) -> ports.PriceSource:
    """Return the tariff that the settings name."""
    tariff = settings.tariff
    if tariff.source == "simulated":
        return SimulatedAgile(clock=clock)
    http = httpx.Client(base_url=tariff.base_url, follow_redirects=True)
    clients.append(http)
    export = (
        OctopusTariff(product=tariff.export_product, region=tariff.region)
        if tariff.export_product
        else FlatExport(per_kwh=tariff.export_per_kwh)
    )
    return OctopusEnergy(
        http=http,
        import_tariff=OctopusTariff(product=tariff.import_product, region=tariff.region),
        export_tariff=export,
        payment_method=tariff.payment_method,
        api_key=tariff.api_key.get_secret_value() if tariff.api_key else None,
    )


SOLAR_URLS = {
    "open_meteo": "https://api.open-meteo.com/v1/",
    "smhi": "https://opendata-download-metfcst.smhi.se/api/",
    "forecast_solar": "https://api.forecast.solar/",
    "solcast": "https://api.solcast.com.au/",
}


def sunshine_of(settings: Settings, forecasts: ports.Forecasts, readings: ports.Readings, clients: list[httpx.Client]) -> Sunshine | None:
    """Return who looks after the solar forecast, None where the house's own history is to do."""
    roof, source = settings.solar.roof, solar_source(settings, clients)
    if roof is None or source is None:
        return None
    return Sunshine(source, roof, forecasts, readings, settings.solar.calibrate)


def solar_source(settings: Settings, clients: list[httpx.Client]) -> ports.SolarSource | None:
    """Return the solar forecast that the settings name, or None for the house's own history."""
    solar, house = settings.solar, settings.home_assistant
    roof, name = solar.roof, solar.source
    url = solar.base_url or (house.url if name == "home_assistant" else SOLAR_URLS.get(name))
    if roof is None or url is None:
        return None
    http = httpx.Client(base_url=url)
    clients.append(http)
    key = solar.api_key.get_secret_value() if solar.api_key else None
    match name:
        case "open_meteo":
            return OpenMeteo(http=http, roof=roof, quarters=solar.quarters, models=solar.models, api_key=key, ensemble=solar.ensemble)
        case "smhi":
            return Smhi(http=http, roof=roof)
        case "forecast_solar":
            return ForecastSolar(http=http, roof=roof, api_key=key)
        case "solcast":
            return Solcast(http=http, rooftops=solar.rooftops, api_key=key or "", shape=lambda at_s: clear_kw(roof, at_s))
        case "home_assistant":
            token = house.token.get_secret_value() if house.token else ""
            zone = ZoneInfo(settings.house.time_zone)
            return HomeAssistantSolar(http=http, token=token, entities=solar.entities, roof=roof, zone=zone)
        case "history":
            return None


def home_assistant(settings: Settings, clients: list[httpx.Client]) -> HomeAssistant | None:
    """Return the Home Assistant that the settings name, or None."""
    given = settings.home_assistant
    if given.url is None or given.token is None:
        return None
    http = httpx.Client(base_url=given.url)
    clients.append(http)
    entities = {
        quantity: Entity(entity_id=text.removeprefix("-"), sign=-1 if text.startswith("-") else 1)
        for quantity, text in given.entities.items()
    }
    return HomeAssistant(http=http, token=given.token.get_secret_value(), entities=entities)


def bridge(settings: Settings, use: UseCases) -> MqttBridge | None:
    """Return the connection to the broker that the settings name, watched by health, or None."""
    given = settings.mqtt
    if given.host is None:
        return None
    device = HomeAssistantDevice(
        site=HOME,
        sites=use.sites,
        topics=Topics(prefix=given.prefix, site=HOME),
        version=version("battery-optimizer"),
        recommend=use.recommend,
        outlook=use.outlook,
        execute=use.execute,
        prefer=use.prefer,
        health=use.health,
    )
    broker = Broker(
        host=given.host,
        port=given.port,
        username=given.username,
        password=given.password.get_secret_value() if given.password else None,
        ca_file=given.ca_file,
        client_id=device.topics.node,
    )
    link = MqttBridge(broker=broker, device=device, clock=use.clock)
    use.health.others.append(link.component)
    return link


def guard(api: ApiSettings, tokens: TokenStore) -> Guard:
    """Return who may ask; open only on loopback and while no token is set."""
    fixed = [
        KnownToken(name=f"{role} token of the settings", role=role, sha256=sha256(secret.get_secret_value()))
        for role, secret in ((Role.VIEWER, api.viewer_token), (Role.CONTROLLER, api.controller_token), (Role.ADMIN, api.admin_token))
        if secret is not None
    ]
    return Guard(known=_Remembered(fixed, tokens), is_open=api.is_loopback and not fixed)


def refuse_if_unguarded(service: Service) -> None:
    """Raise if the service would listen beyond loopback without a token.

    Raises:
        InvalidInputError: says what to set.
    """
    if not service.settings.api.is_loopback and not service.guard.known():
        raise InvalidInputError(
            f"OPTIMIZER_API__HOST is {service.settings.api.host}, beyond loopback: set OPTIMIZER_API__ADMIN_TOKEN "
            "(make one with `openssl rand -hex 24`) or create one with `battery-optimizer token create`"
        )


@dataclass(slots=True)
class _Remembered:
    """The fixed tokens and those of the store, which is asked now and then and may be away."""

    fixed: Sequence[KnownToken]
    tokens: TokenStore
    stored: Sequence[KnownToken] = ()
    asked_at: float = float("-inf")

    def __call__(self) -> Sequence[KnownToken]:
        if time.monotonic() - self.asked_at > TOKENS_KNOWN_FOR_S:
            self.asked_at = time.monotonic()
            try:
                self.stored = self.tokens.active(HOME)
            except UnavailableError as error:
                log.warning("tokens as known before: %s", error)
        return [*self.fixed, *self.stored]


@dataclass(frozen=True, slots=True)
class SimulatedActuator:
    """Moves the simulated house."""

    house: SimulatedHouse

    def carry_out(self, decision: Decision, now: datetime) -> Outcome:
        """Command the house and read back what it then does."""
        self.house.obey(decision.command, now, until=decision.valid_until)
        mode = self.house.command(now).mode
        status = OutcomeStatus.CONFIRMED if mode is decision.command.mode else OutcomeStatus.FAILED
        return Outcome(status=status, at=now + READ_BACK, reported_by="simulated house", mode_read_back=mode)


READ_BACK = timedelta(seconds=1)


def _schema(database: Database) -> str:
    schema = database.check()
    if not schema.is_current:
        raise UnavailableError(f"the schema is {schema.current}, this version needs {schema.newest}: run `battery-optimizer db upgrade`")
    return schema.newest
