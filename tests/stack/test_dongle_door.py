"""Who is not to come in does not, by the real broker and the real service; and each who tried is in the audit log."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial

import pytest

from app.trust.credentials import Authority
from app.trust.holder import Holder
from tests.stack.connected_dongle import ConnectedDongle
from tests.stack.dongle_door import HOST, PASSWORD, Door, Visitor
from tests.stack.home_assistant import until
from tests.stack.mosquitto import is_installed
from tests.stack.parts import require
from tests.stack.service import service
from tests.stack.tried_door import BAD_ONES, DEVICES, FORGED, LOGGED_WITHIN_S, NO_CERTIFICATE, PASSWORD_ONLY, A, B, House, Tried, all_try

pytestmark = pytest.mark.stack

BAD = "its certificate is of another authority, out of date, or revoked"
REFUSED_ORDERS = [("expired", "expired"), ("refused", "stale"), ("confirmed", "replayed")]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    require(is_installed(), "mosquitto")
    folder = tmp_path_factory.mktemp("door")
    door, now = Door(folder), datetime.now(UTC)
    authority = Authority.create(door.certificates, now)
    authority.sign_broker(["127.0.0.1"], now)
    settings = {
        "OPTIMIZER_DATABASE__URL": f"sqlite:///{folder}/home.db",
        "OPTIMIZER_TARIFF__SOURCE": "simulated",
        "OPTIMIZER_CERTIFICATES__FOLDER": str(door.certificates),
        "OPTIMIZER_CERTIFICATES__BROKER_LOG": str(door.log),
        "OPTIMIZER_MQTT__HOST": HOST,
        "OPTIMIZER_MQTT__PORT": str(door.plain_port),
        "OPTIMIZER_MQTT__USERNAME": "optimizer",
        "OPTIMIZER_MQTT__PASSWORD": PASSWORD,
    }
    door.start()
    try:
        with service(folder / "service", settings) as running:
            yield House(door, running, authority)
    finally:
        door.stop()


@pytest.fixture(scope="module")
def dongle(house: House) -> Visitor:
    return house.enrolled(A)


@pytest.fixture(scope="module")
def tried(house: House, dongle: Visitor, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tried]:
    told = all_try(house, dongle, tmp_path_factory.mktemp("other"))
    yield told
    told.kept.go()


def test_an_enrolled_dongle_says_what_it_may(tried: Tried) -> None:
    assert tried.before[f"devices/{A}/status"] == "on"


@pytest.mark.parametrize("topic", FORGED)
def test_a_forged_topic_reaches_nobody_and_is_logged(house: House, tried: Tried, topic: str) -> None:
    assert "Not authorized" in tried.forged[topic]
    assert tried.after.get(topic) == tried.before.get(topic)
    assert "forged" not in tried.after.values()
    house.is_logged(A, "device.refused", f"may not say {topic}")


@pytest.mark.parametrize(("status", "reason"), REFUSED_ORDERS)
def test_an_order_that_a_dongle_refused_is_logged(house: House, dongle: Visitor, status: str, reason: str) -> None:
    assert house.door.says(dongle, f"devices/{A}/commands/response", _answer(status, reason)).returncode == 0

    house.is_logged(A, "device.answered", f"none of ours: {status} ({reason})")


def test_a_last_will_counts_below_its_own_id_only(house: House, tried: Tried) -> None:
    until(lambda: house.door.retained().get(f"devices/{A}/status") == f"dead by {A}", 10, "its own last will is told")
    assert f"devices/{B}/status" not in tried.after
    house.is_logged(A, "device.refused", f"may not leave a last will for devices/{B}/status")


def test_without_a_certificate_nobody_comes_in(house: House, tried: Tried) -> None:
    assert tried.refused[NO_CERTIFICATE] != 0
    house.is_logged("unknown", "device.refused", "it showed no certificate")


def test_a_password_does_not_open_the_door_for_dongles(house: House, tried: Tried) -> None:
    assert tried.refused[PASSWORD_ONLY] != 0
    until(lambda: house.times_refused("it showed no certificate") == 2, LOGGED_WITHIN_S, "who came without one is logged each time")


@pytest.mark.parametrize("wrong", BAD_ONES)
def test_a_certificate_of_another_authority_out_of_date_or_revoked_does_not_open(house: House, tried: Tried, wrong: str) -> None:
    assert tried.refused[wrong] != 0
    until(lambda: house.times_refused(BAD) == len(BAD_ONES), LOGGED_WITHIN_S, "each of the three is logged, once")


def test_only_the_revoked_certificate_opens_no_more(house: House, tried: Tried) -> None:
    assert tried.revoked_came_in_before
    entries = house.service.get("/api/v1/audit")["entries"]
    assert [each["subject"] for each in entries if each["action"] == "device.revoked"].count("bat_lost") == 1
    assert house.door.says(house.enrolled(B), f"devices/{B}/telemetry").returncode == 0


def test_one_that_was_shut_out_while_connected_is_heard_no_more_and_logged(house: House, tried: Tried) -> None:
    kept = tried.kept
    until(partial(_says_in_vain, house, kept), LOGGED_WITHIN_S, "what it says is refused and logged")
    refused = house.service.get(DEVICES)["intake"]["rejected"]["revoked"]

    kept.say("commands/response", _answer("expired", "of one that is shut out"))
    until(lambda: house.service.get(DEVICES)["intake"]["rejected"]["revoked"] > refused, 10, "the next is refused too")

    assert (kept.is_in, kept.times_in) == (True, 1)  # nothing but start.sh ends it
    assert not house.logs(kept.device, "device.answered", "of one that is shut out")


def test_a_dongle_hears_its_own_orders_only(house: House, dongle: Visitor) -> None:
    before = house.door.said().count("Sending SUBACK to bat_a")
    ear = house.door.hears(dongle, "devices/#", "-C", "1")
    until(lambda: house.door.said().count("Sending SUBACK to bat_a") > before, 10, "it listens")
    for device in (B, A):  # would it hear the other's, it would hear it first
        house.door.orders(f"devices/{device}/commands/request", f"for {device}")

    heard, _ = ear.communicate(timeout=20)

    assert heard.splitlines() == [f"devices/{A}/commands/request for {A}"]


def test_a_code_works_once_and_a_guess_never(house: House) -> None:
    code, csr = house.code(), Holder.fresh().csr("bat_once")
    assert house.service.http.post(f"{DEVICES}/enroll", json={"code": code, "device": "bat_once", "csr": csr}).is_success

    again = house.service.http.post(f"{DEVICES}/enroll", json={"code": code, "device": "bat_twice", "csr": csr})
    guess = house.service.http.post(f"{DEVICES}/enroll", json={"code": "AAAA-BBBB-CCCC-DDDD", "device": "bat_guess", "csr": csr})

    assert (again.status_code, guess.status_code) == (403, 403)
    house.is_logged("bat_twice", "device.denied", "used by bat_once")
    house.is_logged("bat_guess", "device.denied", "there is no such code")


@pytest.mark.usefixtures("tried")
def test_a_broker_goes_on_writing_into_a_log_that_was_emptied(house: House) -> None:
    until(lambda: house.times_refused(BAD) == len(BAD_ONES), LOGGED_WITHIN_S, "what it said before is read")
    house.door.log.write_text("")

    house.door.says(house.enrolled(A), f"devices/{B}/telemetry", "after")

    assert house.door.said().lstrip("\0") == house.door.said() != ""
    house.is_logged(A, "device.refused", f"may not say devices/{B}/telemetry")


def _answer(status: str, reason: str) -> str:
    """Return what a dongle says of an order that nobody here gave."""
    return json.dumps({"v": 1, "id": "of-others", "ts": int(datetime.now(UTC).timestamp()), "status": status, "reason": reason})


def _says_in_vain(house: House, who: ConnectedDongle) -> bool:
    who.say("commands/response", _answer("expired", "expired"))
    return house.logs(who.device, "device.unheard", "revoked")
