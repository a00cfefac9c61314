"""A template: a model's way by Modbus under the model's name, of which firmware and simulators are made."""

from pathlib import Path

from app.domain.errors import InvalidTemplateError
from app.templates.catalogue import all_models
from app.templates.model import Identity, Model, load_model
from app.templates.way_modbus import Modbus


class Template(Modbus):
    """One device model on two wires, by name."""

    id: str
    identity: Identity


def template_of(model: Model) -> Template | None:
    """Return a model's template; None where it is not reached by Modbus."""
    way = model.ways.modbus
    if way is None:
        return None
    return Template(id=model.id, identity=model.identity, **{name: getattr(way, name) for name in Modbus.model_fields})


def load(path: Path) -> Template:
    """Return the template in a model's file.

    Raises:
        InvalidTemplateError: the file is no good, or is of a model without that way; the sentence names file and key.
    """
    found = template_of(load_model(path))
    if found is None:
        raise InvalidTemplateError(f"{path.name}: ways: it is not reached by modbus")
    return found


def load_all() -> list[Template]:
    """Return every template, by name."""
    return [found for model in all_models() if (found := template_of(model)) is not None]
