"""What a model can do by each of its ways, read off what its modes write."""

from collections.abc import Iterable, Mapping
from typing import get_args

from app.domain.capability import ANYTHING, Ability, Capability, DeviceLimit, OrderLife, ReadBack, SetPoint, SetPointUnit
from app.domain.errors import NotFoundError
from app.domain.site import Mode, Withheld
from app.templates.model import Model, WayName
from app.templates.orders import ModeName, Value
from app.templates.own import Own, adapted
from app.templates.way_home_assistant import Call, HomeAssistant
from app.templates.way_modbus import Modbus

POWER_WORDS = ("$power", "-$power", "$power_w", "$power_w_text", "$grid_to_charge", "$grid_to_discharge")
PCT = SetPoint(unit=SetPointUnit.PCT, least=0, most=100)
WATTS_PER_KW = 1000
LIMITS_BY_WORD = {"$limit_soc": DeviceLimit.MAX_SOC, "$max_current": DeviceLimit.DISCHARGE_CURRENT, "$reserve_soc": DeviceLimit.MIN_SOC}
LIMITS_BY_ROLE = {
    "charge_power": DeviceLimit.CHARGE_POWER,
    "discharge_power": DeviceLimit.DISCHARGE_POWER,
    "charge_limit": DeviceLimit.CHARGE_POWER,
    "discharge_limit": DeviceLimit.DISCHARGE_POWER,
    "grid_charging": DeviceLimit.GRID_CHARGE,
}
LIMITS_BY_NAME = {"max_charge": DeviceLimit.CHARGE_POWER, "max_discharge": DeviceLimit.DISCHARGE_POWER}


def capability(model: Model, way: WayName | None = None, own: Own | None = None) -> Capability:
    """Return what a model can do by a way, in a house with its own part.

    By its first way when none is named, and anything where the model describes no way.

    Raises:
        NotFoundError: it is not reached that way.
        InvalidInputError: the house's own part does not fit the model.
    """
    ways = model.named_ways
    if way is None and not ways:
        return ANYTHING
    chosen = next(iter(ways.values())) if way is None else ways.get(way)
    if chosen is None:
        raise NotFoundError(f"{model.identity.title} is not reached by {way}; by {', '.join(ways) or 'no known way'}")
    return _by_modbus(chosen) if isinstance(chosen, Modbus) else _by_home_assistant(chosen if own is None else adapted(chosen, own))


def _by_home_assistant(way: HomeAssistant) -> Capability:
    told = str(way.modes)
    timed = OrderLife.TIMER if way.refresh_s or way.ends_by_itself else OrderLife.STORED
    return Capability(
        abilities=tuple(_ability(way, mode) for mode in _ordered(way.modes)),
        lacks=_lacking(way.lacks),
        has_self_use=way.own_self_use,
        order_life=OrderLife.AS_TOLD if "$minutes" in told else timed,
        longest_order_s=None if way.most_minutes is None else way.most_minutes * 60.0,
        read_back=way.read_back,
        limits=_limits(way),
        schedule_slots=way.schedule_slots,
    )


def _ability(way: HomeAssistant, mode: ModeName) -> Ability:
    """Return what a mode's steps let be set; the entities themselves tell their range and step when they are read."""
    numbers: dict[object, str | None] = {}
    for step in way.modes[mode]:
        if isinstance(step, Call):
            numbers |= dict.fromkeys((step.data or {}).values(), "W")
        elif way.settings[step[0]].entity:
            numbers[step[1]] = way.settings[step[0]].unit
    powers = [unit for told, unit in numbers.items() if told in POWER_WORDS]
    power = SetPoint(unit=SetPointUnit.PCT_OF_FULL_POWER if powers[0] == "%" else SetPointUnit.KW, least=0) if powers else None
    current = SetPoint(unit=SetPointUnit.A, least=0) if "$current" in numbers else None
    return Ability(mode=Mode(mode), power=power, target_soc=PCT if "$target_soc" in numbers else None, current=current)


def _limits(way: HomeAssistant) -> tuple[DeviceLimit, ...]:
    steps = [step for steps in way.modes.values() for step in steps if not isinstance(step, Call) and way.settings[step[0]].entity]
    found = {LIMITS_BY_WORD[told] for _, told in steps if told in LIMITS_BY_WORD}
    found |= {LIMITS_BY_ROLE[role] for role, told in steps if role in LIMITS_BY_ROLE and told not in POWER_WORDS}
    return tuple(sorted(found))


def _by_modbus(way: Modbus) -> Capability:
    numbers = [number for steps in way.modes.values() for step in steps for number in step.numbers]
    named = {number.value for number in numbers if isinstance(number.value, str)}
    every: tuple[ModeName, ...] = get_args(ModeName)
    lacks = dict.fromkeys(every, way.no_orders) if way.no_orders else way.lacks
    timed = OrderLife.AS_TOLD if named & {"lease_s", "lease_min"} else OrderLife.TIMER
    return Capability(
        abilities=tuple(_ability_by_modbus(way, mode) for mode in _ordered(way.modes)),
        lacks=_lacking(lacks),
        read_only="; ".join(way.doubts) or None,
        order_life=timed if way.timer else OrderLife.STORED,
        read_back=ReadBack.SETTINGS if any(step.check for steps in way.modes.values() for step in steps) else ReadBack.POWER,
        limits=tuple(sorted(limit for name, limit in LIMITS_BY_NAME.items() if name in named)),
    )


def _ability_by_modbus(way: Modbus, mode: ModeName) -> Ability:
    numbers = {number.value: number for step in way.modes[mode] for number in step.numbers if isinstance(number.value, str)}
    power = numbers.get("power") or numbers.get("power_pct")
    current = SetPoint(unit=SetPointUnit.A, least=0) if "current" in numbers else None
    return Ability(
        mode=Mode(mode),
        power=None if power is None else _power(power),
        target_soc=PCT if "target_soc" in numbers else None,
        current=current,
    )


def _power(number: Value) -> SetPoint:
    """Return a power as its register takes it: one word's step, and as far as the register is bounded."""
    step = 1 / abs(number.scale)
    if number.value == "power_pct":
        return SetPoint(unit=SetPointUnit.PCT_OF_FULL_POWER, least=0, most=100, step=step)
    bounds = [abs(bound) for bound in (number.min, number.max) if bound]
    most = step * max(bounds) / WATTS_PER_KW if bounds else None
    return SetPoint(unit=SetPointUnit.KW, least=0, most=most, step=step / WATTS_PER_KW)


def _ordered(modes: Iterable[ModeName]) -> list[ModeName]:
    return sorted(modes, key=get_args(ModeName).index)


def _lacking(lacks: Mapping[ModeName, str]) -> tuple[Withheld, ...]:
    return tuple(Withheld(mode=Mode(mode), reason=reason) for mode, reason in lacks.items())
