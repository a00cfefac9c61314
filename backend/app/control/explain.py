"""Why, in one sentence with numbers."""

from app.domain.decision import Command, Decision, Explanation, Limit, ReasonCode
from app.domain.house import stored_after
from app.domain.money import money
from app.domain.plan import PlanStep
from app.domain.site import Coupling, Mode, Site
from app.domain.slot import clock

NEGLIGIBLE_KWH = 0.05
NEGLIGIBLE_KW = 0.05
"""Fifty watts: below an inverter's own appetite, no reason to change a mode."""
EVEN_KW = 0.2
"""Sun and load closer than this are as good as even."""
ROUNDING_KWH = 1e-6


def reason(site: Site, command: Command, step: PlanStep) -> tuple[ReasonCode, str]:
    """Return why a mode was chosen for a slot of the plan: a code for machines, a sentence for people."""
    buy, sell = money(step.priced.import_per_kwh, site.currency), money(step.priced.export_per_kwh, site.currency)
    worth = money(step.stored_kwh_value, site.currency)
    match command.mode:
        case Mode.FORCE_CHARGE if step.priced.import_per_kwh < 0:
            return ReasonCode.NEGATIVE_PRICE, f"Negative price ({buy}): charge at {_kw(command)}"
        case Mode.FORCE_CHARGE if _start_kwh(site, step) < site.battery.reserve_kwh - ROUNDING_KWH:
            return ReasonCode.RESERVE_LOW, f"The battery is below its reserve: charge at {_kw(command)} although energy costs {buy}"
        case Mode.FORCE_CHARGE:
            return _charge_reason(site, command, step)
        case Mode.FORCE_DISCHARGE:
            return _discharge_reason(site, command, step)
        case Mode.FEED_IN_FIRST:
            return _feed_in_reason(step, buy=buy, sell=sell, worth=worth)
        case Mode.HOLD:
            return ReasonCode.KEEP_FOR_LATER, _keep_reason(site, step)
        case Mode.SELF_USE:
            return _self_use_reason(site, step, buy=buy, sell=sell, worth=worth)


def explanation(site: Site, command: Command, step: PlanStep, before: Decision | None) -> Explanation:
    """Return the numbers behind a decision: what limits it, at which prices it would tip, and what changed since the last one."""
    battery, worth = site.battery, step.stored_kwh_value
    charge_below = round(worth * battery.charge_efficiency, 5)
    export_above = round(worth / battery.discharge_efficiency + battery.wear_per_kwh, 5)
    return Explanation(
        binding_limit=binding_limit(site, command, step),
        charge_below_per_kwh=charge_below,
        export_above_per_kwh=export_above,
        words=f"Charging pays below {money(charge_below, site.currency)}, exporting above {money(export_above, site.currency)}",
        changed=None if before is None else _changed(site, command, step, before),
    )


def binding_limit(site: Site, command: Command, step: PlanStep) -> Limit:
    """Return what keeps the mode from doing more of what it does in this slot."""
    battery = site.battery
    held: dict[Limit, bool] = {
        Limit.BATTERY_FULL: step.charge_kw > NEGLIGIBLE_KW and step.stored_kwh > battery.top_kwh - NEGLIGIBLE_KWH,
        Limit.RESERVE: step.discharge_kw > NEGLIGIBLE_KW and step.stored_kwh < battery.reserve_kwh + NEGLIGIBLE_KWH,
        Limit.IMPORT_LIMIT: step.import_kw > site.grid.import_limit_kw - NEGLIGIBLE_KW,
        Limit.EXPORT_LIMIT: step.export_kw > site.grid.export_limit_kw - NEGLIGIBLE_KW,
        Limit.CHARGE_POWER: step.charge_kw > site.max_charge_kw - NEGLIGIBLE_KW,
        Limit.DISCHARGE_POWER: step.discharge_kw > site.max_discharge_kw - NEGLIGIBLE_KW,
    }
    idle = command.mode is Mode.SELF_USE and step.stored_kwh < battery.reserve_kwh + NEGLIGIBLE_KWH and step.load_kw > step.solar_kw
    return Limit.RESERVE if idle else next((limit for limit, holds in held.items() if holds), Limit.NONE)


def _changed(site: Site, command: Command, step: PlanStep, before: Decision) -> str | None:
    """Return what moved between the last decision and this one, where the mode differs."""
    if before.command.mode is command.mode:
        return None
    told = [f"{before.command.mode.replace('_', ' ')} until {clock(before.slot.end, site.zone)}"]
    if before.price.import_per_kwh is not None and before.price.import_per_kwh != step.priced.import_per_kwh:
        told.append(f"price {money(before.price.import_per_kwh, site.currency)} → {money(step.priced.import_per_kwh, site.currency)}")
    if before.stored_kwh_value is not None:
        told.append(f"a stored kWh {money(before.stored_kwh_value, site.currency)} → {money(step.stored_kwh_value, site.currency)}")
    return "; ".join(told)


def why_not(site: Site, command: Command, chosen: Command, *, extra_cost: float, extra_now: float, extra_stored_kwh: float) -> str:
    """Return why an alternative was not chosen: what it would spend in this slot, and what the charge it leaves is worth afterwards.

    All beyond the chosen command: `extra_now` in this slot, `extra_cost` up to the horizon, `extra_stored_kwh` at the end of the slot.
    """
    name, currency = command.mode.replace("_", " "), site.currency
    if abs(extra_cost) < site.money.of(JUST_AS_GOOD):
        return f"{name} costs the same as {chosen.mode.replace('_', ' ')}"
    more = f"{money(extra_cost, currency)} more in all"
    if abs(extra_stored_kwh) < NEGLIGIBLE_KWH / 10:
        return f"{name} leaves the battery as full, but costs {more}"
    later, kwh = abs(extra_now - extra_cost), f"{abs(extra_stored_kwh):.2f} kWh"
    if extra_stored_kwh > 0:
        spends = f"spends {money(extra_now, currency)} now" if extra_now >= 0 else f"earns {money(-extra_now, currency)} now"
        return f"{name} {spends} for {kwh} more in the battery, worth {money(later, currency)} later: {more}"
    saves = f"saves {money(-extra_now, currency)} now" if extra_now <= 0 else f"spends {money(extra_now, currency)} now"
    return f"{name} {saves}, but leaves {kwh} less in the battery, worth {money(later, currency)} later: {more}"


JUST_AS_GOOD = 0.0005
"""Yardsticks: a twentieth of a penny."""


def _discharge_reason(site: Site, command: Command, step: PlanStep) -> tuple[ReasonCode, str]:
    """Say what giving power is for: a sale that earns more than keeping, room for cheaper energy, the house alone, or storing nothing."""
    sell, worth = money(step.priced.export_per_kwh, site.currency), money(step.stored_kwh_value, site.currency)
    if step.discharge_kw <= NEGLIGIBLE_KW:
        return ReasonCode.BATTERY_IDLE, f"A stored kWh is worth {worth}: the battery gives nothing, and takes nothing of the sun"
    if step.discharge_kw <= max(0.0, step.load_kw - step.solar_kw) + NEGLIGIBLE_KW or step.export_kw <= NEGLIGIBLE_KW:
        buy = money(step.priced.import_per_kwh, site.currency)
        told = f"Energy costs {buy} now, a stored kWh is worth {worth} later"
        return ReasonCode.SERVE_LOAD, f"{told}: feed the house with up to {_kw(command)}, keep the rest"
    if _net(site, step.priced.export_per_kwh) >= step.stored_kwh_value:
        return ReasonCode.EXPORT_PEAK, f"Exporting earns {sell} now and a stored kWh is worth {worth}: sell at {_kw(command)}"
    told = f"The battery can be filled again for less than the {sell} that exporting earns now"
    return ReasonCode.EXPORT_PEAK, f"{told}: give {_kw(command)} (a kWh left after it is worth {worth})"


def _charge_reason(site: Site, command: Command, step: PlanStep) -> tuple[ReasonCode, str]:
    """Say where the energy comes from: bought because it is cheap, or a part of the sun's surplus."""
    worth = money(step.stored_kwh_value, site.currency)
    clipped_kw = step.solar_kw - site.inverter.ac_limit_kw if site.inverter.coupling is Coupling.DC else 0.0
    if (
        step.load_kw - step.solar_kw - NEGLIGIBLE_KW > -step.charge_kw
        and clipped_kw > 0
        and 0 < step.charge_kw <= clipped_kw + NEGLIGIBLE_KW
    ):
        told = f"More sun ({step.solar_kw:.1f} kW) than the inverter passes ({site.inverter.ac_limit_kw:g} kW)"
        return ReasonCode.STORE_SURPLUS, f"{told}: store {_kw(command)} of it for {worth} a kWh"
    if 0 < step.charge_kw <= step.solar_kw - step.load_kw + NEGLIGIBLE_KW:
        sell = money(step.priced.export_per_kwh, site.currency)
        told = f"More sun ({step.solar_kw:.1f} kW) than load ({step.load_kw:.1f} kW)"
        return ReasonCode.STORE_SURPLUS, f"{told}: store {_kw(command)} of it for {worth} a kWh, the rest earns {sell}"
    buy = money(step.priced.import_per_kwh, site.currency)
    return ReasonCode.CHEAP_CHARGE, f"Energy costs {buy} now and a stored kWh is worth {worth}: charge at {_kw(command)}"


def _feed_in_reason(step: PlanStep, *, buy: str, sell: str, worth: str) -> tuple[ReasonCode, str]:
    """Say what is exported, or where no surplus is expected, what is done with one that comes all the same."""
    if step.solar_kw > step.load_kw + NEGLIGIBLE_KW:
        told = f"Surplus earns {sell} now; there will be room and sun for the battery later (a kWh is worth {worth})"
        return ReasonCode.EXPORT_SURPLUS, told
    told = f"The sun ({step.solar_kw:.1f} kW) is expected to give no more than the house takes ({step.load_kw:.1f} kW)"
    if step.discharge_kw > NEGLIGIBLE_KW:
        return ReasonCode.SERVE_LOAD, f"{told}: the battery feeds the house at {buy}, and what surplus there is earns {sell}"
    return ReasonCode.BATTERY_IDLE, f"{told}: the house draws at {buy}, and what surplus there is earns {sell}"


def limit_reason(site: Site, step: PlanStep, *, over_kw: float) -> tuple[ReasonCode, str]:
    """Return what is done so that the connection carries no more than it may, and how much too much it still is."""
    grid = site.grid
    still = f"; still {over_kw:.1f} kW too much, and nothing more can be done" if over_kw > NEGLIGIBLE_KW else ""
    if step.load_kw >= step.solar_kw:
        told = f"The house takes more than the {grid.import_limit_kw:g} kW that may be bought: the battery gives {step.discharge_kw:.1f} kW"
    else:
        told = f"There is more sun than the {grid.export_limit_kw:g} kW that may be sold: the battery takes {step.charge_kw:.1f} kW"
    return ReasonCode.GRID_LIMIT, told + still


def unsold_reason(site: Site, step: PlanStep) -> str:
    """Return why sun is thrown away: selling it would cost money."""
    costs = money(-step.priced.export_per_kwh, site.currency)
    return f"Selling would cost {costs} a kWh: nothing is sold, and {step.curtailed_kw:.1f} kW of the sun are not taken"


def reserve_reason(site: Site, step: PlanStep) -> tuple[ReasonCode, str]:
    """Return why the charge is held at the wished reserve, which the inverter itself would drain."""
    reserve = f"{site.battery.pct(site.battery.reserve_kwh):.0f} %"
    buy = money(step.priced.import_per_kwh, site.currency)
    return ReasonCode.KEEP_FOR_LATER, f"The battery is down to the {reserve} kept in reserve: keep them, the house draws at {buy}"


def _keep_reason(site: Site, step: PlanStep) -> str:
    """Say why the charge is kept, as it would save now: after loss and wear."""
    saves, worth = _net(site, step.priced.import_per_kwh), step.stored_kwh_value
    if saves <= 0:
        buy, kept = money(step.priced.import_per_kwh, site.currency), money(worth, site.currency)
        return f"At {buy} giving a stored kWh would cost more in loss and wear than it saves: keep it (it is worth {kept})"
    if worth > saves:
        told = f"A stored kWh is worth {money(worth, site.currency)} later, more than the {money(saves, site.currency)} it would save now"
        return f"{told} ({money(step.priced.import_per_kwh, site.currency)} less loss and wear): keep it"
    return (
        f"A stored kWh is worth {money(worth, site.currency)} on average, but most where the next hours would drain it: "
        "keep the charge, surplus may still enter"
    )


def _net(site: Site, per_kwh: float) -> float:
    """Return what a stored kWh brings at a price, after the loss and the wear of giving it."""
    return site.battery.discharge_efficiency * (per_kwh - site.battery.wear_per_kwh)


def _self_use_reason(site: Site, step: PlanStep, *, buy: str, sell: str, worth: str) -> tuple[ReasonCode, str]:
    if step.solar_kw > step.load_kw and step.charge_kw > NEGLIGIBLE_KW:
        return (
            ReasonCode.STORE_SURPLUS,
            f"More sun ({step.solar_kw:.1f} kW) than load ({step.load_kw:.1f} kW): store the surplus, a kWh is worth {worth}",
        )
    pays = step.load_kw > step.solar_kw or _net(site, step.priced.import_per_kwh) >= step.stored_kwh_value
    if step.discharge_kw > NEGLIGIBLE_KW and pays:
        return ReasonCode.SERVE_LOAD, f"Energy costs {buy} now, a stored kWh is worth {worth} later: the battery feeds the house"
    if step.solar_kw >= step.load_kw and step.stored_kwh > site.battery.top_kwh - NEGLIGIBLE_KWH:
        return ReasonCode.BATTERY_IDLE, f"The battery is full: the sun feeds the house and what is left earns {sell}"
    if min(_start_kwh(site, step), step.stored_kwh) < site.battery.reserve_kwh + NEGLIGIBLE_KWH:
        return ReasonCode.BATTERY_IDLE, f"The battery is down to its reserve: the house draws at {buy}, and charging would not pay"
    if abs(step.solar_kw - step.load_kw) > EVEN_KW:
        told = f"Sun ({step.solar_kw:.1f} kW) and load ({step.load_kw:.1f} kW)"
        return ReasonCode.BATTERY_IDLE, f"{told} leave little to do for the battery at {buy}"
    return ReasonCode.BATTERY_IDLE, f"Sun and load are as good as even: little to do for the battery at {buy}"


def _start_kwh(site: Site, step: PlanStep) -> float:
    """Return what was stored when the slot began."""
    return step.stored_kwh - float(stored_after(site.battery, 0.0, step.charge_kw, step.discharge_kw, step.priced.slot.hours))


def _kw(command: Command) -> str:
    return "full power" if command.power_kw is None else f"{command.power_kw:.1f} kW"
