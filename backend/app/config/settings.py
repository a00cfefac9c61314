"""Settings from the environment and `.env`: `OPTIMIZER_TARIFF__REGION=C` sets `settings.tariff.region`."""

import os
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Self
from zoneinfo import ZoneInfo

from dotenv import dotenv_values
from pydantic import ValidationError, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from app.config.house import (
    BatterySettings,
    GridSettings,
    HomeAssistantSettings,
    HouseSettings,
    InverterSettings,
    PermissionSettings,
    PlannerSettings,
    RulesSettings,
    SolarSettings,
    TariffSettings,
)
from app.config.service import ApiSettings, CertificatesSettings, DatabaseSettings, DongleSettings, MqttSettings, SecretsSettings
from app.domain.errors import InvalidInputError, InvalidSiteError
from app.domain.site import Battery, GridConnection, Site

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
    permission: PermissionSettings = PermissionSettings()
    grid: GridSettings = GridSettings()
    solar: SolarSettings = SolarSettings()
    house: HouseSettings = HouseSettings()
    tariff: TariffSettings = TariffSettings()
    home_assistant: HomeAssistantSettings = HomeAssistantSettings()
    secrets: SecretsSettings = SecretsSettings()
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
            inverter=self.inverter.noun(self.permission.noun),
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
