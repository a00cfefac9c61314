"""What stands wrongly in `.env` is told by doctor, and serve never listens where a token was lost."""

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

type Run = Callable[..., Result]
ADMIN = "OPTIMIZER_API__ADMIN_TOKEN"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"{ADMIN}=\n", f"{ADMIN}: no value could be read, and the service would be open to everybody on this machine"),
        (f"{ADMIN} 0123456789abcdef0123456789abcdef\n", f".env, line 1: there is no = in it; {ADMIN} cannot be told from it"),
        (f'{ADMIN}="0123456789abcdef0123456789abcdef\n', f".env, line 1: the quote is not closed; {ADMIN} cannot be told from it"),
    ],
)
def test_a_token_that_was_written_and_not_read_keeps_the_service_from_starting(run: Run, text: str, told: str) -> None:
    Path(".env").write_text(text)
    refused = run("serve")
    assert refused.exit_code == 1
    assert told in str(refused.exception)
    doctor = run("doctor")
    assert doctor.exit_code == 1
    assert " ".join(told.split()[:6]) in " ".join(doctor.output.replace("│", " ").split())


def test_doctor_names_the_line_that_is_odd(run: Run, octopus: dict[str, str]) -> None:
    Path(".env").write_text("TZ=Europe/London\nTZ=Europe/Paris\n")
    doctor = run("doctor", **octopus)
    assert doctor.exit_code == 1
    assert ".env, line 2: TZ stands in line 1 already; the last one holds" in doctor.output
    Path(".env").write_text("TZ=Europe/London\n")
    assert run("doctor", **octopus).exit_code == 0
