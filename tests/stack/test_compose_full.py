"""`docker-compose --profile full`, really built and run: Mosquitto and Node-RED beside the optimizer, and the flow in a browser.

Debian's Mosquitto and npm's Node.js stand in for the official base images (full_base_images). There is no Home Assistant in here.
"""

import json
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect

from tests.page.demo import browser, chromium
from tests.stack import base_images, docker_engine, full_base_images
from tests.stack.compose import FILES, PASSWORD, Stack, clone, env, timed
from tests.stack.home_assistant import free_port, until
from tests.stack.parts import require

pytestmark = pytest.mark.container

FULL = ("--profile", "full")
CONTROLLER = "89abcdef01234567" * 3
HASH = "$2b$08$W99V1mAwhUg5M9.hX6kjY.qtLHyvk1YNMPs8Ar.1eMKwgbV0kwwi2"
SECRETS = {
    "OPTIMIZER_API__CONTROLLER_TOKEN": CONTROLLER,
    "OPTIMIZER_MQTT__HOST": "mosquitto",
    "OPTIMIZER_MQTT__USERNAME": "optimizer",
    "OPTIMIZER_MQTT__PASSWORD": PASSWORD,
    "MQTT_HOMEASSISTANT_PASSWORD": PASSWORD[::-1],
    "MQTT_NODERED_PASSWORD": "a" + PASSWORD,
}
HEALTHY_WITHIN_S = 120
PAGE_WITHIN_MS = 60_000
SERVICES = ("optimizer", "mariadb", "mosquitto", "nodered")
DONGLE = "bat_60bh37202bfa"
REFUSED_WITHIN_S = 20
AUDITED_WITHIN_S = 90
DEVICE = "homeassistant/device/battery_optimizer/config"


@dataclass(frozen=True, slots=True)
class FullStack(Stack):
    """All four, and where Node-RED is published."""

    nodered_port: int

    def compose(self, *words: str) -> str:
        return self.engine.compose(self.folder, *FILES, *FULL, *words)

    @property
    def page(self) -> str:
        return f"http://127.0.0.1:{self.nodered_port}/ui"

    def hear(self, topic: str, *who: str) -> str:
        """Return what the broker keeps under a topic; nothing when it keeps it from them."""
        return self.inside("mosquitto", "sh", "-c", f"mosquitto_sub {' '.join(who)} -t '{topic}' -C 1 -W 3 || test $? = 27")

    def say(self, topic: str, word: str, *who: str) -> None:
        self.inside("mosquitto", "sh", "-c", f"mosquitto_pub {' '.join(who)} -q 1 -r -t '{topic}' -m {word}")


@pytest.fixture(scope="module")
def stack() -> Iterator[FullStack]:
    """The full stack of a fresh clone, built and healthy; its times are printed (`pytest -s`)."""
    require(docker_engine.can_run(), "root on Debian, for a private Docker Engine")
    require(base_images.can_make(), f"a Python that can stand in for python:{base_images.python_tag()}")
    require(full_base_images.can_make(), "npm, for a stand-in for the official Node.js image")
    folder = Path(tempfile.mkdtemp(prefix="compose-"))
    with docker_engine.engine() as engine:
        running = FullStack(engine, clone(folder / "battery"), free_port(), free_port())
        published = {
            "NODE_RED_PUBLISH": f"127.0.0.1:{running.nodered_port}",
            "MQTT_PUBLISH": f"127.0.0.1:{free_port()}",
            "MQTT_TLS_PUBLISH": f"127.0.0.1:{free_port()}",
            "MQTT_DONGLES_PUBLISH": f"127.0.0.1:{free_port()}",
            "NODE_RED_PASSWORD_HASH": f"'{HASH}'",
        }
        (running.folder / ".env").write_text(env(running.port, **SECRETS, **published))
        timed("base images", lambda: base_images.make(engine))
        timed("more base images", lambda: full_base_images.make(engine))
        try:
            timed("build", lambda: running.compose("build"))
            timed("up", lambda: running.compose("up", "-d"))
            timed("then all healthy", lambda: until(lambda: all(map(running.is_healthy, SERVICES)), HEALTHY_WITHIN_S, "they are healthy"))
            yield running
        except BaseException:
            print(running.compose("logs", "--no-color", "--tail", "60"))  # noqa: T201
            raise
        finally:
            running.compose("down", "--volumes", "--timeout", "5")
            shutil.rmtree(folder)


@pytest.mark.parametrize("service", ["mosquitto", "nodered"])
def test_runs_without_rights_on_a_disk_it_cannot_write(stack: FullStack, service: str) -> None:
    status = stack.inside(service, "cat", "/proc/1/status")
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)

    assert fields["Uid"].split()[0] != "0"
    assert int(fields["CapBnd"], 16) == 0
    assert fields["NoNewPrivs"] == "1"
    with pytest.raises(RuntimeError, match="Read-only file system"):
        stack.inside(service, "touch", "/etc/x")


def test_is_published_on_loopback_only(stack: FullStack) -> None:
    for service in ("mosquitto", "nodered"):
        ports = json.loads(stack.inspect(service, "{{json .HostConfig.PortBindings}}"))
        assert {each["HostIp"] for published in ports.values() for each in published} == {"127.0.0.1"}


def test_each_gets_only_the_secrets_it_needs(stack: FullStack) -> None:
    flow = stack.inspect("nodered", "{{json .Config.Env}}")
    broker = stack.inspect("mosquitto", "{{json .Config.Env}}")

    assert CONTROLLER in flow
    assert HASH in flow
    assert "OPTIMIZER_API__ADMIN_TOKEN" not in flow + broker
    assert "MARIADB_PASSWORD" not in flow + broker


def test_broker_refuses_who_is_anonymous_or_wrong(stack: FullStack) -> None:
    for who in ((), ("-u", "optimizer", "-P", "wrong"), ("-u", "somebody", "-P", PASSWORD)):
        with pytest.raises(RuntimeError, match=r"(?i)not authori[sz]ed"):
            stack.hear(DEVICE, *who)


def test_optimizer_shows_its_device_retained_on_the_broker(stack: FullStack) -> None:
    home_assistant = ("-u", "homeassistant", "-P", PASSWORD[::-1])

    assert json.loads(stack.hear(DEVICE, *home_assistant))["device"]["name"] == "Battery optimizer"
    assert stack.hear("battery_optimizer/home/availability", *home_assistant).strip() == "online"


def test_rights_are_each_users_own(stack: FullStack) -> None:
    nodered, home_assistant = ("-u", "nodered", "-P", "a" + PASSWORD), ("-u", "homeassistant", "-P", PASSWORD[::-1])

    stack.say("battery_optimizer/home/availability", "stolen", *nodered)
    stack.say("homeassistant/other", "stolen", *nodered)
    stack.say("homeassistant/own", "kept", *home_assistant)

    assert stack.hear("battery_optimizer/home/availability", *home_assistant).strip() == "online"
    assert stack.hear("homeassistant/other", *home_assistant) == ""
    assert stack.hear("homeassistant/own", *home_assistant).strip() == "kept"
    assert stack.hear("homeassistant/own", *nodered) == ""


def test_device_is_there_again_after_the_broker_was_away(stack: FullStack) -> None:
    stack.compose("restart", "mosquitto")
    until(lambda: stack.is_healthy("mosquitto"), HEALTHY_WITHIN_S, "the broker is healthy")
    home_assistant = ("-u", "homeassistant", "-P", PASSWORD[::-1])

    assert json.loads(stack.hear(DEVICE, *home_assistant))["device"]["name"] == "Battery optimizer"
    available = "battery_optimizer/home/availability"
    until(lambda: stack.hear(available, *home_assistant).strip() == "online", HEALTHY_WITHIN_S, "the optimizer is back")


def test_a_dongle_comes_in_by_its_certificate_until_it_is_shut_out(stack: FullStack) -> None:
    """The guide's chapter on dongles, word for word but for addresses."""
    with (stack.folder / ".env").open("a") as file:
        file.write("OPTIMIZER_CERTIFICATES__FOLDER=/dongles\nOPTIMIZER_CERTIFICATES__BROKER_HOST=mosquitto\n")
        file.write("OPTIMIZER_CERTIFICATES__BROKER_LOG=/dongles/log/mosquitto.log\n")
    stack.compose("run", "--rm", "--no-deps", "optimizer", "ca", "create", "--broker", "mosquitto")
    stack.compose("up", "-d")
    stack.compose("restart", "mosquitto")
    until(lambda: all(map(stack.is_healthy, SERVICES)), HEALTHY_WITHIN_S, "they are healthy again")
    command, into = ("optimizer", "battery-optimizer", "device"), f"/tmp/{DONGLE}"  # noqa: S108 - the container's own memory

    code = stack.inside(*command, "code", DONGLE).strip()
    assert "mosquitto:8884" in stack.inside(*command, "enroll", DONGLE, "--code", code, "--into", into)
    for name in ("ca.crt", f"{DONGLE}.crt", f"{DONGLE}.key"):
        pem = stack.inside("optimizer", "cat", f"{into}/{name}")
        stack.inside("mosquitto", "sh", "-c", f"echo '{pem}' >/tmp/{name}")
    assert _dongle_says(stack)
    modes = stack.inside("mosquitto", "sh", "-c", "stat -c '%n %a' /dongles/*; cat /dongles/ca.key 2>&1 || true")
    assert "/dongles/ca.key 600" in modes
    assert "Permission denied" in modes

    stack.inside(*command, "revoke", DONGLE)

    until(lambda: not _dongle_says(stack), REFUSED_WITHIN_S, "its certificate is refused")
    until(lambda: "out of date, or revoked" in stack.ask("api/v1/audit").text, AUDITED_WITHIN_S, "the refusal is in the audit log")


def _dongle_says(stack: FullStack) -> bool:
    who = f"--cafile /tmp/ca.crt --cert /tmp/{DONGLE}.crt --key /tmp/{DONGLE}.key"
    said = f"mosquitto_pub -h mosquitto -p 8884 {who} -V 5 -q 1 -t devices/{DONGLE}/telemetry -m '{{}}'"
    return stack.inside("mosquitto", "sh", "-c", f"{said} >/dev/null 2>&1 && echo in || echo out").strip() == "in"


def test_node_red_serves_the_page_and_guards_its_editor(stack: FullStack) -> None:
    log = stack.compose("logs", "--no-color", "nodered")

    assert httpx.get(f"{stack.page}/", trust_env=False, follow_redirects=True).is_success
    assert httpx.get(f"http://127.0.0.1:{stack.nodered_port}/flows", trust_env=False).status_code == 401
    assert "missing" not in log.lower()
    assert "Started flows" in log


def test_the_flow_asks_and_commands_the_optimizer(stack: FullStack) -> None:
    require(chromium() is not None, "Chromium")
    with browser() as chrome:
        page = chrome.new_page(viewport={"width": 1280, "height": 1600})
        page.goto(f"{stack.page}/battery")
        expect(page.locator("[data-test='health-optimizer']")).to_contain_text("answers", timeout=PAGE_WITHIN_MS)
        page.locator("[data-test=mode-feed_in_first]").click()
        page.locator("[data-test=force]").click()
        until(lambda: "feed_in_first" in stack.ask("api/v1/overrides").text, 30, "the override is stored")


def test_the_flow_of_the_image_is_copied_once(stack: FullStack) -> None:
    stack.inside("nodered", "sh", "-c", "cmp flows-hybrid.json /data/flows.json && echo >>/data/flows.json")
    stack.compose("restart", "nodered")
    until(lambda: stack.is_healthy("nodered"), HEALTHY_WITHIN_S, "Node-RED is healthy")

    assert "differs from this image's flow" in stack.compose("logs", "--no-color", "nodered")
    with pytest.raises(RuntimeError):
        stack.inside("nodered", "cmp", "flows-hybrid.json", "/data/flows.json")


def test_the_editor_is_not_published_without_a_password(stack: FullStack) -> None:
    image = "battery-optimizer-nodered"
    with pytest.raises(RuntimeError, match="set NODE_RED_PASSWORD_HASH"):
        stack.engine.docker("run", "--rm", "--network", "none", "--env", "NODE_RED_PUBLISH=1880", image)


def test_the_broker_does_not_start_without_passwords(stack: FullStack) -> None:
    with pytest.raises(RuntimeError, match="set MQTT_NODERED_PASSWORD in"):
        stack.compose("run", "--rm", "--no-deps", "-e", "NODERED_PASSWORD=", "mosquitto")
