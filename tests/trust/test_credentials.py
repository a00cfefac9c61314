"""Files with keys: who may read them, whatever was there before; and how long a certificate is good."""

from datetime import timedelta
from pathlib import Path

import pytest

from app.trust.credentials import OURS_ALONE, PUBLIC, Authority, write_whole
from app.trust.holder import Holder
from tests.telemetry import DONGLE, NOON


def test_a_secret_written_over_a_file_that_all_may_read_is_ours_alone(tmp_path: Path) -> None:
    path = tmp_path / "ca.key"
    path.write_text("old")
    path.chmod(0o666)

    write_whole(path, b"new", OURS_ALONE)

    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"new", 0o600)


def test_what_all_may_read_is_readable_whatever_the_umask(tmp_path: Path) -> None:
    write_whole(tmp_path / "ca.crt", b"text", PUBLIC)

    assert (tmp_path / "ca.crt").stat().st_mode & 0o777 == 0o644


def test_what_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "ca.key").mkdir()

    with pytest.raises(OSError, match="directory"):
        write_whole(tmp_path / "ca.key", b"text", OURS_ALONE)

    assert [path.name for path in tmp_path.iterdir()] == ["ca.key"]


def test_a_certificate_is_good_as_long_as_the_settings_say(tmp_path: Path) -> None:
    Authority.create(tmp_path, NOON)

    issued = Authority.load(tmp_path, timedelta(days=7)).sign(Holder.fresh().csr(DONGLE), DONGLE, NOON)

    assert issued.certificate.expires_at == NOON + timedelta(days=7)
