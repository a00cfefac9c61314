"""The hardware guide says what the packages say, and CI builds what they are."""

import base64
import re
import shutil
import subprocess
from pathlib import Path

import yaml

ESPHOME = Path(__file__).parents[2] / "esphome"
GUIDE = (ESPHOME / "README.md").read_text(encoding="utf-8")
DRAWING = (ESPHOME / "wiring.svg").read_text(encoding="utf-8")
WORKFLOW = yaml.safe_load((ESPHOME.parent / ".github" / "workflows" / "firmware.yml").read_text(encoding="utf-8"))
BOARD = yaml.safe_load((ESPHOME / "packages" / "board_esp32.yaml").read_text(encoding="utf-8"))
KEY_BYTES = 32


def test_pins_are_those_of_the_board_in_table_and_drawing() -> None:
    pins = {name: pin for name, pin in BOARD["substitutions"].items() if name.endswith("_pin")}
    board = {name: pin["number"] if isinstance(pin, dict) else pin for name, pin in pins.items()}
    table = dict(re.findall(r"\(`(\w+_pin)`\) \| (GPIO\d+) \|", GUIDE))

    assert table == board
    assert set(re.findall(r"GPIO\d+", DRAWING)) == set(board.values())


def test_ci_builds_every_board_with_both_links() -> None:
    build = WORKFLOW["jobs"]["build"]
    boards = {path.stem.removeprefix("board_") for path in (ESPHOME / "packages").glob("board_*.yaml")}

    assert set(build["strategy"]["matrix"]["board"]) == boards
    assert set(build["strategy"]["matrix"]["link"]) == {"mqtt", "native_link"}
    assert build["steps"][-1]["run"] == "esphome -s board ${{ matrix.board }} -s link ${{ matrix.link }} compile dongle.yaml"


def test_ci_makes_up_secrets_that_are_valid(tmp_path: Path) -> None:
    shutil.copy(ESPHOME / "secrets.example.yaml", tmp_path)
    (step,) = [step for step in WORKFLOW["jobs"]["build"]["steps"] if step.get("name") == "made-up secrets"]

    subprocess.run(["bash", "-ec", step["run"]], cwd=tmp_path, check=True)

    assert len(base64.b64decode(yaml.safe_load((tmp_path / "secrets.yaml").read_text(encoding="utf-8"))["api_key"])) == KEY_BYTES
