"""Numbers as 16-bit Modbus words, and back."""

import struct
from typing import Literal

Kind = Literal["u16", "s16", "u32", "s32", "f32", "u64"]
WordOrder = Literal["big", "little"]

_FORMATS: dict[Kind, str] = {"u16": ">H", "s16": ">h", "u32": ">I", "s32": ">i", "f32": ">f", "u64": ">Q"}


def count(kind: Kind) -> int:
    """Return how many words a number of that kind takes."""
    return struct.calcsize(_FORMATS[kind]) // 2


def span(kind: Kind) -> tuple[int, int]:
    """Return the least and the most that a whole number of that kind can be."""
    bits = 16 * count(kind)
    return (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if kind.startswith("s") else (0, 2**bits - 1)


def encode(number: float, kind: Kind, order: WordOrder = "big") -> list[int]:
    """Return the words of a number, rounded unless it is a float; `little` puts the low word first.

    Raises:
        OverflowError: the number does not fit.
    """
    try:
        raw = struct.pack(_FORMATS[kind], number if kind == "f32" else round(number))
    except struct.error as error:
        raise OverflowError(f"{number} does not fit {kind}") from error
    words = list(struct.unpack(f">{len(raw) // 2}H", raw))
    return words if order == "big" else words[::-1]


def decode(words: list[int], kind: Kind, order: WordOrder = "big") -> float:
    """Return the number that words stand for."""
    big = words if order == "big" else words[::-1]
    number: float = struct.unpack(_FORMATS[kind], struct.pack(f">{len(big)}H", *big))[0]
    return number
