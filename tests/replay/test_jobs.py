"""Decisions written down stand only while the code that made them does."""

import importlib
import sys
from pathlib import Path

import pytest

from app.replay.jobs import DECIDING, code


def package(folder: Path, name: str) -> Path:
    inner = folder / name / "deeper"
    inner.mkdir(parents=True)
    for each in (folder / name, inner):
        (each / "__init__.py").write_text("")
    return inner / "rule.py"


def test_a_change_at_any_depth_is_another_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    rule = package(tmp_path, "decided_by")
    found = []
    for text in ("A = 1", "A = 2"):
        rule.write_text(text)
        found.append(code(["decided_by"]))

    assert found[0] != found[1]


def test_a_package_without_sources_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "moved_away").mkdir()
    importlib.invalidate_caches()
    sys.modules.pop("moved_away", None)

    with pytest.raises(ModuleNotFoundError, match="moved_away"):
        code(["moved_away"])


def test_every_package_a_decision_rests_on_is_there() -> None:
    assert code(DECIDING) != code(DECIDING[1:])
