"""What `.env` says and cannot be understood is told by file and line, and what guards the service is never passed over."""

import logging
import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.config.env_file import MOST_BYTES, TOKENS, faults
from app.config.settings import load, unread_tokens
from app.domain.errors import InvalidInputError

SECRET = "a-secret-that-must-never-be-printed"  # noqa: S105
ADMIN = "OPTIMIZER_API__ADMIN_TOKEN"
ENV = Path(".env")
GOES_ON = re.compile(r"[A-Za-z0-9_]")
"""So the name is another one."""


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let no setting of this machine in."""
    monkeypatch.chdir(tmp_path)
    for name in os.environ:
        if name.startswith("OPTIMIZER_"):
            monkeypatch.delenv(name)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"{ADMIN} {SECRET}", f"line 1: there is no = in it; {ADMIN} cannot be told from it"),
        (f"{ADMIN}", f"line 1: there is no = in it; {ADMIN} cannot be told from it"),
        (f"\n# a word\n\n{ADMIN}: {SECRET}\n", f"line 4: there is no = in it; {ADMIN} cannot be told from it"),
        (f'\n\n{ADMIN}="{SECRET}\n', f"line 3: the quote is not closed; {ADMIN} cannot be told from it"),
        (f"{ADMIN}='{SECRET}' 1\n", f"line 1: something stands after the closing quote; {ADMIN} cannot be told from it"),
        (f'TZ="Europe\n{ADMIN}="{SECRET}"\n', f"line 1: the quote is not closed; {ADMIN} cannot be told from it"),
        (f'TZ="Europe\n{ADMIN}={SECRET}\nA="b', f"line 1: the quote is not closed; {ADMIN} cannot be told from it"),
        (f'TZ="a\n{ADMIN}=b\nA="\n', f"line 1: the quote is not closed before line 3, so that {ADMIN}, A became a part of TZ"),
        (f'TZ="a\r{ADMIN}=b\r"\r', f"line 1: the quote is not closed before line 3, so that {ADMIN} became a part of TZ"),
        ("set optimizer_api__port=9000", "line 1: it is not NAME=value; OPTIMIZER_API__PORT cannot be told from it"),
        (f"=x {ADMIN}", f"line 1: it is not NAME=value; {ADMIN} cannot be told from it"),
        (f"{ADMIN}\u200b=\n", f"line 1: '{ADMIN}\\u200b' has a character that belongs into no name"),
        (f"{ADMIN}={SECRET}\n\n{ADMIN}={SECRET}2\n", f"line 3: {ADMIN} stands in line 1 already; say it once"),
        (f"{ADMIN}={SECRET}\n{ADMIN.lower()}=\n", f"line 2: {ADMIN} stands in line 1 already; say it once"),
    ],
)
def test_a_line_of_ours_that_cannot_be_understood_stops_the_start(text: str, told: str) -> None:
    ENV.write_text(text)
    with pytest.raises(InvalidInputError) as refused:
        load()
    assert f".env, {told}" in str(refused.value).splitlines()
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (f"# für\n{ADMIN}={SECRET}\n".encode("latin-1"), ".env, line 1: this is not UTF-8; save the file as UTF-8 in the editor"),
        (f"A=b\n{ADMIN}={SECRET}\n".encode("utf-16"), ".env, line 1: this is not UTF-8"),
        (b"A=b\n" * MOST_BYTES, "that is no file of settings"),
    ],
)
def test_a_file_that_is_no_text_stops_the_start(raw: bytes, told: str) -> None:
    ENV.write_bytes(raw)
    with pytest.raises(InvalidInputError, match=told):
        load()


def test_a_folder_in_its_place_stops_the_start() -> None:
    ENV.mkdir()
    with pytest.raises(InvalidInputError, match=r"\.env is a folder"):
        load()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("HA_URL http://a\n", ".env, line 1: there is no = in it"),
        ("TZ\n", ".env, line 1: there is no = in it"),
        ("A='b\n", ".env, line 1: the quote is not closed"),
        ("TZ=a\nTZ=b\n", ".env, line 2: TZ stands in line 1 already; the last one holds"),
        ("OPTIMIZER_MQTT__PREFIX=a\nOPTIMIZER_MQTT__PREFIX=p\n", "OPTIMIZER_MQTT__PREFIX stands in line 1 already; the last one holds"),
        (f"{ADMIN}={SECRET}\n{ADMIN}={SECRET}\n", f"line 2: {ADMIN} stands in line 1 already; the last one holds"),
    ],
)
def test_what_is_odd_and_not_unsafe_is_told_and_passed_over(caplog: pytest.LogCaptureFixture, text: str, told: str) -> None:
    ENV.write_text(text + "OPTIMIZER_API__PORT=9001\n" * ("'" not in text))
    with caplog.at_level(logging.WARNING, logger="app.config.settings"):
        load()
    [record] = [each.getMessage() for each in caplog.records if each.name == "app.config.settings"]
    assert told in record
    assert SECRET not in record


@pytest.mark.parametrize(
    "text",
    [
        f"# {ADMIN} is below\n\n export {ADMIN} = '{SECRET}' # mine\nA=\n",
        'OPTIMIZER_DONGLES__DIRECT=\'[\n  {"device": "bat_60bh37202bfa", "host": "192.168.1.7"}\n]\'\n',
        "\ufeffOPTIMIZER_API__PORT=9000\r\nTZ=Europe/London\r\n",
        "NODE_RED_PASSWORD_HASH='$2y$08$abc'",
        "",
    ],
)
def test_what_is_well_written_is_not_complained_of(text: str) -> None:
    ENV.write_text(text, newline="")
    load()
    assert faults(ENV) == []


@given(st.text(max_size=60), st.sampled_from(sorted(TOKENS)), st.text(max_size=30), st.text(max_size=60))
def test_a_token_that_is_written_is_read_or_missed(before: str, name: str, line: str, after: str) -> None:
    """Whatever stands around it: no line that begins with a token's name leaves the service open without a word."""
    env_file = Path("any.env")
    env_file.write_bytes(f"{before}\n{name}{line}\n{after}".encode("utf-8", "replace"))
    try:
        settings = load(env_file)
    except InvalidInputError:
        return
    token = getattr(settings.api, TOKENS[name])
    assert token is not None or unread_tokens(settings, env_file) or GOES_ON.match(line)


@pytest.mark.parametrize("blank", ["", " ", "''", '""', "${NOT_SET}", " # to come"])
def test_a_blank_token_is_missed(blank: str) -> None:
    ENV.write_text(f"{ADMIN}={blank}\nOPTIMIZER_API__VIEWER_TOKEN={SECRET}\n")
    assert unread_tokens(load()) == [ADMIN]


def test_a_blank_token_of_the_environment_is_missed_unless_the_file_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ADMIN, "")
    assert unread_tokens(load()) == [ADMIN]
    ENV.write_text(f"{ADMIN}={SECRET}\n")
    assert unread_tokens(load()) == []


def test_spaces_are_no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ADMIN, " " * 48)
    with pytest.raises(InvalidInputError, match=f"{ADMIN}: it is blank"):
        load()


@pytest.mark.parametrize("name", ["OPTIMISER_API__ADMIN_TOKEN", "OPTIMZER_API__ADMIN_TOKEN", "OPTIMIZER_API__ADMN_TOKEN"])
@pytest.mark.parametrize("value", [SECRET, ""])
def test_a_slip_of_the_pen_in_a_tokens_name_stops_the_start(name: str, value: str) -> None:
    ENV.write_text(f"{name}={value}\n")
    with pytest.raises(InvalidInputError, match=f"{name}: there is no such variable; did you mean {ADMIN}?"):
        load()


def test_the_tokens_of_others_are_none_of_ours() -> None:
    ENV.write_text("HA_TOKEN=x\nBATTERY_OPTIMIZER_TOKEN=y\nGITHUB_API_TOKEN=z\nADMIN_TOKEN=z\nMY_API__ADMIN_TOKEN=z\n")
    load()


@pytest.mark.parametrize("value", ["inf", "nan", "-inf", "1e999"])
@pytest.mark.parametrize("name", ["OPTIMIZER_PLANNER__TIME_LIMIT_S", "OPTIMIZER_DATABASE__KEEP_PLANS_DAYS", "OPTIMIZER_API__PORT"])
def test_what_is_no_number_is_refused(name: str, value: str) -> None:
    ENV.write_text(f"{name}={value}\n")
    with pytest.raises(InvalidInputError, match=f"^{name}: "):
        load()


@pytest.mark.parametrize(
    "name", ["DATABASE__KEEP_READINGS_DAYS", "DATABASE__KEEP_PLANS_DAYS", "DONGLES__KEEP_RAW_DAYS", "DONGLES__KEEP_MEANS_DAYS"]
)
def test_sizes_beyond_sense_are_refused(name: str) -> None:
    ENV.write_text(f"OPTIMIZER_{name}=100000000000\n")
    with pytest.raises(InvalidInputError, match="less than or equal to 36500"):
        load()
