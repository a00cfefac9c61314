"""Every template against its own mirror: read back, commanded, left alone, and worn."""

import itertools
from dataclasses import dataclass

import pytest

from app.templates.orders import PINNED, ModeName
from app.templates.template import Template, load_all
from tests.esphome.simulator.driver import carry_out, command, measure, refresh
from tests.esphome.simulator.house import House
from tests.esphome.simulator.inverter import Inverter
from tests.esphome.simulator.orders import said

DAY_S = 24 * 3600
FLASH_BUDGET = 30
MODBUS = [template for template in load_all() if template.connect.protocol == "modbus"]
ORDERED = [template for template in MODBUS if template.modes]
TIMED = [(template, mode) for template in ORDERED for mode in PINNED if mode in template.modes and template.arms(mode)]


@dataclass
class Clock:
    now_s: float = 1000.0

    def __call__(self) -> float:
        return self.now_s


def named(value: object) -> str:
    return value.id if isinstance(value, Template) else str(value)


def inverter(template: Template, **house: float) -> tuple[Inverter, Clock]:
    clock = Clock()
    return Inverter(template, clock, House(**house)), clock  # type: ignore[arg-type]


def step_of(template: Template, key: str) -> float:
    """Return how coarse a value is: the steps of its registers together, or a scale factor's tens."""
    if key in template.reads:
        return abs(template.reads[key].scale)
    derived = template.derive[key]
    return 10 if derived.raw else sum(abs(template.reads[source].scale) for source in derived.sources)


def fixed_timer_s(template: Template, mode: ModeName, numbers: dict[str, float]) -> float:
    timer = template.timer
    assert timer is not None
    step = next(step for step in template.modes[mode] if step.write == timer.control)
    return step.numbers[timer.number].word(numbers) * (60 if timer.unit == "min" else 1)


@pytest.mark.parametrize("template", MODBUS, ids=named)
@pytest.mark.parametrize(("solar_w", "load_w"), [(3000, 500), (0, 2600), (0, 0), (9000, 200)])
def test_reads_what_the_house_does_with_our_signs(template: Template, solar_w: float, load_w: float) -> None:
    mirror, _ = inverter(template, solar_w=solar_w, load_w=load_w)
    actual, read = mirror.house.measured(), measure(mirror)

    for key in (*template.reads, *template.derive):
        if key in actual:
            assert read[key] == pytest.approx(actual[key], abs=0.51 * step_of(template, key) + 1e-3), key


@pytest.mark.parametrize("template", ORDERED, ids=named)
def test_carries_out_each_mode_after_each_other(template: Template) -> None:
    for before, mode in itertools.permutations(template.modes, 2):
        mirror, _ = inverter(template, solar_w=400, load_w=900)
        numbers = command(mirror)
        carry_out(mirror, before, numbers | {"power": 1200.0, "power_pct": 24})
        carry_out(mirror, mode, numbers)

        modes = said(template, mirror.words, mirror.facts)
        assert list(modes) == [mode], f"after {before}"
        assert mirror.house.mode == mode, f"after {before}"
        assert mirror.refused == []


@pytest.mark.parametrize("template", ORDERED, ids=named)
def test_the_battery_obeys(template: Template) -> None:
    takes_power = any(number.value in {"power", "power_pct"} for step in template.modes["force_charge"] for number in step.numbers)
    for mode in template.modes:
        mirror, clock = inverter(template, solar_w=400, load_w=900)
        carry_out(mirror, mode, command(mirror, power_w=2000))
        shift = -500 if template.orders_move == "grid" else 0
        full = 2000 if takes_power else 5000
        expected = {
            "self_use": -500,
            "force_charge": full + shift,
            "force_discharge": -full + shift,
            "hold": 0,
            "feed_in_first": -500,
        }[mode]

        assert mirror.house.battery_w == pytest.approx(expected, abs=1), mode
        before = mirror.house.soc_pct
        clock.now_s += 30
        mirror.read("holding", next(iter(template.controls.values())).at, 1)
        assert (mirror.house.soc_pct - before) * expected >= 0
        assert (mirror.house.soc_pct != before) == (expected != 0)


@pytest.mark.parametrize(("template", "mode"), TIMED, ids=named)
def test_a_dead_controller_gives_the_battery_back(template: Template, mode: ModeName) -> None:
    mirror, clock = inverter(template)
    numbers = command(mirror)
    carry_out(mirror, mode, numbers)
    lasts_s = fixed_timer_s(template, mode, numbers)
    assert lasts_s > 0
    clock.now_s += lasts_s - 1
    measure(mirror)
    assert (mirror.house.mode, mirror.timed_out) == (mode, 0)

    clock.now_s += 2
    measure(mirror)
    assert (mirror.house.mode, mirror.timed_out) == ("self_use", 1)

    carry_out(mirror, mode, numbers)
    assert mirror.house.mode == mode


@pytest.mark.parametrize(("template", "mode"), TIMED, ids=named)
def test_a_living_controller_keeps_the_mode_without_wearing_flash(template: Template, mode: ModeName) -> None:
    if not any(step.refresh for step in template.modes[mode]):
        assert not template.verified, "an order that is not refreshed must not be written to anybody's inverter"
        return
    mirror, clock = inverter(template)
    numbers = command(mirror)
    carry_out(mirror, mode, numbers)
    worn = mirror.wear.total()
    for _ in range(100):
        clock.now_s += template.refresh_s
        refresh(mirror, mode, numbers)

    assert (mirror.house.mode, mirror.timed_out, mirror.wear.total()) == (mode, 0, worn)


@pytest.mark.parametrize("template", [template for template in ORDERED if template.verified], ids=named)
def test_a_busy_day_stays_within_the_flash_budget(template: Template) -> None:
    mirror, clock = inverter(template)
    day: list[tuple[ModeName, int]] = [("self_use", 2), ("force_charge", 3), ("self_use", 3), ("force_discharge", 2), ("self_use", 2)]
    plan = [mode for mode, slots in day for _ in range(slots)]
    slot_s = 1800
    for slot, mode in enumerate(itertools.islice(itertools.cycle(plan), DAY_S // slot_s)):
        numbers = command(mirror, power_w=1000 + 50 * slot)
        carry_out(mirror, mode, numbers)
        for _ in range(0, slot_s, template.refresh_s):
            clock.now_s += template.refresh_s
            if mode != "self_use":
                refresh(mirror, mode, numbers)
        assert mirror.house.mode == mode

    assert mirror.wear.total() == sum(1 for _, _, name, _ in mirror.writes if template.controls[name].write_class == "flash")
    assert mirror.timed_out == 0
    assert mirror.wear.total() <= FLASH_BUDGET, mirror.wear


@pytest.mark.parametrize("template", ORDERED, ids=named)
def test_refuses_what_the_vendor_refuses(template: Template) -> None:
    mirror, _ = inverter(template)
    before = {name: list(words) for name, words in mirror.words.items()}
    for control in template.controls.values():
        other = 16 if control.function == 6 else 6
        assert mirror.write(other, control.at, [1] * control.words) is not None
        if control.words > 1:
            assert mirror.write(control.function, control.at + 1, [1]) is not None
    assert mirror.write(6, 65535, [1]) is not None

    assert mirror.words == before
    assert not mirror.writes


def test_fox_takes_timer_and_switch_one_by_one_and_power_as_a_block() -> None:
    fox = next(template for template in ORDERED if template.id == "foxess-h1")
    mirror, _ = inverter(fox)

    assert mirror.write(16, 44001, [60]) is not None
    assert mirror.write(16, 44000, [1]) is not None
    assert mirror.write(6, 44002, [1]) is not None
    assert mirror.write(6, 44001, [60]) is None


def test_growatt_slots_take_both_words_at_once() -> None:
    growatt = next(template for template in ORDERED if template.id == "growatt-min-slots")
    mirror, _ = inverter(growatt)

    assert mirror.write(16, 3039, [5947]) is not None
    assert mirror.write(16, 3038, [40960, 5947]) is None


def test_a_reboot_forgets_ram_and_keeps_flash() -> None:
    fox = next(template for template in ORDERED if template.id == "foxess-h1")
    mirror, _ = inverter(fox)
    modes = []
    for mode in ("feed_in_first", "force_charge"):
        carry_out(mirror, mode, command(mirror))
        mirror.reboot()
        modes.append(mirror.house.mode)

    assert modes == ["feed_in_first", "self_use"]
    assert mirror.words["enable"] == [0]


def test_a_full_battery_takes_nothing_more() -> None:
    fox = next(template for template in ORDERED if template.id == "foxess-h1")
    mirror, clock = inverter(fox, soc_pct=99.9)
    carry_out(mirror, "force_charge", command(mirror, power_w=5000))
    for _ in range(30):
        clock.now_s += 20
        refresh(mirror, "force_charge", command(mirror, power_w=5000))

    assert mirror.house.soc_pct == 100
    assert measure(mirror)["battery.power"] == 0
