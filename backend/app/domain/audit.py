"""Who changed what, and when."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One change of a setting, an override, a token or a command."""

    at: datetime
    actor: str
    action: str
    subject: str
    detail: str = ""
