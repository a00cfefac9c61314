"""Whom the house can be asked about: Home Assistant, and who forecasts the sun."""

from typing import Literal, Self

from pydantic import Field, model_validator

from app.document.strict import EntityId, SecretName, Strict, Url


class HomeAssistantSource(Strict):
    """The Home Assistant of this house."""

    url: Url = Field(examples=["http://192.168.1.3:8123"])
    token: SecretName = Field("home_assistant", description="Names the secret that is a long-lived access token.")


class SolarForecast(Strict):
    """Who forecasts what the roof gives; `history` is the mean of the last week, the others are calibrated on what the roof gives."""

    source: Literal["history", "open_meteo", "smhi", "forecast_solar", "solcast", "home_assistant"] = "history"
    base_url: Url | None = Field(None, description="Another address of the source, for a paid plan or a test.")
    api_key: SecretName | None = Field(None, description="solcast needs one; open_meteo and forecast_solar work without.")
    calibrate: bool = Field(default=True, description="Whether the source is corrected by what the roof gives.")
    quarters: bool = Field(default=False, description="open_meteo: quarter-hours, where weather models compute them themselves.")
    models: str | None = Field(None, max_length=200, description="open_meteo: weather models, e.g. icon_seamless; it chooses itself.")
    ensemble: str | None = Field(None, max_length=100, description="open_meteo: an ensemble that adds a spread, e.g. icon_seamless.")
    rooftops: tuple[str, ...] = Field((), description="solcast: the resource ids of the rooftops.")
    entities: tuple[EntityId, ...] = Field(
        tuple(f"sensor.solcast_pv_forecast_forecast_{day}" for day in ("today", "tomorrow", "day_3")),
        min_length=1,
        description="home_assistant: the forecast entities of today, tomorrow and the day after, into which a plan of 48 hours reaches.",
    )

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.source == "solcast" and not (self.api_key and self.rooftops):
            raise ValueError("solcast needs an api_key and rooftops")
        return self


class Sources(Strict):
    """Whom to ask; readings are pushed where there is no Home Assistant."""

    home_assistant: HomeAssistantSource | None = None
    solar: SolarForecast = SolarForecast()
