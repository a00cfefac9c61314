"""What callers ask is solved beside the service, which outlives it, and not the other way round."""

import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.domain.errors import InfeasibleError, UnavailableError
from app.templates.labels import VendorWords
from app.usecases.optimize import optimize
from app.wiring.solving import Solving
from tests.builders import START, problem
from tests.stack.home_assistant import until

PATIENCE_S = 120.0
ASKED = problem(buy=[0.10, 0.02, 0.40], load_kw=1)


@pytest.fixture
def solving() -> Iterator[Solving]:
    found = Solving(VendorWords(), 10)
    yield found
    found.close()


def test_it_finds_what_would_be_found_here(solving: Solving) -> None:
    (plan, decision), (here, decided) = solving(ASKED, START), optimize(ASKED, VendorWords(), now=START, time_limit_s=10)
    assert [step.charge_kw for step in plan.steps] == pytest.approx([step.charge_kw for step in here.steps])
    assert decision.command == decided.command


def test_what_cannot_be_planned_is_said_as_here(solving: Solving) -> None:
    hopeless = Solving(solving.words, 1e-9)
    with pytest.raises(InfeasibleError):
        hopeless(ASKED, START)
    hopeless.close()


def test_a_process_that_dies_is_replaced(solving: Solving) -> None:
    solving(ASKED, START)
    for child in _children():
        os.kill(child, signal.SIGKILL)
    with pytest.raises(UnavailableError):
        solving(ASKED, START)
    assert solving(ASKED, START)[0].steps


def test_the_process_ends_with_a_service_that_is_killed() -> None:
    told = subprocess.run([sys.executable, "-c", KILLED], capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert told.returncode == -signal.SIGKILL, told.stderr
    child = int(told.stdout)
    until(lambda: not _runs(child), PATIENCE_S, "the process that solves has ended")


KILLED = """
import os, signal, multiprocessing
from app.templates.labels import VendorWords
from app.wiring.solving import Solving
from tests.wiring.test_solving import ASKED, START

if __name__ == "__main__":
    Solving(VendorWords(), 10)(ASKED, START)
    print(multiprocessing.active_children()[0].pid, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def _children() -> list[int]:
    return [each.pid for each in multiprocessing.active_children() if each.pid is not None]


def _runs(pid: int) -> bool:
    status = Path(f"/proc/{pid}/stat")
    try:
        return status.read_text(encoding="ascii").rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
