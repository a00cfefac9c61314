"""The image and docker-compose.yml, really built and run by a private Docker Engine. The tariff is simulated."""

import json
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from tests.stack import base_images, docker_engine
from tests.stack.docker_engine import Engine
from tests.stack.home_assistant import free_port, until
from tests.stack.parts import require

pytestmark = pytest.mark.container

ROOT = Path(__file__).parents[2]
TOKEN = "0123456789abcdef" * 3
PASSWORD = "fedcba9876543210" * 3
MACHINES_NETWORK = "services: {optimizer: {build: {network: host}}}"
FILES = ("-f", "docker-compose.yml", "-f", "network.yml")
LARGEST_MB = 300
HEALTHY_WITHIN_S = 120
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


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """The stack of a fresh clone, built and healthy; its times are printed (`pytest -s`)."""
    require(docker_engine.can_run(), "root on Debian, for a private Docker Engine")
    require(base_images.can_make(), f"a Python that can stand in for python:{base_images.python_tag()}")
    folder = Path(tempfile.mkdtemp(prefix="compose-"))
    with docker_engine.engine() as engine:
        running = Stack(engine, _clone(folder / "battery"), free_port())
        (running.folder / ".env").write_text(_env(running.port))
        _timed("base images", lambda: base_images.make(engine))
        try:
            _timed("build", lambda: running.compose("build"))
            _timed("up, database healthy", lambda: running.compose("up", "-d"))
            _timed("then service healthy", lambda: until(lambda: running.is_healthy("optimizer"), HEALTHY_WITHIN_S, "it is healthy"))
            yield running
        except BaseException:
            print(running.compose("logs", "--no-color", "--tail", "60"))  # noqa: T201
            raise
        finally:
            running.compose("down", "--volumes", "--timeout", "5")
            shutil.rmtree(folder)


def test_image_is_small(stack: Stack) -> None:
    size_mb = int(stack.engine.docker("image", "inspect", "--format", "{{.Size}}", "battery-optimizer")) / 1e6
    print(f"image: {size_mb:.0f} MB")  # noqa: T201

    assert size_mb < LARGEST_MB


def test_runs_as_nobody_on_a_disk_it_cannot_write(stack: Stack) -> None:
    status = stack.inside("optimizer", "python", "-c", "print(open('/proc/self/status').read())")
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)

    assert fields["Uid"].split() == ["10001"] * 4
    assert int(fields["CapEff"], 16) == 0
    assert int(fields["CapBnd"], 16) == 0
    assert fields["NoNewPrivs"] == "1"
    for folder in ("/", "/data", "/srv/backend/app", "/venv"):
        with pytest.raises(RuntimeError, match="Read-only file system"):
            stack.inside("optimizer", "python", "-c", f"open('{folder}/x', 'w')")
    stack.inside("optimizer", "python", "-c", "open('/tmp/x', 'w')")


def test_holds_no_secret_and_no_tests(stack: Stack) -> None:
    history = stack.engine.docker("history", "--no-trunc", "battery-optimizer")
    held = stack.inside("optimizer", "sh", "-c", "ls -A /srv /srv/backend /data")

    assert TOKEN not in history
    assert set(held.split()) - {"/srv:", "/srv/backend:", "/data:"} == {
        *("README.md", "backend", "pyproject.toml", "app", "migrations", "battery_optimizer.egg-info", "requirements.txt"),
    }


def test_answers_only_who_has_the_token(stack: Stack) -> None:
    recommendation = stack.ask("api/v1/recommendation/now")

    assert stack.ask("live", token=None).status_code == 200
    assert stack.ask("api/v1/recommendation/now", token=None).status_code == 401
    assert stack.ask("api/v1/recommendation/now", token="x" * 48).status_code == 401
    assert recommendation.status_code == 200
    assert recommendation.json()["mode"]


def test_serves_the_page_and_its_charts(stack: Stack) -> None:
    assert "<html" in stack.ask("", token=None).text
    assert len(stack.ask("static/plotly.min.js", token=None).content) > 1_000_000


def test_only_the_service_is_published_and_on_loopback(stack: Stack) -> None:
    assert json.loads(stack.inspect("mariadb", "{{json .HostConfig.PortBindings}}")) == {}
    assert json.loads(stack.inspect("optimizer", "{{json .HostConfig.PortBindings}}")) == {
        "8000/tcp": [{"HostIp": "127.0.0.1", "HostPort": str(stack.port)}]
    }


def test_database_grants_what_the_service_does_and_no_more(stack: Stack) -> None:
    grants = _sql(stack, "SHOW GRANTS").splitlines()

    assert len(grants) == 2
    assert grants[0].startswith("GRANT USAGE ON *.* TO")
    assert grants[1].startswith(
        r"GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, REFERENCES, INDEX, ALTER ON `battery\\_optimizer`.* TO `optimizer`@`%`"
    )
    assert _sql(stack, "SELECT @@GLOBAL.time_zone, @@character_set_server").split() == ["+00:00", "utf8mb4"]


def test_database_runs_without_rights_on_a_disk_it_cannot_write(stack: Stack) -> None:
    status = stack.inside("mariadb", "cat", "/proc/1/status")
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)

    assert fields["Uid"].split()[0] != "0"
    assert int(fields["CapBnd"], 16) == 0
    with pytest.raises(RuntimeError, match="Read-only file system"):
        stack.inside("mariadb", "touch", "/etc/x")


def test_comes_back_after_a_signal_ended_it(stack: Stack) -> None:
    stack.inside("optimizer", "sh", "-c", "kill -TERM 1")

    until(lambda: stack.inspect("optimizer", "{{.RestartCount}}") == "1", HEALTHY_WITHIN_S, "it restarts")
    until(stack.answers, HEALTHY_WITHIN_S, "it answers again")


def test_answers_without_its_database_and_recovers_with_it(stack: Stack) -> None:
    started = stack.inspect("optimizer", "{{.State.StartedAt}}")
    stack.compose("stop", "mariadb")

    assert stack.ask("live").is_success
    assert stack.ask("api/v1/recommendation/now").is_success
    assert stack.ask("api/v1/decisions").status_code == 503

    stack.compose("start", "mariadb")
    until(stack.answers, HEALTHY_WITHIN_S, "it answers again")
    assert stack.inspect("optimizer", "{{.State.StartedAt}}") == started


def test_stops_in_time_and_in_order(stack: Stack) -> None:
    began = time.monotonic()
    stack.compose("stop", "optimizer")
    took_s = time.monotonic() - began
    log = stack.compose("logs", "--no-color", "optimizer")
    code = stack.inspect("optimizer", "{{.State.ExitCode}}")
    stack.compose("start", "optimizer")
    until(stack.answers, HEALTHY_WITHIN_S, "it answers again")

    assert took_s < 15
    assert code in {"0", "143"}
    assert "Application shutdown complete" in log


def test_records_outlive_the_containers(stack: Stack) -> None:
    at = datetime.now(UTC).replace(microsecond=0)
    stack.push(at)

    stack.compose("down")
    assert stack.compose("ps", "-q") == ""
    stack.compose("up", "-d")
    until(stack.answers, HEALTHY_WITHIN_S, "it answers again")

    stored = stack.ask("api/v1/readings?quantity=soc_pct").json()["samples"]
    assert 61.5 in [sample["value"] for sample in stored]


@pytest.mark.parametrize("name", ["MARIADB_PASSWORD", "OPTIMIZER_API__ADMIN_TOKEN"])
def test_does_not_start_without_its_secrets(stack: Stack, tmp_path: Path, name: str) -> None:
    clone = _clone(tmp_path / "battery")
    (clone / ".env").write_text("".join(line for line in _env(stack.port).splitlines(keepends=True) if not line.startswith(name)))

    with pytest.raises(RuntimeError, match=f"{name}.*set it in .env"):
        stack.engine.compose(clone, *FILES, "config")


def _clone(folder: Path) -> Path:
    """Copy what the image and the stack are made of, and let a build on the private engine use the machine's network."""
    folder.mkdir(parents=True)
    for name in ("docker-compose.yml", ".dockerignore", "pyproject.toml"):
        shutil.copyfile(ROOT / name, folder / name)
    shutil.copytree(ROOT / "backend", folder / "backend", ignore=shutil.ignore_patterns("__pycache__", ".mypy_cache", "*.egg-info"))
    (folder / "network.yml").write_text(MACHINES_NETWORK)
    return folder


def _env(port: int) -> str:
    settings = {
        "MARIADB_PASSWORD": PASSWORD,
        "OPTIMIZER_API__ADMIN_TOKEN": TOKEN,
        "OPTIMIZER_PUBLISH": f"127.0.0.1:{port}",
        "OPTIMIZER_TARIFF__SOURCE": "simulated",
        "OPTIMIZER_API__HOST": "127.0.0.1",  # of a start without containers: must not count in one
        "OPTIMIZER_HOME_ASSISTANT__ENTITIES": """'{"soc_pct": "sensor.battery_soc"}'""",
    }
    return "".join(f"{name}={value}\n" for name, value in settings.items())


def _timed(what: str, work: Callable[[], object]) -> None:
    began = time.monotonic()
    work()
    print(f"{what}: {time.monotonic() - began:.1f} s")  # noqa: T201


def _sql(stack: Stack, statement: str) -> str:
    return stack.inside("mariadb", "mariadb", "-uoptimizer", f"-p{PASSWORD}", "--skip-column-names", "-e", statement)
