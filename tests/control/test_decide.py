import re
from dataclasses import replace
from datetime import timedelta

import pytest

from app.control import decide
from app.control.choose import choose
from app.control.decide import LEASE_GRACE_S, Situation, Verdict, discharge_kw, write_up
from app.control.explain import reason
from app.domain.decision import Command, Decision, Limit, ReasonCode
from app.domain.plan import Plan, PlanSource, PlanStatus, PlanStep
from app.domain.price import Provenance
from app.domain.site import Mode, Site, Withheld
from app.domain.slot import Slot
from app.optimizer.plan import make_plan
from app.optimizer.problem import Problem
from app.optimizer.rules import Rules
from tests import records
from tests.builders import GBP, RULES, START, battery, house, priced, problem
from tests.control.test_choose import foreseen
from tests.control.test_mapped import CHARGES, FEEDS, IDLES, KEEPS, SELLS, SERVES, STORES
from tests.records import changed

HOUR = timedelta(hours=1)
SITE = house()


def planned(question: Problem) -> Plan:
    return make_plan(question, now=START, time_limit_s=5)


def verdict(question: Problem) -> Verdict:
    return decide.from_choice(question, planned(question), choose(question, foreseen(question)))


def written(found: Verdict, *, voltage_v: float | None = None, known: bool = True, site: Site = SITE) -> Decision:
    price = priced([0.30], 0.15, minutes=60)[0] if known else None
    return write_up(Situation(site=site, slot=Slot(START, START + HOUR), now=START, priced=price, voltage_v=voltage_v, soc_pct=50), found)


@pytest.mark.parametrize(
    ("question", "code", "numbers"),
    [
        pytest.param(CHARGES, ReasonCode.CHEAP_CHARGE, ["5.0p", "32.5p", "2.3 kW"], id="cheap"),
        pytest.param(problem(buy=[-0.05, 0.4], load_kw=1, start_kwh=1), ReasonCode.NEGATIVE_PRICE, ["-5.0p"], id="negative"),
        pytest.param(SELLS, ReasonCode.EXPORT_PEAK, ["40.0p"], id="peak"),
        pytest.param(STORES, ReasonCode.STORE_SURPLUS, ["4.0 kW", "1.0 kW"], id="surplus"),
        pytest.param(SERVES, ReasonCode.SERVE_LOAD, ["30.0p"], id="load"),
        pytest.param(KEEPS, ReasonCode.KEEP_FOR_LATER, ["10.0p"], id="keep"),
        pytest.param(FEEDS, ReasonCode.EXPORT_SURPLUS, ["15.0p"], id="export"),
        pytest.param(IDLES, ReasonCode.BATTERY_IDLE, ["10.0p"], id="idle"),
    ],
)
def test_the_reason_is_one_sentence_with_the_numbers_that_count(question: Problem, code: ReasonCode, numbers: list[str]) -> None:
    found = verdict(question)

    assert found.reason_code is code
    assert all(number in found.reason for number in numbers), found.reason
    assert "\n" not in found.reason


def test_holding_a_wished_reserve_says_so_and_what_draining_modes_would_do() -> None:
    site = house(battery(reserve_kwh=4.0, floor_kwh=1.0))
    found = verdict(problem(buy=[0.35] * 8, load_kw=0.8, start_kwh=4.0, site=site, end_value=0.1))

    assert (found.command.mode, found.reason_code) == (Mode.HOLD, ReasonCode.KEEP_FOR_LATER)
    assert found.reason == "The battery is down to the 40 % kept in reserve: keep them, the house draws at 35.0p"
    assert found.explanation is not None
    assert found.explanation.binding_limit is Limit.RESERVE
    drains = [each.why_not for each in found.alternatives if each.command.mode in {Mode.SELF_USE, Mode.FEED_IN_FIRST}]
    assert drains == ["self use would drain the reserve", "feed in first would drain the reserve"]


@pytest.mark.parametrize(
    ("question", "target"), [(CHARGES, 90), (SELLS, 34), (SERVES, None), (KEEPS, None), (FEEDS, None)], ids=lambda each: str(each)[:2]
)
def test_a_forced_mode_tells_the_inverter_to_stop_at_limit_or_reserve_in_whole_percents(question: Problem, target: float | None) -> None:
    narrow = house(battery(reserve_kwh=3.33, limit_kwh=9.05))

    assert written(verdict(question), site=narrow).command.target_soc_pct == target


def test_a_target_is_not_what_rounding_made_of_it_and_none_where_the_reserve_is_empty() -> None:
    rule = decide.from_rules(SITE, Rules.of(GBP, sell_above=0.1), priced([0.3], 0.2)[0], cause="no plan")

    assert written(rule, site=house(battery(reserve_kwh=10 * 7 / 100))).command.target_soc_pct == 7
    assert written(rule, site=house(battery(reserve_kwh=0))).command.target_soc_pct is None


def test_what_a_person_or_an_earlier_plan_asked_for_keeps_its_target() -> None:
    asked = Verdict(command=Command(mode=Mode.FORCE_CHARGE), reason_code=ReasonCode.OVERRIDE, reason="asked", source=PlanSource.OVERRIDE)
    assert written(asked).command == asked.command

    planned_target = decide.from_last_plan(SITE, planned(CHARGES), START, cause="no state")
    assert planned_target is not None
    assert written(planned_target).command == planned_target.command


def step(**changes: float) -> PlanStep:
    """Return a slot of an hour at 30p in which nothing moves the battery, at half charge."""
    still = records.step(
        priced=priced([0.30], 0.15, minutes=60)[0],
        load_kw=0,
        solar_kw=0,
        import_kw=0,
        charge_kw=0,
        cost=0,
        stored_kwh=5.0,
        stored_kwh_value=0.42,
    )
    return changed(still, **changes)


def test_a_charge_from_below_the_reserve_names_the_reserve_even_where_it_ends_above() -> None:
    charge = Command(mode=Mode.FORCE_CHARGE, power_kw=1.25)

    assert reason(SITE, charge, step(charge_kw=1.25, stored_kwh=0.9 + 1.25 * 0.95))[0] is ReasonCode.RESERVE_LOW
    assert reason(SITE, charge, step(charge_kw=1.25, stored_kwh=1.0 + 1.25 * 0.95))[0] is ReasonCode.CHEAP_CHARGE


@pytest.mark.parametrize(
    ("mode", "slot", "code", "says"),
    [
        (Mode.FEED_IN_FIRST, step(solar_kw=0.8, load_kw=0.2, export_kw=0.6), ReasonCode.EXPORT_SURPLUS, "Surplus earns 15.0p now"),
        (
            Mode.FEED_IN_FIRST,
            step(solar_kw=0.2, load_kw=0.4, discharge_kw=0.2),
            ReasonCode.SERVE_LOAD,
            "sun (0.2 kW) is expected to give no",
        ),
        (Mode.FEED_IN_FIRST, step(solar_kw=0.6, load_kw=0.7, stored_kwh=1.0), ReasonCode.BATTERY_IDLE, "the house draws at 30.0p"),
        (Mode.SELF_USE, step(solar_kw=0.5, load_kw=0.5), ReasonCode.BATTERY_IDLE, "as good as even"),
        (Mode.SELF_USE, step(solar_kw=0.2, load_kw=0.7, charge_kw=0.1, stored_kwh=1.095), ReasonCode.BATTERY_IDLE, "down to its reserve"),
        (Mode.SELF_USE, step(solar_kw=0.2, load_kw=0.7), ReasonCode.BATTERY_IDLE, "Sun (0.2 kW) and load (0.7 kW) leave little to do"),
        (Mode.SELF_USE, step(solar_kw=0.8, load_kw=0.5, discharge_kw=0.1, stored_kwh=9.99), ReasonCode.BATTERY_IDLE, "The battery is full"),
    ],
)
def test_what_is_said_of_sun_and_load_is_so(mode: Mode, slot: PlanStep, code: ReasonCode, says: str) -> None:
    told = reason(SITE, Command(mode=mode), slot)

    assert told[0] is code
    assert says in told[1]


@pytest.mark.parametrize("question", [CHARGES, SELLS, STORES, SERVES, KEEPS, FEEDS, IDLES])
def test_alternatives_are_sorted_by_what_they_would_cost_more(question: Problem) -> None:
    found = verdict(question)

    extras = [each.extra_cost for each in found.alternatives]
    assert extras == sorted(extras)
    assert min(extras) >= 0
    assert {each.command.mode for each in found.alternatives} == set(Mode) - {found.command.mode}
    assert all(each.why_not for each in found.alternatives)


def test_a_dear_alternative_says_how_dear() -> None:
    worst = verdict(CHARGES).alternatives[-1]

    assert worst.extra_cost > 0.01
    assert f"{100 * worst.extra_cost:.1f}p more" in worst.why_not


PENCE = re.compile(r"(spends|saves|earns) ([0-9.]+)p now.* ([0-9.]+) kWh (more|less) .* worth ([0-9.]+)p later: ([0-9.]+)p more")


@pytest.mark.parametrize("question", [CHARGES, SELLS, STORES, SERVES, KEEPS, FEEDS])
def test_why_not_adds_up_what_an_alternative_does_now_and_what_it_leaves(question: Problem) -> None:
    told = [PENCE.search(each.why_not) for each in verdict(question).alternatives]

    assert any(told)
    for found in filter(None, told):
        verb, now, _, direction, later, total = found.groups()
        now_p = float(now) if verb == "spends" else -float(now)
        later_p = -float(later) if direction == "more" else float(later)
        assert now_p + later_p == pytest.approx(float(total), abs=0.16), found.string


def test_an_earlier_plan_still_tells_its_slot_and_when_it_was_made() -> None:
    plan = planned(CHARGES)

    found = decide.from_last_plan(SITE, plan, START + HOUR + timedelta(minutes=5), cause="no state")

    assert found is not None
    assert (found.source, found.status, found.cause) == (PlanSource.LAST_PLAN, PlanStatus.FALLBACK, "no state")
    assert found.step is plan.steps[1]
    assert "01:00" in found.reason


def test_an_earlier_plan_is_silent_beyond_its_horizon_and_on_estimated_prices() -> None:
    plan = planned(CHARGES)
    guessed = replace(plan.steps[1], priced=replace(plan.steps[1].priced, provenance=Provenance.ESTIMATED))

    assert decide.from_last_plan(SITE, plan, START + 3 * HOUR, cause="x") is None
    assert decide.from_last_plan(SITE, plan, START - timedelta(seconds=1), cause="x") is None
    assert decide.from_last_plan(SITE, replace(plan, steps=(plan.steps[0], guessed)), START + HOUR, cause="x") is None


@pytest.mark.parametrize(
    ("price", "mode", "code"),
    [
        (0.05, Mode.FORCE_CHARGE, ReasonCode.RULE_CHEAP),
        (0.20, Mode.SELF_USE, ReasonCode.RULE_DEFAULT),
        (0.35, Mode.FORCE_DISCHARGE, ReasonCode.RULE_EXPENSIVE),
    ],
)
def test_the_rules_name_price_and_thresholds(price: float, mode: Mode, code: ReasonCode) -> None:
    found = decide.from_rules(SITE, RULES, priced([price], price)[0], cause="no plan")

    assert (found.command.mode, found.reason_code, found.source, found.cause) == (mode, code, PlanSource.RULES, "no plan")
    assert f"{100 * price:.1f}p" in found.reason


def test_what_the_inverter_cannot_be_told_is_self_use_on_every_rung_and_says_so() -> None:
    lacks = tuple(Withheld(mode=mode, reason="no such mode") for mode in (Mode.FORCE_CHARGE, Mode.FORCE_DISCHARGE, Mode.HOLD))
    site = house(modes=(Mode.SELF_USE, Mode.FEED_IN_FIRST), withheld=lacks)
    cheap = decide.from_rules(site, RULES, priced([0.05], 0.05)[0], cause="no plan")
    dear = decide.from_rules(site, RULES, priced([0.35], 0.35)[0], cause="no plan")
    planned_before = [decide.from_last_plan(site, planned(each), START, cause="no state") for each in (CHARGES, SELLS, KEEPS)]

    assert cheap.reason == "Rule: buying at 5.0p, not above 10.0p: charge; Force Charge cannot be had: no such mode: self-use instead"
    assert dear.reason.endswith("sell; Force Discharge cannot be had: no such mode: self-use instead")
    assert [each.command.mode for each in (cheap, dear)] == [Mode.SELF_USE] * 2
    for found in planned_before:
        assert found is not None
        assert found.command.mode is Mode.SELF_USE
        assert found.reason.endswith("cannot be had: no such mode: self-use instead")


def test_a_decision_is_a_lease_that_ends_one_round_after_its_slot() -> None:
    decision = written(verdict(CHARGES))

    assert decision.valid_until == START + HOUR + timedelta(seconds=LEASE_GRACE_S)
    (order,) = decision.orders
    assert (order.asset, order.verb, order.lease_until) == ("battery", "force_charge", decision.valid_until)
    assert decision.plan_id == planned(CHARGES).id
    assert decision.expected_soc_pct == pytest.approx(32.0), "charged as far as it is cheapest"


def test_what_is_expected_to_be_discharged_follows_from_plan_or_command() -> None:
    sells, rule = verdict(SELLS), decide.from_rules(SITE, RULES, priced([0.35], 0.35)[0], cause="x")

    assert sells.step is not None
    assert discharge_kw(SITE, sells) == sells.step.discharge_kw > 0
    assert discharge_kw(SITE, rule) == SITE.max_discharge_kw
    assert discharge_kw(SITE, verdict(CHARGES)) == 0
    assert discharge_kw(SITE, decide.from_rules(SITE, RULES, priced([0.2])[0], cause="x")) == 0


def test_an_unknown_price_stays_unknown_on_the_last_rung() -> None:
    decision = written(decide.self_use(ReasonCode.NO_PRICE, "No price", cause="silence"), known=False)

    assert decision.command.mode is Mode.SELF_USE
    assert (decision.price.import_per_kwh, decision.price.provenance) == (None, Provenance.MISSING)
    assert (decision.plan_id, decision.stored_kwh_value, decision.expected_soc_pct) == (None, None, 50)
