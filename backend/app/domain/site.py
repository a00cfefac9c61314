"""The site: a battery behind an inverter, a grid connection and perhaps a roof."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NewType
from zoneinfo import ZoneInfo

from app.domain.errors import InvalidInputError, InvalidSiteError
from app.domain.money import Currency, currency

SiteId = NewType("SiteId", str)
LONDON = ZoneInfo("Europe/London")

HOME = SiteId("home")
"""One house is a fleet of one."""


class Mode(StrEnum):
    """What an inverter can be told to do; in every mode the real load is served by itself."""

    SELF_USE = "self_use"
    """Surplus charges the battery, a deficit is fed from it."""
    FORCE_CHARGE = "force_charge"
    """Charge at a power up to a target, from the grid where needed."""
    FORCE_DISCHARGE = "force_discharge"
    """Discharge at a power down to a target, exporting what the house does not take."""
    FEED_IN_FIRST = "feed_in_first"
    """Surplus is exported first, a deficit is fed from the battery."""
    HOLD = "hold"
    """Keep the charge: surplus may still enter, the house may not drain it."""


WEAR_PER_KWH = 0.02
"""What a kWh discharged usually costs in the battery's life, in yardsticks: for who never said."""
FULL_SHARE = 0.9
"""From this share of the capacity on a battery stands full."""
FULL_PER_KWH_HOUR = 1e-5
"""What standing full is usually worth to avoid, in yardsticks per kWh and hour: a thousandth of a penny."""


class Coupling(StrEnum):
    """Where the battery sits: `DC` shares one inverter with the array, `AC` has its own."""

    DC = "dc"
    AC = "ac"


@dataclass(frozen=True, slots=True, kw_only=True)
class Battery:
    """A battery as the planner sees it: stored energy in kWh, powers in kW on the AC side."""

    capacity_kwh: float
    reserve_kwh: float = 0.0
    """Stored energy that is never drained on purpose."""
    floor_kwh: float | None = None
    """Stored energy at which the inverter itself stops giving, whatever its mode, where that is below the reserve."""
    limit_kwh: float | None = None
    """Stored energy that is never exceeded on purpose; the capacity when not given."""
    max_charge_kw: float
    max_discharge_kw: float
    charge_efficiency: float = 0.95
    discharge_efficiency: float = 0.95
    wear_per_kwh: float
    """Currency per kWh discharged on the AC side."""
    voltage_v: float = 51.2
    """Nominal voltage, used for currents while none is measured."""
    reserve_per_kwh_hour: float | None = None
    """Of a soft reserve, what each kWh missing from it is worth per hour; None where the reserve is kept at any price."""
    full_above_kwh: float | None = None
    """Stored energy from which the battery counts as standing full; nine tenths of the capacity when not given."""
    full_per_kwh_hour: float = 0.0
    """What each kWh above that is worth not to have, per hour: it orders what costs the same, and is in no bill."""

    def __post_init__(self) -> None:
        if not self.capacity_kwh >= 0:
            raise InvalidSiteError(f"a battery cannot hold {self.capacity_kwh} kWh")
        if not 0 <= self.reserve_kwh <= self.top_kwh <= self.capacity_kwh:
            raise InvalidSiteError(
                f"reserve {self.reserve_kwh} kWh and limit {self.top_kwh} kWh must lie in order in 0..{self.capacity_kwh} kWh"
            )
        if not (self.max_charge_kw >= 0 and self.max_discharge_kw >= 0):
            raise InvalidSiteError("battery powers must not be negative")
        if not (0 < self.charge_efficiency <= 1 and 0 < self.discharge_efficiency <= 1):
            raise InvalidSiteError("efficiencies lie above 0 and at most at 1; a 95 % efficiency is 0.95")
        if not (self.wear_per_kwh >= 0 and self.voltage_v > 0):
            raise InvalidSiteError("wear must not be negative, and a battery has a voltage")
        if not ((self.reserve_per_kwh_hour or 0) >= 0 and self.full_per_kwh_hour >= 0):
            raise InvalidSiteError("what a missing kWh or standing full is worth must not be negative")

    @property
    def bottom_kwh(self) -> float:
        """Stored energy at which the inverter itself stops giving."""
        return self.reserve_kwh if self.floor_kwh is None else min(self.floor_kwh, self.reserve_kwh)

    @property
    def kept_kwh(self) -> float:
        """Stored energy that is kept at any price: the reserve, or of a soft one only what the inverter itself keeps."""
        return self.reserve_kwh if self.reserve_per_kwh_hour is None else self.bottom_kwh

    @property
    def full_kwh(self) -> float:
        """Stored energy from which it counts as standing full."""
        return FULL_SHARE * self.capacity_kwh if self.full_above_kwh is None else self.full_above_kwh

    @property
    def top_kwh(self) -> float:
        """Stored energy that is never exceeded on purpose."""
        return self.capacity_kwh if self.limit_kwh is None else self.limit_kwh

    @property
    def round_trip(self) -> float:
        """Share of a kWh charged that comes out again, AC to AC."""
        return self.charge_efficiency * self.discharge_efficiency

    def pct(self, stored_kwh: float) -> float:
        """Return a stored energy as a percentage of the capacity (0 without a battery)."""
        return 100 * stored_kwh / self.capacity_kwh if self.capacity_kwh else 0.0

    def kwh(self, soc_pct: float) -> float:
        """Return a percentage of the capacity as stored energy."""
        return self.capacity_kwh * soc_pct / 100

    def sized(self, capacity_kwh: float) -> "Battery":
        """Return the same battery of another capacity; reserve, floor and limit keep their share of it."""
        held = self.capacity_kwh
        reserve, top = (self.reserve_kwh / held, self.top_kwh / held) if held else (0.0, 1.0)
        floor_kwh, full_above_kwh = (
            None if kwh is None or not held else capacity_kwh * kwh / held for kwh in (self.floor_kwh, self.full_above_kwh)
        )
        return replace(
            self,
            capacity_kwh=capacity_kwh,
            reserve_kwh=capacity_kwh * reserve,
            floor_kwh=floor_kwh,
            limit_kwh=capacity_kwh * top,
            full_above_kwh=full_above_kwh,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Withheld:
    """A mode that an inverter is not to be told, and why."""

    mode: Mode
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Inverter:
    """What converts and obeys: its AC limit in kW and the modes it offers."""

    ac_limit_kw: float
    coupling: Coupling = Coupling.DC
    modes: tuple[Mode, ...] = tuple(Mode)
    withheld: tuple[Withheld, ...] = ()
    """Why it is not told the other modes, where that is known."""
    own_power: tuple[Mode, ...] = ()
    """Forced modes that run at the inverter's own power, for none can be set."""
    limits_export: bool = False
    """Whether it can be told to export less than the connection may carry, and throttles the array for it."""
    words: tuple[tuple[Mode, str], ...] = ()
    """The vendor's words for the modes; a mode without one goes by its own name."""

    def __post_init__(self) -> None:
        if not self.ac_limit_kw > 0:
            raise InvalidSiteError(f"an inverter of {self.ac_limit_kw} kW cannot work")
        if Mode.SELF_USE not in self.modes:
            raise InvalidSiteError("an inverter must offer self_use: it is the safe mode")

    def word(self, mode: Mode) -> str:
        """Return the vendor's word for a mode."""
        return dict(self.words).get(mode, mode.value)

    def why_not(self, mode: Mode) -> str | None:
        """Return why it is not told a mode; None where it can be."""
        if mode in self.modes:
            return None
        return next((each.reason for each in self.withheld if each.mode is mode), f"this inverter is not told {mode}")


@dataclass(frozen=True, slots=True, kw_only=True)
class GridConnection:
    """What the connection may carry, in kW."""

    import_limit_kw: float
    export_limit_kw: float
    charge_limit_kw: float | None = None
    """The most that may be bought while the battery charges from the grid, where that is wished to be less than the connection carries."""

    def __post_init__(self) -> None:
        if not (self.import_limit_kw > 0 and self.export_limit_kw >= 0):
            raise InvalidSiteError("the import limit is above 0 kW and the export limit not below")
        if self.charge_limit_kw is not None and not self.charge_limit_kw >= 0:
            raise InvalidSiteError("what may be bought for the battery is not below 0 kW")

    @property
    def for_charging_kw(self) -> float:
        """The most that may be bought while the battery charges from the grid."""
        return self.import_limit_kw if self.charge_limit_kw is None else min(self.import_limit_kw, self.charge_limit_kw)


@dataclass(frozen=True, slots=True, kw_only=True)
class SolarArray:
    """The roof: its peak power in kW, and whether the inverter throttles it when nobody can take the power."""

    peak_kw: float = 0.0
    curtailable: bool = True

    def __post_init__(self) -> None:
        if not self.peak_kw >= 0:
            raise InvalidSiteError(f"an array of {self.peak_kw} kW cannot be")


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Everything that is fixed about one house."""

    id: SiteId = HOME
    battery: Battery
    inverter: Inverter
    grid: GridConnection
    solar: SolarArray = SolarArray()
    zone: ZoneInfo = LONDON
    currency: str = "GBP"
    """The code of what all its money is counted in."""
    charges_late: bool = True
    """Whether it charges in the last of equally cheap slots; in the first where that is wished."""

    def __post_init__(self) -> None:
        try:
            _ = self.money
        except InvalidInputError as error:
            raise InvalidSiteError(str(error)) from error

    @property
    def money(self) -> Currency:
        """What all its money is counted in."""
        return currency(self.currency)

    @property
    def can_sell(self) -> bool:
        """Whether the battery can be told to give more than the house takes."""
        return Mode.FORCE_DISCHARGE in self.inverter.modes and self.grid.export_limit_kw > 0 and self.max_discharge_kw > 0

    @property
    def max_charge_kw(self) -> float:
        """The most the battery can take: an AC-coupled one has the inverter for itself, a DC-coupled one shares it."""
        return self._through_inverter(self.battery.max_charge_kw)

    @property
    def max_discharge_kw(self) -> float:
        """The most the battery can give."""
        return self._through_inverter(self.battery.max_discharge_kw)

    def _through_inverter(self, kw: float) -> float:
        return min(kw, self.inverter.ac_limit_kw) if self.inverter.coupling is Coupling.AC else kw
