"""The flow's functions, its built file and its sources, without Node-RED."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.stack.parts import require

FLOW = Path(__file__).parents[2] / "nodered"


def build(folder: Path, *asked: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, str(folder / "build.py"), *asked], capture_output=True, text=True, check=False)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(FLOW, tmp_path / "nodered", ignore=shutil.ignore_patterns("node_modules")))


def test_every_function_does_what_it_says() -> None:
    require(shutil.which("node") is not None, "Node.js")
    files = sorted(str(each) for each in (FLOW / "test").glob("*.test.mjs"))
    done = subprocess.run(["node", "--test", *files], capture_output=True, text=True, check=False, timeout=60)

    assert done.returncode == 0, done.stdout[-4000:]


def test_the_flow_is_what_its_sources_give() -> None:
    checked = build(FLOW, "--check")

    assert checked.returncode == 0, checked.stderr


def test_a_changed_source_is_noticed(copy: Path) -> None:
    (copy / "functions" / "warn.js").write_text("return null;\n")

    checked = build(copy, "--check")

    assert checked.returncode == 1
    assert "not what the sources give" in checked.stderr


def test_what_the_editor_exports_goes_back_into_the_sources(copy: Path) -> None:
    flow = copy / "flows-hybrid.json"
    exported = json.loads(flow.read_text())
    before = {path: path.read_text() for path in copy.rglob("*") if path.is_file() and path.suffix in {".js", ".json", ".vue"}}

    build(copy, "--extract", str(flow))
    assert {path: path.read_text() for path in before} == before

    for node in exported:
        if node["id"] == "bo_d_warn":
            node["func"] += "\n// edited"
        if node["id"] == "bo_c_clock":
            node["name"] = "heart"
    (copy / "export.json").write_text(json.dumps(exported))
    build(copy, "--extract", str(copy / "export.json"))
    assert (copy / "functions" / "warn.js").read_text().endswith("// edited\n")
    assert '"name": "heart"' in (copy / "tabs" / "2_control.json").read_text()


@pytest.mark.parametrize(
    ("file", "old", "new", "complaint"),
    [
        ("tabs/2_control.json", '"wires": [["bo_c_settings"]]', '"wires": [["bo_nowhere"]]', "wire to bo_nowhere"),
        ("tabs/subflow_carry_out.json", '"queue": "none"', '"queue": "last"', "must not be queued"),
        ("tabs/subflow_ask.json", '"senderr": true', '"senderr": false', "senderr"),
        ("tabs/1_prices.json", '"type": "catch"', '"type": "comment"', "no catch node"),
        ("tabs/2_control.json", '"links": ["bo_c_tick"]', '"links": ["bo_d_refresh"]', "not on both ends"),
        ("functions/warn.js", "return null;", 'return "Bearer abcdefghijklmnopqrst";', "a token"),
    ],
)
def test_a_dangerous_flow_is_not_built(copy: Path, file: str, old: str, new: str, complaint: str) -> None:
    source = copy / file
    assert old in source.read_text()
    source.write_text(source.read_text().replace(old, new, 1))

    built = build(copy)

    assert built.returncode == 1
    assert complaint in built.stderr
