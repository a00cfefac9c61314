"""What each vendor's integration shows in Home Assistant and what its inverter makes of it: options, bounds, units and the battery's power.

Entity names come from the flow's profiles; what stands here comes from the vendors' documentation, so that a misspelt option or a wrong
order of writes in a profile shows. `does` is the battery's power in kW, charging positive: a template over `s` (each setting by its role),
`sun_kw`, `load_kw`, `net` (sun less load), `soc` and, for inverters told by services, `told_kw`.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PROFILES = Path(__file__).parents[2] / "nodered" / "profiles.json"
FOLLOWS = "(net if net < 0 else [net, 6] | min)"
"""Self-use: what the sun leaves goes into the battery, what it lacks comes out."""


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """What a number takes, in its unit."""

    low: float
    high: float
    step: float
    unit: str
    start: float


@dataclass(frozen=True, kw_only=True)
class Simulated:
    """An inverter. The first option of a select is the one it starts with; `held` says what counts only once a button was pressed."""

    does: str
    options: dict[str, tuple[str, ...]] = field(default_factory=dict)
    numbers: dict[str, Bounds] = field(default_factory=dict)
    held: tuple[str, ...] = ()
    power_unit: str = "W"
    integration: str | None = None
    """A custom integration in tests/stack/custom_components that registers the vendor's services."""


INVERTERS = {
    "fox_ess": Simulated(
        options={"mode": ("Self Use", "Feed-in First", "Back-up", "Force Charge", "Force Discharge")},
        numbers={
            "charge_power": Bounds(low=0, high=6, step=0.001, unit="kW", start=3),
            "discharge_power": Bounds(low=0, high=6, step=0.001, unit="kW", start=3),
        },
        does="s.charge_power if s.mode == 'Force Charge' else -s.discharge_power if s.mode == 'Force Discharge' "
        f"else [net, 0] | max if s.mode == 'Back-up' else [net, 0] | min if s.mode == 'Feed-in First' else {FOLLOWS}",
        power_unit="kW",
    ),
    "growatt": Simulated(
        options={"mode": ("Load First", "Battery First", "Grid First")},
        held=("mode",),
        does=f"3 if s.mode == 'Battery First' else -3 if s.mode == 'Grid First' else {FOLLOWS}",
    ),
    "solax": Simulated(
        options={
            "mode": (
                "Disabled",
                "Enabled Power Control",
                "Enabled Grid Control",
                "Enabled Battery Control",
                "Enabled Self Use",
                "Enabled Feedin Priority",
                "Enabled No Discharge",
            )
        },
        numbers={"power": Bounds(low=-6000, high=6000, step=1, unit="W", start=0)},
        held=("mode", "power"),
        does="s.power / 1000 if s.mode == 'Enabled Battery Control' else [net, 0] | min if s.mode == 'Enabled Feedin Priority' "
        f"else [net, 0] | max if s.mode == 'Enabled No Discharge' else {FOLLOWS}",
    ),
    "givenergy": Simulated(
        options={
            "mode": ("Eco", "Eco (Paused)", "Timed Demand", "Timed Export"),
            "pause": ("Disabled", "PauseCharge", "PauseDischarge", "PauseBoth"),
        },
        numbers={
            "charge_target": Bounds(low=4, high=100, step=1, unit="%", start=100),
            "charge_power": Bounds(low=0, high=3600, step=1, unit="W", start=3600),
            "discharge_power": Bounds(low=0, high=3600, step=1, unit="W", start=3600),
        },
        does="s.charge_power / 1000 if s.charge_schedule == 'on' and s.mode == 'Eco' and s.pause == 'Disabled' and soc < s.charge_target "
        "else -s.discharge_power / 1000 if s.mode == 'Timed Export' else [net, 0] | max if s.pause == 'PauseDischarge' "
        "else [[net, s.charge_power / 1000] | min, -s.discharge_power / 1000] | max",
    ),
    "huawei": Simulated(
        options={
            "mode": (
                "adaptive",
                "fixed_charge_discharge",
                "maximise_self_consumption",
                "time_of_use_lg",
                "fully_fed_to_grid",
                "time_of_use_luna2000",
            )
        },
        does=f"told_kw if told_kw is not none else [net, 0] | min if s.mode == 'fully_fed_to_grid' else {FOLLOWS}",
        integration="huawei_solar",
    ),
    "sigenergy": Simulated(
        options={
            "mode": (
                "Maximum Self Consumption",
                "PCS Remote Control",
                "Standby",
                "Command Charging (Grid First)",
                "Command Charging (PV First)",
                "Command Discharging (PV First)",
                "Command Discharging (ESS First)",
                "V2G",
            )
        },
        numbers={
            "charge_power": Bounds(low=0, high=8, step=0.1, unit="kW", start=8),
            "discharge_power": Bounds(low=0, high=8, step=0.1, unit="kW", start=8),
        },
        does="[[net, s.charge_power] | min, -s.discharge_power] | max if s.remote == 'off' or s.mode == 'Maximum Self Consumption' "
        "else s.charge_power if s.mode == 'Command Charging (Grid First)' "
        "else -s.discharge_power if s.mode == 'Command Discharging (ESS First)' else 0",
        power_unit="kW",
    ),
    "solis": Simulated(does=f"told_kw if told_kw is not none else {FOLLOWS}", integration="solis_modbus"),
    "sunsynk": Simulated(
        options={
            "charge": ("No Grid or Gen", "Allow Grid", "Allow Gen", "Allow Grid & Gen"),
            "export": ("Zero Export", "Allow Export", "Essentials"),
        },
        numbers={
            "capacity": Bounds(low=0, high=100, step=1, unit="%", start=10),
            "power": Bounds(low=0, high=8000, step=100, unit="W", start=8000),
        },
        does="s.power / 1000 if s.charge == 'Allow Grid' and soc < s.capacity "
        "else -s.power / 1000 if s.export == 'Allow Export' and soc > s.capacity "
        "else [net, 0] | max if soc <= s.capacity else [[net, s.power / 1000] | min, -s.power / 1000] | max",
    ),
    "tesla": Simulated(
        options={"mode": ("self_consumption", "autonomous", "backup")},
        numbers={"reserve": Bounds(low=0, high=100, step=1, unit="%", start=10)},
        does=f"[net, 0] | max if soc <= s.reserve and s.mode != 'backup' else {FOLLOWS} if s.mode == 'self_consumption' "
        "else 3.3 if s.grid_charging == 'on' else [net, 0] | max",
    ),
    "victron": Simulated(
        numbers={
            "setpoint": Bounds(low=-10000, high=10000, step=10, unit="W", start=0),
            "charge_limit": Bounds(low=0, high=100, step=1, unit="%", start=100),
            "discharge_limit": Bounds(low=0, high=100, step=1, unit="%", start=100),
        },
        does="[[net + s.setpoint / 1000, 0.06 * s.charge_limit] | min, -0.06 * s.discharge_limit] | max",
    ),
}


def profile(name: str) -> dict[str, Any]:
    """Return one of the flow's profiles."""
    told: dict[str, Any] = profiles()[name]
    return told


def profiles() -> dict[str, Any]:
    """Return the flow's profiles by name."""
    told: dict[str, Any] = json.loads(PROFILES.read_text())
    return told


def package(name: str) -> str:
    """Return the entities of an inverter as a Home Assistant package; JSON is YAML."""
    return package_of(name, INVERTERS[name])


def package_of(name: str, inverter: Simulated) -> str:
    """Return the same for an inverter that behaves otherwise."""
    return json.dumps(_Package(name, profile(name), inverter).whole(), indent=1)


@dataclass(frozen=True)
class _Package:
    name: str
    profile: dict[str, Any]
    inverter: Simulated

    def whole(self) -> dict[str, Any]:
        """Return helpers that keep what was written, and template entities that show them as the vendor would."""
        helpers: dict[str, dict[str, Any]] = {}
        shown: list[dict[str, Any]] = []
        for role, setting in self.profile["settings"].items():
            if setting["entity"]:
                kind, _, entity = setting["entity"].partition(".")
                made = {"select": self._select, "number": self._number, "switch": self._switch, "button": self._button}[kind](role, entity)
                for domain, helper in made.pop("helpers").items():
                    helpers.setdefault(domain, {}).update(helper)
                shown.append({kind: [made]})
        sensors = [each for quantity, sensor in self.profile["sensors"].items() for each in self._sensors(quantity, sensor)]
        own: dict[str, Any] = {self.inverter.integration: {}} if self.inverter.integration else {}
        return {**own, **helpers, "template": [*shown, {"sensor": sensors}]}

    def _kept(self, role: str, domain: str) -> str:
        return f"{domain}.sim_{self.name}_{role}"

    def _select(self, role: str, entity: str) -> dict[str, Any]:
        kept, options = self._kept(role, "input_select"), list(self.inverter.options[role])
        write = {"action": "input_select.select_option", "target": {"entity_id": kept}, "data": {"option": "{{ option }}"}}
        helpers = {"input_select": {f"sim_{self.name}_{role}": {"options": options, "initial": options[0]}}, **self._held(role, options[0])}
        return _named(entity) | {"state": _state(kept), "options": f"{{{{ {options} }}}}", "select_option": [write], "helpers": helpers}

    def _number(self, role: str, entity: str) -> dict[str, Any]:
        kept, bounds = self._kept(role, "input_number"), self.inverter.numbers[role]
        limits = {"min": bounds.low, "max": bounds.high, "step": bounds.step}
        write = {"action": "input_number.set_value", "target": {"entity_id": kept}, "data": {"value": "{{ value }}"}}
        helper = limits | {"initial": bounds.start}
        helpers = {"input_number": {f"sim_{self.name}_{role}": helper}, **self._held(role, str(bounds.start))}
        shown = {"state": _state(kept), "unit_of_measurement": bounds.unit, "set_value": [write], "helpers": helpers}
        return _named(entity) | limits | shown

    def _switch(self, role: str, entity: str) -> dict[str, Any]:
        kept = self._kept(role, "input_boolean")
        turn = {f"turn_{to}": [{"action": f"input_boolean.turn_{to}", "target": {"entity_id": kept}}] for to in ("on", "off")}
        return (
            _named(entity) | turn | {"state": _state(kept), "helpers": {"input_boolean": {f"sim_{self.name}_{role}": {"initial": False}}}}
        )

    def _button(self, _role: str, entity: str) -> dict[str, Any]:
        targets = {role: {"entity_id": self._kept(role, "input_text")} for role in self.inverter.held}
        take = [
            {"action": "input_text.set_value", "target": target, "data": {"value": self._written(role)}} for role, target in targets.items()
        ]
        return _named(entity) | {"press": take, "helpers": {}}

    def _held(self, role: str, start: str) -> dict[str, Any]:
        return {"input_text": {f"sim_{self.name}_{role}": {"initial": start}}} if role in self.inverter.held else {}

    def _written(self, role: str) -> str:
        return _state(self._kept(role, "input_number" if role in self.inverter.numbers else "input_select"))

    def _sensors(self, quantity: str, sensor: dict[str, Any]) -> list[dict[str, Any]]:
        if not sensor["entity"]:
            return []
        told = {"soc_pct": "soc", "solar_kw": "sun_kw", "load_kw": "load_kw", "battery_kw": "does", "grid_kw": "does - net"}[quantity]
        unit = "%" if quantity == "soc_pct" else self.inverter.power_unit
        scale = 1000 if unit == "W" else 1
        value = f"({told}) * {scale * sensor.get('sign', 1)}"
        if "minus" not in sensor:
            return [self._sensor(sensor["entity"], unit, value)]
        more, less = f"[{value}, 0] | max", f"[-({value}), 0] | max"
        return [self._sensor(sensor["entity"], unit, more), self._sensor(sensor["minus"], unit, less)]

    def _sensor(self, entity_id: str, unit: str, value: str) -> dict[str, Any]:
        roles = ", ".join(f"'{role}': {self._read(role)}" for role, each in self.profile["settings"].items() if self._means(each))
        plant = (
            "{% set sun_kw = states('input_number.sim_pv_power') | float / 1000 %}"
            "{% set load_kw = states('input_number.sim_house_load') | float / 1000 %}"
            "{% set soc = states('input_number.sim_battery_soc') | float %}{% set net = sun_kw - load_kw %}"
            f"{{% set told_kw = states('sim.{self.name}_told_kw') | float(none) %}}"
            f"{{% set s = {{{roles}}} %}}{{% set does = {self.inverter.does} %}}"
        )
        name = _named(entity_id.partition(".")[2])
        return name | {"unit_of_measurement": unit, "state": f"{plant}{{{{ ({value}) | round(3) }}}}"}

    def _means(self, setting: dict[str, str]) -> bool:
        return bool(setting["entity"]) and not setting["entity"].startswith("button.")

    def _read(self, role: str) -> str:
        number = " | float" if role in self.inverter.numbers else ""
        domain = "input_number" if role in self.inverter.numbers else "input_select" if role in self.inverter.options else "input_boolean"
        return f"states('{self._kept(role, 'input_text' if role in self.inverter.held else domain)}'){number}"


def _named(entity: str) -> dict[str, Any]:
    return {"name": entity, "unique_id": f"sim_{entity}"}


def _state(entity_id: str) -> str:
    return f"{{{{ states('{entity_id}') }}}}"
