"""The dongle's core, in C++: its own tests, under sanitizers and as a 32-bit program like on the device."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.stack.parts import require

HERE = Path(__file__).parent / "core"
CORE = Path(__file__).parents[2] / "esphome" / "components" / "battery_dongle"
STRICT = ["-std=c++17", "-Wall", "-Wextra", "-Werror", f"-I{CORE}"]
SANITIZED = ["-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
SHELL = {"battery_dongle.h", "memory.h", "log_flash.h"}
"""Headers that know ESPHome."""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", autouse=True)
def compiler() -> None:
    require(shutil.which("g++") is not None, "g++")


@pytest.mark.parametrize("options", [SANITIZED, ["-O2", "-m32"]], ids=["sanitized", "32 bits"])
def test_core_passes_its_own_tests(options: list[str], tmp_path: Path) -> None:
    if "-m32" in options:
        require(_builds_32_bits(tmp_path), "g++-multilib")
    program = tmp_path / "core"
    subprocess.run(["g++", *STRICT, *options, *map(str, sorted(HERE.glob("*.cpp"))), "-o", str(program)], check=True)

    ran = subprocess.run([str(program)], capture_output=True, text=True, check=False)

    assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr[-4000:]
    assert ran.stdout.rstrip().endswith("passed")


def test_core_stands_alone_without_esphome() -> None:
    for header in sorted(CORE.glob("*.h")):
        if header.name not in SHELL:
            assert "esphome/" not in header.read_text(), f"{header.name} knows ESPHome"
            subprocess.run(["g++", *STRICT, "-fsyntax-only", "-x", "c++", "-include", str(header), "/dev/null"], check=True)


def _builds_32_bits(folder: Path) -> bool:
    source = folder / "any.cpp"
    source.write_text("#include <vector>\nint main() { return 0; }\n")
    tried = subprocess.run(["g++", "-m32", str(source), "-o", str(folder / "any")], capture_output=True, check=False)
    return tried.returncode == 0
