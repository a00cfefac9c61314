"""Where the house stands."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator

from app.document.strict import Strict
from app.domain.errors import InvalidInputError
from app.domain.money import currency


class Place(Strict):
    """Time zone, money and coordinates."""

    time_zone: str = Field("Europe/London", examples=["Europe/Stockholm"])
    currency: str = Field("GBP", pattern="^[A-Z]{3}$", description="ISO 4217; every price and cost of this house is in it.")
    latitude: float | None = Field(None, ge=-90, le=90, description="Degrees north, e.g. 51.51.")
    longitude: float | None = Field(None, ge=-180, le=180, description="Degrees east, e.g. -0.13.")
    country: str | None = Field(None, pattern="^[A-Z]{2}$", description="ISO 3166, e.g. GB or SE.")

    @field_validator("currency")
    @classmethod
    def _counted(cls, value: str) -> str:
        try:
            return currency(value).code
        except InvalidInputError as error:
            raise ValueError(str(error)) from error

    @field_validator("time_zone")
    @classmethod
    def _known(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"{value!r} is no time zone; one is Europe/London") from error
        return value
