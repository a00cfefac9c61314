"""Settings that may change while the service runs: every version is kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from app.domain.errors import InvalidInputError

NEVER_SET = 0
"""The version of a group of settings nobody has changed yet."""
FULL_PCT = 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One version of a group of settings such as `battery`; the first is 1."""

    name: str
    version: int
    value: Mapping[str, object]
    set_by: str
    set_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """What people change about a running site: the reserve in %, and whether decisions are only shown, not carried out."""

    reserve_pct: float
    dry_run: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.reserve_pct <= FULL_PCT:
            raise InvalidInputError(f"a reserve of {self.reserve_pct} % cannot be")
