"""Who carries decisions out."""

from datetime import datetime
from typing import Protocol

from app.domain.decision import Decision, Outcome


class Actuator(Protocol):
    """Something that carries a decision out by itself: a simulated house, a dongle."""

    def carry_out(self, decision: Decision, now: datetime) -> Outcome:
        """Do what a decision says, until its lease ends, and return what was read back."""
        ...
