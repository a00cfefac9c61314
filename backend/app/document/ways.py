"""How a device is reached, and what is special about this one."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from app.document.strict import EntityId, Strict
from app.domain.reading import Quantity
from app.domain.site import Mode

type Role = Annotated[str, StringConstraints(pattern="^[a-z][a-z0-9_]{0,39}$")]
type Word = Annotated[str, StringConstraints(min_length=1, max_length=100)]


class Sensor(Strict):
    """An entity that measures; `minus` is taken off where two entities make one quantity. Charging and importing are positive."""

    entity: EntityId
    sign: Literal[1, -1] = 1
    minus: EntityId | None = None


class HomeAssistantWay(Strict):
    """Through Home Assistant: the entities of the model, but for those said here."""

    by: Literal["home_assistant"] = "home_assistant"
    settings: dict[Role, EntityId | None] = Field(
        default_factory=dict, description="The entity of a role of the model, e.g. mode; null switches an optional role off."
    )
    sensors: dict[Quantity, Sensor | None] = Field(default_factory=dict, description="The entity of a quantity; null: it is not measured.")
    options: dict[Role, dict[Word, Word]] = Field(
        default_factory=dict,
        description='Other words of a role\'s options, by the model\'s word, e.g. {"mode": {"Self Use": "Eigenverbrauch"}}.',
    )
    device_id: str = Field("", max_length=64, description="Home Assistant's device id, for models that call actions on a device.")
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


class Permission(Strict):
    """What the owner lets a device do; null: not said, which allows what the device can do."""

    charge_from_grid: bool | None = None
    sell: bool | None = Field(None, description="Give stored energy to the grid.")
    be_throttled: bool | None = Field(None, description="Throw sun away when it pays.")
    modes: tuple[Mode, ...] | None = Field(None, description="Only these of the modes that the model offers.")
