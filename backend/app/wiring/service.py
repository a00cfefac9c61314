"""The service: what it is asked for, what it does by itself, and who may ask."""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import app.services.tariffs  # noqa: F401  (declares the price sources that a document may name)
from app.api.deps import UseCases
from app.api.security import Guard
from app.config.leftover import Leftover, leftover, nothing_left
from app.config.settings import Settings, load
from app.devices.dongle.listening import Listening
from app.domain.errors import NotFoundError, UnavailableError
from app.domain.site import HOME, SiteId
from app.services.mqtt_bridges import MqttBridges
from app.services.tariffs.shared import SharedAnswers
from app.storage.database import Database, upgrade
from app.storage.retention import Keep, prune
from app.storage.tokens import TokenStore
from app.templates.labels import VendorWords
from app.usecases.describe import Describe
from app.usecases.rounds import Rounds
from app.wiring.access import guard
from app.wiring.bridges import bridges
from app.wiring.clients import Clients
from app.wiring.connections import Connections
from app.wiring.dongles import listening, watch
from app.wiring.homes import Builder
from app.wiring.solving import Solving
from app.wiring.stores import Stores, stores
from app.wiring.take_over import TakeOver
from app.wiring.usecases import describe, listen_to, use_cases
from app.wiring.workers import Pools, Workers

log = logging.getLogger(__name__)

PATIENCE_S = 60.0
"""How long a start waits for its database, which may be starting too."""
RETRY_S = 2.0
ENDING_S = 5.0
"""How long an ending service waits for turns that still run."""


def clock() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


@dataclass(slots=True)
class Service:
    """A wired service: what callers ask for, what it does by itself, who may ask."""

    settings: Settings
    left: Leftover
    database: Database
    homes: Connections
    use: UseCases
    rounds: Rounds
    guard: Guard
    tokens: TokenStore
    clients: Clients
    workers: Pools
    shown: Database
    """The same database, for what only shows: it takes no connection from decisions."""
    solving: Solving
    bridges: MqttBridges | None = None
    ears: Listening | None = None

    def close(self) -> None:
        """Let running turns end, write what waits and let go of every connection."""
        self.workers.shutdown()
        if not self.rounds.finish(ENDING_S):
            log.warning("a house still waits for its neighbour: it is left to it")
        self.use.journal.flush()
        self.solving.close()
        self.clients.close()
        self.shown.close()
        self.database.close()


def build(
    settings: Settings,
    *,
    left: Leftover | None = None,
    demo: Mapping[str, object] | None = None,
    clock: Callable[[], datetime] = clock,
    workers: Executor | None = None,
) -> Service:
    """Return a service on an upgraded database.

    A house that an earlier release had in the environment is taken over first. A demo's house is simulated within the service.

    Raises:
        InvalidInputError: the house of the environment cannot be one.
        UnavailableError: the database is away, or secrets are to be kept and there is no key file.
    """
    database, left = Database.open(settings.database.url.get_secret_value()), left or nothing_left()
    with ExitStack() as undone:
        undone.callback(database.close)
        service = _built(settings, stores(database), left, demo, clock, Pools(Workers if workers is None else lambda _: workers))
        undone.pop_all()
    return service


def _built(  # noqa: PLR0917 - everything that a service stands on
    settings: Settings,
    kept: Stores,
    left: Leftover,
    demo: Mapping[str, object] | None,
    clock: Callable[[], datetime],
    workers: Pools,
) -> Service:
    clients, described = Clients(), describe(settings, kept)
    if demo is None:
        TakeOver(described, kept.settings, kept.prices, kept.decisions).run(left, clock())
    else:
        _keep_demo(described, demo, clock())
    homes = _homes(described, kept, clients, clock, simulates=demo is not None)
    shown = Database.open(settings.database.url.get_secret_value())
    solving = Solving(VendorWords(), settings.planner.time_limit_s)
    use = use_cases(settings, kept, stores(shown), homes, clock, workers("look"), solving)
    described.changed.append(lambda site: _forget_former_prices(use, site))
    ears = listening(settings, kept.database, clock, use.fleet.drive.answered)
    if ears is not None:
        listen_to(ears, use, settings)
    return Service(
        settings=settings,
        left=left,
        database=kept.database,
        homes=homes,
        use=use,
        rounds=_rounds(settings, kept, use, workers),
        guard=guard(settings.api, kept.tokens, kept.audit),
        tokens=kept.tokens,
        clients=clients,
        workers=workers,
        shown=shown,
        solving=solving,
        bridges=bridges(settings, use),
        ears=ears,
    )


def _homes(described: Describe, kept: Stores, clients: Clients, clock: Callable[[], datetime], *, simulates: bool) -> Connections:
    """Return the homes as described now, which follow their documents from here on."""
    builder = Builder(
        forecasts=kept.forecasts, readings=kept.readings, clients=clients, shared=SharedAnswers(), clock=clock, simulates=simulates
    )
    homes = Connections(described, builder)
    homes.look()
    described.changed.append(homes.renew)
    return homes


def _forget_former_prices(use: UseCases, site: SiteId) -> None:
    """Have nothing planned on a tariff that a house has no longer, even before the new one answers."""
    try:
        if site in use.homes:
            use.refresh.forget_former(site, use.clock())
    except UnavailableError as error:  # the next refresh sees to it
        log.warning("site %s: prices of a former tariff may still stand: %s", site, error)


def _rounds(settings: Settings, kept: Stores, use: UseCases, workers: Pools) -> Rounds:
    keep = retention(settings)
    return Rounds(
        use.homes,
        use.refresh,
        use.ingest,
        use.recommend,
        use.execute,
        lambda now: prune(kept.database, None, now=now, keep=keep),
        workers,
        settle=use.settle,
        drive=use.fleet.drive,
        watch=watch(settings, kept.database),
        publish_revoked=use.provision.publish_revoked,
    )


def _keep_demo(described: Describe, wanted: Mapping[str, object], now: datetime) -> None:
    """Have the demo's house, with the tariff that is wanted this time."""
    try:
        before = described.of(HOME)
    except NotFoundError:
        described.create(HOME, wanted, actor="demo", now=now)
    else:
        value = {**before.value, "tariff": wanted["tariff"]}
        described.change(HOME, value, expected_version=before.version, actor="demo", now=now)


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


@contextmanager
def running() -> Iterator[Service]:
    """Give a service of this process's settings, for one command."""
    settings = load()
    prepare(settings, patience_s=0)
    service = build(settings, left=leftover())
    try:
        yield service
    finally:
        service.close()
