"""What a power is in the battery's own terms."""

from app.domain.site import Battery


def discharge_current_a(battery: Battery, discharge_kw: float, *, voltage_v: float | None) -> float:
    """Return the battery current in A of a discharging power; the configured voltage stands in while none is measured."""
    return round(discharge_kw * 1000 / (voltage_v or battery.voltage_v), 1)
