"""/sites: what describes each house, as one document: read, changed, taken back. The next round already lives by it."""

from itertools import pairwise
from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Response

from app.api.deps import Use
from app.api.security import Token, Viewer
from app.api.site_models import (
    DOCUMENT,
    ByAdmin,
    Document,
    HistoryOut,
    HouseOut,
    HousesOut,
    IfMatch,
    IfNoneMatch,
    Json,
    RollbackIn,
    SiteName,
    VersionOut,
    seen_version,
    told,
)
from app.document.site import schema
from app.domain.description import Description
from app.usecases.describe import differences, merged

router = APIRouter(prefix="/sites", tags=["sites"])


@router.get("")
def sites(use: Use, token: Token, _caller: Viewer) -> HousesOut:
    """Return the houses that the caller may see."""
    found = [each for each in use.describe.newest() if token.opens(each.site)]
    return HousesOut(sites=[HouseOut(id=each.site, title=str(each.value.get("title", "")), version=each.version) for each in found])


@router.get("/schema")
def document_schema(_caller: Viewer) -> dict[str, Any]:
    """Return the JSON schema of the site document, for editors and pages."""
    return schema()


@router.get("/{site}", responses=DOCUMENT, response_model=None)
def document(use: Use, site: SiteName, _caller: Viewer, response: Response) -> Json:
    """Return the document that holds; its ETag is its version. Defaults are not written out."""
    return told(response, use.describe.of(site))


@router.put("/{site}", responses=DOCUMENT, response_model=None)
def put(
    use: Use,
    site: SiteName,
    by: ByAdmin,
    response: Response,
    wanted: Annotated[Document, Body()],
    *,
    if_match: IfMatch = None,
    if_none_match: IfNoneMatch = None,
) -> Json:
    """Replace the document of a house: If-Match names the version you have seen. `If-None-Match: *` describes a new house."""
    if if_match is None and (if_none_match or "").strip() == "*":
        return told(response, use.describe.create(site, wanted, actor=by.actor, now=by.now))
    seen = seen_version(if_match)
    return told(response, use.describe.change(site, wanted, expected_version=seen, actor=by.actor, now=by.now))


@router.patch("/{site}", responses=DOCUMENT, response_model=None)
def patch(
    use: Use,
    site: SiteName,
    by: ByAdmin,
    response: Response,
    wanted: Annotated[Json, Body(media_type="application/merge-patch+json", examples=[{"title": "The old mill"}])],
    *,
    if_match: IfMatch = None,
) -> Json:
    """Change some fields (RFC 7396): null takes one away, a list is replaced as a whole. If-Match as for PUT."""
    seen = seen_version(if_match)
    new = merged(use.describe.of(site).value, wanted)
    return told(response, use.describe.change(site, new, expected_version=seen, actor=by.actor, now=by.now))


@router.get("/{site}/history")
def history(use: Use, site: SiteName, _caller: Viewer) -> HistoryOut:
    """Return every version: when, by whom, and what it changed."""
    found = use.describe.history(site)
    changes: list[list[str]] = [[], *(differences(one.value, other.value) for one, other in pairwise(found))]
    return HistoryOut(versions=[_version(each, what) for each, what in zip(found, changes, strict=True)])


def _version(each: Description, changes: list[str]) -> VersionOut:
    return VersionOut(version=each.version, set_at=each.set_at, set_by=each.set_by, changes=changes)


@router.get("/{site}/versions/{version}", responses=DOCUMENT, response_model=None)
def earlier(use: Use, site: SiteName, version: Annotated[int, Path(ge=1, le=2**31 - 1)], _caller: Viewer, response: Response) -> Json:
    """Return an earlier version of the document."""
    return told(response, use.describe.version(site, version))


@router.post("/{site}/rollback", responses=DOCUMENT, response_model=None)
def rollback(use: Use, site: SiteName, by: ByAdmin, response: Response, wanted: RollbackIn) -> Json:
    """Make an earlier version hold again, as a new version on top."""
    return told(response, use.describe.rollback(site, wanted.version, actor=by.actor, now=by.now))
