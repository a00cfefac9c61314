"""The actions of huawei_solar that the flow calls, as documented; what they order stands in `sim.huawei_told_kw` until its time is over."""

from collections.abc import Callable

import voluptuous as vol
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.typing import ConfigType

CONFIG_SCHEMA = vol.Schema({}, extra=vol.ALLOW_EXTRA)
DEVICE = {vol.Required("device_id"): "batteries"}
DURATION, POWER = vol.All(int, vol.Range(min=1, max=1440)), cv.matches_regex(r"^\d+$")
FORCED = vol.Schema(DEVICE | {vol.Required("duration"): DURATION, vol.Required("power"): POWER})


async def async_setup(hass: HomeAssistant, _config: ConfigType) -> bool:
    """Register the actions."""

    ending: list[Callable[[], None]] = []

    def told(kw: str, minutes: float | None = None) -> None:
        hass.states.async_set("sim.huawei_told_kw", kw)
        while ending:
            ending.pop()()
        if minutes:
            ending.append(hass.loop.call_later(60 * minutes, told, "none").cancel)

    async def charge(call: ServiceCall) -> None:
        told(str(int(call.data["power"]) / 1000), call.data["duration"])

    async def discharge(call: ServiceCall) -> None:
        told(str(-int(call.data["power"]) / 1000), call.data["duration"])

    async def stop(_call: ServiceCall) -> None:
        told("none")

    hass.services.async_register("huawei_solar", "forcible_charge", charge, schema=FORCED)
    hass.services.async_register("huawei_solar", "forcible_discharge", discharge, schema=FORCED)
    hass.services.async_register("huawei_solar", "stop_forcible_charge", stop, schema=vol.Schema(DEVICE))
    return True
