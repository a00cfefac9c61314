"""The way `home_assistant`: the entities an integration shows, and each mode as an ordered list of what is set and called."""

from typing import Literal, Self, get_args

from pydantic import Field, model_validator

from app.domain.capability import ReadBack
from app.domain.reading import Quantity
from app.templates.coherence import mode_complaints
from app.templates.orders import ModeName
from app.templates.reads import Strict

type Told = str | int | float
"""What is set: an option, `on` or `off`, a number, or one of the order's numbers by its name (`$power`, `$target_soc` …)."""
type Write = tuple[str, Told]
"""A role of the settings, and what it is set to."""


class Setting(Strict):
    """One entity that can be set."""

    entity: str
    """Empty where most houses have none; a house may name its own."""
    unit: str | None = None
    """Of a number; the entity itself may show another one of the same kind."""
    least: float | None = None
    most: float | None = None
    """None where only the inverter's size bounds it, which the house tells."""
    step: float | None = None
    tolerance: float | None = None
    """So far from what was told it still counts as done."""
    needed_by: tuple[ModeName, ...] | None = None
    """The modes that cannot be done without it, where some that set it can; every mode that sets it when not said."""


class Sensor(Strict):
    """One entity that is read: importing and charging positive after its sign; `minus` is subtracted."""

    entity: str
    sign: Literal[1, -1] | None = None
    minus: str | None = None


class Call(Strict):
    """An action that is called."""

    action: str
    data: dict[str, str] | None = None


class HomeAssistant(Strict):
    """One integration of Home Assistant."""

    title: str
    integration: str
    verified: Literal["simulator", "documented"]
    before: str
    """What must be done before it works, in a few words."""
    notes: tuple[str, ...] = ()
    tells: str
    """The role whose state says what the inverter does."""
    settings: dict[str, Setting]
    sensors: dict[Quantity, Sensor]
    modes: dict[ModeName, tuple[Write | Call, ...]]
    lacks: dict[ModeName, str] = Field(default_factory=dict)
    press: tuple[str, ...] = ()
    """Buttons to press after a change."""
    refresh_s: int | None = None
    """After so long a standing order is told again, before it ends by itself."""
    most_minutes: int | None = None
    """The longest an order may be told to last."""
    ends_by_itself: bool = False
    """Whether an order ends by a timer of the device or its integration when nobody tells it again."""
    own_self_use: bool = True
    """Whether it follows the house by itself; false for a device that only knows set-points."""
    schedule_slots: int = 0

    @property
    def read_back(self) -> ReadBack:
        """What shows that an order was taken: what is called or pressed leaves no setting of the inverter that could be read again."""
        forcing = (step for mode, steps in self.modes.items() if mode.startswith("force_") for step in steps)
        return ReadBack.POWER if self.press or any(isinstance(step, Call) for step in forcing) else ReadBack.SETTINGS

    def needs(self, role: str, mode: ModeName) -> bool:
        """Return whether a mode cannot be done without that role."""
        used = role in self.press or any(isinstance(step, tuple) and step[0] == role for step in self.modes[mode])
        needed_by = self.settings[role].needed_by
        return used and (needed_by is None or mode in needed_by)

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        roles = {step[0] for steps in self.modes.values() for step in steps if isinstance(step, tuple)}
        missing = sorted((roles | set(self.press) | {self.tells}) - set(self.settings))
        found = [f"settings: no entity for {', '.join(missing)}"] if missing else []
        found += [
            f"settings.{role}: {mode} needs it, so it needs an entity"
            for role, setting in self.settings.items()
            for mode in self.modes
            if not missing and not setting.entity and self.needs(role, mode)
        ]
        found += [
            f"settings.{role}: a number needs its unit and the least it may be; a percentage the most, too"
            for role, setting in self.settings.items()
            if _is_number(setting) and (None in (setting.unit, setting.least) or (setting.unit == "%" and setting.most is None))
        ]
        for complaint in (*found, *mode_complaints(self.modes, self.lacks, get_args(ModeName))):
            raise ValueError(complaint)
        return self


def _is_number(setting: Setting) -> bool:
    return setting.unit is not None or setting.entity.startswith(("number.", "input_number."))
