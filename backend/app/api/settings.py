"""/settings: what people change while the service runs; validated, live, audited."""

from fastapi import APIRouter
from pydantic import ConfigDict, Field

from app.api.deps import House, Now, Use
from app.api.models import In, Out
from app.api.security import Controller, Viewer

router = APIRouter(prefix="/settings", tags=["settings"])


class ControlOut(Out):
    """What holds now."""

    reserve_pct: float
    dry_run: bool = Field(description="Whether executors only show what they would do.")
    enabled: bool = Field(description="The one switch: off, nothing is controlled.")
    controller: str = Field(description="Who carries decisions out: `node_red` (whoever reports over HTTP) or `dongle:` and its id.")


class ControlIn(In):
    """What to change; what is left out stays."""

    reserve_pct: float | None = Field(None, ge=0, le=100, examples=[20])
    dry_run: bool | None = None
    enabled: bool | None = None
    controller: str | None = Field(
        None, max_length=80, examples=["node_red", "dongle:bat_60bh37202bfa"], description="A dongle must be claimed (404, 409)."
    )

    model_config = ConfigDict(json_schema_extra={"examples": [{"reserve_pct": 20}]})


@router.get("/control")
def control(use: Use, house: House, _caller: Viewer) -> ControlOut:
    """Return the reserve and whether this is a dry run."""
    return ControlOut.model_validate(use.prefer.of(house.id))


@router.put("/control")
def change(use: Use, house: House, at: Now, caller: Controller, wish: ControlIn) -> ControlOut:
    """Change the reserve, the dry run or who carries decisions out; the next plan knows it."""
    changed = use.prefer.change(
        house.id,
        reserve_pct=wish.reserve_pct,
        dry_run=wish.dry_run,
        controller=wish.controller,
        enabled=wish.enabled,
        actor=caller,
        now=at,
    )
    return ControlOut.model_validate(changed)
