"""The night when the clocks of London go back, lived through by real programs: Node-RED, Home Assistant and the optimizer.

Their time of day is moved by libfaketime in steps of the flow's own five minutes; in each the flow ticks by itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby, pairwise
from typing import Any

import pytest

from app.control.decide import HANDOVER_S
from tests.nodered.house import MODE, Stack
from tests.nodered.switchboard import switchboard
from tests.page.demo import Demo
from tests.served_octopus import FORTNIGHT, ServedOctopus, load, serving
from tests.stack import fake_time, install_home_assistant, nodered
from tests.stack.executor import fox, rhythms
from tests.stack.fake_time import FakeTime
from tests.stack.home_assistant import home_assistant, until
from tests.stack.nodered import node_red
from tests.stack.parts import require
from tests.stack.real_input import settings

pytestmark = pytest.mark.stack

CHANGE = datetime(2026, 10, 25, 1, tzinfo=UTC)
"""02:00 in summer time becomes 01:00 in winter time: the hour before and the hour after have the same name."""
HALF_HOUR, TURN, LEASE = timedelta(minutes=30), timedelta(minutes=5), timedelta(minutes=35)
FIRST, END = CHANGE - timedelta(hours=1, minutes=30), CHANGE + timedelta(hours=1, minutes=30)
INTO_A_TURN = timedelta(seconds=4)
HANDOVER = timedelta(seconds=HANDOVER_S)
"""The flow ticks 3 s after each turn of its clock."""
PATIENCE_S = 60.0
CAPACITY_KWH, START_SOC_PCT = 10.0, 60.0
FORCED, RELEASED = CHANGE - HALF_HOUR, CHANGE + HALF_HOUR
"""A person's hour, which begins and ends at half past one by the clock on the wall."""


@dataclass(frozen=True, kw_only=True)
class Tick:
    """One round of the flow: when, what it was told and what the inverter read once that was confirmed."""

    at: datetime
    told: dict[str, Any]
    seen_at: datetime
    mode: str
    readings: int
    """How many rounds pushed readings meanwhile."""


@dataclass(frozen=True, kw_only=True)
class Night:
    """The whole of it."""

    stack: Stack
    began: datetime
    ended: datetime
    ticks: list[Tick]
    recorded: list[tuple[datetime, str]]


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    require(nodered.is_installed(), "Node-RED")
    require(install_home_assistant.is_installed(), "Home Assistant")
    require(fake_time.library() is not None, "faketime")
    folder = tmp_path_factory.mktemp("night")
    clock = FakeTime(folder / "clock")
    clock.move_to(FIRST - TURN)
    moved = clock.environment()
    with serving(ServedOctopus(load(FORTNIGHT), clock=clock)) as octopus:
        optimizer = Demo(folder, settings(octopus, f"sqlite:///{folder}/optimizer.db") | moved)
        optimizer.start()
        try:
            with (
                switchboard(optimizer.url, fox(rhythms=rhythms(page_s=36000, flow_s=36000))) as board,
                home_assistant(folder / "ha", env=moved) as ha,
                node_red(
                    folder / "nr",
                    optimizer=board.url,
                    home_assistant=ha.url.rstrip("/"),
                    token=ha.token,
                    settings=moved,
                ) as flow,
            ):
                stack = Stack(optimizer=optimizer, board=board, ha=ha, flow=flow)
                ha.set_number("sim_pv_power", 0)
                ha.set_number("sim_house_load", 450)
                yield _lived(stack, clock)
        finally:
            optimizer.stop()


def _lived(stack: Stack, clock: FakeTime) -> Night:
    until(lambda: "confirmed" in [each["status"] for each in stack.board.outcomes], PATIENCE_S, "the flow has started")
    wish = {"mode": "force_charge", "power_kw": 2.0, "until": f"{RELEASED:%Y-%m-%dT%H:%M:%SZ}"}
    stack.api("PUT", f"overrides/{FORCED:%Y-%m-%dT%H:%M:%SZ}", wish)
    began, ticks, stored_kwh = clock(), list[Tick](), CAPACITY_KWH * START_SOC_PCT / 100
    for turn in (FIRST + n * TURN for n in range((END - FIRST) // TURN)):
        stack.ha.set_number("sim_house_load", 450 + len(ticks) % 2)  # a house whose load rests for half an hour is taken for a dead one
        stack.ha.set_number("sim_battery_soc", round(100 * stored_kwh / CAPACITY_KWH, 1))
        ticks.append(_ticked(stack, clock, turn))
        discharge_kw = float(stack.ha.state("sensor.battery_power")) / 1000
        stored_kwh = min(CAPACITY_KWH, max(0.0, stored_kwh - discharge_kw * TURN / timedelta(hours=1)))
    ended = clock()
    until(lambda: stack.ha.history(MODE, began, ended)[-1][1] == ticks[-1].mode, PATIENCE_S, "the last change is recorded")
    return Night(stack=stack, began=began, ended=ended, ticks=ticks, recorded=stack.ha.history(MODE, began, ended))


def _ticked(stack: Stack, clock: FakeTime, turn: datetime) -> Tick:
    """Make it another turn's time, and wait for what the flow does then by itself."""
    board = stack.board
    posts, handed = board.posts, len(board.handed)
    clock.move_to(turn + INTO_A_TURN)
    until(lambda: len(board.handed) > handed, PATIENCE_S, "the flow asks by itself")
    told = board.handed[handed]
    until(lambda: _is_confirmed(stack, told["decision_id"]) and board.quiet(), PATIENCE_S, f"it does {told['mode']}")
    return Tick(at=turn, told=told, seen_at=clock(), mode=stack.mode(), readings=board.posts - posts)


def _is_confirmed(stack: Stack, decision_id: str) -> bool:
    told = {each["decision_id"]: each["outcomes"] for each in _decisions(stack)}
    return "confirmed" in [each["status"] for each in told.get(decision_id, [])]


def _decisions(stack: Stack) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = stack.api("GET", f"decisions?start={FIRST:%Y-%m-%dT%H:%M:%SZ}&end={END:%Y-%m-%dT%H:%M:%SZ}")["decisions"]
    return told


def _without_repeats(modes: list[str]) -> list[str]:
    return [mode for mode, _ in groupby(modes)]


def test_the_inverters_history_is_the_decisions(night: Night) -> None:
    for tick in night.ticks:
        assert tick.mode == tick.told["mode"] == [mode for at, mode in night.recorded if at <= tick.seen_at][-1], tick

    decided, recorded = ([each.told["mode"] for each in night.ticks], [mode for _, mode in night.recorded])
    before = [] if recorded[0] == decided[0] else [recorded[0]]
    assert _without_repeats(recorded) == _without_repeats(before + decided)
    assert [each.at for each in night.ticks if each.mode == "Force Charge"] == [FORCED + n * TURN for n in range(12)]


def test_no_half_hour_is_skipped_or_lived_twice(night: Night) -> None:
    slots = [datetime.fromisoformat(each.told["slot_start"]) for each in night.ticks]

    assert slots == [each.at - (each.at - FIRST) % HALF_HOUR for each in night.ticks]
    assert [each.readings for each in night.ticks] == [1] * len(night.ticks)
    assert sorted({datetime.fromisoformat(each["slot_start"]) for each in _decisions(night.stack)}) == sorted(set(slots))
    day = night.stack.api("GET", "dashboard?day=2026-10-25")["rows"]
    assert len(day) == 50
    assert [early["end"] for early in day[:-1]] == [late["start"] for late in day[1:]]


def test_the_lease_never_lapses(night: Night) -> None:
    for early, late in pairwise(night.ticks):
        lease_until = min(datetime.fromisoformat(early.told["valid_until"]), early.seen_at + LEASE)
        if late.at == RELEASED:
            assert lease_until == RELEASED + HANDOVER, "a person's hour holds no longer than it was wished, and until somebody asks anew"
        else:
            assert lease_until > late.at + INTO_A_TURN, (early, late)
    assert "lease_over" not in night.stack.flow_state()
    assert "battery_optimizer" not in night.stack.notices()


def test_nobody_met_an_error(night: Night) -> None:
    assert "[error]" not in night.stack.flow.log
    assert " ERROR " not in night.stack.ha.log.read_text()
    assert {each["status"] for each in night.stack.board.outcomes} == {"commanded", "confirmed"}
