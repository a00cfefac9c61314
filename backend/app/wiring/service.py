"""Who gets what: builds the use cases out of settings. Nothing else picks a provider."""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib.metadata import version

import httpx

import app.services.tariffs  # noqa: F401  (declares the price sources that a document may name)
from app.api.deps import UseCases
from app.api.security import Guard, sha256
from app.config.service import ApiSettings
from app.config.settings import Settings, load
from app.devices.dongle.listening import Listening
from app.document.site import read as read_document
from app.domain.access import KnownToken, Role
from app.domain.decision import Decision, Outcome, OutcomeStatus
from app.domain.errors import InvalidInputError, UnavailableError
from app.domain.site import HOME
from app.fleet.dongle_house import DongleHouses
from app.fleet.drive import Drive
from app.fleet.provision import Provision
from app.fleet.registry import Fleet
from app.looks.dashboard import Dashboard
from app.looks.forecast_quality import ForecastQuality
from app.looks.health import Health
from app.looks.savings import Account
from app.looks.shadow import Shadow
from app.optimizer.rules import Rules
from app.services.home_assistant.accounts import Accounts
from app.services.home_assistant.discovery import Topics
from app.services.home_assistant.mqtt_device import HomeAssistantDevice
from app.services.mqtt import Broker, MqttBridge
from app.services.simulated.dwelling import SimulatedHouse
from app.storage.audit import AuditStore
from app.storage.credentials import CredentialStore
from app.storage.database import Database, upgrade
from app.storage.decisions import DecisionStore
from app.storage.descriptions import DescriptionStore
from app.storage.device_commands import DeviceCommandStore
from app.storage.device_states import DeviceStateStore
from app.storage.devices import DeviceStore
from app.storage.forecasts import ForecastStore
from app.storage.ledger import LedgerStore
from app.storage.overrides import OverrideStore
from app.storage.plans import PlanStore
from app.storage.prices import PriceStore
from app.storage.readings import ReadingStore
from app.storage.retention import Keep, prune
from app.storage.rollup import RollupStore
from app.storage.secrets import SecretStore
from app.storage.settings import SettingStore
from app.storage.telemetry import TelemetryStore
from app.storage.tokens import TokenStore
from app.trust.secrets import KeyFile
from app.usecases import ports
from app.usecases.describe import Describe
from app.usecases.execute import Execute
from app.usecases.history import History
from app.usecases.ingest import Ingest
from app.usecases.journal import Journal
from app.usecases.outlook import Outlook
from app.usecases.preferences import Prefer, PreferredSites
from app.usecases.recommend import Recommend
from app.usecases.refresh import Refresh
from app.usecases.rounds import Rounds
from app.usecases.settle import Settle
from app.wiring.dongles import authority, listening, no_way, watch
from app.wiring.sources import home_assistant, price_source, sunshine_of

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
    ears: Listening | None = None
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
    prefer = Prefer({HOME: site}, SettingStore(database), audit, DeviceStore(database))
    sites = PreferredSites(prefer.configured, prefer)
    source = price_source(settings, clients, clock)
    simulated = SimulatedHouse(site, now=clock()) if simulate_house else None
    house: ports.House | None = simulated if simulated is not None else home_assistant(settings, clients)

    prices, readings, decisions = PriceStore(database), ReadingStore(database), DecisionStore(database)
    plans, overrides = PlanStore(database), OverrideStore(database)
    journal = Journal(plans, decisions)
    devices, commands = DeviceStore(database), DeviceCommandStore(database)
    ingest = Ingest(readings, house, DongleHouses(devices, DeviceStateStore(database), TelemetryStore(database)))
    refresh = Refresh(sites, source, prices)
    forecasts = ForecastStore(database)
    sunshine = sunshine_of(settings, forecasts, readings, clients)
    outlook = Outlook(prices, readings, forecasts, History(readings), settings.house.annual_load_kwh, sunshine)
    rules = Rules(charge_below=settings.rules.charge_below, sell_above=settings.rules.sell_above)
    limit_s = settings.planner.time_limit_s
    recommend = Recommend(sites, ingest, outlook, journal, overrides, rules, limit_s, settings.planner.switching_cost)
    execute = Execute(decisions, overrides, audit, lambda name: prefer.of(name).controller)
    drive = Drive(prefer, devices, commands, execute, audit, no_way)
    ears = listening(settings, database, clock, drive.answered)
    if ears is not None:
        drive.send = ears.send
    intake = ears.hearing.intake if ears is not None else None
    waiting: Callable[[], int] = ears.hearing.waiting.qsize if ears is not None else lambda: 0
    ledger = LedgerStore(database)
    settle = Settle(sites, prices, readings, decisions, ledger, rules)
    keep = retention(settings)
    tokens = TokenStore(database)
    use = UseCases(
        clock=clock,
        sites=sites,
        describe=Describe(DescriptionStore(database), SecretStore(database), KeyFile(settings.secrets.key_file), read_document),
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
        fleet=Fleet(
            devices,
            DeviceStateStore(database),
            TelemetryStore(database),
            RollupStore(database),
            commands,
            drive,
            intake,
            waiting,
        ),
        prices=prices,
        plans=plans,
        decisions=decisions,
        audit=audit,
        provision=Provision(DeviceStore(database), CredentialStore(database), audit, authority(settings)),
        broker_for_devices=(settings.certificates.broker_host, settings.certificates.broker_port),
        time_limit_s=limit_s,
        simulated=simulate_house or settings.tariff.source == "simulated",
    )
    if ears is not None:
        use.health.others += [transport.component for transport in ears.transports]
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
            drive=drive,
            watch=watch(settings, database),
            is_dry_run=lambda name: prefer.of(name).dry_run,
            publish_revoked=use.provision.publish_revoked,
        ),
        guard=guard(settings.api, tokens),
        tokens=tokens,
        source=source,
        house=house,
        bridge=bridge(settings, use),
        ears=ears,
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


@contextmanager
def running() -> Iterator[Service]:
    """Give a service of this process's settings, for one command."""
    settings = load()
    prepare(settings, patience_s=0)
    service = build(settings)
    try:
        yield service
    finally:
        service.close()


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
        accounts=Accounts(account=use.account, quality=use.forecast_quality),
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
