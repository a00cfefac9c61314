"""What a house's inverter is told, in its vendor's words and in amperes."""

from dataclasses import dataclass

from app.domain.decision import Command, Wording
from app.domain.errors import InvalidSiteError
from app.domain.site import Battery, Mode, Site

LABELS: dict[str, dict[Mode, str]] = {
    "plain": {mode: mode.value for mode in Mode},
    "fox_ess": {
        Mode.SELF_USE: "Self Use",
        Mode.FORCE_CHARGE: "Force Charge",
        Mode.FORCE_DISCHARGE: "Force Discharge",
        Mode.FEED_IN_FIRST: "Feed-in First",
        Mode.HOLD: "Back-up",
    },
}


@dataclass(frozen=True, slots=True)
class VendorWords:
    """Puts what is decided into the words of whoever carries it out."""

    def of(self, site: Site, command: Command, *, discharge_kw: float, voltage_v: float | None) -> Wording:
        """Return the vendor's word for the mode, and the current in A of the discharge expected of it.

        Raises:
            InvalidSiteError: the site's profile is unknown.
        """
        current_a = discharge_current_a(site.battery, discharge_kw, voltage_v=voltage_v)
        return Wording(label=label(site.inverter.profile, command.mode), discharge_current_a=current_a)


def label(profile: str, mode: Mode) -> str:
    """Return the vendor's word for a mode.

    Raises:
        InvalidSiteError: the profile is unknown.
    """
    try:
        return LABELS[profile][mode]
    except KeyError as error:
        raise InvalidSiteError(f"no inverter profile named {profile!r}; there are {', '.join(sorted(LABELS))}") from error


def mode_of(profile: str, text: str) -> Mode:
    """Return the mode that a vendor's word or a plain code stands for.

    Raises:
        InvalidSiteError: it stands for none.
    """
    for mode in Mode:
        if text in (mode.value, label(profile, mode)):
            return mode
    raise InvalidSiteError(f"{text!r} is no mode of {profile}")


def discharge_current_a(battery: Battery, discharge_kw: float, *, voltage_v: float | None) -> float:
    """Return the battery current in A of a discharging power; the configured voltage stands in while none is measured."""
    return round(discharge_kw * 1000 / (voltage_v or battery.voltage_v), 1)
