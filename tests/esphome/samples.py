"""How far apart samples are."""

import itertools
from typing import Any


def steps(samples: list[dict[str, Any]]) -> list[int]:
    return [later["ts"] - earlier["ts"] for earlier, later in itertools.pairwise(samples)]


def gaps(samples: list[dict[str, Any]]) -> set[int]:
    return set(steps(samples))
