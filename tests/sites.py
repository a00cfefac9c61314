"""Whole houses as their documents describe them, out of `tests/fixtures/sites`."""

from pathlib import Path
from typing import Any

from app.cli.document_file import document_in

FOLDER = Path(__file__).parent / "fixtures" / "sites"
FILES = sorted(FOLDER.iterdir())


def document(name: str, **changes: object) -> dict[str, Any]:
    """Return a house's document, with some of its fields changed."""
    (path,) = FOLDER.glob(f"{name}.*")
    return document_in(path.read_text(encoding="utf-8"), path.name) | changes
