"""What the environment still says of a house: it becomes the document once, and is not read again."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dotenv import dotenv_values

import app.services.tariffs  # noqa: F401  (declares the price sources that a document may name)
from app.config.described import Taken, described
from app.config.flow import NOT_OF_THE_HOUSE, PREFIX, not_taken, with_flow
from app.config.former import FormerHouse
from app.config.settings import OF_THE_HOUSE, read_groups
from app.document.planned import checked
from app.domain.errors import InvalidInputError, InvalidSiteError
from app.domain.setting import Preferences

GROUPS = tuple(f"OPTIMIZER_{group.upper()}__" for group in FormerHouse.model_fields if group != "planner")
PLANNER = frozenset(f"OPTIMIZER_PLANNER__{name.upper()}" for name in OF_THE_HOUSE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftover:
    """The variables that are set and speak of a house."""

    variables: Mapping[str, str] = field(repr=False)
    env_file: Path

    @property
    def names(self) -> list[str]:
        """What they are called."""
        return sorted(self.variables)

    def taken(self, preferences: Preferences | None) -> Taken:
        """Return the house that they describe, with what people changed while the service ran.

        Raises:
            InvalidInputError: names every variable that is wrong, one line each.
        """
        former = described(read_groups(FormerHouse, self.env_file, {}), preferences)
        try:
            checked(former.value)
        except InvalidSiteError as error:
            raise InvalidInputError(f"OPTIMIZER_BATTERY__*, OPTIMIZER_INVERTER__* or OPTIMIZER_GRID__*: {error}") from error
        flow = {name: text for name, text in self.variables.items() if name.startswith(PREFIX)}
        whole = with_flow(former.value, flow)
        try:
            checked(whole)
        except InvalidSiteError as error:
            return Taken(value=former.value, secrets=former.secrets, left_out=tuple(sorted(flow)), why=str(error))
        return Taken(value=whole, secrets=former.secrets, left_out=tuple(not_taken(flow)), why="a document has no place for it")


def leftover(env_file: Path = Path(".env")) -> Leftover:
    """Return what this process's environment and `.env` say of a house."""
    both = {name.upper(): text for name, text in ({**dotenv_values(env_file), **os.environ}).items() if text}
    return Leftover(variables={name: text for name, text in both.items() if _is_of_a_house(name)}, env_file=env_file)


def nothing_left() -> Leftover:
    """Return an environment that says nothing of any house."""
    return Leftover(variables={}, env_file=Path("/nonexistent"))


def _is_of_a_house(name: str) -> bool:
    return name.startswith(GROUPS) or name in PLANNER or (name.startswith(PREFIX) and name not in NOT_OF_THE_HOUSE)
