"""What a house's inverter is told, in its vendor's words and in amperes."""

from dataclasses import dataclass

from app.domain.decision import Command, Wording
from app.domain.site import Battery, Site


@dataclass(frozen=True, slots=True)
class VendorWords:
    """Puts what is decided into the words of whoever carries it out."""

    def of(self, site: Site, command: Command, *, discharge_kw: float, voltage_v: float | None) -> Wording:
        """Return the vendor's word for the mode, and the current in A of the discharge expected of it."""
        current_a = discharge_current_a(site.battery, discharge_kw, voltage_v=voltage_v)
        return Wording(label=site.inverter.word(command.mode), discharge_current_a=current_a)


def discharge_current_a(battery: Battery, discharge_kw: float, *, voltage_v: float | None) -> float:
    """Return the battery current in A of a discharging power; the configured voltage stands in while none is measured."""
    return round(discharge_kw * 1000 / (voltage_v or battery.voltage_v), 1)
