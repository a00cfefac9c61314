"""The image and docker-compose.yml, really built and run by a private Docker Engine. The tariff is simulated."""

import json
import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.stack import base_images, docker_engine
from tests.stack.compose import FILES, PASSWORD, TOKEN, Stack, clone, env, timed
from tests.stack.home_assistant import free_port, until
from tests.stack.parts import require

pytestmark = pytest.mark.container

LARGEST_MB = 320
"""The dongles brought cryptography and the API of ESPHome, some 25 MB; 304 were measured."""
HEALTHY_WITHIN_S = 120


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """The stack of a fresh clone, built and healthy; its times are printed (`pytest -s`)."""
    require(docker_engine.can_run(), "root on Debian, for a private Docker Engine")
    require(base_images.can_make(), f"a Python that can stand in for python:{base_images.python_tag()}")
    folder = Path(tempfile.mkdtemp(prefix="compose-"))
    with docker_engine.engine() as engine:
        running = Stack(engine, clone(folder / "battery"), free_port())
        (running.folder / ".env").write_text(env(running.port))
        timed("base images", lambda: base_images.make(engine))
        try:
            timed("build", lambda: running.compose("build"))
            timed("up, database healthy", lambda: running.compose("up", "-d"))
            timed("then service healthy", lambda: until(lambda: running.is_healthy("optimizer"), HEALTHY_WITHIN_S, "it is healthy"))
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
    for folder in ("/", "/srv/backend/app", "/venv"):
        with pytest.raises(RuntimeError, match="Read-only file system"):
            stack.inside("optimizer", "python", "-c", f"open('{folder}/x', 'w')")
    for folder in ("/tmp", "/data"):  # noqa: S108 - the container's own
        stack.inside("optimizer", "python", "-c", f"import os; open('{folder}/x', 'w'); os.remove('{folder}/x')")


def test_holds_no_secret_and_no_tests(stack: Stack) -> None:
    history = stack.engine.docker("history", "--no-trunc", "battery-optimizer")
    held = stack.inside("optimizer", "sh", "-c", "ls -A /srv /srv/backend /data")

    assert TOKEN not in history
    assert set(held.split()) - {"/srv:", "/srv/backend:", "/data:"} == {
        *("README.md", "backend", "pyproject.toml", "app", "migrations", "models", "requirements.txt"),
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


def test_nothing_else_runs_without_the_profile(stack: Stack) -> None:
    assert set(stack.engine.docker("ps", "--format", '{{.Label "com.docker.compose.service"}}').split()) == {"optimizer", "mariadb"}


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
    assert _sql(stack, "SELECT @@global.time_zone, @@character_set_server").split() == ["+00:00", "utf8mb4"]


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
    stack.compose("stop", "optimizer")
    log = stack.compose("logs", "--no-color", "optimizer")
    code = stack.inspect("optimizer", "{{.State.ExitCode}}")
    stack.compose("start", "optimizer")
    until(stack.answers, HEALTHY_WITHIN_S, "it answers again")

    assert code in {"0", "143"}, "it ended by itself, within its grace"
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
    copy = clone(tmp_path / "battery")
    (copy / ".env").write_text("".join(line for line in env(stack.port).splitlines(keepends=True) if not line.startswith(name)))

    with pytest.raises(RuntimeError, match=f"{name}.*set it in .env"):
        stack.engine.compose(copy, *FILES, "config")


def _sql(stack: Stack, statement: str) -> str:
    return stack.inside("mariadb", "mariadb", "-uoptimizer", f"-p{PASSWORD}", "--skip-column-names", "-e", statement)
