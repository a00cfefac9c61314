"""Every store of the service, on one database."""

from dataclasses import dataclass

from app.storage.audit import AuditStore
from app.storage.credentials import CredentialStore
from app.storage.database import Database
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
from app.storage.rollup import RollupStore
from app.storage.secrets import SecretStore
from app.storage.settings import SettingStore
from app.storage.telemetry import TelemetryStore
from app.storage.tokens import TokenStore


@dataclass(frozen=True, slots=True)
class Stores:
    """One store per kind of record."""

    database: Database
    audit: AuditStore
    credentials: CredentialStore
    decisions: DecisionStore
    descriptions: DescriptionStore
    commands: DeviceCommandStore
    states: DeviceStateStore
    devices: DeviceStore
    forecasts: ForecastStore
    ledger: LedgerStore
    overrides: OverrideStore
    plans: PlanStore
    prices: PriceStore
    readings: ReadingStore
    rollups: RollupStore
    secrets: SecretStore
    settings: SettingStore
    telemetry: TelemetryStore
    tokens: TokenStore


def stores(database: Database) -> Stores:
    """Return the stores of a database."""
    return Stores(
        database=database,
        audit=AuditStore(database),
        credentials=CredentialStore(database),
        decisions=DecisionStore(database),
        descriptions=DescriptionStore(database),
        commands=DeviceCommandStore(database),
        states=DeviceStateStore(database),
        devices=DeviceStore(database),
        forecasts=ForecastStore(database),
        ledger=LedgerStore(database),
        overrides=OverrideStore(database),
        plans=PlanStore(database),
        prices=PriceStore(database),
        readings=ReadingStore(database),
        rollups=RollupStore(database),
        secrets=SecretStore(database),
        settings=SettingStore(database),
        telemetry=TelemetryStore(database),
        tokens=TokenStore(database),
    )
