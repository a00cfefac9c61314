"""What the measured flows of a slot say of an order to the battery."""

from collections.abc import Callable

from app.domain.decision import Command
from app.domain.house import run_slot
from app.domain.order import Effect
from app.domain.site import Mode, Site

MOVING_KW = 0.2
"""Sun and load closer than this are as good as even, and a battery that moves less is at rest."""


def effect(site: Site, command: Command, *, battery_kw: float, stored_kwh: float, solar_kw: float, load_kw: float, hours: float) -> Effect:
    """Return whether the battery's mean power (charging positive) shows a command, in a slot that began with so much stored.

    "No effect" is a fault only where the moment has to show one. A hold with no deficit, self-use with even sun and load, a forced charge
    of a full battery and a forced discharge at its target show nothing, and that is right.
    """

    def does(mode: Command) -> float:
        flows = run_slot(site, mode, stored_kwh=stored_kwh, solar_kw=solar_kw, load_kw=load_kw, hours=hours)
        return float(flows.charge_kw - flows.discharge_kw)

    return LOOKS[command.mode](battery_kw, does(command), does(Command(mode=Mode.SELF_USE)))


def _moved(battery_kw: float, due_kw: float) -> Effect:
    """Judge a power that is due: its direction has to be right; how much a battery takes near its ends is its own affair."""
    return Effect.SHOWN if abs(battery_kw) > MOVING_KW and battery_kw * due_kw > 0 else Effect.MISSING


def _forced(battery_kw: float, due_kw: float, _alone_kw: float) -> Effect:
    """Judge a forced mode: full, at its target or without room in the connection it may do as it likes."""
    return Effect.NONE_DUE if abs(due_kw) <= MOVING_KW else _moved(battery_kw, due_kw)


def _following(battery_kw: float, due_kw: float, alone_kw: float) -> Effect:
    """Judge a mode that follows sun and load, or leaves out a part of that: what self-use would move has to stay away, too."""
    if abs(due_kw) > MOVING_KW:
        return _moved(battery_kw, due_kw)
    if abs(alone_kw) <= MOVING_KW:
        return Effect.NONE_DUE
    return Effect.SHOWN if abs(battery_kw) <= MOVING_KW else Effect.MISSING


LOOKS: dict[Mode, Callable[[float, float, float], Effect]] = {
    Mode.FORCE_CHARGE: _forced,
    Mode.FORCE_DISCHARGE: _forced,
    Mode.SELF_USE: _following,
    Mode.FEED_IN_FIRST: _following,
    Mode.HOLD: _following,
}
