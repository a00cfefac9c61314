"""How a house really behaves when its inverter is told a mode: the one model of physics.

Every quantity may be a number or a NumPy array (many states, many scenarios); arrays broadcast.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.domain.decision import Command
from app.domain.site import Battery, Coupling, Mode, Site

type Power = float | NDArray[np.float64] | np.floating[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotFlows:
    """What happened in one slot: mean powers in kW, none negative, and the energy stored at its end in kWh."""

    import_kw: Power
    export_kw: Power
    charge_kw: Power
    discharge_kw: Power
    curtailed_kw: Power
    stored_kwh: Power


def run_slot(site: Site, command: Command, *, stored_kwh: Power, solar_kw: Power, load_kw: Power, hours: float) -> SlotFlows:
    """Return the flows of a slot in which the inverter follows a command and the house draws and makes what it does.

    Solar power above what house, battery and grid can take is curtailed if the array can be throttled.
    The grid gives whatever the house draws: a load above the import limit shows as such.
    """
    low, high = battery_limits_kw(site, command, stored_kwh=stored_kwh, hours=hours)
    most_sold = most_sold_kw(site, command)
    battery_kw = np.clip(wanted_kw(site, command, solar_kw=solar_kw, load_kw=load_kw, most_sold_kw=most_sold), low, high)
    bought, sold, curtailed = grid_kw(site, battery_kw, solar_kw=solar_kw, load_kw=load_kw, most_sold_kw=most_sold)
    charge, discharge = np.maximum(0.0, battery_kw), np.maximum(0.0, -battery_kw)
    return SlotFlows(
        import_kw=bought,
        export_kw=sold,
        charge_kw=charge,
        discharge_kw=discharge,
        curtailed_kw=curtailed,
        stored_kwh=stored_after(site.battery, stored_kwh, charge, discharge, hours),
    )


def most_sold_kw(site: Site, command: Command) -> float:
    """Return the most that may flow into the grid while an order holds, in kW."""
    limit_kw = site.grid.export_limit_kw
    return limit_kw if command.export_limit_kw is None else min(limit_kw, command.export_limit_kw)


def wanted_kw(site: Site, command: Command, *, solar_kw: Power, load_kw: Power, most_sold_kw: Power) -> Power:
    """Return the battery power in kW (charging positive) that the mode's own control loop asks for, however full the battery is."""
    surplus, deficit = np.maximum(0.0, solar_kw - load_kw), np.maximum(0.0, load_kw - solar_kw)
    match command.mode:
        case Mode.SELF_USE:
            wanted = surplus - deficit
        case Mode.HOLD:
            wanted = surplus
        case Mode.FEED_IN_FIRST:
            wanted = np.maximum(0.0, solar_kw - _passable_kw(site, load_kw, most_sold_kw)) - deficit
        case Mode.FORCE_CHARGE:
            spare = np.maximum(surplus, site.grid.for_charging_kw + solar_kw - load_kw)
            wanted = np.minimum(spare, _power_kw(command, site.max_charge_kw))
        case Mode.FORCE_DISCHARGE:
            spare = np.maximum(0.0, most_sold_kw + load_kw - solar_kw)
            wanted = -np.minimum(spare, _power_kw(command, site.max_discharge_kw))
    return _through_inverter(site, wanted, solar_kw)


def battery_limits_kw(site: Site, command: Command, *, stored_kwh: Power, hours: float) -> tuple[Power, Power]:
    """Return the lowest (discharging, so not above 0) and highest battery power in kW that charge and mode allow over a slot."""
    battery = site.battery
    bottom, top = battery.kept_kwh, battery.top_kwh
    if command.target_soc_pct is not None:
        target = battery.capacity_kwh * command.target_soc_pct / 100
        bottom = max(bottom, target) if command.mode is Mode.FORCE_DISCHARGE else bottom
        top = min(top, target) if command.mode is Mode.FORCE_CHARGE else top
    return -available_kw(site, stored_kwh, hours, down_to_kwh=bottom), room_kw(site, stored_kwh, hours, up_to_kwh=top)


def grid_kw(site: Site, battery_kw: Power, *, solar_kw: Power, load_kw: Power, most_sold_kw: Power) -> tuple[Power, Power, Power]:
    """Return the powers imported, exported and curtailed in kW while the battery takes (positive) or gives its power."""
    used = np.asarray(solar_kw, dtype=np.float64)
    if site.inverter.coupling is Coupling.DC and site.solar.curtailable:
        used = np.minimum(used, site.inverter.ac_limit_kw + battery_kw)
    out = (used - load_kw) - battery_kw
    if site.solar.curtailable and np.max(out - most_sold_kw) > 0:
        spill = np.minimum(np.maximum(0.0, out - most_sold_kw), used)
        used, out = used - spill, out - spill
    sold = np.maximum(0.0, out)
    return sold - out, sold, solar_kw - used


def stored_after(battery: Battery, stored_kwh: Power, charge_kw: Power, discharge_kw: Power, hours: float) -> Power:
    """Return the stored energy in kWh after charging and discharging at mean powers on the AC side."""
    return stored_kwh + charge_kw * (hours * battery.charge_efficiency) - discharge_kw * (hours / battery.discharge_efficiency)


def room_kw(site: Site, stored_kwh: Power, hours: float, *, up_to_kwh: float) -> Power:
    """Return the mean charging power in kW that fills the battery up to a level within a slot, at most its maximum."""
    return np.clip((up_to_kwh - stored_kwh) / (site.battery.charge_efficiency * hours), 0.0, site.max_charge_kw)


def available_kw(site: Site, stored_kwh: Power, hours: float, *, down_to_kwh: float) -> Power:
    """Return the mean discharging power in kW that empties the battery down to a level within a slot, at most its maximum."""
    return np.clip((stored_kwh - down_to_kwh) * site.battery.discharge_efficiency / hours, 0.0, site.max_discharge_kw)


def _through_inverter(site: Site, battery_kw: Power, solar_kw: Power) -> Power:
    """Return the battery power that fits through the inverter beside the sun, where both share it."""
    if site.inverter.coupling is not Coupling.DC:
        return battery_kw
    limit = site.inverter.ac_limit_kw
    return np.clip(battery_kw, -np.maximum(0.0, limit - solar_kw), solar_kw + limit)


def _passable_kw(site: Site, load_kw: Power, most_sold_kw: Power) -> Power:
    """Return the solar power in kW that house and grid can take without the battery."""
    passable: Power = load_kw + most_sold_kw
    return np.minimum(passable, site.inverter.ac_limit_kw) if site.inverter.coupling is Coupling.DC else passable


def _power_kw(command: Command, otherwise: float) -> float:
    return otherwise if command.power_kw is None else min(command.power_kw, otherwise)
