"""A house with its door for dongles, and everybody who is not to come in or not to say it: they try, once each."""

import re
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from app.trust.credentials import Authority
from app.trust.holder import Holder
from tests.stack.connected_dongle import ConnectedDongle
from tests.stack.dongle_door import PASSWORD, Door, Visitor, visitor
from tests.stack.home_assistant import until
from tests.stack.service import RunningService

A, B = "bat_a", "bat_b"
DEVICES = "/api/v1/devices"
LOGGED_WITHIN_S = 90.0
"""The rounds look every 20 s, after they have planned, on a busy machine."""
FORGED = (f"devices/{B}/status", f"devices/{A}/commands/request", f"battery_optimizer/{A}", "homeassistant/status")
NO_CERTIFICATE, PASSWORD_ONLY = "no certificate", "a password"
BAD_ONES = FOREIGN, EXPIRED, REVOKED = "a foreign one", "one out of date", "a revoked one"
TIMES = re.compile(r"\((\d+) times\)")


@dataclass
class House:
    door: Door
    service: RunningService
    authority: Authority

    def enrolled(self, device: str) -> Visitor:
        """Let a device in as its owner does, and return what it then holds."""
        key = Holder.fresh()
        told = self.service.post(f"{DEVICES}/enroll", {"code": self.code(), "device": device, "csr": key.csr(device)})
        return visitor(self.door.folder, device, key, told["certificate"])

    def code(self) -> str:
        return str(self.service.post(f"{DEVICES}/claim-codes", {})["code"])

    def is_logged(self, actor: str, action: str, detail: str) -> None:
        """Wait until the audit log tells it."""
        until(lambda: self.logs(actor, action, detail), LOGGED_WITHIN_S, f"{actor} {action} {detail} is logged")

    def logs(self, actor: str, action: str, detail: str) -> bool:
        entries = self.service.get("/api/v1/audit")["entries"]
        return any((each["actor"], each["action"]) == (actor, action) and detail in each["detail"] for each in entries)

    def times_refused(self, detail: str) -> int:
        """Return how many refusals the audit log tells with these words; what is the same is one entry with a number."""
        told = [each["detail"] for each in self.service.get("/api/v1/audit")["entries"] if detail in each["detail"]]
        return sum(int(number[1]) if (number := TIMES.search(each)) else 1 for each in told)


@dataclass(frozen=True, kw_only=True)
class Tried:
    """What the door said to each who is not to come in or not to say it, and what the optimizer would be told before and after."""

    before: dict[str, str]
    after: dict[str, str]
    forged: dict[str, str]
    """What Mosquitto's client was told, by topic."""
    refused: dict[str, int]
    """The exit code of Mosquitto's client, by what was wrong with who came."""
    revoked_came_in_before: bool
    kept: ConnectedDongle
    """One that was shut out while it was connected."""


def all_try(house: House, dongle: Visitor, folder: Path) -> Tried:
    """Have all of them try, one after the other: the rounds look into the broker's log every 20 s, and so it is waited for once."""
    assert house.door.says(dongle, f"devices/{A}/status", "on", "-r").returncode == 0
    before = house.door.retained()
    lost, kept = house.enrolled("bat_lost"), ConnectedDongle("bat_kept", house.door.port, house.door.folder)
    came_in_before = house.door.says(lost, "devices/bat_lost/telemetry").returncode == 0
    house.enrolled(kept.device)
    kept.come()
    forged = {topic: house.door.says(dongle, topic, "forged", "-r", "-i", "somebody-else").stderr for topic in FORGED}
    _leave_last_wills(house, dongle)
    refused = {name: house.door.says(who, f"devices/{A}/status").returncode for name, who in _strangers(house, folder).items()}
    for device in ("bat_lost", kept.device):
        assert house.service.http.delete(f"{DEVICES}/{device}").is_success
    house.door.reload()
    refused[REVOKED] = house.door.says(lost, f"devices/{A}/status").returncode
    after = house.door.retained()
    return Tried(before=before, after=after, forged=forged, refused=refused, revoked_came_in_before=came_in_before, kept=kept)


def _strangers(house: House, folder: Path) -> dict[str, Visitor]:
    now = datetime.now(UTC)
    return {
        NO_CERTIFICATE: Visitor(),
        PASSWORD_ONLY: Visitor(("-u", "optimizer", "-P", PASSWORD)),
        FOREIGN: house.door.signed("foreign", Authority.create(folder / "authority", now), A, now),
        EXPIRED: house.door.signed("expired", house.authority, A, now - timedelta(days=731)),
    }


def _leave_last_wills(house: House, dongle: Visitor) -> None:
    """Come with a last will for somebody else and with one for oneself, and be cut off each time."""
    for device in (B, A):
        will = ("--will-topic", f"devices/{device}/status", "--will-payload", f"dead by {A}", "--will-retain")
        seen = house.door.said().count("New client connected")
        ear = house.door.hears(Visitor((*dongle.options, *will, "-V", "5")), f"devices/{A}/commands/request")
        until(partial(_has_tried, house, ear, seen), 10, "it comes in or is refused")
        ear.kill()
        ear.communicate(timeout=10)


def _has_tried(house: House, ear: "subprocess.Popen[str]", seen: int) -> bool:
    return ear.poll() is not None or house.door.said().count("New client connected") > seen
