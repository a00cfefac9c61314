"""An inverter's registers: what it measures, what it was told, its own dead-man timer and its memory that wears."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from pymodbus.constants import ExcCodes

from app.templates.orders import Control
from app.templates.template import Template
from tests.esphome.simulator.house import House
from tests.esphome.simulator.orders import Facts, numbers, said, words_of
from tests.esphome.simulator.readings import fill

LONGEST_LEASE = {"lease_s": 600.0, "lease_min": 10.0}


@dataclass
class Inverter:
    """One inverter of a template. `wear` counts writes to flash by control, `writes` is all that was accepted, `refused` what was not."""

    template: Template
    clock: Callable[[], float]
    house: House = field(default_factory=House)
    words: dict[str, list[int]] = field(default_factory=dict)
    wear: Counter[str] = field(default_factory=Counter)
    writes: list[tuple[float, int, str, list[int]]] = field(default_factory=list)
    """When, by which function code, which control, which words."""
    refused: list[tuple[int, int, list[int]]] = field(default_factory=list)
    timed_out: int = 0
    reads: int = 0
    ends_at: float | None = None
    """When its own timer ends."""

    def __post_init__(self) -> None:
        self.house.time_s = self.clock()
        self.house.orders_move_grid = self.template.orders_move == "grid"
        self.words = {name: [0] * control.words for name, control in self.template.controls.items()}
        for step in self.template.modes.get("self_use", ()):
            self.words[step.write] = self._at_rest(step.write)

    @property
    def facts(self) -> Facts:
        """What it knows about itself."""
        return Facts(self.house.rated_w, self.house.max_charge_w, self.house.max_discharge_w)

    def read(self, table: str, address: int, count: int) -> list[int]:
        """Return registers.

        Raises:
            KeyError: one of them is not there, so the whole answer is refused.
        """
        self._pass_time()
        self.reads += 1
        present = fill(self.template, self.house.measured()) | self._control_registers()
        return [present[table, each] for each in range(address, address + count)]

    def write(self, function: int, address: int, words: list[int]) -> ExcCodes | None:
        """Take a write as the template says it is done, or say why not."""
        self._pass_time()
        name, refusal = self._addressed(function, address, len(words))
        if refusal:
            self.refused.append((function, address, words))
            return refusal
        now = self.clock()
        self.words[name] = list(words)
        self.writes.append((now, function, name, list(words)))
        if self.template.controls[name].write_class == "flash":
            self.wear[name] += 1
        before = self.house.mode
        self._obey()
        if self.template.timer and (name in self.template.timer.rearmed_by or self.house.mode != before):
            self._arm(now)
        return None

    def reboot(self) -> None:
        """Lose what is not kept in flash."""
        self._pass_time()
        self._forget({name for name, control in self.template.controls.items() if control.write_class == "ram"})
        self.ends_at = None
        self._fall_back()

    def addresses(self, table: str) -> list[int]:
        """Return which registers there are."""
        present = fill(self.template, self.house.measured()) | self._control_registers()
        return sorted(address for place, address in present if place == table)

    def _control_registers(self) -> dict[tuple[str, int], int]:
        controls = self.template.controls
        return {("holding", controls[name].at + place): word for name, words in self.words.items() for place, word in enumerate(words)}

    def _addressed(self, function: int, address: int, count: int) -> tuple[str, ExcCodes | None]:
        for name, control in self.template.controls.items():
            if control.at <= address < control.at + control.words:
                if function != control.function:
                    return name, ExcCodes.ILLEGAL_FUNCTION
                return name, None if (address, count) == (control.at, control.words) else ExcCodes.ILLEGAL_ADDRESS
        return "", ExcCodes.ILLEGAL_ADDRESS

    def _obey(self) -> None:
        now_said = said(self.template, self.words, self.facts)
        if now_said:
            self.house.mode, self.house.ordered_w = next(iter(now_said.items()))

    def _pass_time(self) -> None:
        now = self.clock()
        if self.ends_at is not None and now >= self.ends_at:
            self.house.pass_time(self.ends_at)
            self.ends_at = None
            self._expire()
        self.house.pass_time(now)

    def _arm(self, now: float) -> None:
        timer = self.template.timer
        assert timer is not None
        left = numbers(self.template.controls[timer.control], self.words[timer.control])[timer.number]
        armed = self.house.mode in self.template.modes and self.template.arms(self.house.mode) and left > 0
        self.ends_at = now + left * (60 if timer.unit == "min" else 1) if armed else None

    def _expire(self) -> None:
        timer = self.template.timer
        assert timer is not None
        self.timed_out += 1
        for name, number in timer.sets.items():
            self.words[name] = [number]
        if not timer.sets:
            self._forget({step.write for step in self.template.modes["self_use"] if self._control(step.write).write_class == "ram"})
        self._fall_back()

    def _fall_back(self) -> None:
        """Go on in the mode that the remaining registers say; in self-use when they say none."""
        self.house.mode = "self_use"
        self._obey()

    def _forget(self, names: set[str]) -> None:
        for name in names:
            self.words[name] = self._at_rest(name)

    def _at_rest(self, name: str) -> list[int]:
        for step in self.template.modes.get("self_use", ()):
            if step.write == name:
                limits = {"max_charge": self.house.max_charge_w, "max_discharge": self.house.max_discharge_w}
                return words_of(self._control(name), step, limits)
        return [0] * self._control(name).words

    def _control(self, name: str) -> Control:
        return self.template.controls[name]
