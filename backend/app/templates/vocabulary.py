"""The vendors' words for the modes, and back."""

from app.domain.errors import InvalidInputError
from app.domain.site import Mode
from app.templates.catalogue import model_named


def words(model: str) -> tuple[tuple[Mode, str], ...]:
    """Return each mode with the vendor's word for it; one without a word goes by its own name.

    Raises:
        NotFoundError: there is no such model.
    """
    known = model_named(model).words
    return tuple((mode, known.get(mode.value, mode.value)) for mode in Mode)


def word(model: str, mode: Mode) -> str:
    """Return the vendor's word for a mode.

    Raises:
        NotFoundError: there is no such model.
    """
    return dict(words(model))[mode]


def mode_of(model: str, text: str) -> Mode:
    """Return the mode that a vendor's word or a plain code stands for.

    Raises:
        InvalidInputError: it stands for none.
        NotFoundError: there is no such model.
    """
    for mode, told in words(model):
        if text in (mode.value, told):
            return mode
    raise InvalidInputError(f"{text!r} is no mode of {model}")
