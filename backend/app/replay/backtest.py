"""The backtest: a house played back slot by slot, each decided with what was known when it began and then run as it really went.

Every policy, ours and the baselines, is settled by the one simulator of the house. Ours is made by the very functions that decide live.
Stored energy is kept to a millionth of a watt-hour, so that two runs that meet stay together.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from app.control.choose import Choice
from app.control.mapped import mapped
from app.control.resolve import resolve
from app.domain.decision import Command
from app.domain.errors import OptimizerError
from app.domain.forecast import Forecast
from app.domain.house import run_slot
from app.domain.plan import Plan
from app.domain.price import Direction, Price
from app.domain.site import Mode, Site
from app.domain.slot import Slot
from app.domain.tape import Tape
from app.forecasting.expect import Expectation, Past, expect
from app.forecasting.profile import no_sun, standard_load
from app.forecasting.scenarios import DAYS
from app.optimizer.plan import make_plan
from app.optimizer.problem import Problem, assemble
from app.optimizer.rules import Rules
from app.pricing.publication import Publication, published_until
from app.pricing.timeline import LOOK_BACK_DAYS, timeline

HORIZON = timedelta(hours=48)
"""As far as is planned live."""
STORED_DIGITS = 9
BALANCE_TOLERANCE_KWH = 1e-9
ANNUAL_KWH = 3500.0
"""Stands in for the load while a tape has no past."""
LP_LIMIT_S = 5.0

type Policy = Callable[[int, float], Command]
"""What to tell the inverter in slot n, with so many kWh stored."""


class BalanceError(OptimizerError):
    """A simulated slot made energy or lost it: a fault of the simulator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One slot as it went: energies in kWh, battery ones on the AC side; cash and wear in the site's currency."""

    n: int
    start: datetime
    command: Command
    import_per_kwh: float
    export_per_kwh: float
    load_kwh: float
    solar_kwh: float
    import_kwh: float
    export_kwh: float
    charge_kwh: float
    discharge_kwh: float
    curtailed_kwh: float
    stored_start_kwh: float
    stored_end_kwh: float
    cost: float
    wear: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a replay knows besides the tape: the house, how its tariff publishes, how far it plans."""

    site: Site
    publication: Publication = Publication.AGILE
    horizon: timedelta = HORIZON
    annual_kwh: float = ANNUAL_KWH


class Decider(StrEnum):
    """Who decides in a replay: we, or the linear plan alone, its first slot mapped to a mode or its power forced on the inverter."""

    OURS = "ours"
    PLAN_MAPPED = "plan_mapped"
    PLAN_FORCED = "plan_forced"


type SunAt = Callable[[int, Sequence[Slot]], Forecast]
"""A solar forecast for the coming slots, as it was known when slot n began."""


@dataclass(slots=True)
class Replay:
    """Decides each slot of a tape as the house would have; the future of the tape is never looked at."""

    tape: Tape
    terms: Terms
    sun_at: SunAt | None = None
    prices: list[tuple[Price, Price]] = field(init=False)

    def __post_init__(self) -> None:
        self.prices = [_prices(self.tape, n) for n in range(len(self.tape))]

    def command(self, n: int, stored_kwh: float) -> Command:
        """Return what is decided for slot n."""
        return self.choice(n, stored_kwh).best.command

    def choice(self, n: int, stored_kwh: float) -> Choice:
        """Return the decision with all it was weighed against."""
        problem, expected = self.question(n, stored_kwh)
        return resolve(problem, expected.paths).choice

    def question(self, n: int, stored_kwh: float) -> tuple[Problem, Expectation]:
        """Return what is asked in slot n, and what is expected."""
        now, site = self.tape.start(n), self.terms.site
        ahead = min(round(self.terms.horizon / timedelta(minutes=self.tape.minutes)), len(self.tape) - n)
        slots = [self.tape.slot(n + h) for h in range(ahead)]
        priced = timeline(self.known_prices(n), slots, zone=site.zone, money=site.money)
        slots = slots[: len(priced)]
        expected = expect(
            slots,
            now=now,
            past=self.past(n),
            load=standard_load(slots, annual_kwh=self.terms.annual_kwh, zone=site.zone, now=now),
            solar=None if self.sun_at is None else self.sun_at(n, slots),
            no_sun=no_sun(slots, source="none expected: no history yet", now=now),
        )
        problem = assemble(site, now=now, start_kwh=stored_kwh, priced=priced, load=expected.load, solar=expected.solar)
        return problem, expected

    def known_prices(self, n: int) -> list[Price]:
        """Return the prices published when slot n begins, as far back as estimates look."""
        until = published_until(self.terms.publication, self.tape.start(n), self.terms.site.zone)
        last = len(self.tape) if until is None else max(n + 1, self.tape.place(until))
        first = max(0, n - (LOOK_BACK_DAYS + 1) * self.tape.per_day)
        last = min(last, n + round(self.terms.horizon / timedelta(minutes=self.tape.minutes)))
        return [price for pair in self.prices[first:last] for price in pair]

    def past(self, n: int) -> Past:
        """Return load and sun up to the end of slot n - 1."""
        first = max(0, n - (DAYS + 1) * self.tape.per_day)
        return Past(load_kw=self.tape.load_kw[first:n], solar_kw=self.tape.solar_kw[first:n])

    def decided_by(self, decider: Decider) -> Policy:
        """Return the policy of a decider."""
        return {Decider.OURS: self.command, Decider.PLAN_MAPPED: self.plan_mapped, Decider.PLAN_FORCED: self.plan_forced}[decider]

    def plan_mapped(self, n: int, stored_kwh: float) -> Command:
        """Return what the linear plan's first slot is mapped to: the baseline of a planner that knows modes."""
        return mapped(self.terms.site, self._plan(n, stored_kwh))

    def plan_forced(self, n: int, stored_kwh: float) -> Command:
        """Return the linear plan's first battery power as a setpoint: the baseline of a planner that does not."""
        step = self._plan(n, stored_kwh).steps[0]
        if step.discharge_kw > step.charge_kw:
            return Command(mode=Mode.FORCE_DISCHARGE, power_kw=step.discharge_kw)
        return Command(mode=Mode.FORCE_CHARGE, power_kw=step.charge_kw)

    def _plan(self, n: int, stored_kwh: float) -> Plan:
        problem, _ = self.question(n, stored_kwh)
        return make_plan(problem, now=self.tape.start(n), time_limit_s=LP_LIMIT_S)


def self_use(_n: int, _stored_kwh: float) -> Command:
    """Return the policy without an optimizer."""
    return Command(mode=Mode.SELF_USE)


def reactive(tape: Tape, rules: Rules) -> Policy:
    """Return the policy that looks at nothing but the current price."""
    return lambda n, _stored_kwh: rules.command(float(tape.import_per_kwh[n]), float(tape.export_per_kwh[n]))


def run(tape: Tape, site: Site, policy: Policy, *, first: int, last: int, start_kwh: float) -> Iterator[Row]:
    """Carry a policy out from slot `first` up to `last`.

    Raises:
        BalanceError: a slot does not close.
    """
    stored = round(start_kwh, STORED_DIGITS)
    for n in range(first, last):
        row = run_one(tape, site, policy(n, stored), n, stored)
        stored = row.stored_end_kwh
        yield row


def run_one(tape: Tape, site: Site, command: Command, n: int, stored_kwh: float) -> Row:
    """Return slot n as the house runs it.

    Raises:
        BalanceError: it does not close.
    """
    hours, load, solar = tape.hours, float(tape.load_kw[n]), float(tape.solar_kw[n])
    flows = run_slot(site, command, stored_kwh=stored_kwh, solar_kw=solar, load_kw=load, hours=hours)
    bought, sold, charge, discharge, thrown = (
        hours * float(each) for each in (flows.import_kw, flows.export_kw, flows.charge_kw, flows.discharge_kw, flows.curtailed_kw)
    )
    row = Row(
        n=n,
        start=tape.start(n),
        command=command,
        import_per_kwh=float(tape.import_per_kwh[n]),
        export_per_kwh=float(tape.export_per_kwh[n]),
        load_kwh=hours * load,
        solar_kwh=hours * solar,
        import_kwh=bought,
        export_kwh=sold,
        charge_kwh=charge,
        discharge_kwh=discharge,
        curtailed_kwh=thrown,
        stored_start_kwh=stored_kwh,
        stored_end_kwh=round(float(flows.stored_kwh), STORED_DIGITS),
        cost=bought * float(tape.import_per_kwh[n]) - sold * float(tape.export_per_kwh[n]),
        wear=discharge * site.battery.wear_per_kwh,
    )
    _check(site, row)
    return row


def imbalance_kwh(site: Site, row: Row) -> float:
    """Return how far a slot is from closing, on the house bus or in the battery, whichever is worse."""
    battery = site.battery
    came = row.import_kwh + row.solar_kwh + row.discharge_kwh
    went = row.load_kwh + row.export_kwh + row.charge_kwh + row.curtailed_kwh
    kept = row.stored_end_kwh - row.stored_start_kwh
    moved = row.charge_kwh * battery.charge_efficiency - row.discharge_kwh / battery.discharge_efficiency
    return max(abs(came - went), abs(kept - moved))


def _check(site: Site, row: Row) -> None:
    off = imbalance_kwh(site, row)
    if off > BALANCE_TOLERANCE_KWH:
        raise BalanceError(f"the slot of {row.start:%Y-%m-%d %H:%M} UTC does not close: {off:.2e} kWh")


def _prices(tape: Tape, n: int) -> tuple[Price, Price]:
    slot = tape.slot(n)
    buy, sell = float(tape.import_per_kwh[n]), float(tape.export_per_kwh[n])
    return (
        Price(slot=slot, direction=Direction.IMPORT, per_kwh=buy, source="tape"),
        Price(slot=slot, direction=Direction.EXPORT, per_kwh=sell, source="tape"),
    )
