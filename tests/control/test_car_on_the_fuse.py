"""A car that draws 9 kW on an 8 kW connection in the cheap hours, on nights no forecast knows: asked every five minutes, played back."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from app.control.choose import choose
from app.domain.decision import Command
from app.domain.house import run_slot
from app.domain.site import Mode
from app.forecasting.scenarios import paths
from app.optimizer.problem import Measured, Problem, ProblemSlot
from tests.builders import house, priced

SITE = house(import_limit_kw=8.0)
EVENING = datetime(2026, 11, 20, 22, 0, tzinfo=UTC)
HALF_HOURS, ROUNDS = 48, 6
CAR_FROM, CAR_UNTIL, CAR_KW = 2 * 3, 2 * 6, 9.0
"""From one to four in the morning, counted in half hours from the evening on."""


@dataclass(frozen=True, slots=True)
class Moment:
    """Five minutes of the night."""

    load_kw: float
    import_kw: float
    stored_kwh: float
    command: Command


def night(*, start_kwh: float, cars_before: float, seed: int) -> Iterator[Moment]:
    """Yield the night as the decisions let it be; on a share of the nights before the car came, too."""
    dice = np.random.default_rng(seed)
    usual = 0.4 + 0.4 * np.sin(np.arange(HALF_HOURS) / HALF_HOURS * 2 * np.pi) ** 2
    days = [usual * dice.uniform(0.7, 1.4, HALF_HOURS) for _ in range(15)]
    for day in days[:-1]:
        day[CAR_FROM:CAR_UNTIL] += CAR_KW if dice.random() < cars_before else 0.0
    days[-1][CAR_FROM:CAR_UNTIL] += CAR_KW
    past, tonight = np.concatenate(days[:-1]), days[-1]
    cheap = [0.07 if 4 <= t % HALF_HOURS < 16 else 0.28 for t in range(HALF_HOURS)]
    stored, command = start_kwh, Command(mode=Mode.SELF_USE)
    for t in range(20):
        known = np.concatenate([past, tonight[:t]])
        future = paths(load_kw=known, solar_kw=np.zeros_like(known), per_day=HALF_HOURS, horizon=HALF_HOURS)
        for n in range(ROUNDS):
            now = EVENING + timedelta(minutes=30 * t + 5 * n)
            prices = [cheap[(t + k) % HALF_HOURS] for k in range(HALF_HOURS)]
            slots = priced(prices, 0.05, start=now, first_minutes=30 - 5 * n)
            means = future.weight @ future.load_kw
            question = Problem(
                site=SITE,
                start_kwh=stored,
                end_value_per_kwh=0.07,
                slots=tuple(ProblemSlot(priced=slot, load_kw=float(kw), solar_kw=0.0) for slot, kw in zip(slots, means, strict=True)),
                measured=Measured(load_kw=float(tonight[t]), solar_kw=0.0),
            )
            command = choose(question, future, running=command).best.command
            flows = run_slot(SITE, command, stored_kwh=stored, solar_kw=0.0, load_kw=float(tonight[t]), hours=1 / 12)
            stored = float(flows.stored_kwh)
            yield Moment(float(tonight[t]), float(flows.import_kw), stored, command)


@pytest.mark.slow
@pytest.mark.parametrize(("start_kwh", "cars_before"), [(9.0, 0.0), (5.0, 0.0), (5.0, 0.5), (2.0, 1.0)])
def test_the_connection_never_carries_more_than_it_may_while_the_battery_can_help(start_kwh: float, cars_before: float) -> None:
    moments = list(night(start_kwh=start_kwh, cars_before=cars_before, seed=3))
    above = [moment for moment in moments if moment.import_kw > 8.0 + 1e-6 and moment.stored_kwh > SITE.battery.reserve_kwh + 1e-6]

    assert sum(moment.load_kw > 8.0 for moment in moments) == (CAR_UNTIL - CAR_FROM) * ROUNDS
    assert above == []
    if cars_before == 1:  # known beforehand, it is provided for
        assert max(moment.import_kw for moment in moments) <= 8.0 + 1e-6
