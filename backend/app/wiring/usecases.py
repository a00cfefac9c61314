"""The use cases, out of the stores and the homes."""

from collections.abc import Callable
from concurrent.futures import Executor
from datetime import datetime

from app.api.deps import UseCases
from app.config.settings import Settings
from app.devices.dongle.listening import Listening, Transport
from app.devices.dongle.native import NativeDongle
from app.document.checked import checked
from app.document.planned import preferences_of
from app.domain.errors import UnavailableError
from app.domain.site import SiteId
from app.fleet.dongle_house import DongleHouses
from app.fleet.drive import Drive
from app.fleet.provision import Provision
from app.fleet.registry import Fleet
from app.looks.dashboard import Dashboard
from app.looks.evidence import Proofs
from app.looks.forecast_quality import ForecastQuality
from app.looks.health import Component, Health
from app.looks.savings import Account
from app.looks.shadow import Shadow
from app.storage.database import Database
from app.templates.labels import VendorWords
from app.trust.secrets import KeyFile
from app.usecases.describe import Describe
from app.usecases.execute import Execute
from app.usecases.history import History
from app.usecases.home import Sites
from app.usecases.house_prices import HousePrices
from app.usecases.ingest import Ingest
from app.usecases.journal import Journal
from app.usecases.outlook import Outlook
from app.usecases.preferences import Prefer
from app.usecases.recommend import Recommend
from app.usecases.refresh import Refresh
from app.usecases.settle import Settle
from app.wiring.connections import Connections
from app.wiring.dongles import authority, no_way
from app.wiring.solving import Solving
from app.wiring.stores import Stores


def describe(settings: Settings, kept: Stores) -> Describe:
    """Return who keeps the documents."""
    return Describe(kept.descriptions, kept.secrets, KeyFile(settings.secrets.key_file), checked)


def prefer(homes: Connections, kept: Stores) -> Prefer:
    """Return who sees preferences in the documents."""
    return Prefer(homes, homes.describe, kept.devices, lambda value: preferences_of(checked(value)))


def use_cases(  # noqa: PLR0917 - everything that they stand on
    settings: Settings,
    kept: Stores,
    shown: Stores,
    homes: Connections,
    clock: Callable[[], datetime],
    beside: Executor,
    solving: Solving,
) -> UseCases:
    """Return everything that a caller can ask for; nobody is listened to yet. What only shows has connections of its own."""
    preferred, journal, sites = prefer(homes, kept), Journal(kept.plans, kept.decisions), Sites(homes)
    prices = HousePrices(kept.prices, sites)
    ingest = Ingest(kept.readings, homes, beside, DongleHouses(kept.devices, kept.states, kept.telemetry))
    refresh, limit_s = Refresh(homes, prices), settings.planner.time_limit_s
    outlook = Outlook(prices, kept.readings, kept.forecasts, History(kept.readings), homes)
    execute = Execute(kept.decisions, kept.overrides, lambda site: preferred.of(site).controller, sites.get)
    drive = Drive(preferred, kept.devices, kept.commands, execute, kept.audit, no_way)
    settle = Settle(homes, prices, kept.readings, kept.decisions, kept.ledger)
    return UseCases(
        clock=clock,
        homes=homes,
        sites=sites,
        problem=homes.problem,
        describe=homes.describe,
        refresh=refresh,
        ingest=ingest,
        outlook=outlook,
        recommend=Recommend(homes, ingest, outlook, journal, kept.overrides, limit_s, VendorWords()),
        execute=execute,
        health=Health(lambda: _schema(kept.database), refresh, ingest, journal, prices, kept.readings, homes, problem=homes.problem),
        journal=journal,
        prefer=preferred,
        account=Account(homes, shown.ledger),
        settle=settle,
        dashboard=Dashboard(sites, shown.ledger, HousePrices(shown.prices, sites), shown.decisions, journal, settle),
        shadow=Shadow(homes, shown.ledger, shown.decisions),
        forecast_quality=ForecastQuality(shown.forecasts, shown.ledger),
        fleet=Fleet(kept.devices, kept.states, kept.telemetry, kept.rollups, kept.commands, drive),
        prices=HousePrices(shown.prices, sites),
        plans=shown.plans,
        decisions=shown.decisions,
        proofs=Proofs(sites, shown.decisions, shown.ledger),
        audit=kept.audit,
        provision=Provision(kept.devices, kept.credentials, kept.audit, authority(settings)),
        broker_for_devices=(settings.certificates.broker_host, settings.certificates.broker_port),
        optimize=solving,
    )


def listen_to(ears: Listening, use: UseCases, settings: Settings) -> None:
    """Have the fleet speak through what listens, and health watch it."""
    use.fleet.drive.send = ears.send
    use.fleet.intake = ears.hearing.intake
    use.fleet.waiting = ears.hearing.waiting.qsize
    owners = {each.device: SiteId(each.site) for each in settings.dongles.direct}
    for transport in ears.transports:
        owner = owners.get(transport.device) if isinstance(transport, NativeDongle) else None
        use.health.others.append(_of(transport, owner))


def _of(transport: Transport, owner: SiteId | None) -> Callable[[SiteId, datetime], list[Component]]:
    """Return the state of a way to dongles, for the house whose dongle it leads to; a broker may lead to any."""
    return lambda site, now: [transport.component(now)] if owner in {None, site} else []


def _schema(database: Database) -> str:
    schema = database.check()
    if not schema.is_current:
        raise UnavailableError(f"the schema is {schema.current}, this version needs {schema.newest}: run `battery-optimizer db upgrade`")
    return schema.newest
