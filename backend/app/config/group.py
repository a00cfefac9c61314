"""What every group of settings is: frozen, and strict about names."""

from pydantic import BaseModel, ConfigDict


class Group(BaseModel):
    """A group of settings; a field it does not know is a mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
