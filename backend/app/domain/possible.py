"""From what is wished to what can be done."""

from dataclasses import dataclass

from app.domain.decision import Command
from app.domain.site import Inverter, Mode


@dataclass(frozen=True, slots=True, kw_only=True)
class Possible:
    """A command that can be carried out, and why it is not the one that was wished; None where it is."""

    command: Command
    why_not: str | None = None


def possible(inverter: Inverter, wish: Command) -> Possible:
    """Return the wish where the inverter can be told it, else self-use with the reason: the safe mode takes the place of every other."""
    reason = inverter.why_not(wish.mode)
    if reason is None:
        return Possible(command=wish)
    return Possible(command=Command(mode=Mode.SELF_USE), why_not=f"{inverter.word(wish.mode)} cannot be had: {reason}")
