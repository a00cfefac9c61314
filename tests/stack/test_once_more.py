"""A failing stack test gets its second chance in CI, by itself, and is named."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.stack

ROOT = Path(__file__).parents[2]
TESTS = """
from pathlib import Path

def fails_first(name):
    seen = Path(__file__).with_name(name)
    first = not seen.exists()
    seen.touch()
    assert not first, f"the inverter reads {name}"

def test_good(): pass
"""


def ran(folder: Path, body: str, *words: str, required: str = "1") -> subprocess.CompletedProcess[str]:
    (folder / "test_it.py").write_text(TESTS + body)
    command = [sys.executable, "-m", "tests.stack.once_more", "-q", "-p", "no:cacheprovider", *words]
    environment = os.environ | {"STACK_REQUIRED": required, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=folder, env=environment, check=False, capture_output=True, text=True, timeout=300)


@pytest.mark.parametrize("words", [(), ("-n", "2")])
def test_one_that_passes_alone_is_flaky_and_said_with_what_it_waited_for(tmp_path: Path, words: tuple[str, ...]) -> None:
    done = ran(tmp_path, "def test_a(): fails_first('a')", *words)

    assert done.returncode == 0, done.stdout
    ending = done.stdout[done.stdout.index("FLAKY") :]
    assert "::test_a" in ending
    assert "the inverter reads a" in ending
    assert "test_good" not in ending


def test_one_that_fails_again_fails_the_run(tmp_path: Path) -> None:
    done = ran(tmp_path, "def test_a(): assert False, 'always'")

    assert done.returncode == 1
    assert "once more" in done.stdout
    assert "FLAKY" not in done.stdout


def test_more_than_two_fail_the_run_unrepeated(tmp_path: Path) -> None:
    done = ran(tmp_path, "\n".join(f"def test_{name}(): fails_first('{name}')" for name in "abc"))

    assert done.returncode == 1
    assert "3 tests failed: too many" in done.stdout
    assert "once more, alone" not in done.stdout


@pytest.mark.parametrize("body", ["def test_a(): fails_first('a')\nraise OSError", "import nothing_of_this_name"])
def test_what_cannot_be_collected_is_not_repeated(tmp_path: Path, body: str) -> None:
    done = ran(tmp_path, body)

    assert done.returncode == 2
    assert "once more" not in done.stdout


def test_at_a_desk_nothing_is_repeated(tmp_path: Path) -> None:
    done = ran(tmp_path, "def test_a(): fails_first('a')", required="")

    assert done.returncode == 1
    assert "once more" not in done.stdout
