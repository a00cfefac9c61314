"""How far each number of an inverter may be set in one house: what its model bears, and no more than fuse, battery and sense allow."""

from dataclasses import dataclass
from typing import Any

type Json = dict[str, Any]

PER_KW = {"kW": 1.0, "W": 1000.0}
GRID_WORDS = {"$grid_to_charge", "$grid_to_discharge"}
"""What the grid is to carry, and not the battery."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What a house bears."""

    power_kw: float
    current_a: float
    import_kw: float
    export_kw: float

    def profile(self, profile: Json) -> Json:
        """Return a profile whose numbers have a least and a most, each in the unit of its setting."""
        settings = {role: self._setting(role, each, profile["modes"]) for role, each in profile["settings"].items()}
        return profile | {"settings": settings}

    def _setting(self, role: str, setting: Json, modes: Json) -> Json:
        if "unit" not in setting:
            return setting
        words = {step[1] for steps in modes.values() for step in steps if isinstance(step, list) and step[0] == role}
        low, high = self._span(setting["unit"], moves_grid=bool(words & GRID_WORDS))
        return setting | {"least": max(low, setting.get("least", low)), "most": min(high, setting.get("most", high))}

    def _span(self, unit: str, *, moves_grid: bool) -> tuple[float, float]:
        if unit == "%":
            return 0, 100
        if unit == "A":
            return 0, self.current_a
        low_kw, high_kw = (-self.export_kw, self.import_kw) if moves_grid else (-self.power_kw, self.power_kw)
        return low_kw * PER_KW[unit], high_kw * PER_KW[unit]
