"""The house as the last release had it in the environment. It is read once, for the document; nothing else reads it."""

from typing import Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.config.group import Group
from app.config.service import PlannerSettings
from app.domain.errors import InvalidInputError, NotFoundError
from app.domain.money import currency
from app.domain.permission import Leave
from app.domain.reading import Quantity
from app.domain.site import Coupling, Mode
from app.templates.catalogue import model_named
from app.templates.model import WayName


class BatterySettings(Group):
    """The battery, measured on the AC side."""

    capacity_kwh: float = Field(10.0, ge=0)
    reserve_pct: float = Field(10.0, ge=0, le=100, description="Never discharged below on purpose. Set the same in the inverter.")
    limit_pct: float = Field(100.0, ge=0, le=100, description="Never charged above on purpose.")
    max_charge_kw: float = Field(5.0, ge=0)
    max_discharge_kw: float = Field(5.0, ge=0)
    charge_efficiency: float = Field(0.95, gt=0, le=1)
    discharge_efficiency: float = Field(0.95, gt=0, le=1)
    wear_per_kwh: float | None = Field(None, ge=0, description="Currency per kWh discharged; 2p or its like if not given.")
    voltage_v: float = Field(51.2, gt=0, description="Nominal voltage, for currents while none is measured.")


class InverterSettings(Group):
    """The inverter."""

    ac_limit_kw: float = Field(5.0, gt=0)
    coupling: Coupling = Field(Coupling.DC, description="dc: battery and array share the inverter; ac: the battery has its own.")
    profile: str = Field(
        "fox_ess", description="Its model: what it can be told and in whose words, e.g. growatt; plain for one nobody describes."
    )
    way: WayName | None = Field(None, description="How it is reached where its model knows several: home_assistant or modbus.")
    modes: tuple[Mode, ...] = Field(tuple(Mode), description="What it may be told, of what its model can do.")

    @field_validator("profile")
    @classmethod
    def _known(cls, value: str) -> str:
        try:
            model_named(value)
        except NotFoundError as error:
            raise ValueError(str(error)) from error
        return value


class PermissionSettings(Group):
    """What the inverter's owner lets it do; what is not said is let."""

    control: bool = Field(default=True, description="false ends all control at once: the house goes on in self-use.")
    charge_from_grid: Leave = Field(Leave.NOT_SAID, description="yes, no or not_said.")
    sell: Leave = Field(Leave.NOT_SAID, description="Whether it may export on purpose: yes, no or not_said.")


class GridSettings(Group):
    """The grid connection."""

    import_limit_kw: float = Field(15.0, gt=0)
    export_limit_kw: float = Field(5.0, ge=0)


class PlaneSettings(Group):
    """Panels that lie the same way."""

    kwp: float = Field(gt=0)
    tilt_deg: float = Field(ge=0, le=90)
    azimuth_deg: float = Field(ge=0, lt=360)


class SolarSettings(Group):
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


class HouseSettings(Group):
    """The house itself."""

    time_zone: str = "Europe/London"
    currency: str = Field(
        "GBP", pattern="^[A-Z]{3}$", description="What prices and costs are counted in; the tariff must tell its prices in it."
    )
    annual_load_kwh: float = Field(3500.0, gt=0, description="Scales the standard profile until the house has a week of history.")

    @field_validator("time_zone")
    @classmethod
    def _known(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"{value!r} is no time zone; one is Europe/London") from error
        return value

    @field_validator("currency")
    @classmethod
    def _counted(cls, value: str) -> str:
        try:
            return currency(value).code
        except InvalidInputError as error:
            raise ValueError(str(error)) from error


class TariffSettings(Group):
    """Where prices come from."""

    source: Literal["octopus", "simulated"] = "octopus"
    base_url: str = Field("https://api.octopus.energy/v1/", pattern="^https?://")
    region: str = Field("C", pattern="^[A-HJ-NP]$", description="Octopus region letter; `prices region POSTCODE` finds it.")
    import_product: str = "AGILE-24-10-01"
    export_product: str | None = Field(None, description="e.g. AGILE-OUTGOING-19-05-13; without one, export_per_kwh counts.")
    export_per_kwh: float = Field(0.12, ge=0, lt=1, description="Fixed export payment in GBP; 0 says nobody pays.")
    payment_method: Literal["DIRECT_DEBIT", "NON_DIRECT_DEBIT"] = "DIRECT_DEBIT"
    api_key: SecretStr | None = Field(None, description="Only for metered consumption; prices are public.")


class HomeAssistantSettings(Group):
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


class RulesSettings(Group):
    """The reactive rules: fallback and baseline."""

    charge_below: float | None = Field(
        None, description="Charge at or below this import price, in currency per kWh; 10p or its like if not given."
    )
    sell_above: float | None = Field(None, description="Sell at or above this export price; 28p or its like if not given.")


class FormerPlannerSettings(PlannerSettings):
    """The optimizer, with what is a house's own."""

    switching_cost: float | None = Field(
        None,
        ge=0,
        description="What another mode must save to replace the one decided earlier in the same slot; 0.2p or its like if not given.",
    )


class FormerHouse(BaseSettings):
    """Everything that could be set of the one house."""

    model_config = SettingsConfigDict(
        env_prefix="OPTIMIZER_", env_nested_delimiter="__", env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True
    )

    battery: BatterySettings = BatterySettings()
    inverter: InverterSettings = InverterSettings()
    permission: PermissionSettings = PermissionSettings()
    grid: GridSettings = GridSettings()
    solar: SolarSettings = SolarSettings()
    house: HouseSettings = HouseSettings()
    tariff: TariffSettings = TariffSettings()
    home_assistant: HomeAssistantSettings = HomeAssistantSettings()
    rules: RulesSettings = RulesSettings()
    planner: FormerPlannerSettings = FormerPlannerSettings()

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if self.solar.source == "home_assistant" and self.home_assistant.url is None:
            raise ValueError("OPTIMIZER_SOLAR__SOURCE is home_assistant: set OPTIMIZER_HOME_ASSISTANT__URL and __TOKEN")
        return self
