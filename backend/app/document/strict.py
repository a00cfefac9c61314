"""What every piece of the document is: frozen, and strict about names and numbers."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, StringConstraints

from app.document.in_the_clear import a_name, without_password


class Strict(BaseModel):
    """A piece of the document; a field it does not know is a mistake, and so are infinity and NaN."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, populate_by_name=True, serialize_by_alias=True)


type SecretName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$"), BeforeValidator(a_name)]
"""Names a secret of the site, such as `home_assistant`; the secret itself never stands here."""
type EntityId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]+\.[a-zA-Z0-9_]+$", max_length=255)]
"""An entity of Home Assistant, such as `sensor.battery_soc`."""
type Url = Annotated[str, StringConstraints(pattern=r"^https?://[^\s]+$", max_length=500), AfterValidator(without_password)]
