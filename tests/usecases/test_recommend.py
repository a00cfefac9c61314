"""The ladder, rung by rung, and what makes the planner think again."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from app.control.decide import HANDOVER_S
from app.domain.decision import Command, ReasonCode
from app.domain.errors import NotFoundError
from app.domain.plan import PlanSource, PlanStatus
from app.domain.price import Provenance
from app.domain.site import HOME, Mode, SiteId
from app.looks.health import Status
from tests.fake_stores import NIGHT
from tests.fakes import FakeHome, FakeTariff, soc

MINUTE = timedelta(minutes=1)
HANDOVER = timedelta(seconds=HANDOVER_S)
HALF_HOUR = timedelta(minutes=30)
HOLD = Command(mode=Mode.HOLD)


def test_top_rung_is_a_proved_plan() -> None:
    home = FakeHome().priced()
    decision = home.ask(NIGHT)
    assert (decision.plan_source, decision.status, decision.cause) == (PlanSource.OPTIMIZER, PlanStatus.OPTIMAL, None)
    assert decision.plan_id in home.plans.rows
    assert decision.id in home.decisions.rows
    assert decision.stored_kwh_value == pytest.approx(home.plans.rows[decision.plan_id or ""].steps[0].stored_kwh_value, abs=3e-5)
    assert home.component("optimizer", NIGHT).status is Status.OK


def test_charges_in_the_cheap_night_and_not_before() -> None:
    home = FakeHome().priced()
    assert home.ask(NIGHT).command.mode is not Mode.FORCE_CHARGE
    home.house = None
    modes = {home.ask(NIGHT + n * HALF_HOUR).command.mode for n in range(4, 16)}
    assert Mode.FORCE_CHARGE in modes


@pytest.mark.parametrize(("soc_pct", "buys"), [(10.0, False), (9.0, False), (8.0, False), (7.0, True)])
def test_a_sensors_last_percents_below_the_reserve_buy_nothing_in_a_dear_hour(soc_pct: float, buys: bool) -> None:  # noqa: FBT001
    home = FakeHome().priced()
    assert home.house is not None
    home.house.soc_pct = soc_pct
    decision = home.ask(NIGHT)
    assert decision.price.import_per_kwh is not None
    assert decision.price.import_per_kwh > 0.2, "the night after is cheap"
    assert (decision.command.mode is Mode.FORCE_CHARGE) is buys


def test_second_rung_is_the_last_plan_within_its_horizon() -> None:
    home = FakeHome().priced()
    home.ask(NIGHT)
    home.become(house=None)
    later = NIGHT + HALF_HOUR
    decision = home.ask(later)
    assert decision.plan_source is PlanSource.LAST_PLAN
    assert decision.cause is not None
    assert "state of charge" in decision.cause
    unwell = home.component("optimizer", later)
    assert unwell.status is Status.DEGRADED
    assert "last_plan" in unwell.detail
    assert decision.cause in unwell.detail


def test_third_rung_is_rules_when_the_plan_has_run_out() -> None:
    home = FakeHome().priced()
    home.ask(NIGHT)
    home.become(house=None)
    late = NIGHT + timedelta(hours=50)
    home.tariff.known_until = late + timedelta(hours=12)
    home.priced(late)
    decision = home.ask(late)
    assert (decision.plan_source, decision.command.mode) == (PlanSource.RULES, Mode.FORCE_CHARGE)  # 10p at midnight
    assert decision.cause is not None
    assert home.component("optimizer", late).detail.startswith("rules instead of a plan: no state of charge")


def test_last_rung_is_self_use_when_nothing_is_known() -> None:
    home = FakeHome()
    decision = home.ask(NIGHT)
    assert (decision.plan_source, decision.command.mode) == (PlanSource.SELF_USE, Mode.SELF_USE)
    assert decision.reason_code is ReasonCode.NO_PRICE
    assert decision.cause == "no published price for 2026-06-01 23:00"
    assert (decision.price.import_per_kwh, decision.price.provenance) == (None, Provenance.MISSING)
    report = home.health.report(HOME, NIGHT)
    assert not report.can_answer
    assert "current import price is not known" in home.component("prices", NIGHT).detail


def test_an_estimate_is_never_used_for_the_current_slot() -> None:
    home = FakeHome().priced()  # known up to tomorrow 22:00; from then on estimated from the day before
    home.house = None
    unpriced = NIGHT + timedelta(hours=24)
    home.readings.save(HOME, [soc(50, unpriced)])
    conditions = home.outlook.conditions(home.site, unpriced)
    assert conditions.priced[0].provenance is Provenance.ESTIMATED
    assert conditions.current is None
    assert home.ask(unpriced).reason_code is ReasonCode.NO_PRICE


def test_a_last_plan_on_estimates_is_no_rung_either() -> None:
    home = FakeHome().priced()
    home.ask(NIGHT)  # plans 48 h, the second day on estimates
    decision = home.ask(NIGHT + timedelta(hours=25))
    assert decision.plan_source is PlanSource.SELF_USE


@pytest.mark.parametrize("bad", [None, 255.0, float("nan")])
def test_an_unusable_state_of_charge_is_not_planned_on(bad: float | None) -> None:
    home = FakeHome().priced()
    assert home.house is not None
    home.house.soc_pct = bad
    decision = home.ask(NIGHT)
    assert decision.plan_source is PlanSource.RULES
    battery = home.component("battery", NIGHT)
    assert battery.status is Status.FAILED
    assert "no usable state of charge" in battery.detail


def test_a_state_of_charge_older_than_a_quarter_hour_is_not_planned_on() -> None:
    home = FakeHome(house=None).priced()
    home.readings.save(HOME, [soc(50, NIGHT)])
    assert home.ask(NIGHT + 15 * MINUTE).plan_source is PlanSource.OPTIMIZER
    home = FakeHome(house=None).priced()
    home.readings.save(HOME, [soc(50, NIGHT)])
    decision = home.ask(NIGHT + 15 * MINUTE + timedelta(seconds=1))
    assert decision.plan_source is PlanSource.RULES
    assert home.component("battery", NIGHT + 16 * MINUTE).status is Status.FAILED


def test_a_solver_out_of_time_steps_down_and_says_so() -> None:
    home = FakeHome(time_limit_s=1e-9).priced()
    decision = home.ask(NIGHT)
    assert decision.plan_source is PlanSource.RULES
    assert decision.cause is not None
    assert "solver" in decision.cause


def test_nothing_changed_gives_the_same_decision_and_no_new_plan() -> None:
    home = FakeHome().priced()
    first = home.ask(NIGHT)
    assert home.ask(NIGHT + MINUTE) is first
    assert home.ask(NIGHT + 29 * MINUTE) is first
    assert (home.disk.writes["plans"], home.disk.writes["decisions"]) == (1, 1)


def test_a_fallback_is_not_repeated_in_the_records_either() -> None:
    home = FakeHome()
    assert home.ask(NIGHT) is home.ask(NIGHT + 5 * MINUTE)
    assert home.disk.writes["decisions"] == 1


def test_after_a_restart_the_stored_decision_still_counts() -> None:
    home = FakeHome().priced()
    first = home.ask(NIGHT)
    home.restart()
    assert home.ask(NIGHT + MINUTE) == first
    assert home.disk.writes["plans"] == 1


def test_plans_again_when_the_battery_moved() -> None:
    home = FakeHome().priced()
    assert home.house is not None
    first = home.ask(NIGHT)
    home.house.soc_pct = 45
    second = home.ask(NIGHT + MINUTE)
    assert second.plan_id != first.plan_id
    assert len(home.plans.rows) == 2


def test_plans_again_when_prices_changed() -> None:
    home = FakeHome().priced()
    first = home.ask(NIGHT)
    home.tariff.shift = 0.03
    home.priced(NIGHT + MINUTE)
    assert home.ask(NIGHT + 2 * MINUTE).plan_id != first.plan_id


def test_two_decisions_of_one_second_are_two_records() -> None:
    home = FakeHome(house=None).priced()
    home.readings.save(HOME, [soc(50, NIGHT)])
    first = home.ask(NIGHT)
    soon = NIGHT + timedelta(milliseconds=300)
    home.readings.save(HOME, [soc(49, soon)])
    second = home.ask(soon)
    assert first.id != second.id
    assert len(home.decisions.rows) == 2


def test_mid_slot_plans_only_what_is_left_of_it() -> None:
    home = FakeHome().priced()
    decision = home.ask(NIGHT + 22 * MINUTE)
    plan = home.plans.rows[decision.plan_id or ""]
    assert plan.steps[0].priced.slot.hours == pytest.approx(8 / 60)
    assert (decision.slot.start, decision.slot.end) == (NIGHT, NIGHT + HALF_HOUR)


def test_the_lease_outlives_the_slot_by_one_round_and_no_more() -> None:
    decision = FakeHome().priced().ask(NIGHT)
    assert decision.valid_until == NIGHT + HALF_HOUR + 5 * MINUTE


def test_clock_change_night_has_a_slot_for_every_half_hour() -> None:
    night = datetime(2026, 10, 24, 22, 0, tzinfo=UTC)  # clocks go back on the 25th
    home = FakeHome(tariff=FakeTariff(datetime(2026, 10, 26, 23, 0, tzinfo=UTC))).priced(night)
    decision = home.ask(night)
    plan = home.plans.rows[decision.plan_id or ""]
    starts = [step.priced.slot.start for step in plan.steps]
    assert starts == [night + n * HALF_HOUR for n in range(96)]
    assert plan.steps[-1].priced.slot.end == night + timedelta(hours=48)


def test_without_the_store_the_last_plan_goes_on() -> None:
    home = FakeHome().priced()
    home.ask(NIGHT)
    home.disk.away = True
    decision = home.ask(NIGHT + HALF_HOUR)
    assert (decision.plan_source, decision.cause) == (PlanSource.LAST_PLAN, "database: gone away")
    report = home.health.report(HOME, NIGHT + HALF_HOUR)
    assert report.can_answer
    assert "1 records wait" in home.component("database", NIGHT + HALF_HOUR).detail


def test_without_store_and_plan_it_is_self_use() -> None:
    home = FakeHome()
    home.disk.away = True
    decision = home.ask(NIGHT)
    assert (decision.plan_source, decision.reason_code) == (PlanSource.SELF_USE, ReasonCode.NO_STATE)
    assert not home.health.report(HOME, NIGHT).can_answer


def test_nobody_blames_the_house_for_the_store() -> None:
    home = FakeHome().priced()
    home.disk.away = True
    home.ask(NIGHT)
    assert home.component("house", NIGHT).status is Status.OK


def test_an_unknown_site_is_refused() -> None:
    with pytest.raises(NotFoundError):
        FakeHome().recommend.now(SiteId("elsewhere"), NIGHT)


def test_eight_callers_at_once_get_one_plan() -> None:
    home = FakeHome().priced()
    barrier, found = threading.Barrier(8), []

    def ask() -> None:
        barrier.wait()
        found.append(home.ask(NIGHT))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len({id(decision) for decision in found}) == 1
    assert (home.disk.writes["plans"], home.disk.writes["decisions"]) == (1, 1)
