"""Secrets that somebody wrote into the document itself; they are kept elsewhere, and named here."""

import re
from collections.abc import Iterator, Mapping

from app.domain.errors import Place

WHERE_TO = (
    "this looks like the secret itself, and a document is read by many: write a name here, e.g. home_assistant, and keep the secret "
    "with `battery-optimizer site secret set NAME` or PUT /api/v1/sites/{site}/secrets/{name}"
)
LOOKS_SECRET = re.compile(r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}|\bsk_(live|test)_|^\s*Bearer\s+\S|-----BEGIN ")
"""The shapes of Home Assistant's and Octopus's own, of a header, of a key file."""
NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
LONGEST_WORD, MOST_DIGITS = 20, 3
"""A longer name with more digits is a key out of small letters, not a word that somebody chose."""


def a_name(value: object) -> object:
    """Return the name of a secret.

    Raises:
        ValueError: it is the secret itself, it seems, or no name.
    """
    if not isinstance(value, str):
        return value
    digits = sum(letter.isdigit() for letter in value)
    if NAME.fullmatch(value) and not (len(value) > LONGEST_WORD and digits > MOST_DIGITS):
        return value
    raise ValueError(
        WHERE_TO if len(value) > LONGEST_WORD else "the name of a secret is in small letters, digits and _, e.g. home_assistant"
    )


def without_password(value: str) -> str:
    """Return an address.

    Raises:
        ValueError: a user and password stand in it.
    """
    if "@" in value.split("://", 1)[-1].split("/", 1)[0]:
        raise ValueError("an address carries no user and password here: " + WHERE_TO)
    return value


def secrets_in(value: object, place: Place = ()) -> list[tuple[Place, str]]:
    """Return where a JSON value carries what looks like a secret, and what to do instead."""
    return [(where, WHERE_TO) for where, text in _texts(value, place) if LOOKS_SECRET.search(text)]


def _texts(value: object, place: Place) -> Iterator[tuple[Place, str]]:
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, Mapping):
        for name, inside in value.items():
            yield from _texts(inside, (*place, _printable(str(name))))
    elif isinstance(value, list | tuple):
        for nth, inside in enumerate(value):
            yield from _texts(inside, (*place, nth))


def _printable(text: str) -> str:
    """Return a key as it can be printed: JSON lets half a character pass as one."""
    return text.encode("utf-8", "replace").decode()
