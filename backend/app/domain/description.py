"""What describes a house: one document, every version of it kept. What the document says is read at the edge."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from app.domain.site import SiteId


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """One version of a house's document; the first is 1."""

    site: SiteId
    version: int
    value: Mapping[str, object]
    set_by: str
    set_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedSecret:
    """A secret as it is kept: encrypted, never given back in the clear."""

    name: str
    sealed: str
    set_by: str
    set_at: datetime
