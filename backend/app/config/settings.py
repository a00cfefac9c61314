"""Settings of the service from the environment and `.env`: `OPTIMIZER_API__PORT=9000` sets `settings.api.port`."""

import logging
import os
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path

from dotenv import dotenv_values
from pydantic import ValidationError, field_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from app.config.env_file import faults, lost_tokens, misspelt_tokens
from app.config.former import FormerHouse, FormerPlannerSettings
from app.config.service import (
    ApiSettings,
    CertificatesSettings,
    DatabaseSettings,
    DongleSettings,
    MqttSettings,
    PlannerSettings,
    SecretsSettings,
)
from app.domain.errors import InvalidInputError

log = logging.getLogger(__name__)

NOT_OURS = frozenset({"OPTIMIZER_PUBLISH"})
"""Read by docker-compose.yml from the same `.env`."""
OF_THE_HOUSE = FormerPlannerSettings.model_fields.keys() - PlannerSettings.model_fields.keys()


class Settings(BaseSettings):
    """Everything that can be set of the service; a house is described by its document."""

    model_config = SettingsConfigDict(
        env_prefix="OPTIMIZER_", env_nested_delimiter="__", env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True
    )

    database: DatabaseSettings = DatabaseSettings()
    api: ApiSettings = ApiSettings()
    secrets: SecretsSettings = SecretsSettings()
    mqtt: MqttSettings = MqttSettings()
    certificates: CertificatesSettings = CertificatesSettings()
    dongles: DongleSettings = DongleSettings()
    planner: PlannerSettings = PlannerSettings()

    @field_validator("planner", mode="before")
    @classmethod
    def _what_is_the_services(cls, given: object) -> object:
        """Leave out what the document says since, and the take-over reads."""
        return {name: value for name, value in given.items() if name not in OF_THE_HOUSE} if isinstance(given, dict) else given


def load(env_file: Path = Path(".env"), **given: object) -> Settings:
    """Return the settings of this process; what is given wins over the environment. What is only odd in the file is logged.

    Raises:
        InvalidInputError: names every line of the file that cannot be understood, or every variable that is wrong, one line each.
    """
    found = faults(env_file)
    if any(each.stops for each in found):
        raise InvalidInputError("\n".join(each.says for each in found))
    for each in found:
        log.warning("%s", each.says)
    names = [*os.environ, *dotenv_values(env_file)]
    if unknown := [*_unknown(names), *misspelt_tokens(names)]:
        raise InvalidInputError("\n".join(unknown))
    return read_groups(Settings, env_file, given)


def unread_tokens(settings: Settings, env_file: Path = Path(".env")) -> list[str]:
    """Return the tokens that the environment or the file names, blank as a rule, and that guard nothing."""
    return lost_tokens(settings.api, {**dotenv_values(env_file), **os.environ})


def read_groups[Groups: BaseSettings](groups: type[Groups], env_file: Path, given: Mapping[str, object]) -> Groups:
    """Return groups of settings.

    Raises:
        InvalidInputError: names every variable that is wrong, one line each.
    """
    try:
        return groups(_env_file=env_file, **given)  # type: ignore[arg-type]  # pydantic judges them
    except ValidationError as error:
        raise InvalidInputError("\n".join(_complaint(found) for found in error.errors())) from error
    except SettingsError as error:
        field = str(error).split('"')[1].upper()  # error parsing value for field "name" from source "EnvSettingsSource"
        raise InvalidInputError(f"OPTIMIZER_{field}: a variable of this group should be JSON and is not") from error


def _unknown(names: Iterable[str]) -> list[str]:
    """Return a complaint for each variable of ours whose group does not exist; within a group pydantic complains."""
    known = [field.upper() for field in dict.fromkeys((*Settings.model_fields, *FormerHouse.model_fields))]
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
