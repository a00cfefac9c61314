"""The take-over: a house that an earlier release had in the environment becomes a document, once."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from app.config.leftover import Leftover
from app.domain.errors import ConflictError
from app.domain.setting import NODE_RED, Preferences, Setting
from app.domain.site import HOME
from app.storage.decisions import DecisionStore
from app.storage.prices import PriceStore
from app.storage.settings import SettingStore
from app.usecases.describe import Describe

log = logging.getLogger(__name__)

ACTOR = "take-over"
"""Who made the first version, by the log."""
CONTROL = "control"
"""The group of settings that an earlier release kept what people changed in."""


@dataclass(frozen=True, slots=True)
class TakeOver:
    """Makes the document of home out of the environment, where there is none and there was a house."""

    describe: Describe
    settings: SettingStore
    prices: PriceStore
    decisions: DecisionStore

    def run(self, left: Leftover, now: datetime) -> None:
        """Take the house over, unless there is a document already or never was a house.

        Raises:
            InvalidInputError: names every variable that is wrong.
            UnavailableError: the database is away, or there is no key file to encrypt tokens with.
        """
        if HOME in self.describe.sites() or not (left.variables or self._was_a_house(now)):
            return
        control = self.settings.get(HOME, CONTROL)
        taken = left.taken(None)
        value = taken.value if control is None else left.taken(_preferred(control, taken.value)).value
        try:
            self.describe.take_over(HOME, value, taken.secrets, actor=ACTOR, now=now)
        except ConflictError:
            log.info("another service has just taken the house over")
            return
        _say(left, taken.secrets, changed_live=control is not None)
        if taken.left_out:
            log.warning("not taken over: %s: %s", ", ".join(taken.left_out), taken.why)

    def _was_a_house(self, now: datetime) -> bool:
        """Tell whether an earlier release served a house without being told anything of it."""
        known = self.prices.last_fetched(HOME), self.decisions.latest(HOME, now), self.settings.get(HOME, CONTROL)
        return any(each is not None for each in known)


def _preferred(control: Setting, value: Mapping[str, object]) -> Preferences:
    """Return what people changed while an earlier release ran; what they did not is as the document has it."""
    reserve, dry_run, controller = (control.value.get(name) for name in ("reserve_pct", "dry_run", "controller"))
    devices = value["devices"]
    own = next((each["reserve_pct"] for each in devices if each["kind"] == "battery"), 0.0) if isinstance(devices, list) else 0.0
    return Preferences(
        reserve_pct=float(reserve) if isinstance(reserve, int | float) else own,
        dry_run=dry_run is True,
        controller=controller if isinstance(controller, str) else NODE_RED,
    )


def _say(left: Leftover, secrets: Mapping[str, str], *, changed_live: bool) -> None:
    said = [f"{len(left.variables)} variables of the environment"] if left.variables else ["the defaults of the last release"]
    said += [f"the secrets {', '.join(secrets)} (encrypted)"] if secrets else []
    said += ["what was changed while it ran"] if changed_live else []
    log.warning(
        "the house %s is now described by its document, version 1, made of %s. From now on the document holds: "
        "change it at /api/v1/sites/%s; these variables are no longer read: %s",
        HOME,
        ", ".join(said),
        HOME,
        ", ".join(left.names) or "none",
    )
