"""A house whose optimizer is a device of Home Assistant: a broker and the service on simulated prices, as tests of the device use them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from websockets.sync.client import connect

from tests.stack.home_assistant import RunningHomeAssistant, until
from tests.stack.mosquitto import Mosquitto
from tests.stack.service import RunningService, service

QUICKLY_S = 30.0
"""How soon a change is to be seen, on a busy machine."""
PATIENTLY_S = 45.0
"""The bridge looks for changes every 10 s, and tries a broker again after up to that much and more."""


@dataclass(frozen=True, kw_only=True)
class MqttHouse:
    """A broker, and a folder where services of one house run one after the other."""

    broker: Mosquitto
    folder: Path

    @contextmanager
    def served(self, **more: str) -> Iterator[RunningService]:
        """Serve with prices and a measured state of charge."""
        given = {
            "OPTIMIZER_DATABASE__URL": f"sqlite:///{self.folder}/home.db",
            "OPTIMIZER_TARIFF__SOURCE": "simulated",
            "OPTIMIZER_SOLAR__PEAK_KW": "4",
        }
        with service(self.folder, given | self.broker.settings() | more) as running:
            running.post("/api/v1/prices/refresh")
            push(running, 50)
            until(lambda: running.now()["plan_source"] in {"optimizer", "override"}, QUICKLY_S, "a plan is made")
            yield running


def push(running: RunningService, soc_pct: float) -> None:
    at = datetime.now(UTC).isoformat()
    told = running.post("/api/v1/readings", {"readings": [{"device": "bat_1", "quantity": "soc_pct", "at": at, "value": soc_pct}]})
    assert told["stored"] == 1


def wished(running: RunningService) -> tuple[float, bool]:
    """Return the reserve and dry run people have set."""
    told = running.get("/api/v1/settings/control")
    return told["reserve_pct"], told["dry_run"]


def ask(home: RunningHomeAssistant, **command: object) -> Any:  # noqa: ANN401  (whatever the command answers)
    """Return what one command over Home Assistant's WebSocket gives."""
    with connect(home.url.replace("http", "ws") + "api/websocket", max_size=None, proxy=None) as socket:
        socket.recv()
        socket.send(json.dumps({"type": "auth", "access_token": home.token}))
        assert json.loads(socket.recv())["type"] == "auth_ok"
        socket.send(json.dumps({"id": 1, **command}))
        while (told := json.loads(socket.recv())).get("type") != "result":
            pass
    assert told["success"], told
    return told["result"]


def call(home: RunningHomeAssistant, action: str, entity: str, **data: object) -> None:
    """Do what an automation or a person does."""
    domain, name = action.split(".")
    ask(home, type="call_service", domain=domain, service=name, target={"entity_id": entity}, service_data=data)


def states(home: RunningHomeAssistant) -> dict[str, str]:
    """Return the states of the device's entities by id."""
    told = ask(home, type="get_states")
    return {each["entity_id"]: each["state"] for each in told if ".battery_optimizer" in each["entity_id"]}


def attributes(home: RunningHomeAssistant, entity_id: str) -> dict[str, Any]:
    told = ask(home, type="get_states")
    found: dict[str, Any] = next(each["attributes"] for each in told if each["entity_id"] == entity_id)
    return found


def complaints(home: RunningHomeAssistant) -> list[str]:
    """Return what Home Assistant's log says against the device."""
    lines = home.log.read_text(errors="replace").splitlines()
    about = ("mqtt", "battery_optimizer", "battery optimizer", "automation", "rest", "template", "config")
    return [line for line in lines if (" WARNING " in line or " ERROR " in line) and any(word in line.lower() for word in about)]
