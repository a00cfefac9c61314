"""Real servers the stack tests need. What is missing skips a test by name, or fails it where STACK_REQUIRED=1."""

import os

import pytest


def require(present: bool, part: str) -> None:  # noqa: FBT001  (reads as a sentence: require(is_installed(), "..."))
    """Go on if a part is there."""
    if present:
        return
    if os.environ.get("STACK_REQUIRED") == "1":
        pytest.fail(f"{part} is missing")
    pytest.skip(f"{part} is missing")
