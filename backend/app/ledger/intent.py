"""What a slot really did, from its flows."""

from app.domain.ledger import Flows, Intent

NEGLIGIBLE_KW = 0.05
"""Below this mean power a flow is an inverter at rest: its control loop is not finer."""


def intent(flows: Flows, hours: float) -> Intent:
    """Return the largest thing the battery did; if it rested, whether the sun was sold."""
    moved = {
        Intent.GRID_CHARGING: flows.grid_to_battery_kwh,
        Intent.SOLAR_CHARGING: flows.solar_to_battery_kwh,
        Intent.PEAK_EXPORT: flows.battery_to_grid_kwh,
        Intent.LOAD_SUPPORT: flows.battery_to_home_kwh,
    }
    largest = max(moved, key=lambda each: moved[each])
    if moved[largest] > NEGLIGIBLE_KW * hours:
        return largest
    return Intent.SOLAR_EXPORT if flows.solar_to_grid_kwh > NEGLIGIBLE_KW * hours else Intent.IDLE
