"""How a device is reached, and what is special about this one."""

from typing import Annotated, Literal

from pydantic import Field

from app.document.strict import Strict
from app.domain.permission import Leave, Permission
from app.domain.site import Mode
from app.templates.own import Own


class HomeAssistantWay(Own):
    """Through Home Assistant: entities, signs and words as the model says, but for those of this house said here."""

    by: Literal["home_assistant"] = "home_assistant"
    serial: str = Field(
        "", pattern="^[A-Za-z0-9-]{0,55}$", description="Names the readings' devices: bat_…, sol_…, met_…; the site's id if empty."
    )


class DongleWay(Strict):
    """Through a dongle on its wire."""

    by: Literal["dongle"] = "dongle"
    device: str = Field(max_length=64, examples=["bat_60bh37202bfa"])


class PushedWay(Strict):
    """Readings are pushed and decisions asked for by scripts."""

    by: Literal["pushed"] = "pushed"


type Way = Annotated[HomeAssistantWay | DongleWay | PushedWay, Field(discriminator="by")]


class Allowed(Strict):
    """What the owner lets a device do; what is not said is let."""

    charge_from_grid: Leave = Field(Leave.NOT_SAID, description="yes, no or not_said.")
    sell: Leave = Field(Leave.NOT_SAID, description="Whether it may export on purpose.")
    feed_car: Leave = Field(Leave.NOT_SAID, description="Whether the battery may give what the car takes.")
    be_throttled: Leave = Field(Leave.NOT_SAID, description="Whether it may be told to give less than it could.")
    modes: tuple[Mode, ...] | None = Field(None, description="Only these of the modes that the model offers.")

    def permission(self, *, control: bool) -> Permission:
        """Return it for the planner; without control nothing is told at all."""
        return Permission(control=control, **self.model_dump(exclude={"modes"}))
