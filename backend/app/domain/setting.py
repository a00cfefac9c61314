"""Settings that may change while the service runs: every version is kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from app.domain.device import device_id
from app.domain.errors import InvalidInputError

NEVER_SET = 0
"""The version of a group of settings nobody has changed yet."""
FULL_PCT = 100.0
NODE_RED = "node_red"
"""Whoever asks over HTTP and reports: the Node-RED flow, or a script in its place."""
NOBODY = "nobody"
"""Who carries decisions out of a house where control is switched off."""
_DONGLE = "dongle:"


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
    """What people change about a running site: the reserve in %, whether decisions are only shown, and who carries them out."""

    reserve_pct: float
    dry_run: bool = False
    controller: str = NODE_RED
    """Who carries decisions out: `node_red`, or `dongle:` and its id. Never two at a time."""
    enabled: bool = True
    """The one switch: off, nothing is controlled, and whoever was is let go to self-use."""

    def __post_init__(self) -> None:
        if self.controller != NODE_RED:
            device_id(dongle_of(self.controller) or self.controller)
        if not 0 <= self.reserve_pct <= FULL_PCT:
            raise InvalidInputError(f"a reserve of {self.reserve_pct} % cannot be")

    @property
    def writes_nothing(self) -> bool:
        """Whether decisions are only shown."""
        return self.dry_run or not self.enabled


def dongle_of(controller: str) -> str | None:
    """Return the dongle that a controller is, None for any other."""
    return controller.removeprefix(_DONGLE) if controller.startswith(_DONGLE) else None
