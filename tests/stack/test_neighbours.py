"""No neighbour can stop the service: the drills with few callers, by the state that each promise is in."""

from importlib import import_module
from pathlib import Path

import pytest

from tests.drills import drill_broker
from tests.drills.broker import BrokerFault
from tests.drills.neighbour import Fault
from tests.drills.report import Report

pytestmark = pytest.mark.stack

FEW = 5


@pytest.fixture(scope="module", params=["home_assistant", "prices", "sunshine"])
def report(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Report:
    """What a drill found, in which every fault happens at once, each to a house of its own."""
    folder: Path = tmp_path_factory.mktemp(request.param)
    found: Report = import_module(f"tests.drills.drill_{request.param}").run(folder, times=FEW)
    return found


@pytest.mark.parametrize("fault", list(Fault), ids=str)
def test_a_house_is_answered_on_the_right_rung_whatever_its_neighbour_does(report: Report, fault: Fault) -> None:
    of_house = f", {fault}: recommendation: {FEW} of {FEW} answered"
    assert len([line for line in report.lines if of_house in line]) == 2, "starting and running"
    assert [each for each in report.broken if f", {fault}: " in each or each.startswith(f"{fault}: ")] == []


@pytest.fixture(scope="module")
def of_broker(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """What the drill of the broker found, in which one fault comes after the other."""
    return drill_broker.run(tmp_path_factory.mktemp("broker"), times=FEW)


@pytest.mark.parametrize("fault", [each for each in BrokerFault if each is not BrokerFault.NONE], ids=str)
def test_a_broker_takes_neither_answers_nor_memory(of_broker: Report, fault: BrokerFault) -> None:
    told = [line for line in of_broker.lines if line.startswith(f"{fault}, ")]
    assert any(f"whole town: recommendation: {FEW} of {FEW} answered ({FEW} optimizer)" in line for line in told)
    assert any("connection: well again" in line for line in told)
    assert [each for each in of_broker.broken if each.startswith(f"{fault}, ")] == []


def test_liveness_page_overrides_and_memory_keep_their_promises(report: Report) -> None:
    told = "\n".join(report.lines)
    assert all(what in told for what in (f"/live: {FEW} of {FEW} answered", "GET /: ", "GET /api/v1/overrides: ", "memory: at most"))
    assert report.broken == []
