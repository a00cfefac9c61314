"""What is wished, and who carries decisions out."""

from datetime import time
from typing import Literal, Self, get_args

from pydantic import Field, field_validator, model_validator

from app.document.strict import Strict
from app.domain.errors import InvalidInputError
from app.domain.money import Currency
from app.domain.setting import NODE_RED, Preferences
from app.domain.site import FULL_PER_KWH_HOUR, FULL_SHARE
from app.domain.wish import SocWish

type Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday.__value__)


class Rules(Strict):
    """The reactive rules: fallback and baseline; usual ones of the currency if not given."""

    charge_below: float | None = Field(None, description="Charge at or below this import price, in currency per kWh.")
    sell_above: float | None = Field(None, description="Sell at or above this export price.")


class SocSpan(Strict):
    """A charge that the battery should hold, at a time of the local day or from one time until another."""

    least_pct: float | None = Field(None, ge=0, le=100)
    most_pct: float | None = Field(None, ge=0, le=100)
    from_: time | None = Field(None, alias="from", description="Local time; left out, it counts only at `until`.")
    until: time = Field(description="Local time.", examples=["07:00"])
    weekdays: list[Weekday] = Field(
        default_factory=lambda: list(WEEKDAYS), min_length=1, description="Of a span over midnight, the day it ends on."
    )

    @model_validator(mode="after")
    def _wishes_something(self) -> Self:
        if self.least_pct is None and self.most_pct is None:
            raise ValueError("it wishes nothing: least_pct or most_pct")
        if self.from_ == self.until:
            raise ValueError("it is no span: from and until are the same")
        return self

    def wish(self) -> SocWish:
        """Return the noun."""
        days = frozenset(WEEKDAYS.index(day) for day in self.weekdays)
        return SocWish(least_pct=self.least_pct, most_pct=self.most_pct, start=self.from_, end=self.until, weekdays=days)


class Wishes(Strict):
    """What the people of the house want."""

    reserve_pct: float | None = Field(None, ge=0, le=100, description="Kept in the battery; its own reserve if not given.")
    annual_load_kwh: float = Field(3500.0, gt=0, description="Scales the standard profile until the house has a week of history.")
    switching_cost: float | None = Field(
        None, ge=0, description="What another mode must save to replace the one decided earlier in the same slot, in currency."
    )
    rules: Rules = Rules()
    soc: list[SocSpan] = Field(default_factory=list, max_length=50, description="What the battery should hold, and when.")
    reserve_per_kwh_hour: float | None = Field(
        None, ge=0, description="Makes the reserve a soft one: what each kWh missing from it is worth per hour, in currency."
    )
    charge_limit_kw: float | None = Field(None, ge=0, description="The most to buy while the battery charges from the grid.")
    when_equal: Literal["late", "early"] = Field("late", description="Which of equally cheap slots to charge in.")
    full_above_pct: float = Field(100 * FULL_SHARE, ge=0, le=100, description="From here on the battery counts as standing full.")
    full_cost_per_kwh_hour: float | None = Field(
        None, ge=0, description="What each kWh above that is worth not to have, per hour, in currency; next to nothing if not given."
    )

    def full_cost(self, money: Currency) -> float:
        """Return what each kWh of a battery that stands full is worth not to have, per hour."""
        if self.full_cost_per_kwh_hour is not None:
            return self.full_cost_per_kwh_hour
        return money.of(FULL_PER_KWH_HOUR) if self.when_equal == "late" else 0.0


class Executing(Strict):
    """The rhythm and the patience of whoever carries decisions out through Home Assistant."""

    tick_minutes: float = Field(5.0, ge=0.01, le=1440, description="How often to ask what to do.")
    prices_minutes: float = Field(30.0, ge=0.1, le=10_080)
    prices_jitter_s: float = Field(120.0, ge=0, le=3600)
    dashboard_s: float = Field(30.0, ge=1, le=86_400)
    flow_s: float = Field(10.0, ge=1, le=3600)
    watchdog_s: float = Field(20.0, ge=1, le=3600)
    timeout_s: float = Field(20.0, ge=1, le=300, description="How long the optimizer may take.")
    lease_minutes: float = Field(35.0, ge=0.01, le=1440, description="No decision holds longer, whatever it says.")
    settle_s: float = Field(15.0, ge=0, le=600, description="Between write and read-back; cloud integrations need 60 or more.")
    ramp_s: float = Field(90.0, ge=0, le=3600, description="Until the battery's power must agree with the mode.")
    tries: int = Field(3, ge=1, le=10, description="Writes of one command before it has failed.")
    writes_per_day: int = Field(60, ge=1, le=10_000, description="Writes to the inverter per day.")
    hand_minutes: float = Field(60.0, ge=0, le=1440, description="How long a person's change is left alone.")
    revert_s: float = Field(120.0, ge=0, le=3600, description="A change this soon after our write is the inverter's own.")
    notify: bool = Field(default=True, description="Persistent notifications in Home Assistant.")


class Control(Strict):
    """Who carries decisions out, and whether anything may."""

    enabled: bool = Field(default=True, description="The one switch: off, nothing is controlled and every device is let go to self-use.")
    dry_run: bool = Field(default=False, description="Decide and show, write nothing.")
    executor: str = Field(
        NODE_RED, max_length=80, examples=["node_red", "dongle:bat_60bh37202bfa"], description="Who carries decisions out."
    )
    executing: Executing = Executing()

    @field_validator("executor")
    @classmethod
    def _known(cls, value: str) -> str:
        try:
            Preferences(reserve_pct=0, controller=value)
        except InvalidInputError as error:
            raise ValueError(str(error)) from error
        return value
