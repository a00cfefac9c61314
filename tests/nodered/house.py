"""A house whose flow tests drive: a real optimizer, a switchboard, a real Home Assistant with a simulated Fox inverter, a real Node-RED."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from websockets.sync.client import connect

from tests.nodered.switchboard import Switchboard, switchboard
from tests.page.demo import Demo
from tests.stack.executor import Json, fox, rhythms
from tests.stack.home_assistant import RunningHomeAssistant, home_assistant, until
from tests.stack.nodered import PARTS, RunningNodeRed, node_red

MODE = "select.fox_work_mode"
TICK_S, LEASE_S, HAND_S = 4.0, 14.0, 90.0
"""Accelerated: five minutes, thirty-five and sixty at home."""
SAFE_WITHIN_S = LEASE_S + TICK_S
"""The promise: however it fails, the inverter is in self-use within the lease and one tick."""
PATIENCE_S = 60.0
HOUSE = {"OPTIMIZER_TARIFF__SOURCE": "simulated", "OPTIMIZER_SOLAR__PEAK_KW": "4", "OPTIMIZER_BATTERY__RESERVE_PCT": "10"}
TOLD = fox(rhythms=rhythms(control_s=TICK_S), lease_s=LEASE_S, hand_s=HAND_S, write_budget=500)
"""What the flow is told of this house."""


@dataclass(frozen=True, kw_only=True)
class Stack:
    """A house with everything in it."""

    optimizer: Demo
    board: Switchboard
    ha: RunningHomeAssistant
    flow: RunningNodeRed

    def mode(self) -> str:
        return self.ha.state(MODE)

    def set_mode(self, option: str) -> None:
        self.ha.home.call_service("select", "select_option", {"entity_id": MODE, "option": option})

    def set_ignored(self, options: str) -> None:
        """Have the inverter accept an option and not obey: one of them, `everything`, or none."""
        self.ha.home.call_service("input_text", "set_value", {"entity_id": "input_text.sim_ignores", "value": options})

    def set_refused(self, option: str) -> None:
        """Have the inverter refuse an option; none when it is empty."""
        self.ha.home.call_service("input_text", "set_value", {"entity_id": "input_text.sim_refuses", "value": option})

    def offer(self, options: Sequence[str]) -> None:
        """Have the inverter's select offer these options."""
        self.ha.home.call_service("input_select", "set_options", {"entity_id": "input_select.work_mode", "options": list(options)})

    def drop(self) -> None:
        """Have the inverter drop its mode and go on showing it."""
        self.ha.home.call_service("input_boolean", "turn_on", {"entity_id": "input_boolean.sim_dropped"})

    def api(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401  JSON
        reply = httpx.request(method, f"{self.optimizer.url}/api/v1/{path}", json=body, timeout=30, trust_env=False)
        reply.raise_for_status()
        return reply.json() if reply.content else None

    def tell(self, **changes: object) -> None:
        """Have the flow be told something else of the house."""
        assert self.board.told is not None
        self.board.told = self.board.told | changes

    def describe(self, house: Json) -> None:
        """Have the optimizer know the house by a document, and tell the flow of that."""
        url, http = f"{self.optimizer.url}/api/v1/sites/home", httpx.Client(trust_env=False, timeout=30)
        with http:
            known = http.get(url)
            seen = {"If-Match": known.headers["etag"]} if known.is_success else {"If-None-Match": "*"}
            http.put(url, json=house, headers=seen).raise_for_status()
        self.board.told = None

    def force(self, mode: str, power_kw: float | None = None) -> None:
        self.release()
        now = datetime.now(UTC).replace(second=0, microsecond=0)
        body = {"mode": mode, "until": (now + timedelta(hours=2)).isoformat()} | ({"power_kw": power_kw} if power_kw else {})
        self.api("PUT", f"overrides/{now:%Y-%m-%dT%H:%M:%SZ}", body)

    def release(self) -> None:
        for each in self.api("GET", "overrides")["overrides"]:
            self.api("DELETE", f"overrides/{each['start']}")

    def outcomes(self, mode_code: str) -> list[dict[str, Any]]:
        """Return what became of a mode a test forced."""
        told = self.api("GET", "decisions")["decisions"]
        forced = [each for each in told if each["plan_source"] == "override" and each["mode_code"] == mode_code]
        return [outcome for each in forced for outcome in each["outcomes"]]

    def wait_mode(self, option: str, limit_s: float = PATIENCE_S) -> None:
        until(lambda: self.mode() == option, limit_s, f"the inverter reads {option} (it reads {self.mode()})")

    def rest(self) -> None:
        """Have a tick that knows of it keep the inverter in self-use."""
        handed = len(self.board.handed)
        self.force("self_use")
        until(lambda: "self_use" in [each["mode_code"] for each in self.board.handed[handed:]], PATIENCE_S, "a tick is told self-use")
        self.wait_mode("Self Use")

    def wait_ticks(self, count: int = 2) -> None:
        posts = self.board.posts
        until(lambda: self.board.posts >= posts + count, PATIENCE_S, f"{count} more ticks")

    def wait_safe(self, since: datetime) -> None:
        """Wait for self-use; by Home Assistant's own clock it must have come within the lease and one tick of a fault."""
        self.wait_mode("Self Use")
        assert (self.ha.changed_at(MODE) - since).total_seconds() <= SAFE_WITHIN_S

    def notices(self) -> str:
        """Return what Home Assistant shows its people."""
        with connect(f"{self.ha.url.replace('http', 'ws', 1)}api/websocket") as socket:
            socket.recv()
            socket.send(json.dumps({"type": "auth", "access_token": self.ha.token}))
            socket.recv()
            socket.send(json.dumps({"id": 1, "type": "persistent_notification/get"}))
            return str(socket.recv())

    def flow_state(self) -> dict[str, Any]:
        """Return what the flow keeps over a restart."""
        kept: dict[str, Any] = json.loads((self.flow.folder / "context" / "global" / "global.json").read_text())["battery"]
        return kept

    @contextmanager
    def other_flow(self, folder: Path, *, flows: Path | None = None, parts: Path = PARTS) -> Iterator["Stack"]:
        """Give the same house to another Node-RED for a while."""
        self.flow.stop()
        near, token = self.ha.url.rstrip("/"), self.ha.token
        try:
            with node_red(folder, optimizer=self.board.url, home_assistant=near, token=token, flows=flows, parts=parts) as other:
                yield Stack(optimizer=self.optimizer, board=self.board, ha=self.ha, flow=other)
        finally:
            self.flow.start()


@contextmanager
def running_house(folder: Path) -> Iterator[Stack]:
    """Run it until the block ends."""
    optimizer = Demo(folder, HOUSE | {"OPTIMIZER_DATABASE__URL": f"sqlite:///{folder}/optimizer.db"})
    optimizer.start()
    try:
        with (
            switchboard(optimizer.url, TOLD) as board,
            home_assistant(folder / "ha") as ha,
            node_red(folder / "nr", optimizer=board.url, home_assistant=ha.url.rstrip("/"), token=ha.token) as flow,
        ):
            yield Stack(optimizer=optimizer, board=board, ha=ha, flow=flow)
    finally:
        optimizer.stop()
