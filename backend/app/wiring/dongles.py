"""Who gets what where dongles are listened to and let in; for a service, or for one that does nothing but listen."""

import asyncio
import signal
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from app.config.settings import Settings
from app.devices.dongle.broker_log import BrokerLog
from app.devices.dongle.hearing import Hearing
from app.devices.dongle.listening import Listening, Transport
from app.devices.dongle.native import NativeDongle
from app.devices.dongle.over_mqtt import MqttDongles
from app.devices.dongle.topics import Way
from app.document.checked import checked
from app.document.planned import preferences_of
from app.domain.audit import AuditEntry
from app.domain.device import DeviceStanding, device_id, unclaimed
from app.domain.dongle import CommandAnswer, DeviceCommand, Schedule
from app.domain.errors import InvalidInputError, UnavailableError
from app.domain.site import SiteId
from app.fleet.drive import Drive
from app.fleet.intake import Intake
from app.fleet.watch import Watch
from app.storage.audit import AuditStore
from app.storage.database import Database
from app.storage.decisions import DecisionStore
from app.storage.descriptions import DescriptionStore
from app.storage.device_commands import DeviceCommandStore
from app.storage.device_states import DeviceStateStore
from app.storage.devices import DeviceStore
from app.storage.overrides import OverrideStore
from app.storage.partitions import TelemetryDays
from app.storage.rollup import RollupStore
from app.storage.secrets import SecretStore
from app.storage.telemetry import TelemetryStore
from app.trust.credentials import Authority
from app.trust.secrets import KeyFile
from app.usecases.describe import Describe
from app.usecases.execute import Execute
from app.usecases.preferences import Prefer


def listening(
    settings: Settings, database: Database, clock: Callable[[], datetime], answered: Callable[[CommandAnswer, datetime], None]
) -> Listening | None:
    """Return what listens to dongles, None where there is no way to any."""
    intake = Intake(TelemetryStore(database), DeviceStateStore(database), DeviceStore(database), AuditStore(database))
    hearing = Hearing(intake, answered, clock)
    transports = _transports(settings, hearing, clock)
    if not transports:
        return None
    if settings.dongles.direct:
        claim_direct(settings, DeviceStore(database), clock())
    days = TelemetryDays(database, raw_days=settings.dongles.keep_raw_days, rolled_days=settings.dongles.keep_means_days)
    return Listening(hearing, transports, RollupStore(database), days.keep, clock)


def _transports(settings: Settings, hearing: Hearing, clock: Callable[[], datetime]) -> list[Transport]:
    """Return the dongles reached by themselves, and then the broker, which may reach anybody."""
    found: list[Transport] = [
        NativeDongle(each.device, each.host, each.port, each.key.get_secret_value() if each.key else None, hearing, clock)
        for each in settings.dongles.direct
    ]
    broker = settings.mqtt
    if broker.host is None or not settings.dongles.listen:
        return found
    way = Way(
        host=broker.host,
        port=broker.port,
        username=broker.username,
        password=broker.password.get_secret_value() if broker.password else None,
        ca_file=broker.ca_file,
        client_id=settings.dongles.client_id,
    )
    return [*found, MqttDongles(way, hearing, clock)]


def authority(settings: Settings) -> Authority | None:
    """Return the authority that the settings name, or None.

    Raises:
        NotFoundError: it was never made.
    """
    given = settings.certificates
    return None if given.folder is None else Authority.load(given.folder, timedelta(days=given.device_days))


def watch(settings: Settings, database: Database) -> Watch | None:
    """Return who looks whom the broker refused, None where its log is not given."""
    path = settings.certificates.broker_log
    return None if path is None else Watch(BrokerLog(path), DeviceStore(database), AuditStore(database))


def no_way(_what: DeviceCommand | Schedule, device: str) -> None:
    """Stand in for the way to dongles where there is none.

    Raises:
        UnavailableError: always.
    """
    raise UnavailableError(f"there is no way to {device}: set OPTIMIZER_MQTT__HOST")


def claim_direct(settings: Settings, devices: DeviceStore, now: datetime) -> None:
    """Claim the dongles that the settings name: whoever wrote them there has said whose they are. One that was shut out stays so.

    Raises:
        UnavailableError: the database did not answer.
    """
    for named in settings.dongles.direct:
        known = devices.get(named.device) or unclaimed(device_id(named.device), now)
        if known.standing is DeviceStanding.UNCLAIMED:
            entry = AuditEntry(
                at=now, actor="settings", action="device.claimed", subject=named.device, detail=f"at {named.host}:{named.port}"
            )
            site = SiteId(named.site)
            claimed = replace(known, standing=DeviceStanding.CLAIMED, site=site, claimed_by="settings", claimed_at=now)
            devices.put(claimed, entry)


def listen_only(settings: Settings, clock: Callable[[], datetime]) -> None:
    """Listen until SIGTERM or SIGINT; what is not stored by then is still in the broker.

    Raises:
        InvalidInputError: the settings name no way to any dongle.
    """
    database = Database.open(settings.database.url.get_secret_value())
    found = listening(settings, database, clock, keeper_of_answers(settings, database).answered)
    if found is None:
        raise InvalidInputError("nothing to listen to: set OPTIMIZER_MQTT__HOST, and leave OPTIMIZER_DONGLES__LISTEN on")
    try:
        asyncio.run(_until_told(found))
    finally:
        database.close()


async def _until_told(listening: Listening) -> None:
    told = asyncio.Event()
    for which in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(which, told.set)
    running = asyncio.create_task(listening.run())
    waiting = asyncio.create_task(told.wait())
    done, _ = await asyncio.wait({running, waiting}, return_when=asyncio.FIRST_COMPLETED)
    running.cancel()
    waiting.cancel()
    await asyncio.gather(running, waiting, return_exceptions=True)
    if running in done and not running.cancelled():
        running.result()


def keeper_of_answers(settings: Settings, database: Database) -> Drive:
    """Return who keeps answers; commands are sent, and the controller is changed, in the service that decides."""
    audit = AuditStore(database)
    devices = DeviceStore(database)
    describe = Describe(DescriptionStore(database), SecretStore(database), KeyFile(settings.secrets.key_file), checked)
    prefer = Prefer({}, describe, devices, lambda value: preferences_of(checked(value)))
    execute = Execute(DecisionStore(database), OverrideStore(database), lambda name: prefer.read(name).controller)
    return Drive(prefer, devices, DeviceCommandStore(database), execute, audit, _sends_nothing)


def _sends_nothing(_what: DeviceCommand | Schedule, device: str) -> None:
    raise UnavailableError(f"{device}: this service only listens")
