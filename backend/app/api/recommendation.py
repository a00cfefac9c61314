"""/recommendation: what to do now."""

from fastapi import APIRouter

from app.api.deps import House, Now, Use
from app.api.models import RecommendationOut
from app.api.security import Viewer
from app.domain.setting import NOBODY, NODE_RED

router = APIRouter(prefix="/recommendation", tags=["recommendation"])


@router.get("/now")
def now(use: Use, house: House, at: Now, _caller: Viewer) -> RecommendationOut:
    """Return what to do in the current slot; plans again if anything changed."""
    prefer = use.prefer.of(house.id)
    is_other = prefer.controller != NODE_RED
    controller = prefer.controller if prefer.enabled else NOBODY
    return RecommendationOut.of(use.recommend.now(house.id, at), dry_run=prefer.writes_nothing or is_other, controller=controller)
