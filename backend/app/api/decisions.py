"""/decisions: what was decided, why, and what became of it."""

from datetime import timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Path
from pydantic import ConfigDict, Field

from app.api.deps import House, Now, Use
from app.api.models import In, Instant, Out, RecommendationOut, span
from app.api.security import Controller, Viewer
from app.domain.asset import BATTERY, AssetId
from app.domain.decision import Outcome, OutcomeStatus
from app.domain.order import Effect, Evidence
from app.domain.setting import NODE_RED
from app.looks.evidence import Proof

router = APIRouter(prefix="/decisions", tags=["decisions"])


class OutcomeOut(Out):
    """What an executor read back."""

    status: OutcomeStatus
    at: Instant
    reported_by: str
    mode_read_back: str | None
    battery_kw: float | None
    soc_pct: float | None
    detail: str | None
    asset: str
    evidence: Evidence | None = Field(description="The highest level that this report proves.")


class OutcomeIn(In):
    """A report: commanded is not done, so say what the inverter says now."""

    status: OutcomeStatus
    at: Instant | None = Field(None, description="When it was read back; now, if not given.")
    mode_read_back: str | None = Field(None, max_length=64)
    battery_kw: float | None = Field(None, ge=-1000, le=1000, description="Charging is positive.")
    soc_pct: float | None = Field(None, ge=0, le=100)
    detail: str | None = Field(None, max_length=500)
    asset: str = Field(BATTERY, max_length=64, description="Whose order it is about.")
    evidence: Literal[Evidence.TOLD, Evidence.ACCEPTED] | None = Field(
        None, description="How far it got before anything was read back; what a read-back proves is judged here."
    )

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"status": "confirmed", "mode_read_back": "Force Charge", "battery_kw": 4.9, "soc_pct": 63}]}
    )


class DecisionOut(RecommendationOut):
    """A decision with its outcomes, oldest first, and how far it is proved that it was carried out."""

    outcomes: list[OutcomeOut]
    evidence: Evidence | None = Field(description="The highest level proven: told, accepted, read_back, seen, delivered.")
    effect: Effect | None = Field(
        description="What the slot's measured energies say: shown, missing, or none_due where nothing had to show; None until settled."
    )

    @classmethod
    def proved(cls, proof: Proof) -> "DecisionOut":
        """Return a decision with its outcomes and what they prove."""
        told = RecommendationOut.of(proof.decision)
        fields = {name: getattr(told, name) for name in RecommendationOut.model_fields}
        outcomes = [OutcomeOut.model_validate(each) for each in proof.decision.outcomes]
        return cls(**fields, outcomes=outcomes, evidence=proof.evidence, effect=proof.effect)


class DecisionsOut(Out):
    """Decisions, oldest first."""

    decisions: list[DecisionOut]


@router.get("")
def decisions(use: Use, house: House, at: Now, _caller: Viewer, start: Instant | None = None, end: Instant | None = None) -> DecisionsOut:
    """Return decisions; without a span, those of the last day."""
    wanted = span(start or at - timedelta(days=1), end or at + timedelta(minutes=1))
    return DecisionsOut(decisions=list(map(DecisionOut.proved, use.proofs.between(house.id, wanted.start, wanted.end))))


@router.post("/{decision_id}/outcome")
def outcome(
    *, use: Use, house: House, at: Now, caller: Controller, report: OutcomeIn, decision_id: Annotated[str, Path(max_length=64)]
) -> DecisionOut:
    """Store what became of a decision; the same report twice is stored once. A dongle that drives the site refuses it (409)."""
    found = Outcome(
        status=report.status,
        at=report.at or at,
        reported_by=caller,
        mode_read_back=report.mode_read_back,
        battery_kw=report.battery_kw,
        soc_pct=report.soc_pct,
        detail=report.detail,
        asset=AssetId(report.asset),
        evidence=report.evidence,
    )
    return DecisionOut.proved(use.proofs.of(house.id, use.execute.report(house.id, decision_id, found, by=NODE_RED)))
