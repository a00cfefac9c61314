"""A small house around an inverter: sun, load and a battery that does what its mode says."""

from dataclasses import dataclass

from app.templates.orders import ModeName

VOLTAGE_V = 51.2
TEMPERATURE_C = 23.4
J_PER_KWH = 3_600_000


@dataclass(kw_only=True)
class House:
    """Powers in W, charging and importing positive. `time_s` is when it was last looked at."""

    soc_pct: float = 55.0
    capacity_kwh: float = 10.0
    empty_pct: float = 10.0
    max_charge_w: float = 5000.0
    max_discharge_w: float = 5000.0
    rated_w: float = 5000.0
    solar_w: float = 1800.0
    load_w: float = 600.0
    mode: ModeName = "self_use"
    ordered_w: float = 0.0
    orders_move_grid: bool = False
    time_s: float = 0.0

    @property
    def battery_w(self) -> float:
        """What the battery does in this mode: charging positive, within what it can."""
        surplus = self.solar_w - self.load_w
        shift = surplus if self.orders_move_grid else 0.0
        wanted = {
            "self_use": surplus,
            "hold": max(surplus, 0.0),
            "feed_in_first": min(surplus, 0.0),
            "force_charge": self.ordered_w + shift,
            "force_discharge": shift - self.ordered_w,
        }[self.mode]
        most = 0.0 if self.soc_pct >= 100 else self.max_charge_w
        least = 0.0 if self.soc_pct <= self.empty_pct else -self.max_discharge_w
        return min(max(wanted, least), most)

    @property
    def grid_w(self) -> float:
        """What comes from the grid."""
        return self.load_w + self.battery_w - self.solar_w

    def pass_time(self, now_s: float) -> None:
        """Charge or drain the battery up to now."""
        stored = self.battery_w * (now_s - self.time_s) / J_PER_KWH / self.capacity_kwh * 100
        self.soc_pct = min(max(self.soc_pct + stored, 0.0), 100.0)
        self.time_s = now_s

    def measured(self) -> dict[str, float]:
        """Return what an inverter would measure, under the templates' keys."""
        return {
            "battery.soc": round(self.soc_pct),
            "battery.power": self.battery_w,
            "battery.voltage": VOLTAGE_V,
            "battery.current": self.battery_w / VOLTAGE_V,
            "battery.temperature": TEMPERATURE_C,
            "battery.left.energy": self.capacity_kwh * self.soc_pct / 100,
            "grid.power": self.grid_w,
            "pv.power": self.solar_w,
            "load.power": self.load_w,
        }
