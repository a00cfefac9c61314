"""Somebody whom the broker turned away, or did not let say something."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One thing that the broker refused."""

    at: datetime
    who: str | None
    """The name by which the broker knew them; None while they had not shown who they are."""
    what: str
