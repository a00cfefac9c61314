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
    battery, inverter, grid = site.battery, site.inverter, site.grid
    charge, discharge = _wanted(site, command, stored_kwh=stored_kwh, solar_kw=solar_kw, load_kw=load_kw, hours=hours)
    used = np.asarray(solar_kw, dtype=np.float64)
    if inverter.coupling is Coupling.DC:
        discharge = np.minimum(discharge, np.maximum(0.0, inverter.ac_limit_kw - used))
        charge = np.minimum(charge, used + inverter.ac_limit_kw)
        if site.solar.curtailable:
            used = np.minimum(used, inverter.ac_limit_kw + charge - discharge)
    out = used + discharge - charge - load_kw
    if site.solar.curtailable:
        spill = np.minimum(np.maximum(0.0, out - grid.export_limit_kw), used)
        used, out = used - spill, out - spill
    return SlotFlows(
        import_kw=np.maximum(0.0, -out),
        export_kw=np.maximum(0.0, out),
        charge_kw=charge,
        discharge_kw=discharge,
        curtailed_kw=solar_kw - used,
        stored_kwh=stored_after(battery, stored_kwh, charge, discharge, hours),
    )


def stored_after(battery: Battery, stored_kwh: Power, charge_kw: Power, discharge_kw: Power, hours: float) -> Power:
    """Return the stored energy in kWh after charging and discharging at mean powers on the AC side."""
    return stored_kwh + hours * (charge_kw * battery.charge_efficiency - discharge_kw / battery.discharge_efficiency)


def room_kw(site: Site, stored_kwh: Power, hours: float, *, up_to_kwh: float) -> Power:
    """Return the mean charging power in kW that fills the battery up to a level within a slot, at most its maximum."""
    return np.clip((up_to_kwh - stored_kwh) / (site.battery.charge_efficiency * hours), 0.0, site.max_charge_kw)


def available_kw(site: Site, stored_kwh: Power, hours: float, *, down_to_kwh: float) -> Power:
    """Return the mean discharging power in kW that empties the battery down to a level within a slot, at most its maximum."""
    return np.clip((stored_kwh - down_to_kwh) * site.battery.discharge_efficiency / hours, 0.0, site.max_discharge_kw)


def _wanted(site: Site, command: Command, *, stored_kwh: Power, solar_kw: Power, load_kw: Power, hours: float) -> tuple[Power, Power]:
    """Return charging and discharging power in kW as the mode's own control loop would set them."""
    battery, grid = site.battery, site.grid
    room = room_kw(site, stored_kwh, hours, up_to_kwh=battery.top_kwh)
    available = available_kw(site, stored_kwh, hours, down_to_kwh=battery.reserve_kwh)
    surplus, deficit = np.maximum(0.0, solar_kw - load_kw), np.maximum(0.0, load_kw - solar_kw)
    nothing = np.zeros_like(surplus)
    match command.mode:
        case Mode.SELF_USE:
            return np.minimum(surplus, room), np.minimum(deficit, available)
        case Mode.HOLD:
            return np.minimum(surplus, room), nothing
        case Mode.FEED_IN_FIRST:
            return np.minimum(np.maximum(0.0, solar_kw - _passable_kw(site, load_kw)), room), np.minimum(deficit, available)
        case Mode.FORCE_CHARGE:
            room = room_kw(site, stored_kwh, hours, up_to_kwh=_target_kwh(battery, command, otherwise=battery.top_kwh))
            spare = np.maximum(0.0, grid.import_limit_kw + solar_kw - load_kw)
            return np.minimum(np.minimum(room, spare), _power_kw(command, site.max_charge_kw)), nothing
        case Mode.FORCE_DISCHARGE:
            floor = max(battery.reserve_kwh, _target_kwh(battery, command, otherwise=battery.reserve_kwh))
            available = available_kw(site, stored_kwh, hours, down_to_kwh=floor)
            spare = np.maximum(0.0, grid.export_limit_kw + load_kw - solar_kw)
            return nothing, np.minimum(np.minimum(available, spare), _power_kw(command, site.max_discharge_kw))


def _passable_kw(site: Site, load_kw: Power) -> Power:
    """Return the solar power in kW that house and grid can take without the battery."""
    passable: Power = load_kw + site.grid.export_limit_kw
    return np.minimum(passable, site.inverter.ac_limit_kw) if site.inverter.coupling is Coupling.DC else passable


def _target_kwh(battery: Battery, command: Command, *, otherwise: float) -> float:
    if command.target_soc_pct is None:
        return otherwise
    return min(battery.top_kwh, battery.capacity_kwh * command.target_soc_pct / 100)


def _power_kw(command: Command, otherwise: float) -> float:
    return otherwise if command.power_kw is None else min(command.power_kw, otherwise)
