"""DEPLOYMENT_GUIDE.md followed word by word by somebody new, on a Docker host: each command as it stands there, one after the other.

What differs from a reader's machine: stand-ins for the official base images, ports of this machine, no way out of a container (so the
tariff is a fixed one), and Compose's older program, which the guide allows. The times are printed (`pytest -s`).
"""

import re
import shlex
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from tests.stack import base_images, docker_engine, full_base_images
from tests.stack.compose import ROOT, clone
from tests.stack.docker_engine import Engine
from tests.stack.home_assistant import free_port, until
from tests.stack.parts import require

pytestmark = pytest.mark.container

GUIDE = ROOT / "DEPLOYMENT_GUIDE.md"
BLOCK = re.compile(r"^ *```sh\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
FETCHED = "git clone"
"""The first block; the files are there already."""
BY_HAND = "hash-pw"
"""Asks for a password at a terminal, which test_compose_full gives it."""
HEALTHY_WITHIN_S = 180
COMMAND_WITHIN_S = 600
DOCKER = """#!/bin/sh
# `docker compose` is Compose 2; here it is the older program. The engine's network differs, see network.yml.
if [ "$1" = compose ]; then shift; exec docker-compose -f docker-compose.yml -f network.yml "$@"; fi
exec {real} "$@"
"""


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody in the repository's folder, with a shell."""

    engine: Engine
    folder: Path
    ports: dict[str, int]
    took_s: dict[str, float] = field(default_factory=dict)

    def follow(self, heading: str) -> list[str]:
        """Run every command below a heading of the guide, up to the next one; return what they printed."""
        return [self.run(block) for block in blocks(heading) if FETCHED not in block and BY_HAND not in block]

    def run(self, words: str) -> str:
        """Run a block as it stands; it must succeed."""
        began = time.monotonic()
        environment = self.engine.environment
        environment["PATH"] = f"{self.folder / 'bin'}:{environment['PATH']}"
        done = subprocess.run(
            ["script", "-qefc", shlex.join(["bash", "-euo", "pipefail", "-c", words]), "/dev/null"],  # a reader sits at a terminal
            cwd=self.folder,
            env=environment,
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=COMMAND_WITHIN_S,
        )
        first = words.strip().splitlines()[0]
        self.took_s[first] = time.monotonic() - began
        print(f"{self.took_s[first]:6.1f} s  {first}", flush=True)  # noqa: T201
        assert done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def edit(self, **values: str) -> None:
        """Take the # away from lines of `.env` and set them, as the guide asks to."""
        path = self.folder / ".env"
        text = path.read_text()
        for name, value in values.items():
            line = re.compile(rf"^#* *{name}=.*$", re.MULTILINE)
            assert line.search(text), f"{name} is not in .env.example"
            text = line.sub(f"{name}={value}", text, count=1)
        path.write_text(text)

    def pay(self, import_price: str) -> None:
        """Put another price of import into the house's document, as an editor would."""
        path = self.folder / "home.yaml"
        text, count = re.subn(r"import: \{.*?\}", f"import: {{{import_price}}}", path.read_text())
        assert count == 1
        path.write_text(text)

    def healthy(self, *services: str) -> bool:
        """Whether `docker compose ps` says so of them all, as the guide has the reader wait for."""
        shown = self.run("docker compose --profile full ps")
        return all(re.search(rf"{name}.*\(healthy\)|{name}.*healthy", shown) for name in services)

    def get(self, path: str) -> httpx.Response:
        """Ask the service at the published port, as the page does."""
        headers = {"Authorization": f"Bearer {self.secret('OPTIMIZER_API__ADMIN_TOKEN')}"}
        return httpx.get(f"http://127.0.0.1:{self.ports['OPTIMIZER_PUBLISH']}/{path}", headers=headers, trust_env=False, timeout=15)

    def secret(self, name: str) -> str:
        found = re.search(rf"^{name}=(.+)$", (self.folder / ".env").read_text(), re.MULTILINE)
        assert found, name
        return found.group(1)


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    require(docker_engine.can_run(), "root on Debian, for a private Docker Engine")
    require(base_images.can_make(), f"a Python that can stand in for python:{base_images.python_tag()}")
    require(full_base_images.can_make(), "npm, for a stand-in for the official Node.js image")
    folder = Path(tempfile.mkdtemp(prefix="guide-"))
    with docker_engine.engine() as engine:
        base_images.make(engine)
        full_base_images.make(engine)
        names = ("OPTIMIZER_PUBLISH", "NODE_RED_PUBLISH", "MQTT_PUBLISH", "MQTT_TLS_PUBLISH", "MQTT_DONGLES_PUBLISH")
        somebody = Reader(engine, clone(folder / "battery-optimizer"), {name: free_port() for name in names})
        shutil.copyfile(ROOT / ".env.example", somebody.folder / ".env.example")
        (somebody.folder / "bin").mkdir()
        (somebody.folder / "bin" / "docker").write_text(DOCKER.format(real=docker_engine.BIN / "docker"))
        (somebody.folder / "bin" / "docker").chmod(0o755)
        try:
            yield somebody
        finally:
            engine.compose(somebody.folder, "--profile", "full", "down", "--volumes", "--timeout", "5")
            shutil.rmtree(folder)


def test_a_docker_host_from_nothing_to_a_page_with_a_broker_and_node_red(reader: Reader) -> None:
    began = time.monotonic()
    settings, start, describe, apply, ask = (block for block in blocks("## Plain Docker host") if FETCHED not in block)
    reader.run(settings)
    reader.edit(**{name: f"127.0.0.1:{port}" for name, port in reader.ports.items()})
    reader.run(start)
    until(lambda: reader.healthy("optimizer", "mariadb"), HEALTHY_WITHIN_S, "both are healthy")
    reader.run(describe)
    reader.pay("source: fixed, per_kwh: 0.28")
    assert "home" in reader.run(apply)
    reader.run(without_doctor(ask))
    assert reader.get("").is_success
    assert reader.get("api/v1/recommendation/now").json()["mode_code"]
    print(f"a page after {time.monotonic() - began:.0f} s")  # noqa: T201

    reader.follow("### Mosquitto and Node-RED too")
    until(lambda: reader.healthy("optimizer", "mariadb", "mosquitto", "nodered"), HEALTHY_WITHIN_S, "all four are healthy")
    page = httpx.get(f"http://127.0.0.1:{reader.ports['NODE_RED_PUBLISH']}/ui", follow_redirects=True, trust_env=False, timeout=15)
    assert page.is_success
    print(f"all four after {time.monotonic() - began:.0f} s")  # noqa: T201


def test_what_is_backed_up_can_be_brought_back(reader: Reader) -> None:
    before = reader.get("api/v1/decisions").json()["decisions"]
    assert before
    reader.follow("## Backup")
    for words in blocks("## Restore"):
        reader.run(without_doctor(words))
    until(lambda: answers(reader), HEALTHY_WITHIN_S, "it answers again")
    after = reader.get("api/v1/decisions").json()["decisions"]
    assert [each["decision_id"] for each in after[: len(before)]] == [each["decision_id"] for each in before]


def answers(reader: Reader) -> bool:
    """Tell whether the service is up."""
    try:
        return reader.get("api/v1/decisions").is_success
    except httpx.HTTPError:
        return False


def without_doctor(words: str) -> str:
    """Leave the doctor out: with neither readings nor Home Assistant it has something to say, and ends with an error."""
    return "\n".join(line for line in words.splitlines() if "doctor" not in line)


def blocks(heading: str) -> list[str]:
    """Return the shell blocks below a heading of the guide, without their indentation."""
    text = GUIDE.read_text(encoding="utf-8")
    begins = text.index(f"{heading}\n") + len(heading)
    ends = re.search(r"^#{2,3} ", text[begins:], re.MULTILINE)
    section = text[begins : begins + ends.start() if ends else len(text)]
    found = []
    for block in BLOCK.findall(section):
        lines = block.splitlines()
        margin = min(len(line) - len(line.lstrip()) for line in lines if line.strip())
        found.append("\n".join(line[margin:] for line in lines))
    return found
