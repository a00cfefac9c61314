"""The authority and devices from a shell, and a device's own commands against a real service."""

from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509
from typer.testing import CliRunner, Result

from app.cli.program import cli
from app.trust.holder import Holder
from tests.stack.service import service

DONGLE = "bat_60bh37202bfa"
type Shell = Callable[..., Result]


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Shell:
    monkeypatch.chdir(tmp_path)
    given = {"OPTIMIZER_TARIFF__SOURCE": "simulated", "OPTIMIZER_CERTIFICATES__FOLDER": str(tmp_path / "ca")}
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    return lambda *words: CliRunner().invoke(cli, words)


def test_an_authority_is_made_once_with_a_certificate_for_the_broker(shell: Shell, tmp_path: Path) -> None:
    made = shell("ca", "create", "--broker", "broker.example", "--broker", "192.168.1.2")

    assert made.exit_code == 0, made.output
    broker = x509.load_pem_x509_certificate((tmp_path / "ca" / "server.crt").read_bytes())
    names = broker.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(each.value) for each in names] == ["broker.example", "192.168.1.2"]
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "ca").iterdir()}
    assert modes == {"ca.key": 0o600, "ca.crt": 0o644, "server.key": 0o640, "server.crt": 0o644, "revoked.crl": 0o644, "log": 0o770}
    assert "has an authority already" in str(shell("ca", "create", "--broker", "x").exception)


def test_without_an_authority_it_says_what_to_do(shell: Shell) -> None:
    assert "ca create" in str(shell("device", "code").exception)


@pytest.mark.slow
def test_a_device_gets_in_renews_and_is_shut_out(shell: Shell, tmp_path: Path) -> None:
    assert shell("ca", "create", "--broker", "localhost").exit_code == 0
    code = shell("device", "code", DONGLE).output.strip()
    settings = {"OPTIMIZER_CERTIFICATES__FOLDER": str(tmp_path / "ca"), "OPTIMIZER_TARIFF__SOURCE": "simulated"}
    with service(tmp_path, settings) as running:
        url = str(running.http.base_url)

        def ours(*words: str) -> Result:
            return shell("device", *words, DONGLE, "--url", url, "--into", str(tmp_path / "dongle"))

        enrolled = ours("enroll", "--code", code)
        assert enrolled.exit_code == 0, (enrolled.output, enrolled.exception)
        first = certificate(tmp_path / "dongle" / f"{DONGLE}.crt")
        assert first.public_key() == Holder.load(tmp_path / "dongle" / f"{DONGLE}.key").key.public_key()
        assert "was used by" in str(ours("enroll", "--code", code).exception)

        assert ours("renew").exit_code == 0
        second = certificate(tmp_path / "dongle" / f"{DONGLE}.crt")
        assert second.serial_number != first.serial_number
        assert second.public_key() == Holder.load(tmp_path / "dongle" / f"{DONGLE}.key").key.public_key()

        assert shell("device", "revoke", DONGLE).exit_code == 0
        assert "revoked" in str(ours("renew").exception)
        assert "revoked" in shell("device", "list").output
        log = running.get("/api/v1/audit")["entries"]
        assert [each["action"] for each in log if each["subject"] == DONGLE] == [
            *("device.enrolled", "device.denied", "device.renewed", "device.revoked", "device.denied")
        ]


def certificate(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())
