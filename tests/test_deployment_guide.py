"""The guide says what to do about everything the doctor and the compose file can ask for."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.cli.site import site_cli
from app.config.settings import load
from app.domain.errors import InvalidInputError

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "DEPLOYMENT_GUIDE.md").read_text()
COMPOSE = (ROOT / "docker-compose.yml").read_text()
DOCTOR = ast.parse((ROOT / "backend" / "app" / "cli" / "doctor.py").read_text())
VARIABLE = re.compile(r"`((?:NODE_RED|BATTERY|HA|TZ)[A-Z_]*)[`,]")
SET_BY_THE_IMAGE = {"NODE_RED_HOST", "NODE_RED_PORT", "NODE_RED_FLOWS"}
OF_NODE_RED = {"TZ", "HA_URL", "HA_TOKEN", "BATTERY_OPTIMIZER_URL", "BATTERY_OPTIMIZER_TOKEN", "BATTERY_SITE", "BATTERY_DRY_RUN"}
"""All that the flow reads; whatever else it needs it is told by the optimizer."""


def test_every_remedy_of_the_doctor_is_in_the_guide() -> None:
    remedies = set(_texts("remedy"))

    assert len(remedies) > 9
    assert [remedy for remedy in sorted(remedies) if remedy not in GUIDE] == []


def test_every_finding_of_the_doctor_is_in_the_guide() -> None:
    names = set(_texts("name"))

    assert {"settings", "database", "access"} <= names
    assert [name for name in sorted(names) if f"`{name}" not in GUIDE] == []


def test_every_variable_of_the_flow_reaches_its_container() -> None:
    named = set(VARIABLE.findall((ROOT / "nodered" / "README.md").read_text())) - SET_BY_THE_IMAGE

    assert named >= OF_NODE_RED
    assert [name for name in sorted(named) if f"      {name}:" not in COMPOSE] == []


def test_the_flow_reads_no_other_variable() -> None:
    read = set(re.findall(r"""(?:env\.get|set)\("([A-Z_]+)"\)""", (ROOT / "nodered" / "flows-hybrid.json").read_text().replace("\\", "")))
    given = re.findall(r"^      ((?:BATTERY|HA|TZ)[A-Z_]*):", COMPOSE, re.MULTILINE)

    assert read == {name for name in OF_NODE_RED if name.startswith("BATTERY_")}
    assert set(given) == OF_NODE_RED


def test_an_unknown_variable_stops_the_start_in_the_words_of_the_guide(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("OPTIMIZER_API__OLD_NAME=1\n")

    with pytest.raises(InvalidInputError) as refused:
        load(tmp_path / ".env")

    assert f"(`{refused.value}`)" in GUIDE


def test_every_link_within_the_guide_leads_somewhere() -> None:
    headings = {
        re.sub(r"[^a-z0-9 -]", "", line.lstrip("# ").lower()).replace(" ", "-") for line in GUIDE.splitlines() if line.startswith("#")
    }
    links = re.findall(r"\]\(#([a-z0-9-]+)\)", GUIDE)
    files = re.findall(r"\]\(([^#)]+)\)", GUIDE)

    assert [link for link in links if link not in headings] == []
    assert [file for file in files if not (ROOT / file).exists()] == []


def _texts(name: str) -> Iterator[str]:
    """Yield every text the doctor gives a name to, by keyword or by assignment."""
    for node in ast.walk(DOCTOR):
        match node:
            case ast.keyword(arg=arg, value=value) if arg == name:
                yield from _constants(value)
            case ast.Assign(targets=[ast.Name(id=target)], value=value) if target == name:
                yield from _constants(value)


def _constants(value: ast.expr) -> Iterator[str]:
    """Yield the texts that an expression may become; of a formatted one its first part."""
    match value:
        case ast.Constant(value=str(text)) if text:
            yield text
        case ast.IfExp(body=body, orelse=orelse):
            yield from _constants(body)
            yield from _constants(orelse)
        case ast.JoinedStr(values=[ast.Constant(value=str(text)), *_]):
            yield text.strip(" (")


def test_the_key_of_the_secrets_outlives_the_container_and_is_in_the_backup() -> None:
    folder = re.findall(r"^WORKDIR (\S+)", (ROOT / "backend" / "Dockerfile").read_text(), re.MULTILINE)[-1]
    key = load(env_file=ROOT / "none").secrets.key_file

    assert not key.is_absolute()
    assert f"      - optimizer-data:{folder}\n" in COMPOSE
    assert f"cat {folder}/{key}" in GUIDE.partition("## Backup")[2].partition("## Restore")[0]


def test_every_command_of_houses_is_in_the_guide() -> None:
    chapter = GUIDE.partition("## Houses")[2].partition("## Tokens")[0]
    commands = [each.name or (each.callback.__name__ if each.callback else "") for each in site_cli.registered_commands]

    assert {"show", "apply"} <= set(commands)
    assert [name for name in commands if f"site {name.removeprefix('site_')}" not in chapter] == []
