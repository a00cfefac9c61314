"""/forecast-quality: what was expected against what was measured."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from app.api.deps import House, Now, Use
from app.api.models import Out
from app.api.security import Viewer
from app.domain.forecast import ForecastKind

router = APIRouter(prefix="/forecast-quality", tags=["forecasts"])


class ScoreOut(Out):
    """The error of one source over one horizon."""

    kind: ForecastKind
    source: str
    from_hours: float
    to_hours: float
    count: int = Field(description="Pairs of an expected and a measured power.")
    mae_kw: float
    nmae: float | None = Field(description="Mean error over mean power.")
    bias_kw: float = Field(description="Positive: too much was expected.")
    coverage: float | None = Field(
        description="Share of measured powers inside the told 80 % interval, nights apart; 0.75 to 0.85 is honest."
    )
    skill: float | None = Field(description='1 less the error over that of "as in the same slot last week"; above 0 is better than that.')


class ForecastQualityOut(Out):
    """Scores by kind, source and horizon."""

    days: int
    scores: list[ScoreOut]


@router.get("")
def forecast_quality(
    use: Use, house: House, at: Now, _caller: Viewer, days: Annotated[int, Query(ge=1, le=31, description="How far back.")] = 7
) -> ForecastQualityOut:
    """Return how wrong the forecasts of the last days were."""
    scores = use.forecast_quality.scores(house.id, at, days=days)
    return ForecastQualityOut(days=days, scores=[ScoreOut.model_validate(each) for each in scores])
