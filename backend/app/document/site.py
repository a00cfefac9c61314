"""One house as one document: page, shell, API and Node-RED read and write this, and nothing else describes a house."""

import json
from collections.abc import Mapping
from typing import Any, Self

from pydantic import Field, ValidationError, model_validator

from app.document.control import Control, Wishes
from app.document.devices import BatteryDevice, Device, InverterDevice, SolarDevice
from app.document.grid import Grid
from app.document.place import Place
from app.document.sources import Sources
from app.document.strict import Strict
from app.document.tariff import Tariff, described
from app.domain.errors import InvalidSiteError


class SiteDocument(Strict):
    """Everything that describes a house."""

    id: str = Field(pattern="^[a-z0-9][a-z0-9_-]{0,39}$", examples=["home"])
    title: str = Field("", max_length=80)
    place: Place = Place()
    grid: Grid
    tariff: Tariff
    sources: Sources = Sources()
    devices: tuple[Device, ...] = Field(min_length=2, description="One inverter and its battery; perhaps a roof.")
    wishes: Wishes = Wishes()
    control: Control = Control()

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        kinds: list[str] = [device.kind for device in self.devices]
        for kind, least in (("inverter", 1), ("battery", 1), ("solar", 0)):
            if not least <= kinds.count(kind) <= 1:
                raise ValueError(f"a house has {'one' if least else 'at most one'} {kind}, not {kinds.count(kind)}")
        if len({device.id for device in self.devices}) < len(self.devices):
            raise ValueError("two devices have one id")
        self._must_see_the_sun()
        return self

    def _must_see_the_sun(self) -> None:
        named = self.sources.solar.source
        if named == "history":
            return
        if self.solar is None or not self.solar.planes or self.place.latitude is None or self.place.longitude is None:
            raise ValueError(f"sources.solar: {named} needs a roof with planes, and the place's latitude and longitude")
        if named == "home_assistant" and self.sources.home_assistant is None:
            raise ValueError("sources.solar: home_assistant needs sources.home_assistant")

    @property
    def inverter(self) -> InverterDevice:
        """The inverter."""
        return next(device for device in self.devices if isinstance(device, InverterDevice))

    @property
    def battery(self) -> BatteryDevice:
        """The battery."""
        return next(device for device in self.devices if isinstance(device, BatteryDevice))

    @property
    def solar(self) -> SolarDevice | None:
        """The roof, None for a house without one."""
        return next((device for device in self.devices if isinstance(device, SolarDevice)), None)

    @property
    def secret_names(self) -> frozenset[str]:
        """The secrets that the document names."""
        house, sun = self.sources.home_assistant, self.sources.solar
        keys = [getattr(each, "api_key", None) for agreement in self.tariff.agreements for each in agreement.sources]
        return frozenset(name for name in (None if house is None else house.token, sun.api_key, *keys) if name is not None)

    def written(self) -> dict[str, Any]:
        """Return it as JSON, without what is at its default."""
        return self.model_dump(mode="json", exclude_unset=True)


def read(value: Mapping[str, object]) -> SiteDocument:
    """Return the document that a JSON value is.

    Raises:
        InvalidSiteError: names every field that is wrong, one line each.
    """
    try:
        return SiteDocument.model_validate_json(json.dumps(dict(value)))
    except ValidationError as error:
        found = (f"{'.'.join(map(str, each['loc'])) or 'document'}: {each['msg'].removeprefix('Value error, ')}" for each in error.errors())
        raise InvalidSiteError("\n".join(found)) from error


def schema() -> dict[str, Any]:
    """Return the document's JSON schema."""
    return described(SiteDocument.model_json_schema(by_alias=True)) | {"$schema": "https://json-schema.org/draft/2020-12/schema"}
