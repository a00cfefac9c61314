"""What is wished, and who carries decisions out."""

from pydantic import Field, field_validator

from app.document.strict import Strict
from app.domain.errors import InvalidInputError
from app.domain.setting import NODE_RED, Preferences


class Rules(Strict):
    """The reactive rules: fallback and baseline; usual ones of the currency if not given."""

    charge_below: float | None = Field(None, description="Charge at or below this import price, in currency per kWh.")
    sell_above: float | None = Field(None, description="Sell at or above this export price.")


class Wishes(Strict):
    """What the people of the house want."""

    reserve_pct: float | None = Field(None, ge=0, le=100, description="Kept in the battery; its own reserve if not given.")
    annual_load_kwh: float = Field(3500.0, gt=0, description="Scales the standard profile until the house has a week of history.")
    switching_cost: float | None = Field(
        None, ge=0, description="What another mode must save to replace the one decided earlier in the same slot, in currency."
    )
    rules: Rules = Rules()


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
