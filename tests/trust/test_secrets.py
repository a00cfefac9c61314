"""A secret opens with the key file it was sealed with, for its own house and name, and else not at all."""

import stat
from pathlib import Path

import pytest

from app.domain.errors import UnavailableError
from app.domain.site import HOME, SiteId
from app.trust.secrets import KeyFile


def test_a_sealed_secret_opens_and_does_not_show_its_text(tmp_path: Path) -> None:
    key = KeyFile(tmp_path / "deep" / "key")
    sealed = key.seal(HOME, "home_assistant", "a long-lived token")

    assert "token" not in sealed
    assert KeyFile(key.path).open(HOME, "home_assistant", sealed) == "a long-lived token"
    assert stat.S_IMODE(key.path.stat().st_mode) == 0o600


def test_it_opens_for_no_other_house_or_name(tmp_path: Path) -> None:
    key = KeyFile(tmp_path / "key")
    sealed = key.seal(HOME, "home_assistant", "text")

    for site, name in ((SiteId("second"), "home_assistant"), (HOME, "octopus")):
        with pytest.raises(UnavailableError, match="does not open"):
            key.open(site, name, sealed)


def test_a_missing_key_file_is_named_and_not_made_anew(tmp_path: Path) -> None:
    key = KeyFile(tmp_path / "key")
    sealed = key.seal(HOME, "octopus", "text")
    key.path.unlink()

    with pytest.raises(UnavailableError, match="is missing"):
        key.open(HOME, "octopus", sealed)
    assert not key.path.exists()


@pytest.mark.parametrize("content", ["", "not base64 at all!", "c2hvcnQ="])
def test_a_damaged_key_file_is_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / "key"
    path.write_text(content)

    with pytest.raises(UnavailableError, match="key file"):
        KeyFile(path).seal(HOME, "octopus", "text")
