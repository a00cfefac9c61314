import json
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest

from app.domain.decision import Command
from app.domain.errors import InvalidInputError
from app.domain.plan import Plan
from app.domain.setting import Preferences
from app.domain.site import HOME, Mode
from app.domain.slot import Slot
from app.looks.forecast_quality import ForecastQuality
from app.looks.health import Component, Status
from app.looks.savings import Account
from app.services.home_assistant.accounts import Accounts
from app.services.home_assistant.discovery import Topics, discovery
from app.services.home_assistant.mqtt_device import HomeAssistantDevice
from app.services.home_assistant.states import LONGEST_STATE, PLAN_SLOTS, Shown, plan_attributes, states
from app.usecases.home import Sites
from tests.builders import house, priced
from tests.documents import prefer_in
from tests.fake_stores import NIGHT, FakeLedger
from tests.fakes import FakeHome, forced
from tests.fleet.dongles import FakeDevices
from tests.records import audit_entry, changed

RECORDED_BYTES = 16_384
"""Home Assistant drops the attributes of larger states from its records."""
GARBAGE = ["", " ", "nan", "inf", "-1", "100.5", "ON ", "on", "force_charge ", "Force Charge", "{}", "null", "\x00", "1" * 400, "💥"]


class Shower:
    """A house on fakes with its device."""

    def __init__(self, home: FakeHome | None = None) -> None:
        self.home = home or FakeHome().priced()
        self.prefer = prefer_in(self.home.homes, FakeDevices(self.home.disk), self.home.audit)
        self.device = HomeAssistantDevice(
            site=HOME,
            sites=Sites(self.home.homes),
            topics=Topics(prefix="battery_optimizer", site=HOME),
            version="1",
            recommend=self.home.recommend,
            outlook=self.home.outlook,
            execute=self.home.execute,
            prefer=self.prefer,
            health=self.home.health,
            accounts=Accounts(
                account=Account(self.home.homes, FakeLedger(self.home.disk)),
                quality=ForecastQuality(self.home.forecasts, FakeLedger(self.home.disk)),
            ),
        )

    def states(self, now: Any = NIGHT) -> dict[str, Any]:  # noqa: ANN401
        return cast("dict[str, Any]", dict(self.device.shown(now))[self.device.topics.state])


@pytest.fixture
def shower() -> Shower:
    return Shower()


def shown(home: FakeHome, **changes: Any) -> Shown:  # noqa: ANN401
    found = Shown(
        site=home.site,
        decision=home.ask(NIGHT),
        plan=home.journal.last_plan(HOME, NIGHT),
        following=priced([0.1, 0.2])[1],
        next_change=None,
        preferences=Preferences(reserve_pct=10),
        has_problem=False,
    )
    return replace(found, **changes)


def test_there_is_a_state_for_every_entity_and_no_state_without_one(shower: Shower) -> None:
    document = cast("dict[str, Any]", shower.device.announcement()[1])
    assert set(shower.states()) == {*document["components"], "why", "explained", "saved_day_since", "saved_month_since"}


def test_states_are_what_was_decided(shower: Shower) -> None:
    told, decision = shower.states(), shower.home.ask(NIGHT)
    assert (told["mode"], told["mode_label"], told["plan_source"]) == (decision.command.mode, decision.label, "optimizer")
    assert (told["price_now"], told["problem"], told["reserve_soc"], told["dry_run"]) == (0.30, "OFF", 10.0, "OFF")
    assert told["why"]["decision_id"] == decision.id
    assert decision.explanation is not None
    assert told["explanation"] == decision.explanation.words[:LONGEST_STATE]
    assert told["explained"]["binding_limit"] == decision.explanation.binding_limit
    assert {mode: each["why_not"] for mode, each in told["explained"]["alternatives"].items()} == {
        each.command.mode: each.why_not for each in decision.alternatives
    }
    assert told["price_next"] == 0.30


def test_shown_options_are_options_of_their_entity(shower: Shower) -> None:
    components = cast("Any", shower.device.announcement()[1])["components"]
    for key in ("mode", "plan_source", "override"):
        assert shower.states()[key] in components[key]["options"]


def test_a_long_reason_is_cut_in_the_state_and_whole_in_the_attributes() -> None:
    home = FakeHome().priced()
    told = cast("Any", states(shown(home, decision=replace(home.ask(NIGHT), reason="why " * 200))))
    assert len(told["reason"]) == LONGEST_STATE
    assert told["why"]["reason"] == "why " * 200


def test_what_is_not_known_is_none_and_not_zero() -> None:
    home = FakeHome(house=None)
    told = cast("Any", states(shown(home, plan=None, following=None, has_problem=True)))
    unknown = {key for key, value in told.items() if value is None}
    assert unknown == {
        "target_soc",
        "expected_soc",
        "price_now",
        "price_next",
        "stored_value",
        "next_change",
        "plan",
        "plan_cost",
        "explanation",
    }
    assert told["problem"] == "ON"


def test_an_estimated_price_is_not_shown_as_the_next() -> None:
    home = FakeHome().priced()
    estimated = home.outlook.conditions(home.site, NIGHT + timedelta(hours=23, minutes=40)).priced[1]
    assert states(shown(home, following=estimated))["price_next"] is None


@pytest.mark.parametrize("count", [96, PLAN_SLOTS, 300])
def test_the_plan_fits_home_assistants_records(count: int) -> None:
    home = FakeHome().priced()
    home.ask(NIGHT)
    plan = cast("Plan", home.journal.last_plan(HOME, NIGHT))
    wide = changed(plan.steps[0], charge_kw=0.0, discharge_kw=10.55, import_kw=0.0, export_kw=10.55)
    slots = priced([-0.12345] * count)
    attributes = plan_attributes(replace(plan, steps=tuple(replace(wide, priced=slot) for slot in slots)), home.site)
    assert len(cast("list[str]", attributes["start"])) == min(count, PLAN_SLOTS)
    assert len(json.dumps(attributes)) < RECORDED_BYTES


def test_the_next_change_is_when_the_plan_turns() -> None:
    shower = Shower()
    told = shower.states()
    assert told["next_change"] is not None
    assert told["next_change"] > NIGHT.isoformat()
    assert told["plan"] == NIGHT.isoformat()


def test_the_reserve_is_set_kept_and_audited(shower: Shower) -> None:
    shower.device.obey("reserve_soc", "35", NIGHT)
    assert shower.prefer.of(HOME).reserve_pct == 35
    assert shower.states()["reserve_soc"] == 35
    assert [(each.actor, each.action) for each in shower.home.audit.rows] == [("home assistant", "settings.changed")]


def test_dry_run_is_switched(shower: Shower) -> None:
    shower.device.obey("dry_run", "ON", NIGHT)
    assert shower.states()["dry_run"] == "ON"
    shower.device.obey("dry_run", "OFF", NIGHT)
    assert shower.states()["dry_run"] == "OFF"


@pytest.mark.parametrize("mode", Mode)
def test_every_mode_can_be_forced_and_ends_by_itself(shower: Shower, mode: Mode) -> None:
    shower.device.obey("override", mode, NIGHT)
    told = shower.states()
    assert (told["override"], told["mode"], told["plan_source"]) == (mode, mode, "override")
    assert told["next_change"] is not None
    assert shower.states(NIGHT + timedelta(hours=2, minutes=1))["override"] == "Automatic"


def test_automatic_ends_whatever_is_forced_now(shower: Shower) -> None:
    later = NIGHT + timedelta(minutes=10)
    shower.device.obey("override", "force_charge", NIGHT)
    shower.device.obey("override", "hold", later)
    shower.device.obey("override", "Automatic", later + timedelta(minutes=10))
    assert shower.home.overrides.rows == {}
    assert shower.states(later + timedelta(minutes=10))["override"] == "Automatic"


def test_automatic_leaves_what_is_to_be_forced_later(shower: Shower) -> None:
    evening = forced(Command(mode=Mode.HOLD), NIGHT + timedelta(hours=3), NIGHT + timedelta(hours=4), set_at=NIGHT)
    shower.home.execute.force(HOME, evening)
    shower.device.obey("override", "Automatic", NIGHT)
    assert shower.home.execute.forced(HOME, Slot(NIGHT, NIGHT + timedelta(days=1))) == [evening]


def test_a_mode_the_inverter_has_not_is_neither_taken_nor_shown() -> None:
    shower = Shower(FakeHome(site=house(modes=(Mode.SELF_USE, Mode.FORCE_CHARGE))).priced())
    with pytest.raises(InvalidInputError, match="no mode of this inverter"):
        shower.device.obey("override", "hold", NIGHT)
    of_before = forced(Command(mode=Mode.HOLD), NIGHT, NIGHT + timedelta(hours=1))
    shower.home.overrides.put(HOME, of_before, audit_entry())
    assert shower.states()["override"] == "self_use"


@pytest.mark.parametrize("wish", GARBAGE)
@pytest.mark.parametrize("key", ["reserve_soc", "dry_run", "override", "mode", "", "#"])
def test_garbage_is_refused_and_changes_nothing(shower: Shower, key: str, wish: str) -> None:
    with pytest.raises(InvalidInputError):
        shower.device.obey(key, wish, NIGHT)
    assert shower.home.audit.rows == []
    assert shower.home.overrides.rows == {}


def test_while_the_database_is_away_the_problem_is_shown(shower: Shower) -> None:
    shower.states()
    shower.home.disk.away = True
    told = shower.states(NIGHT + timedelta(minutes=1))
    assert (told["problem"], told["price_next"]) == ("ON", None)


def test_looking_does_not_plan_again_and_a_new_slot_or_an_override_does(shower: Shower) -> None:
    shower.states()
    plans = len(shower.home.plans.rows)
    assert shower.home.house is not None
    shower.home.house.soc_pct = 61.0
    for minute in range(1, 29):
        shower.states(NIGHT + timedelta(minutes=minute))
    assert len(shower.home.plans.rows) == plans
    shower.states(NIGHT + timedelta(minutes=30))
    assert len(shower.home.plans.rows) == plans + 1
    at = NIGHT + timedelta(minutes=31)
    shower.home.execute.force(HOME, forced(Command(mode=Mode.HOLD), at, at + timedelta(hours=1)))
    assert shower.states(at)["mode"] == "hold"


def test_health_names_the_broker_only_where_there_is_one(shower: Shower) -> None:
    before = [each.name for each in shower.home.health.report(HOME, NIGHT).components]
    assert "mqtt" not in before
    shower.home.health.others.append(lambda *_: [Component(name="mqtt", status=Status.FAILED, age_s=None, detail="refused")])
    report = shower.home.health.report(HOME, NIGHT)
    assert [each.name for each in report.components] == [*before, "mqtt"]
    assert report.status is Status.FAILED


def test_nothing_said_to_home_assistant_is_a_secret(shower: Shower) -> None:
    said = json.dumps([discovery(shower.home.site, shower.device.topics, version="1"), dict(shower.device.shown(NIGHT))]).lower()
    for word in ("password", "token", "secret", "mysql", "sqlite", "http://", "bearer"):
        assert word not in said
