"""A real Home Assistant with a simulated Fox inverter: started without prompts on a free port, stopped again."""

import base64
import hashlib
import hmac
import json
import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from websockets.sync.client import connect

from app.domain.errors import UnavailableError
from app.domain.reading import Quantity
from app.services.home_assistant.entities import Entity, EntityMap, HomeAssistant
from tests.stack.install_home_assistant import HASS
from tests.stack.processes import end

CONFIGURATION = Path(__file__).with_name("home_assistant.yaml")
START_LIMIT_S = 120.0
STOP_LIMIT_S = 20.0
POLL_S = 0.05
TEN_YEARS_S = 315_360_000
ISSUED = datetime(2026, 1, 1, tzinfo=UTC)
"""Before any time that a test moves Home Assistant to; it refuses tokens from the future."""

FOX: EntityMap = {
    Quantity.SOC_PCT: Entity(entity_id="sensor.battery_soc"),
    Quantity.SOLAR_KW: Entity(entity_id="sensor.pv_power"),
    Quantity.LOAD_KW: Entity(entity_id="sensor.house_load"),
    Quantity.GRID_KW: Entity(entity_id="sensor.grid_power"),
    Quantity.BATTERY_KW: Entity(entity_id="sensor.battery_power", sign=-1),
    Quantity.BATTERY_VOLTAGE_V: Entity(entity_id="sensor.battery_voltage"),
}


@dataclass(frozen=True, kw_only=True)
class MqttEntry:
    """A broker that Home Assistant knows from its start; the CA as PEM text."""

    host: str
    port: int
    username: str
    password: str
    ca_pem: str


@dataclass(kw_only=True)
class RunningHomeAssistant:
    """Where it listens, the token it takes and what it writes; `home` is our own client of it. It may be stopped and started again."""

    url: str
    token: str
    folder: Path
    home: HomeAssistant
    env: Mapping[str, str]
    process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        return self.folder / "home-assistant.out"

    def start(self) -> None:
        """Start it on what is in its folder, and wait until it runs."""
        command = [str(HASS), "--config", str(self.folder), "--skip-pip"]
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, env=self.env)
        until(self._runs, START_LIMIT_S, "Home Assistant runs")

    def stop(self) -> None:
        """Ask it to end, and end it if it does not."""
        end(self.process, STOP_LIMIT_S)

    def state(self, entity_id: str) -> str:
        return str(self._told(entity_id)["state"])

    def changed_at(self, entity_id: str) -> datetime:
        """Return since when an entity has its state."""
        return datetime.fromisoformat(self._told(entity_id)["last_changed"])

    def history(self, entity_id: str, since: datetime, end: datetime) -> list[tuple[datetime, str]]:
        """Return the states of an entity as the recorder keeps them, oldest first."""
        span = {"filter_entity_id": entity_id, "end_time": end.isoformat()}
        reply = self.home.http.get(f"api/history/period/{since.isoformat()}", params=span, headers=self._rights())
        states = reply.raise_for_status().json()
        return [(datetime.fromisoformat(each["last_changed"]), each["state"]) for each in (states[0] if states else [])]

    def tell(self, kind: str, **more: object) -> None:
        """Give an order over its websocket, as its own page does."""
        with connect(self.url.replace("http", "ws") + "api/websocket", proxy=None) as line:
            line.recv()
            line.send(json.dumps({"type": "auth", "access_token": self.token}))
            line.recv()
            line.send(json.dumps({"id": 1, "type": kind} | more))
            reply = json.loads(line.recv())
            if not reply["success"]:
                raise RuntimeError(f"{kind}: {reply['error']}")

    def set_number(self, name: str, value: float) -> None:
        self.home.call_service("input_number", "set_value", {"entity_id": f"input_number.{name}", "value": value})

    def set_online(self, *, online: bool) -> None:
        service = "turn_on" if online else "turn_off"
        self.home.call_service("input_boolean", service, {"entity_id": "input_boolean.sim_inverter_online"})

    def _told(self, entity_id: str) -> dict[str, Any]:
        told: dict[str, Any] = self.home.http.get(f"api/states/{entity_id}", headers=self._rights()).raise_for_status().json()
        return told

    def _rights(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def _runs(self) -> bool:
        if self.process is not None and self.process.poll() is not None:
            raise RuntimeError(f"Home Assistant ended by itself:\n{self.log.read_text()[-3000:]}")
        try:
            return self.home.config().state == "RUNNING" and self.state("sensor.grid_power") not in {"unknown", "unavailable"}
        except (UnavailableError, httpx.HTTPError):
            return False


@contextmanager
def home_assistant(
    folder: Path,
    *,
    port: int | None = None,
    mqtt: MqttEntry | None = None,
    packages: Sequence[Path] = (),
    own: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> Iterator[RunningHomeAssistant]:
    """Run a Home Assistant in a folder until the block ends: a fresh one, or what an earlier one left there.

    Packages are YAML files; `own` is a folder of custom integrations; `env` adds to its environment.
    """
    (folder / "packages").mkdir(parents=True, exist_ok=True)
    shutil.copyfile(CONFIGURATION, folder / "configuration.yaml")
    for package in packages:
        shutil.copy(package, folder / "packages")
    if own is not None:
        shutil.copytree(own, folder / "custom_components", dirs_exist_ok=True)
    log = folder / "home-assistant.out"
    log.write_bytes(b"")
    token, port = seed(folder, mqtt), port or free_port()
    url = f"http://127.0.0.1:{port}/"
    with httpx.Client(base_url=url, trust_env=False) as http:
        home = HomeAssistant(http=http, token=token, entities=FOX)
        given = os.environ | {"HA_PORT": str(port)} | dict(env or {})
        running = RunningHomeAssistant(url=url, token=token, folder=folder, home=home, env=given)
        try:
            running.start()
            yield running
        finally:
            running.stop()


def until(holds: Callable[[], bool], limit_s: float, what: str) -> None:
    """Wait until something holds.

    Raises:
        TimeoutError: it did not within the limit.
    """
    end = time.monotonic() + limit_s
    while not holds():
        if time.monotonic() > end:
            raise TimeoutError(f"waited {limit_s:.0f} s until {what}")
        time.sleep(POLL_S)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def seed(folder: Path, mqtt: MqttEntry | None = None) -> str:
    """Write the storage of a Home Assistant that has been through its welcome, and return a long-lived token of its owner."""
    owner, token_id, key = secrets.token_hex(16), secrets.token_hex(16), secrets.token_hex(64)
    _store(folder, "onboarding", {"done": ["user", "core_config", "analytics", "integration"]}, version=4)
    _store(folder, "core.analytics", {"onboarded": True, "preferences": {}, "uuid": None})
    _store(
        folder, "auth", {"users": [_user(owner)], "groups": _GROUPS, "credentials": [], "refresh_tokens": [_token(owner, token_id, key)]}
    )
    if mqtt is not None:
        _store(folder, "core.config_entries", {"entries": [_mqtt(mqtt)]}, minor=5)
    return _signed({"iss": token_id, "iat": int(ISSUED.timestamp()), "exp": int(time.time()) + TEN_YEARS_S}, key)


_GROUPS = [
    {"id": "system-admin", "name": "Administrators"},
    {"id": "system-users", "name": "Users"},
    {"id": "system-read-only", "name": "Read Only"},
]


def _user(owner: str) -> dict[str, object]:
    rights = {"group_ids": ["system-admin"], "is_owner": True, "is_active": True, "system_generated": False, "local_only": False}
    return {"id": owner, "name": "owner", **rights}


def _token(owner: str, token_id: str, key: str) -> dict[str, object]:
    nothing = dict.fromkeys(["client_id", "client_icon", "last_used_at", "last_used_ip", "expire_at", "credential_id"])
    return nothing | {
        "id": token_id,
        "user_id": owner,
        "client_name": "tests",
        "token_type": "long_lived_access_token",
        "created_at": datetime.now(UTC).isoformat(),
        "access_token_expiration": float(TEN_YEARS_S),
        "token": secrets.token_hex(64),
        "jwt_key": key,
        "version": "2025.4.4",
    }


def _mqtt(entry: MqttEntry) -> dict[str, object]:
    """Return a configured integration; its id is always the same, so that a restart finds its entities again."""
    at = datetime.now(UTC).isoformat()
    access = {"username": entry.username, "password": entry.password, "certificate": entry.ca_pem, "tls_insecure": False}
    return {
        "domain": "mqtt",
        "entry_id": "mqtt0000000000000000000000000000",
        "version": 1,
        "minor_version": 2,
        "title": entry.host,
        "data": {"broker": entry.host, "port": entry.port, "protocol": "5", "discovery": True, **access},
        **dict.fromkeys(["unique_id", "disabled_by"]),
        **dict.fromkeys(["pref_disable_new_entities", "pref_disable_polling"], False),
        "options": {},
        "discovery_keys": {},
        "subentries": [],
        "source": "user",
        "created_at": at,
        "modified_at": at,
    }


def _store(folder: Path, key: str, data: dict[str, object], *, version: int = 1, minor: int = 1) -> None:
    storage = folder / ".storage"
    storage.mkdir(exist_ok=True)
    (storage / key).write_text(json.dumps({"version": version, "minor_version": minor, "key": key, "data": data}))


def _signed(claims: dict[str, object], key: str) -> str:
    """Return a JSON web token as Home Assistant signs its own."""
    text = ".".join(_base64(json.dumps(part).encode()) for part in ({"alg": "HS256", "typ": "JWT"}, claims))
    return f"{text}.{_base64(hmac.new(key.encode(), text.encode(), hashlib.sha256).digest())}"


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
