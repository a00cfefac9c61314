"""The broker as its own script starts it: the door for dongles. It follows the list of revoked certificates by itself."""

import os
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial

import pytest

from app.trust.credentials import Authority, write_whole
from app.trust.holder import Holder
from tests.stack.connected_dongle import ConnectedDongle
from tests.stack.dongle_door import ANSWERS_WITHIN_S, HOST, Visitor, visitor
from tests.stack.dongle_fleet import LIVE_S, sample
from tests.stack.home_assistant import until
from tests.stack.mosquitto import is_installed
from tests.stack.parts import require
from tests.stack.service import RunningService, service
from tests.stack.started_broker import BROKER, PASSWORDS, StartedBroker, started

pytestmark = pytest.mark.stack

FOLLOWS_WITHIN_S = 8.0
"""It looks every two seconds, on a busy machine."""
CLAIMED_WITHIN_S = 15.0
"""The optimizer asks every ten seconds whose a dongle is."""
ORDERS, SAMPLES, PACE_S = 50, 200, 0.02
"""Messages that wait in the broker while one is cut, and those that are said meanwhile: for 4 s, in the middle of which it is."""
DEVICES = "/api/v1/devices"


@pytest.fixture(scope="module")
def broker() -> Iterator[StartedBroker]:
    require(is_installed(), "mosquitto")
    with started() as running:
        yield running


@pytest.fixture(scope="module")
def optimizer(broker: StartedBroker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    folder = tmp_path_factory.mktemp("optimizer")
    settings = {
        "OPTIMIZER_DATABASE__URL": f"sqlite:///{folder}/home.db",
        "OPTIMIZER_TARIFF__SOURCE": "simulated",
        "OPTIMIZER_CERTIFICATES__FOLDER": str(broker.certificates),
        "OPTIMIZER_CERTIFICATES__BROKER_LOG": str(broker.log),
        "OPTIMIZER_MQTT__HOST": HOST,
        "OPTIMIZER_MQTT__PORT": str(broker.plain_port),
        "OPTIMIZER_MQTT__USERNAME": "optimizer",
        "OPTIMIZER_MQTT__PASSWORD": PASSWORDS["OPTIMIZER_PASSWORD"],
    }
    with service(folder / "service", settings) as running:
        yield running


def enrolled(broker: StartedBroker, optimizer: RunningService, device: str) -> Visitor:
    key = Holder.fresh()
    code = optimizer.post(f"{DEVICES}/claim-codes", {})["code"]
    told = optimizer.post(f"{DEVICES}/enroll", {"code": code, "device": device, "csr": key.csr(device)})
    return visitor(broker.folder, device, key, told["certificate"])


def test_who_was_shut_out_is_refused_within_seconds_and_nobody_restarts_anything(broker: StartedBroker, optimizer: RunningService) -> None:
    lost, other = (enrolled(broker, optimizer, device) for device in ("bat_lost", "bat_other"))
    assert broker.opens(lost, "-t", "devices/bat_lost/telemetry")

    assert optimizer.http.delete(f"{DEVICES}/bat_lost").is_success
    began = time.monotonic()

    until(lambda: not broker.opens(lost, "-t", "devices/bat_lost/telemetry"), FOLLOWS_WITHIN_S, "the revoked certificate is refused")
    print(f"refused {time.monotonic() - began:.1f} s after it was revoked")  # noqa: T201
    assert broker.opens(other, "-t", "devices/bat_other/telemetry")
    assert broker.process.poll() is None


def connected(broker: StartedBroker, optimizer: RunningService, device: str) -> ConnectedDongle:
    enrolled(broker, optimizer, device)
    dongle = ConnectedDongle(device, broker.port, broker.folder)
    dongle.come()
    return dongle


def test_one_that_is_connected_is_cut_within_seconds_and_comes_no_second_time(broker: StartedBroker, optimizer: RunningService) -> None:
    thief = connected(broker, optimizer, "bat_thief")

    assert optimizer.http.delete(f"{DEVICES}/bat_thief").is_success
    began = time.monotonic()
    until(lambda: bool(thief.cut_at), FOLLOWS_WITHIN_S, "its connection ends")

    print(f"cut {thief.cut_at[0] - began:.1f} s after it was revoked")  # noqa: T201
    refused = broker.said().count("certificate verify failed")
    until(lambda: broker.said().count("certificate verify failed") > refused + 1, FOLLOWS_WITHIN_S, "it tries again, twice")
    assert (thief.is_in, thief.times_in) == (False, 1)
    thief.go()


def test_of_all_others_nothing_is_lost_and_nobody_is_cut(broker: StartedBroker, optimizer: RunningService) -> None:
    thief, speaks, sleeps = (connected(broker, optimizer, device) for device in ("bat_cut", "bat_speaks", "bat_sleeps"))
    sleeps.go()
    orders = [f"order {n}" for n in range(ORDERS)]
    broker.orders(sleeps.device, orders)
    begins = int(time.time()) // LIVE_S * LIVE_S - (SAMPLES + 1) * LIVE_S
    until(partial(_is_heard, optimizer, speaks, begins), CLAIMED_WITHIN_S, "the optimizer knows that it is ours")

    for n in range(1, SAMPLES + 1):
        if n == SAMPLES // 4:
            assert optimizer.http.delete(f"{DEVICES}/{thief.device}").is_success
        speaks.say("telemetry", sample(begins + n * LIVE_S, LIVE_S, None))
        time.sleep(PACE_S)

    until(lambda: bool(thief.cut_at), FOLLOWS_WITHIN_S, "one is cut")
    until(lambda: speaks.confirmed == speaks.said, FOLLOWS_WITHIN_S, "the broker confirms every sample")
    assert (thief.is_in, thief.times_in) == (False, 1)
    assert (speaks.is_in, speaks.cut_at) == (True, [])
    until(lambda: len(_stored(optimizer, speaks, begins)) == SAMPLES + 1, FOLLOWS_WITHIN_S, "every sample is stored")
    assert optimizer.health()["dongles"].startswith("ok: listening")
    sleeps.come()
    until(lambda: len(sleeps.heard) >= ORDERS, FOLLOWS_WITHIN_S, "its orders are told")
    assert sleeps.heard == orders
    for each in (thief, speaks, sleeps):
        each.go()


def test_one_that_gets_a_new_certificate_is_cut_once_and_comes_back_with_it(broker: StartedBroker, optimizer: RunningService) -> None:
    dongle = connected(broker, optimizer, "bat_renewed")

    enrolled(broker, optimizer, dongle.device)
    until(lambda: bool(dongle.cut_at), FOLLOWS_WITHIN_S, "the connection by its old certificate ends")
    dongle.go()
    dongle.come()

    _let_it_follow(broker)
    assert (dongle.is_in, dongle.times_in) == (True, 2)
    dongle.go()


def test_a_list_that_is_damaged_or_written_anew_cuts_nobody(broker: StartedBroker, optimizer: RunningService) -> None:
    gone = connected(broker, optimizer, "bat_gone")
    assert optimizer.http.delete(f"{DEVICES}/{gone.device}").is_success
    until(lambda: bool(gone.cut_at), FOLLOWS_WITHIN_S, "it is cut")
    gone.go()
    published, ended = (broker.certificates / "revoked.crl").read_bytes(), broker.ended()
    assert b"revoked bat_gone " in published

    for text in (b"damaged", published):
        reloads = broker.reloads()
        write_whole(broker.certificates / "revoked.crl", text, 0o644)
        until(lambda before=reloads: broker.reloads() > before, FOLLOWS_WITHIN_S, "the broker reads it anew")  # type: ignore[misc]
    _let_it_follow(broker)

    assert broker.ended() == ended
    assert broker.process.poll() is None


def test_a_new_certificate_of_the_broker_is_shown_within_seconds(broker: StartedBroker) -> None:
    before = _shown(broker)
    Authority.load(broker.certificates).sign_broker([HOST, "new.example"], datetime.now(UTC))

    until(lambda: _shown(broker) != before, FOLLOWS_WITHIN_S, "the new certificate is shown")


def test_the_broker_reads_its_own_key_and_not_the_authoritys(broker: StartedBroker) -> None:
    require(os.getuid() == 0, "root, to be another user than the optimizer's")

    def reads(name: str) -> bool:
        who = ["setpriv", f"--reuid={BROKER}", f"--regid={BROKER}", f"--groups={os.getgid()}"]
        return subprocess.run([*who, "cat", str(broker.certificates / name)], check=False, capture_output=True).returncode == 0

    assert {name: reads(name) for name in ("ca.key", "server.key", "server.crt", "ca.crt", "revoked.crl")} == {
        "ca.key": False, "server.key": True, "server.crt": True, "ca.crt": True, "revoked.crl": True,
    }  # fmt: skip
    assert broker.log.stat().st_mode & 0o777 == 0o660
    assert broker.log.stat().st_gid == os.getgid()


def test_who_the_broker_refuses_is_in_the_audit_log(broker: StartedBroker, optimizer: RunningService) -> None:
    assert not broker.opens(Visitor(), "-t", "devices/bat_other/status")

    def logged() -> bool:
        entries = optimizer.get("/api/v1/audit")["entries"]
        return any("it showed no certificate" in each["detail"] for each in entries)

    until(logged, 90, "the refusal is logged")


def _let_it_follow(broker: StartedBroker) -> None:
    """Wait until what follows the list has looked again."""
    reloads = broker.reloads()
    Authority.load(broker.certificates).sign_broker([HOST], datetime.now(UTC))
    until(lambda: broker.reloads() > reloads, FOLLOWS_WITHIN_S, "the broker reads its files anew")


def _stored(optimizer: RunningService, dongle: ConnectedDongle, since: int) -> list[dict[str, object]]:
    start = datetime.fromtimestamp(since, UTC).isoformat()
    samples: list[dict[str, object]] = optimizer.get(f"{DEVICES}/{dongle.device}/telemetry", start=start)["samples"]
    return samples


def _is_heard(optimizer: RunningService, dongle: ConnectedDongle, at: int) -> bool:
    dongle.say("telemetry", sample(at, LIVE_S, None))
    return bool(_stored(optimizer, dongle, at))


def _shown(broker: StartedBroker) -> str:
    asked = ["openssl", "s_client", "-connect", f"{HOST}:{broker.port}", "-showcerts"]
    return subprocess.run(asked, check=False, capture_output=True, text=True, input="", timeout=ANSWERS_WITHIN_S).stdout.split("-----END")[
        0
    ]
