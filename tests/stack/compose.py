"""docker-compose.yml in a fresh copy of what it needs, on the private engine. The tariff is simulated."""

import json
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import httpx

import pin_images
from tests.stack.docker_engine import Engine

ROOT = Path(__file__).parents[2]
TOKEN = "0123456789abcdef" * 3
PASSWORD = "fedcba9876543210" * 3
MACHINES_NETWORK = {"services": {name: {"build": {"network": "host"}} for name in ("optimizer", "nodered")}}
FILES = ("-f", "docker-compose.yml", "-f", "network.yml")
NOT_COPIED = ("__pycache__", ".mypy_cache", "*.egg-info", "node_modules", "certs")
READING = {"device": "battery", "quantity": "soc_pct", "value": 61.5}


@dataclass(frozen=True, slots=True)
class Stack:
    """A clone with its `.env`, and the engine that runs it."""

    engine: Engine
    folder: Path
    port: int

    def compose(self, *words: str) -> str:
        return self.engine.compose(self.folder, *FILES, *words)

    def inspect(self, service: str, template: str) -> str:
        return self.engine.docker("inspect", "--format", template, self.compose("ps", "-q", service).strip()).strip()

    def inside(self, service: str, *words: str) -> str:
        return self.compose("exec", "-T", service, *words)

    def is_healthy(self, service: str) -> bool:
        return self.inspect(service, "{{.State.Health.Status}}") == "healthy"

    def answers(self) -> bool:
        """Whether it is alive and its records are at hand."""
        try:
            return self.ask("live").is_success and self.ask("api/v1/decisions").is_success
        except httpx.HTTPError:
            return False

    def ask(self, path: str, *, token: str | None = TOKEN) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.get(f"http://127.0.0.1:{self.port}/{path}", headers=headers, timeout=15, trust_env=False)

    def push(self, at: datetime) -> None:
        batch = {"readings": [READING | {"at": at.isoformat()}]}
        headers = {"Authorization": f"Bearer {TOKEN}"}
        url = f"http://127.0.0.1:{self.port}/api/v1/readings"
        httpx.post(url, json=batch, headers=headers, timeout=15, trust_env=False).raise_for_status()


def clone(folder: Path) -> Path:
    """Copy what the image and the stack are made of, and let a build on the private engine use the machine's network."""
    folder.mkdir(parents=True)
    for name in ("docker-compose.yml", ".dockerignore", "pyproject.toml"):
        shutil.copyfile(ROOT / name, folder / name)
    for name in ("backend", "nodered"):
        shutil.copytree(
            ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", ".mypy_cache", "*.egg-info", "node_modules")
        )
    pin_images.write(lambda _: None, folder)  # the stand-ins have the tags, not the digests
    (folder / "network.yml").write_text(json.dumps(MACHINES_NETWORK))
    return folder


def env(port: int, **more: str) -> str:
    settings = {
        "MARIADB_PASSWORD": PASSWORD,
        "OPTIMIZER_API__ADMIN_TOKEN": TOKEN,
        "OPTIMIZER_PUBLISH": f"127.0.0.1:{port}",
        "OPTIMIZER_TARIFF__SOURCE": "simulated",
        "OPTIMIZER_API__HOST": "127.0.0.1",  # of a start without containers: must not count in one
        "OPTIMIZER_HOME_ASSISTANT__ENTITIES": """'{"soc_pct": "sensor.battery_soc"}'""",
    } | more
    return "".join(f"{name}={value}\n" for name, value in settings.items())


def timed(what: str, work: Callable[[], object]) -> None:
    began = time.monotonic()
    work()
    print(f"{what}: {time.monotonic() - began:.1f} s")  # noqa: T201
