"""What /sites takes and gives. A document is taken as it comes and checked by its own reader, which names each mistake at its place."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, Header, Path, Response
from pydantic import AfterValidator, ConfigDict, Field, GetJsonSchemaHandler, SecretStr
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema
from starlette.exceptions import HTTPException

from app.api.deps import Now
from app.api.models import In, Instant, Out
from app.api.security import Admin, Refuse, Token, must_open
from app.document.site import SiteDocument
from app.domain.description import Description
from app.domain.site import SiteId

DEEPEST = 20


def _shallow(value: dict[str, Any]) -> dict[str, Any]:
    """Return a JSON object that is no deeper than any document: what walks through it calls itself."""
    inside: list[object] = [value]
    for _ in range(DEEPEST):
        inside = [each for one in inside if isinstance(one, dict | list) for each in (one.values() if isinstance(one, dict) else one)]
    if inside:
        raise ValueError(f"it is nested deeper than {DEEPEST} levels")
    return value


Json = Annotated[dict[str, Any], AfterValidator(_shallow)]


def _own(
    token: Token,
    refuse: Refuse,
    site: Annotated[str, Path(pattern="^[a-z0-9][a-z0-9_-]{0,39}$", examples=["home"], description="Which house.")],
) -> SiteId:
    must_open(token, SiteId(site), refuse)
    return SiteId(site)


SiteName = Annotated[SiteId, Depends(_own)]
"""The house in the path; a token of another house is refused, also where it would describe a new one."""
SecretName = Annotated[str, Path(pattern="^[a-z][a-z0-9_]{0,39}$", examples=["home_assistant"])]
LONGEST_SECRET = 4000


class _AsSiteDocument:
    """Shows a JSON object as the site document that it must be."""

    def __get_pydantic_json_schema__(self, _schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return handler(SiteDocument.__pydantic_core_schema__)


Document = Annotated[Json, _AsSiteDocument()]
DOCUMENT: dict[int | str, dict[str, Any]] = {
    200: {"description": "The document.", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/SiteDocument"}}}}
}
"""An answer that is a document, with its version as its ETag."""


class HouseOut(Out):
    """A house, and the version of its document that holds."""

    id: str
    title: str
    version: int


class HousesOut(Out):
    """Houses, by name."""

    sites: list[HouseOut]


class VersionOut(Out):
    """One version of a document."""

    version: int
    set_at: Instant
    set_by: str
    changes: list[str] = Field(
        description="What it changed, a phrase each; empty for the first.", examples=[["grid.export_limit_kw: 5 → 3.6"]]
    )


class HistoryOut(Out):
    """Versions, oldest first; the last one holds."""

    versions: list[VersionOut]


class RollbackIn(In):
    """Which version is to hold again."""

    version: int = Field(ge=1, le=2**31 - 1)

    model_config = ConfigDict(json_schema_extra={"examples": [{"version": 1}]})


class SecretIn(In):
    """A secret; it is encrypted and never given back."""

    value: SecretStr = Field(min_length=1, max_length=LONGEST_SECRET)

    model_config = ConfigDict(json_schema_extra={"examples": [{"value": "a long-lived access token"}]})


class SecretOut(Out):
    """Whether a secret is there; what it is, nobody is told."""

    name: str
    is_set: bool
    is_named: bool = Field(description="Whether the document names it; one that is not is of no use.")


class SecretsOut(Out):
    """Secrets, by name."""

    secrets: list[SecretOut]


@dataclass(frozen=True, slots=True, kw_only=True)
class By:
    """Who changes something, and when."""

    actor: str
    now: datetime


def _by(caller: Admin, at: Now) -> By:
    return By(actor=caller, now=at)


ByAdmin = Annotated[By, Depends(_by)]

IfMatch = Annotated[str | None, Header(description='The ETag of the version that you have seen, e.g. `"3"`; who has seen none is refused.')]
IfNoneMatch = Annotated[str | None, Header(description="`*`: only if there is no such house yet.")]


def etag(version: int | str) -> str:
    """Return a version as an entity tag."""
    return f'"{version}"'


def seen_version(if_match: str | None) -> int:
    """Return the version that a caller has seen; one that no document ever has where the tag is none of ours.

    Raises:
        HTTPException: 428, the caller does not say.
    """
    if if_match is None:
        raise HTTPException(428, "say in If-Match which version you have seen: the ETag of GET /api/v1/sites/{site}")
    number = if_match.strip().removeprefix("W/").strip('"')
    return int(number) if number.isascii() and number.isdigit() and len(number) <= MOST_DIGITS else NEVER


NEVER, MOST_DIGITS = 0, 9


def told(response: Response, description: Description) -> Json:
    """Return a version's document, with its version in the headers."""
    response.headers["ETag"] = etag(description.version)
    return dict(description.value)
