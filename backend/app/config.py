"""Settings from the environment and `.env`: `OPTIMIZER_TARIFF__REGION=C` sets `settings.tariff.region`."""

import os
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dotenv import dotenv_values
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from app.control.command import LABELS
from app.domain.errors import InvalidInputError, InvalidSiteError
from app.domain.reading import Quantity
from app.domain.roof import Plane, Roof
from app.domain.site import Battery, Coupling, GridConnection, Inverter, Mode, Site, SolarArray
from app.storage.engine import parse_url

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
LEAST_TOKEN_LENGTH = 24
"""A token is compared by its hash; only length keeps it from being guessed."""


class _Group(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DatabaseSettings(_Group):
    """Where records are kept."""

    url: SecretStr = Field(
        SecretStr("sqlite:///battery_optimizer.db"),
        description="SQLAlchemy URL: sqlite:///file.db or mysql+pymysql://user:password@host:3306/battery_optimizer",
    )
    keep_readings_days: int = Field(
        400, ge=8, description="Raw readings older than this are pruned, daily by the service and by `db prune`."
    )
    keep_forecasts_days: int = Field(90, ge=2, description="Forecasts older than this are pruned, scores of them stay.")
    keep_plans_days: int = Field(14, ge=2, description="Plans older than this are pruned, about 5 MB a day; decisions and prices stay.")

    @field_validator("url")
    @classmethod
    def _readable(cls, value: SecretStr) -> SecretStr:
        try:
            parse_url(value.get_secret_value())
        except InvalidInputError as error:
            raise ValueError(str(error)) from error
        except ValueError:
            raise ValueError("its port is no number; a password with @ : / in it must be percent-encoded") from None
        return value


class ApiSettings(_Group):
    """Where the service listens and who may ask."""

    host: str = Field("127.0.0.1", description="Address to listen on. Beyond loopback at least one token must be set.")
    port: int = Field(8000, ge=1, le=65535)
    viewer_token: SecretStr | None = Field(None, description="May read.")
    controller_token: SecretStr | None = Field(None, description="May read, push readings, report outcomes and set overrides.")
    admin_token: SecretStr | None = Field(None, description="May do everything.")

    @field_validator("viewer_token", "controller_token", "admin_token", mode="before")
    @classmethod
    def _long_enough(cls, value: object) -> object:
        text = value.get_secret_value() if isinstance(value, SecretStr) else value
        if text is None or text == "":
            return None
        if isinstance(text, str) and len(text) < LEAST_TOKEN_LENGTH:
            raise ValueError(f"a token needs at least {LEAST_TOKEN_LENGTH} characters; make one with `openssl rand -hex 24`")
        return value

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the service."""
        return self.host in LOOPBACK


class BatterySettings(_Group):
    """The battery, measured on the AC side."""

    capacity_kwh: float = Field(10.0, ge=0)
    reserve_pct: float = Field(10.0, ge=0, le=100, description="Never discharged below on purpose. Set the same in the inverter.")
    limit_pct: float = Field(100.0, ge=0, le=100, description="Never charged above on purpose.")
    max_charge_kw: float = Field(5.0, ge=0)
    max_discharge_kw: float = Field(5.0, ge=0)
    charge_efficiency: float = Field(0.95, gt=0, le=1)
    discharge_efficiency: float = Field(0.95, gt=0, le=1)
    wear_per_kwh: float = Field(0.02, ge=0, description="Currency per kWh discharged.")
    voltage_v: float = Field(51.2, gt=0, description="Nominal voltage, for currents while none is measured.")


class InverterSettings(_Group):
    """The inverter."""

    ac_limit_kw: float = Field(5.0, gt=0)
    coupling: Coupling = Field(Coupling.DC, description="dc: battery and array share the inverter; ac: the battery has its own.")
    profile: str = Field("fox_ess", description="Whose words the modes are given in: fox_ess or plain.")
    modes: tuple[Mode, ...] = Field(tuple(Mode), description="What it can be told.")

    @field_validator("profile")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in LABELS:
            raise ValueError(f"no inverter profile named {value!r}; there are {', '.join(sorted(LABELS))}")
        return value


class GridSettings(_Group):
    """The grid connection."""

    import_limit_kw: float = Field(15.0, gt=0)
    export_limit_kw: float = Field(5.0, ge=0)


class PlaneSettings(_Group):
    """Panels that lie the same way."""

    kwp: float = Field(gt=0)
    tilt_deg: float = Field(ge=0, le=90)
    azimuth_deg: float = Field(ge=0, lt=360)


class SolarSettings(_Group):
    """The roof, and who forecasts what it will give; 0 kW and no planes for a house without one."""

    peak_kw: float = Field(0.0, ge=0, description="Left at 0, the sum of the planes.")
    curtailable: bool = Field(default=True, description="Whether the inverter throttles the array when nobody can take its power.")
    source: Literal["history", "open_meteo", "smhi", "forecast_solar", "solcast", "home_assistant"] = Field(
        "history", description="history is the mean of the last week; the others are calibrated on what the roof gives."
    )
    planes: tuple[PlaneSettings, ...] = Field(
        (), description='Azimuth 0 is north, 90 east, 180 south, e.g. [{"kwp": 4.2, "tilt_deg": 35, "azimuth_deg": 180}].'
    )
    latitude: float | None = Field(None, ge=-90, le=90, description="Degrees north, e.g. 51.51.")
    longitude: float | None = Field(None, ge=-180, le=180, description="Degrees east, e.g. -0.13.")
    loss_pct: float = Field(14.0, ge=0, lt=100, description="Lost to dirt, cables and the inverter.")
    pct_per_degree: float = Field(-0.35, ge=-1, le=0, description="The modules' temperature coefficient of power.")
    inverter_kw: float | None = Field(None, gt=0, description="AC limit of the array's own inverter; not set for a hybrid one.")
    quarters: bool = Field(default=False, description="open_meteo: quarter-hours, where weather models compute them themselves.")
    models: str | None = Field(None, description="open_meteo: weather models, e.g. icon_seamless or metno_seamless; it chooses itself.")
    ensemble: str | None = Field(None, description="open_meteo: an ensemble that adds a spread, e.g. icon_seamless.")
    api_key: SecretStr | None = Field(None, description="solcast needs one; open_meteo and forecast_solar work without.")
    rooftops: tuple[str, ...] = Field((), description="solcast: the resource ids of the rooftops; ten calls a day are shared by them.")
    entities: tuple[str, ...] = Field(
        ("sensor.solcast_pv_forecast_forecast_today", "sensor.solcast_pv_forecast_forecast_tomorrow"),
        min_length=1,
        description="home_assistant: the forecast entities of today, tomorrow and so on.",
    )
    base_url: str | None = Field(None, pattern="^https?://", description="Another address of the source, for a paid plan or a test.")
    calibrate: bool = Field(default=True, description="Whether the source is corrected by what the roof gives.")

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.source == "history":
            return self
        if not self.planes or self.latitude is None or self.longitude is None:
            raise ValueError(f"{self.source} needs planes, latitude and longitude")
        if self.source == "solcast" and not (self.api_key and self.rooftops):
            raise ValueError("solcast needs an api_key and rooftops")
        return self

    @property
    def array(self) -> SolarArray:
        """The roof as the planner sees it."""
        return SolarArray(peak_kw=self.peak_kw or sum(plane.kwp for plane in self.planes), curtailable=self.curtailable)

    @property
    def roof(self) -> Roof | None:
        """The roof as the sun sees it; None where it is not described."""
        if not self.planes or self.latitude is None or self.longitude is None:
            return None
        return Roof(
            latitude=self.latitude,
            longitude=self.longitude,
            planes=tuple(Plane(**plane.model_dump()) for plane in self.planes),
            loss=self.loss_pct / 100,
            per_degree=self.pct_per_degree / 100,
            inverter_kw=self.inverter_kw,
        )


class HouseSettings(_Group):
    """The house itself."""

    time_zone: str = "Europe/London"
    currency: str = Field("GBP", pattern="^[A-Z]{3}$")
    annual_load_kwh: float = Field(3500.0, gt=0, description="Scales the standard profile until the house has a week of history.")

    @field_validator("time_zone")
    @classmethod
    def _known(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"{value!r} is no time zone; one is Europe/London") from error
        return value


class TariffSettings(_Group):
    """Where prices come from."""

    source: Literal["octopus", "simulated"] = "octopus"
    base_url: str = Field("https://api.octopus.energy/v1/", pattern="^https?://")
    region: str = Field("C", pattern="^[A-HJ-NP]$", description="Octopus region letter; `prices region POSTCODE` finds it.")
    import_product: str = "AGILE-24-10-01"
    export_product: str | None = Field(None, description="e.g. AGILE-OUTGOING-19-05-13; without one, export_per_kwh counts.")
    export_per_kwh: float = Field(0.12, ge=0, lt=1, description="Fixed export payment in GBP; 0 says nobody pays.")
    payment_method: Literal["DIRECT_DEBIT", "NON_DIRECT_DEBIT"] = "DIRECT_DEBIT"
    api_key: SecretStr | None = Field(None, description="Only for metered consumption; prices are public.")


class HomeAssistantSettings(_Group):
    """The house to look at; without a URL, readings are pushed instead."""

    url: str | None = Field(None, pattern="^https?://", description="e.g. http://192.168.1.3:8123")
    token: SecretStr | None = Field(None, description="A long-lived access token.")
    entities: dict[Quantity, str] = Field(
        default_factory=lambda: {
            Quantity.SOC_PCT: "sensor.battery_soc",
            Quantity.SOLAR_KW: "sensor.pv_power_now",
            Quantity.LOAD_KW: "sensor.load_power",
        },
        description='Quantity to entity; a leading "-" turns its sign, e.g. {"battery_kw": "-sensor.invbatpower"}.',
    )

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.url is not None and self.token is None:
            raise ValueError("a Home Assistant URL needs a token")
        return self


class MqttSettings(_Group):
    """The broker through which Home Assistant sees the optimizer as a device; without a host there is none."""

    host: str | None = Field(None, description="e.g. 192.168.1.3 or mosquitto")
    port: int = Field(1883, ge=1, le=65535, description="8883 with TLS.")
    username: str | None = None
    password: SecretStr | None = None
    ca_file: str | None = Field(None, description="The broker's CA certificate; turns TLS on.")
    prefix: str = Field("battery_optimizer", pattern="^[A-Za-z0-9_-]+$", description="First part of every topic.")


class CertificatesSettings(_Group):
    """The house's own authority, for dongles; without a folder nothing is signed."""

    folder: Path | None = Field(None, description="Made by `battery-optimizer ca create`; ca.key in it is the one secret, keep a copy.")
    device_days: int = Field(
        730,
        ge=1,
        le=3650,
        description="How long a dongle's certificate is good; its firmware is flashed anew before. A lost one is revoked.",
    )
    broker_host: str | None = Field(None, description="Under which name or address dongles find the broker, e.g. 192.168.1.2.")
    broker_port: int = Field(8884, ge=1, le=65535, description="The listener that wants certificates.")
    broker_log: Path | None = Field(None, description="Mosquitto's log file at log_type debug: whom it refuses comes into the audit log.")


class DirectDongle(_Group):
    """A dongle that is reached by itself, over ESPHome's native API."""

    device: str = Field(description="Its id, e.g. bat_60bh37202bfa.")
    host: str
    port: int = Field(6053, ge=1, le=65535)
    key: SecretStr | None = Field(None, description="The encryption key of its `api:`.")


class DongleSettings(_Group):
    """Dongles that are listened to, at the broker of `mqtt` or each by itself."""

    listen: bool = Field(default=True, description="Listen to claimed dongles at the broker of OPTIMIZER_MQTT__HOST.")
    client_id: str = Field(
        "battery-optimizer-ingest",
        pattern="^[A-Za-z0-9_-]{1,64}$",
        description="Names the session in which the broker keeps what comes while we are away; each service needs its own.",
    )
    direct: tuple[DirectDongle, ...] = Field(
        (), description='Without a broker, e.g. [{"device": "bat_60bh37202bfa", "host": "192.168.1.7", "key": "..."}]; so it is claimed.'
    )
    keep_raw_days: int = Field(7, ge=2, description="Samples older than this are forgotten; their five-minute means stay.")
    keep_means_days: int = Field(730, ge=8, description="Five-minute means older than this are forgotten.")


class RulesSettings(_Group):
    """The reactive rules: fallback and baseline."""

    charge_below: float = Field(0.10, description="Charge at or below this import price, in currency per kWh.")
    sell_above: float = Field(0.28, description="Sell at or above this export price.")


class PlannerSettings(_Group):
    """The optimizer."""

    switching_cost: float = Field(
        0.002, ge=0, description="What another mode must save to replace the one decided earlier in the same slot, in currency."
    )
    time_limit_s: float = Field(2.0, gt=0, le=60, description="Wall clock for one plan; what is proved by then is used.")


NOT_OURS = frozenset({"OPTIMIZER_PUBLISH"})
"""Read by docker-compose.yml from the same `.env`."""


class Settings(BaseSettings):
    """Everything that can be set."""

    model_config = SettingsConfigDict(
        env_prefix="OPTIMIZER_", env_nested_delimiter="__", env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True
    )

    database: DatabaseSettings = DatabaseSettings()
    api: ApiSettings = ApiSettings()
    battery: BatterySettings = BatterySettings()
    inverter: InverterSettings = InverterSettings()
    grid: GridSettings = GridSettings()
    solar: SolarSettings = SolarSettings()
    house: HouseSettings = HouseSettings()
    tariff: TariffSettings = TariffSettings()
    home_assistant: HomeAssistantSettings = HomeAssistantSettings()
    mqtt: MqttSettings = MqttSettings()
    certificates: CertificatesSettings = CertificatesSettings()
    dongles: DongleSettings = DongleSettings()
    rules: RulesSettings = RulesSettings()
    planner: PlannerSettings = PlannerSettings()

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if self.solar.source == "home_assistant" and self.home_assistant.url is None:
            raise ValueError("OPTIMIZER_SOLAR__SOURCE is home_assistant: set OPTIMIZER_HOME_ASSISTANT__URL and __TOKEN")
        return self

    @property
    def site(self) -> Site:
        """The one house of these settings.

        Raises:
            InvalidSiteError: the numbers do not make a house.
        """
        battery = self.battery
        return Site(
            battery=Battery(
                capacity_kwh=battery.capacity_kwh,
                reserve_kwh=battery.capacity_kwh * battery.reserve_pct / 100,
                limit_kwh=battery.capacity_kwh * battery.limit_pct / 100,
                max_charge_kw=battery.max_charge_kw,
                max_discharge_kw=battery.max_discharge_kw,
                charge_efficiency=battery.charge_efficiency,
                discharge_efficiency=battery.discharge_efficiency,
                wear_per_kwh=battery.wear_per_kwh,
                voltage_v=battery.voltage_v,
            ),
            inverter=Inverter(**self.inverter.model_dump()),
            grid=GridConnection(**self.grid.model_dump()),
            solar=self.solar.array,
            zone=ZoneInfo(self.house.time_zone),
            currency=self.house.currency,
        )


def load(env_file: Path = Path(".env"), **given: object) -> Settings:
    """Return the settings of this process; what is given wins over the environment.

    Raises:
        InvalidInputError: names every variable that is wrong, one line each.
    """
    if unknown := _unknown([*os.environ, *dotenv_values(env_file)]):
        raise InvalidInputError("\n".join(unknown))
    try:
        settings = Settings(_env_file=env_file, **given)  # type: ignore[arg-type]  # pydantic judges them
        _ = settings.site
    except ValidationError as error:
        raise InvalidInputError("\n".join(_complaint(found) for found in error.errors())) from error
    except SettingsError as error:
        field = str(error).split('"')[1].upper()  # error parsing value for field "name" from source "EnvSettingsSource"
        raise InvalidInputError(f"OPTIMIZER_{field}: a variable of this group should be JSON and is not") from error
    except InvalidSiteError as error:
        raise InvalidInputError(f"OPTIMIZER_BATTERY__*, OPTIMIZER_INVERTER__* or OPTIMIZER_GRID__*: {error}") from error
    return settings


def _unknown(names: Iterable[str]) -> list[str]:
    """Return a complaint for each variable of ours whose group does not exist; within a group pydantic complains."""
    known = [field.upper() for field in Settings.model_fields]
    complaints = []
    for name in sorted({each.upper() for each in names} - NOT_OURS):
        prefix, _, rest = name.partition("_")
        group = rest.partition("__")[0]
        if prefix == "OPTIMIZER" and group not in known:
            meant = get_close_matches(group, known, n=1)
            complaints.append(
                f"{name}: there is no group {group}" + (f"; did you mean {meant[0]}?" if meant else f", only {', '.join(known)}")
            )
    return complaints


def _complaint(found: ErrorDetails) -> str:
    name = "OPTIMIZER_" + "__".join(str(part) for part in found["loc"]).upper()
    return f"{name}: {found['msg'].removeprefix('Value error, ')}"
