"""The actions of solis_modbus that the flow calls, as documented; what they order stands in `sim.solis_told_kw` until its time is over."""

from collections.abc import Callable

import voluptuous as vol
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.helpers.typing import ConfigType

CONFIG_SCHEMA = vol.Schema({}, extra=vol.ALLOW_EXTRA)
FORCED = vol.Schema(
    {vol.Required("power_watts"): vol.All(int, vol.Range(min=0)), vol.Required("duration_minutes"): vol.All(int, vol.Range(min=1, max=30))}
)


async def async_setup(hass: HomeAssistant, _config: ConfigType) -> bool:
    """Register the actions."""

    ending: list[Callable[[], None]] = []

    def told(kw: str, minutes: float | None = None) -> None:
        hass.states.async_set("sim.solis_told_kw", kw)
        while ending:
            ending.pop()()
        if minutes:
            ending.append(hass.loop.call_later(60 * minutes, told, "none").cancel)

    async def charge(call: ServiceCall) -> None:
        told(str(call.data["power_watts"] / 1000), call.data["duration_minutes"])

    async def discharge(call: ServiceCall) -> None:
        told(str(-call.data["power_watts"] / 1000), call.data["duration_minutes"])

    async def stop(_call: ServiceCall) -> None:
        told("none")

    hass.services.async_register("solis_modbus", "solis_force_battery_charge", charge, schema=FORCED)
    hass.services.async_register("solis_modbus", "solis_force_battery_discharge", discharge, schema=FORCED)
    hass.services.async_register("solis_modbus", "solis_stop_force_charge_discharge", stop)
    return True
