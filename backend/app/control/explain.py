"""Why, in one sentence with numbers."""

from app.domain.decision import Command, ReasonCode
from app.domain.plan import PlanStep
from app.domain.site import Mode, Site

MINOR_UNITS = {"GBP": "p", "EUR": "c", "SEK": " öre", "NOK": " øre", "DKK": " øre"}

NEGLIGIBLE_KW = 0.05
"""Fifty watts: below an inverter's own appetite, no reason to change a mode."""


def money(per_kwh: float, currency: str) -> str:
    """Return a price in the unit people use: 11.2p, 84 öre."""
    unit = MINOR_UNITS.get(currency)
    return f"{per_kwh:.3f} {currency}" if unit is None else f"{100 * per_kwh:.1f}{unit}"


def reason(site: Site, command: Command, step: PlanStep) -> tuple[ReasonCode, str]:
    """Return why a mode was chosen for a slot of the plan: a code for machines, a sentence for people."""
    buy, sell = money(step.priced.import_per_kwh, site.currency), money(step.priced.export_per_kwh, site.currency)
    worth = money(step.stored_kwh_value, site.currency)
    match command.mode:
        case Mode.FORCE_CHARGE if step.priced.import_per_kwh < 0:
            return ReasonCode.NEGATIVE_PRICE, f"Negative price ({buy}): charge at {_kw(command)}"
        case Mode.FORCE_CHARGE if step.stored_kwh < site.battery.reserve_kwh:
            return ReasonCode.RESERVE_LOW, f"The battery is below its reserve: charge at {_kw(command)} although energy costs {buy}"
        case Mode.FORCE_CHARGE:
            return ReasonCode.CHEAP_CHARGE, f"Energy costs {buy} now and a stored kWh is worth {worth}: charge at {_kw(command)}"
        case Mode.FORCE_DISCHARGE:
            return ReasonCode.EXPORT_PEAK, f"Exporting earns {sell} now and a stored kWh is worth {worth}: sell at {_kw(command)}"
        case Mode.FEED_IN_FIRST:
            return (
                ReasonCode.EXPORT_SURPLUS,
                f"Surplus earns {sell} now; there will be room and sun for the battery later (a kWh is worth {worth})",
            )
        case Mode.HOLD:
            return ReasonCode.KEEP_FOR_LATER, f"A stored kWh is worth {worth} later, more than the {buy} it would save now: keep it"
        case Mode.SELF_USE:
            return _self_use_reason(step, buy=buy, worth=worth)


def why_not(site: Site, command: Command, extra_cost: float, chosen: Command) -> str:
    """Return why an alternative was not chosen."""
    name = command.mode.replace("_", " ")
    if abs(extra_cost) < JUST_AS_GOOD:
        return f"{name} does the same as {chosen.mode.replace('_', ' ')} in this slot"
    return f"{name} would cost {money(extra_cost, site.currency)} more by the end of the plan"


JUST_AS_GOOD = 0.0005
"""A twentieth of a penny."""


def _self_use_reason(step: PlanStep, *, buy: str, worth: str) -> tuple[ReasonCode, str]:
    if step.solar_kw > step.load_kw and step.charge_kw > NEGLIGIBLE_KW:
        return (
            ReasonCode.STORE_SURPLUS,
            f"More sun ({step.solar_kw:.1f} kW) than load ({step.load_kw:.1f} kW): store the surplus, a kWh is worth {worth}",
        )
    if step.discharge_kw > NEGLIGIBLE_KW:
        return ReasonCode.SERVE_LOAD, f"Energy costs {buy} now, a stored kWh is worth {worth} later: the battery feeds the house"
    return ReasonCode.BATTERY_IDLE, f"Nothing to gain from the battery at {buy}: self-use"


def _kw(command: Command) -> str:
    return "full power" if command.power_kw is None else f"{command.power_kw:.1f} kW"
