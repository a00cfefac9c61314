"""What stands in the house: its inverter, its battery, its roof."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from app.document.strict import Strict
from app.document.ways import Allowed, PushedWay, Way
from app.domain.site import Coupling

MOST_KW, MOST_KWH = 10_000.0, 100_000.0
type DeviceName = Annotated[str, StringConstraints(pattern="^[a-z][a-z0-9_-]{0,59}$")]
type Model = Annotated[str, StringConstraints(pattern="^[a-z0-9][a-z0-9_-]{0,59}$")]


class InverterDevice(Strict):
    """What converts and obeys. What it can do comes from its model and the way it is reached."""

    kind: Literal["inverter"] = "inverter"
    id: DeviceName = "inverter"
    model: Model = Field("plain", description="A make and family out of backend/models.")
    way: Way = PushedWay()
    ac_limit_kw: float = Field(5.0, gt=0, le=MOST_KW)
    coupling: Coupling = Field(Coupling.DC, description="dc: battery and array share the inverter; ac: the battery has its own.")
    allow: Allowed = Allowed()


class BatteryDevice(Strict):
    """The battery, measured on the AC side."""

    kind: Literal["battery"] = "battery"
    id: DeviceName = "battery"
    capacity_kwh: float = Field(10.0, ge=0, le=MOST_KWH)
    reserve_pct: float = Field(10.0, ge=0, le=100, description="The charge at which the inverter itself stops giving.")
    limit_pct: float = Field(100.0, ge=0, le=100, description="Never charged above on purpose.")
    max_charge_kw: float = Field(5.0, ge=0, le=MOST_KW)
    max_discharge_kw: float = Field(5.0, ge=0, le=MOST_KW)
    charge_efficiency: float = Field(0.95, gt=0, le=1)
    discharge_efficiency: float = Field(0.95, gt=0, le=1)
    wear_per_kwh: float | None = Field(None, ge=0, description="Currency per kWh discharged; a usual one of the currency if not given.")
    voltage_v: float = Field(51.2, gt=0, le=2000, description="Nominal voltage, for currents while none is measured.")


class Plane(Strict):
    """Panels that lie the same way."""

    kwp: float = Field(gt=0, le=MOST_KW)
    tilt_deg: float = Field(ge=0, le=90)
    azimuth_deg: float = Field(ge=0, lt=360, description="0 is north, 90 east, 180 south.")


class SolarDevice(Strict):
    """The roof."""

    kind: Literal["solar"] = "solar"
    id: DeviceName = "solar"
    peak_kw: float = Field(0.0, ge=0, le=MOST_KW, description="Left at 0, the sum of the planes.")
    curtailable: bool = Field(default=True, description="Whether the inverter throttles the array when nobody can take its power.")
    planes: tuple[Plane, ...] = ()
    loss_pct: float = Field(14.0, ge=0, lt=100, description="Lost to dirt, cables and the inverter.")
    pct_per_degree: float = Field(-0.35, ge=-1, le=0, description="The modules' temperature coefficient of power.")
    inverter_kw: float | None = Field(None, gt=0, le=MOST_KW, description="AC limit of the array's own inverter; not set for a hybrid one.")


type Device = Annotated[InverterDevice | BatteryDevice | SolarDevice, Field(discriminator="kind")]
