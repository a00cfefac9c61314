"""A house is described in a shell: made, applied, looked at, taken back; what is no good changes nothing."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from typer.testing import CliRunner, Result

from app.cli.document_file import as_yaml, document_in
from app.cli.program import cli
from tests.sites import document

type Shell = Callable[..., Result]
SECRET = "long-lived, of nobody"  # noqa: S105  (of a test)


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Shell:
    """A shell in an empty folder: `shell("site", "list", sent="…")`."""
    monkeypatch.chdir(tmp_path)
    for name in os.environ:
        if name.startswith("OPTIMIZER_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("OPTIMIZER_TARIFF__SOURCE", "simulated")
    monkeypatch.setenv("COLUMNS", "200")
    return lambda *words, sent=None: CliRunner().invoke(cli, ["site", *words], input=sent)


def applied(shell: Shell, value: dict[str, Any], *more: str) -> Result:
    """Apply a document out of a file."""
    Path("house.yaml").write_text(as_yaml(value), encoding="utf-8")
    return shell("apply", "house.yaml", *more)


def shown(shell: Shell, *words: str) -> dict[str, Any]:
    """Return the document that `show` prints."""
    found: dict[str, Any] = json.loads(shell("show", "london", "--json", *words).output)
    return found


def test_a_new_house_is_made_edited_and_applied(shell: Shell) -> None:
    assert shell("new", "mill", "--to", "mill.yaml").exit_code == 0
    made = Path("mill.yaml").read_text(encoding="utf-8")
    assert "# every price and cost" in made
    assert "cannot be written" in str(shell("new", "mill", "--to", "mill.yaml").exception)

    assert "mill is described, version 1" in shell("apply", "mill.yaml").output
    assert document_in(shell("show", "mill").output, "shown") == document_in(made, "made")
    assert "mill" in shell("list").output


def test_every_line_that_a_new_house_leaves_out_can_be_taken_in(shell: Shell) -> None:
    lines = [line.replace("# ", "", 1) if line.lstrip().startswith("# ") and n > 1 else line for n, line in enumerate(lines_of(shell))]

    assert shell("apply", "-", sent="\n".join(lines)).exit_code == 0
    assert document_in(shell("show", "mill").output, "shown")["sources"]["solar"] == {"source": "open_meteo"}


def lines_of(shell: Shell) -> list[str]:
    return shell("new", "mill").output.splitlines()


def test_a_change_is_said_before_it_is_made(shell: Shell) -> None:
    applied(shell, document("london"))
    changed = document("london", grid={"fuse": {"amps": 80}, "export_limit_kw": 5})

    tried = applied(shell, changed, "--dry-run")
    assert "grid.fuse.amps: 100 → 80" in tried.output
    assert "nothing is stored; version 1" in tried.output
    assert shown(shell) == document("london")

    made = applied(shell, changed)
    assert "grid.export_limit_kw: 3.68 → 5" in made.output
    assert "london is at version 2" in made.output
    assert "nothing changes; version 2" in applied(shell, changed).output


def test_a_document_that_is_no_good_changes_nothing_and_names_every_field(shell: Shell) -> None:
    applied(shell, document("london"))
    refused = applied(shell, document("london", roof=1, place={"time_zone": "Mars/Base"}))

    assert refused.exit_code == 1
    assert {line.partition(":")[0] for line in str(refused.exception).splitlines()} == {"roof", "place.time_zone"}
    assert shown(shell) == document("london")
    assert "cannot be read" in str(shell("apply", "nowhere.yaml").exception)
    assert "No such" not in refused.output


def test_a_version_comes_back(shell: Shell) -> None:
    applied(shell, document("london"))
    applied(shell, document("london", title="Another"))

    assert "title: The first house → Another" in shell("history", "london").output
    back = shell("rollback", "1", "--site", "london")
    assert "london is at version 3" in back.output
    assert shown(shell) == document("london")
    assert shown(shell, "--version", "2")["title"] == "Another"
    assert "no version 9" in str(shell("rollback", "9", "--site", "london").exception)


def test_a_copy_names_the_secrets_and_does_not_have_them(shell: Shell) -> None:
    applied(shell, document("london"))
    shell("secret", "set", "octopus", "--site", "london", sent=SECRET)
    copy = shell("new", "second", "--from", "london").output

    assert document_in(copy, "copy") == document("london", id="second")
    told = shell("apply", "-", sent=copy).output
    assert "the secret octopus is not set yet: battery-optimizer site secret set octopus --site second" in told


def test_a_secret_is_kept_and_never_shown(shell: Shell) -> None:
    applied(shell, document("london"))
    kept = shell("secret", "set", "octopus", "--site", "london", sent=SECRET)
    listed = shell("secret", "list", "--site", "london")

    assert "octopus is kept" in kept.output
    states = {row[1].strip(): row[2].strip() for row in (line.split("│") for line in listed.output.splitlines()) if len(row) > 3}
    assert states == {"home_assistant": "not set", "octopus": "set"}
    assert not any(SECRET in each.output for each in (kept, listed, shell("show", "london"), shell("history", "london")))
    assert "does not name it" in shell("secret", "set", "spare", "--site", "london", sent=SECRET).output
    assert shell("secret", "forget", "octopus", "--site", "london").exit_code == 0
    assert "small letters" in str(shell("secret", "set", "eyJ.x", "--site", "london", sent=SECRET).exception)
    assert "no site named" in str(shell("secret", "set", "octopus", "--site", "nowhere", sent=SECRET).exception)


def test_the_schema_takes_what_new_makes(shell: Shell) -> None:
    schema = json.loads(shell("schema").output)

    assert jsonschema_rs.is_valid(schema, document_in("\n".join(lines_of(shell)), "new"))


@pytest.mark.slow
@pytest.mark.usefixtures("shell")
def test_what_is_wrong_is_said_in_words_and_exit_1(tmp_path: Path) -> None:
    Path("house.yaml").write_text(as_yaml(document("london", roof=1)), encoding="utf-8")
    command = [sys.executable, "-c", "from app.cli.program import main; main()", "site", "apply", "house.yaml"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert ran.returncode == 1
    assert "roof: Extra inputs are not permitted" in ran.stderr
    assert "Traceback" not in ran.stderr
