"""/sites/{site}/executor: all that the flow needs to carry decisions out, so that it has no settings of its own."""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Header, Response
from pydantic import Field

from app.api.deps import Use
from app.api.models import Out
from app.api.security import Controller
from app.api.site_models import SiteName, etag
from app.document.checked import home_assistant_profile
from app.document.executor import executor
from app.document.site import read

router = APIRouter(prefix="/sites/{site}/executor", tags=["sites"])
UNCHANGED: dict[int | str, dict[str, Any]] = {HTTPStatus.NOT_MODIFIED.value: {"description": "It is as the caller knows it."}}


class RhythmOut(Out):
    """How often something is done: so long apart, so long after the full interval, and up to so much later by chance."""

    every_s: float
    offset_s: float
    jitter_s: float


class RhythmsOut(Out):
    """How often each thing is done."""

    control: RhythmOut
    prices: RhythmOut
    dashboard: RhythmOut
    flow: RhythmOut
    watchdog: RhythmOut


class SettingOut(Out):
    """An entity that is set, and how near to what was told is done."""

    entity: str
    unit: str | None = None
    tolerance: float | None = None


class SensorOut(Out):
    """An entity that is read: charging and importing are positive after its sign; `minus` is taken off."""

    entity: str
    sign: int | None = None
    minus: str | None = None


class ProfileOut(Out):
    """The inverter's model with this house's entities and words; what the house has not got is absent."""

    profile: str
    title: str
    verified: str
    notes: list[str]
    tells: str = Field(description="The role whose state says what the inverter does.")
    settings: dict[str, SettingOut]
    sensors: dict[str, SensorOut]
    modes: dict[str, list[Any]] = Field(description="The writes of each mode in their order: a role and its value, or an action.")
    lacks: dict[str, str] = Field(description="The modes it cannot do, each with its reason.")
    press: list[str] | None = None
    refresh_s: int | None = None
    most_minutes: int | None = None


class ExecutorOut(Out):
    """What the flow lives by; `version` is another one whenever anything in it is."""

    version: str
    site: str
    title: str
    currency: str
    time_zone: str
    executes: bool = Field(description="Whether whoever asks over HTTP carries this house's decisions out.")
    enabled: bool = Field(description="Off: the inverter is let go to self-use once, then nothing is written.")
    dry_run: bool
    rhythms: RhythmsOut
    timeout_s: float
    lease_s: float
    settle_s: float
    ramp_s: float
    tries: int
    write_budget: int
    hand_s: float
    revert_s: float
    notify: bool
    max_power_kw: float
    max_current_a: float
    reserve_pct: float
    limit_pct: float
    device_id: str
    devices: dict[str, str] = Field(description="As whose each reading is pushed.")
    profile: ProfileOut | None = Field(description="Null where the inverter is not reached through Home Assistant.")


@router.get("", response_model=ExecutorOut, response_model_exclude_unset=True, responses=UNCHANGED)
def executor_of(
    use: Use, site: SiteName, _caller: Controller, response: Response, *, if_none_match: Annotated[str | None, Header()] = None
) -> dict[str, Any] | Response:
    """Return all that the executor of a house needs; with its ETag in If-None-Match, only if that is no longer all."""
    described = use.describe.of(site)
    found = executor(read(described.value), described.version, home_assistant_profile)
    tag = etag(found["version"])
    if tag in (if_none_match or ""):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers={"ETag": tag})
    response.headers["ETag"] = tag
    return found
