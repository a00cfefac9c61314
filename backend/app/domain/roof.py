"""The roof as the sun sees it: where it stands and how its planes lie. Azimuth: 0 is north, clockwise, 180 is south."""

from dataclasses import dataclass

from app.domain.errors import InvalidSiteError


@dataclass(frozen=True, slots=True, kw_only=True)
class Plane:
    """Panels that lie the same way."""

    kwp: float
    tilt_deg: float
    """0 is flat, 90 a wall."""
    azimuth_deg: float
    """Where it faces: 0 north, 90 east, 180 south, 270 west."""

    def __post_init__(self) -> None:
        if not (self.kwp > 0 and 0 <= self.tilt_deg <= 90 and 0 <= self.azimuth_deg < 360):  # noqa: PLR2004  degrees
            raise InvalidSiteError(f"no plane has {self.kwp} kWp, a tilt of {self.tilt_deg}° and an azimuth of {self.azimuth_deg}°")


@dataclass(frozen=True, slots=True, kw_only=True)
class Roof:
    """Where the planes are, and what is lost between them and the house."""

    latitude: float
    longitude: float
    planes: tuple[Plane, ...]
    loss: float = 0.14
    """Share lost to dirt, cables, mismatch and the inverter: PVWatts' usual 14 %."""
    per_degree: float = -0.0035
    """Change of power per degree a cell is warmer than 25 °C: crystalline silicon."""
    inverter_kw: float | None = None
    """What the array's own inverter can give; None where the battery can take what the inverter cannot (DC-coupled)."""

    def __post_init__(self) -> None:
        if not (-90 <= self.latitude <= 90 and -180 <= self.longitude <= 180):  # noqa: PLR2004  degrees
            raise InvalidSiteError(f"there is no place at {self.latitude}° north, {self.longitude}° east")
        if not self.planes:
            raise InvalidSiteError("a roof without planes makes nothing")
        if not 0 <= self.loss < 1 or (self.inverter_kw is not None and not self.inverter_kw > 0):
            raise InvalidSiteError("losses lie at or above 0 and below 1, and an inverter gives more than 0 kW")

    @property
    def peak_kw(self) -> float:
        """The sum of the planes."""
        return sum(plane.kwp for plane in self.planes)
