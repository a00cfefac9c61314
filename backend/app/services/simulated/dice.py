"""Numbers that look random and are the same on every machine and every day they are asked for."""

from hashlib import blake2b

RESOLUTION = 2**64


def dice(*key: object) -> float:
    """Return a number in [0, 1) that the key alone decides, evenly spread over keys."""
    digest = blake2b(repr(key).encode(), digest_size=8).digest()
    return int.from_bytes(digest) / RESOLUTION
