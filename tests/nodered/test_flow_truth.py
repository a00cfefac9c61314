"""What the flow believes of a real Home Assistant: the words a select offers, what the battery does, and no number that cannot be."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.nodered.house import MODE, PATIENCE_S, Stack
from tests.stack.executor import FOX, document
from tests.stack.home_assistant import until

pytestmark = pytest.mark.stack

POWER = "number.fox_force_discharge_power"
OPTIONS = ["Self Use", "Force Charge", "Force Discharge", "Feed-in First", "Back-up"]


def statuses(stack: Stack, mode_code: str, since: int = 0) -> list[str]:
    return [each["status"] for each in stack.outcomes(mode_code)[since:]]


def details(stack: Stack, mode_code: str, since: int = 0) -> str:
    return " ".join(each["detail"] or "" for each in stack.outcomes(mode_code)[since:])


def test_a_word_that_the_select_does_not_offer_is_a_failure_with_its_name_and_no_write(stack: Stack, page: Page) -> None:
    stack.rest()
    told, power, since = len(stack.outcomes("force_discharge")), stack.ha.state(POWER), stack.ha.changed_at(MODE)
    stack.offer([option for option in OPTIONS if not option.startswith("Force")])  # remote control does not work on this inverter
    try:
        stack.force("force_discharge", 1.7)
        until(lambda: "failed" in statuses(stack, "force_discharge", told), PATIENCE_S, "it is reported failed")

        named = 'select.fox_work_mode does not offer "Force Discharge", but Self Use, Feed-in First, Back-up'
        assert named in details(stack, "force_discharge", told)
        assert (stack.ha.state(POWER), stack.mode(), stack.ha.changed_at(MODE)) == (power, "Self Use", since)
        expect(page.locator("[data-test=problem]")).to_contain_text("does not offer")
    finally:
        stack.offer(OPTIONS)

    stack.wait_mode("Force Discharge")


def test_a_refused_mode_is_followed_by_a_written_self_use_and_rests_before_it_is_tried_again(stack: Stack, page: Page) -> None:
    stack.rest()
    told = len(stack.outcomes("feed_in_first"))
    stack.set_refused("Feed-in First")
    try:
        stack.force("feed_in_first")
        until(lambda: "failed" in statuses(stack, "feed_in_first", told), PATIENCE_S, "it is reported failed")
        assert "Home Assistant refused" in details(stack, "feed_in_first", told)
        expect(page.locator("[data-test=problem]")).to_contain_text("feed_in_first is tried again from")
        assert stack.mode() == "Self Use"
    finally:
        stack.set_refused("")

    stack.wait_mode("Feed-in First")
    expect(page.locator("[data-test=problem]")).to_have_count(0)


def test_a_mode_that_the_inverter_dropped_is_told_again_although_its_setting_still_reads_so(stack: Stack) -> None:
    profile = document("fox-ess", FOX)["profile"] | {"read_back": "power"}
    stack.tell(profile=profile, ramp_s=2)
    told = len(stack.outcomes("force_charge"))
    stack.ha.set_number("sim_pv_power", 0)  # with sun enough self-use would charge, too
    try:
        stack.force("force_charge", 2.0)
        until(lambda: "confirmed" in statuses(stack, "force_charge", told), PATIENCE_S, "it is confirmed")
        for _ in range(2):
            _dropped_and_told_again(stack)
        until(lambda: "told to charge, but the battery discharges" in details(stack, "force_charge", told), PATIENCE_S, "it is reported")
    finally:
        stack.ha.set_number("sim_pv_power", 2400)


def _dropped_and_told_again(stack: Stack) -> None:
    stack.drop()
    assert stack.mode() == "Force Charge", "nobody could tell by its setting"
    until(lambda: stack.ha.state("input_boolean.sim_dropped") == "off", PATIENCE_S, "it is told again")
    until(lambda: float(stack.ha.state("sensor.battery_power")) == -2000, PATIENCE_S, "the battery does as told")


def test_one_poll_of_no_charge_is_kept_as_suspect_and_changes_no_plan(stack: Stack) -> None:
    stack.wait_ticks()
    handed = len(stack.board.handed)
    stack.ha.set_number("sim_battery_soc", 0)
    try:
        until(lambda: _stored(stack, 0.0) != [], PATIENCE_S, "a tick has seen it")
    finally:
        stack.ha.set_number("sim_battery_soc", 50)
    stack.wait_ticks()

    assert set(_stored(stack, 0.0)) == {"suspect"}
    assert stack.board.handed[handed:]
    assert "reserve_low" not in {each["reason_code"] for each in stack.board.handed[handed:]}
    until(lambda: _soc(stack) == {"value": 50, "quality": "good"}, PATIENCE_S, "the next one is believed")


def test_a_load_that_no_house_has_is_named_and_not_believed(stack: Stack, page: Page) -> None:
    with _shown(stack, "sensor.house_load", "65535"):
        expect(page.locator("[data-test=problem]")).to_contain_text("not believed: sensor.house_load tells 65.535")
        until(lambda: _stored(stack, 65.535, "load_kw") != [], PATIENCE_S, "it is stored")

    assert set(_stored(stack, 65.535, "load_kw")) == {"suspect"}
    expect(page.locator("[data-test=problem]")).to_have_count(0)


def _stored(stack: Stack, value: float, quantity: str = "soc_pct") -> list[str]:
    """Return the qualities with which a value is stored."""
    asked = "SELECT quality FROM readings WHERE quantity = ? AND abs(value - ?) < 0.001"
    with closing(sqlite3.connect(f"file:{stack.optimizer.folder}/optimizer.db?mode=ro", uri=True)) as database:
        return [str(quality).lower() for (quality,) in database.execute(asked, (quantity, value))]


def _soc(stack: Stack) -> dict[str, Any]:
    latest = {each["quantity"]: each for each in stack.api("GET", "readings/latest")["readings"]}["soc_pct"]
    return {name: latest[name] for name in ("value", "quality")}


@contextmanager
def _shown(stack: Stack, entity_id: str, state: str) -> Iterator[None]:
    """Have an entity show a state that its integration made up, until the block ends."""
    rights, path = {"Authorization": f"Bearer {stack.ha.token}"}, f"api/states/{entity_id}"
    before = stack.ha.home.http.get(path, headers=rights).raise_for_status().json()

    def show(text: str) -> None:
        stack.ha.home.http.post(path, headers=rights, json={"state": text, "attributes": before["attributes"]}).raise_for_status()

    show(state)
    try:
        yield
    finally:
        show(before["state"])
