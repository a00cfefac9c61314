"""Finds a model by its name or by one of the names it had before."""

from functools import cache
from pathlib import Path

from app.domain.errors import NotFoundError
from app.templates.model import Model, load_model

FOLDER = Path(__file__).parents[2] / "models"


def model_named(name: str) -> Model:
    """Return the model of that id or alias.

    Raises:
        NotFoundError: there is none; the sentence names those there are.
        InvalidTemplateError: its file is no good.
    """
    path = FOLDER / f"{name}.yaml"
    if "/" not in name and path.is_file():  # the file's name is the id: no need to read them all
        return _loaded(path)
    found = next((model for model in all_models() if name in model.aliases), None)
    if found is None:
        raise NotFoundError(f"no inverter model named {name!r}; there are {', '.join(names())}")
    return found


def all_models() -> list[Model]:
    """Return every model, by id."""
    return [_loaded(path) for path in sorted(FOLDER.glob("*.yaml"))]


def names() -> list[str]:
    """Return every id and alias."""
    return sorted(name for model in all_models() for name in (model.id, *model.aliases))


@cache
def _loaded(path: Path) -> Model:
    return load_model(path)
