"""Every product on every board is valid, what is wrong is refused with its reason, and the ESP32's C++ and flash layout are as meant."""

import base64
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.esphome.firmware import ESPHOME, PRODUCTS, is_installed
from tests.stack.parts import require

BOARDS = ["esp32", "esp32s3", "esp32c3"]
INVERTERS = sorted(path.stem for path in (PRODUCTS / "packages" / "inverters").glob("*.yaml"))
TYPICAL = {"growatt-sph", "pylontech-us", "sofar-g3"}
"""The ones `make test` looks at: percent, text on a console, and several numbers in one write. `make firmware` looks at all."""
FREE_PINS = {"console_tx": "GPIO21", "console_rx": "GPIO22"}
"""Of a package that talks to a console beside the bus."""
REGISTRY_NEEDED = "  improv: !include packages/improv.yaml\n"
"""The one package that loads a library even to generate code."""
PARTITION = re.compile(r"^(\w+), *(\w+), *(\w+),[^,]*, *(0x[0-9A-Fa-f]+),", re.MULTILINE)
PUBLISHED = re.compile(r'publish\(std::string\("devices/bat_change-me/([a-z/]+)"\), static_cast<std::string>\(line\), (\d), (true|false)\)')
PLAIN = re.compile(r'^ +tell\("devices/bat_change-me/([a-z/]+)"', re.MULTILINE)
"""Of numbers for people, which a lambda sends with QoS 0, retained."""
TOPIC = re.compile(r"^\| (`devices/.*?) (\| \w+, .*?) \|", re.MULTILINE)
"""A row of the contract's table: its topics, and its direction with the quality of service."""
OTA_SLOTS_ALIKE, LOG_BYTES, FLASH_BYTES = 2, 0x20000, 0x400000


@pytest.fixture(scope="module")
def products(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy of the products with made-up secrets."""
    require(is_installed(), "esphome (make parts)")
    folder = tmp_path_factory.mktemp("products") / "esphome"
    shutil.copytree(PRODUCTS, folder, ignore=shutil.ignore_patterns(".esphome", "secrets.yaml", "__pycache__"))
    secrets = (folder / "secrets.example.yaml").read_text()
    key = base64.b64encode(bytes(range(32))).decode()
    (folder / "secrets.yaml").write_text(re.sub(r"^api_key:.*$", f'api_key: "{key}"', secrets, flags=re.MULTILINE))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def run(folder: Path, *arguments: str) -> tuple[int, str]:
    done = subprocess.run([str(ESPHOME), *arguments], cwd=folder, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def chosen(**choice: str) -> list[str]:
    return [part for key, value in choice.items() for part in ("-s", key, value)]


@pytest.mark.stack
@pytest.mark.parametrize("board", BOARDS)
@pytest.mark.parametrize("link", ["mqtt", "native_link"])
def test_product_is_valid_without_a_warning(products: Path, board: str, link: str) -> None:
    code, said = run(products, *chosen(board=board, link=link), "config", "dongle.yaml")

    assert code == 0, said[-2000:]
    assert not re.findall(r"^WARN.*$", said, re.MULTILINE)


@pytest.mark.parametrize(
    "inverter", [pytest.param(name, marks=pytest.mark.stack if name in TYPICAL else pytest.mark.soak) for name in INVERTERS]
)
def test_every_inverter_is_valid_in_the_product(products: Path, inverter: str) -> None:
    code, said = run(products, *chosen(inverter=inverter, rated_power="5000", **FREE_PINS), "config", "dongle.yaml")

    assert code == 0, said[-2000:]
    assert "allow_writes: false" in said, "read only unless somebody says otherwise"


def _changed(products: Path, old: str, new: str, *, file: str = "dongle.yaml") -> tuple[int, str]:
    """Try the product with one thing in one file changed."""
    path = products / file
    text = path.read_text()
    assert old in text
    try:
        path.write_text(text.replace(old, new, 1))
        return run(products, "config", "dongle.yaml")
    finally:
        path.write_text(text)


FOX = "packages/inverters/foxess-h1.yaml"
CORE = "packages/core.yaml"
BROKEN = [
    ("packages/board_esp32.yaml", "tx_pin: GPIO17", "tx_pin: GPIO6", "flash"),
    ("packages/board_esp32.yaml", "tx_pin: GPIO17", "tx_pin: GPIO35", "output pin mode"),
    ("packages/board_esp32.yaml", "rx_pin: GPIO16", "rx_pin: GPIO17", "used in multiple"),
    ("packages/board_esp32.yaml", "clamp_pin: GPIO34", "clamp_pin: GPIO22", "ADC"),
    ("packages/board_esp32.yaml", "board: esp32dev", "board: no-such-board", "board"),
    ("secrets.yaml", "ap_password: change-me-now", "ap_password: short", "8"),
    ("secrets.yaml", "mqtt_broker: optimizer.local", "", "mqtt_broker"),
    ("secrets.yaml", "api_key:", "api_key: tooshort #", "key"),
    (CORE, "reserve_soc: ${reserve_soc}", "reserve_soc: 99", "reserve_soc"),
    (CORE, "max_charge_power: ${max_charge_power}", "max_charge_power: 40000", "at most 30000"),
    (CORE, "max_import_power: ${max_import_power}", "max_import_power: 150", "fuse_margin"),
    (CORE, "flash_writes_per_day: ${flash_writes_per_day}", "flash_writes_per_day: 5000", "at most 200"),
    (CORE, "time_id: wall_clock", "time_id: no_clock", "no_clock"),
    (CORE, "state: {name: State}", "stat: {name: State}", "stat"),
    (
        CORE,
        "state: {name: State}",
        "state: {name: State}\n  rules: {times: [{from: '01:00:00', to: '05:00:00', mode: hold, power: 100}]}",
        "power",
    ),
    (CORE, "state: {name: State}", "state: {name: State}\n  rules: {cheap: {mode: nonsense}}", "nonsense"),
    (CORE, "address: ${modbus_unit}", "address: 0", "broadcast"),
    (FOX, "id: soc,", "id: charge,", "soc"),
    (FOX, "    self_use:", "    self_us:", "self_us"),
    (FOX, "{register: 44000, function: 6, value: 0,", "{register: 44000, function: 6, value: 70000,", "fit"),
    (FOX, "{register: 44000, function: 6, value: 0,", "{register: 44000, function: 5, value: 0,", "function"),
    (FOX, "{register: 44000, function: 6, value: 0,", "{register: 44000, function: 6, value: 0, words: 2,", "function 6"),
    (FOX, "{register: 44000, function: 6, value: 0,", "{register: 44000, function: 6, value: sunshine,", "value"),
    (FOX, "{register: 44000, function: 6, value: 0,", "{register: 65535, function: 16, values: [0, 1],", "65535"),
    (FOX, "{register: 44000, function: 6, value: 0,", "{register: 44000, function: 16, value: power_pct,", "rated_power"),
    (FOX, "write_class: flash", "write_class: flash, refresh: true", "wear"),
    (FOX, "verified: true", "verified: perhaps", "boolean"),
]


@pytest.mark.parametrize(
    ("file", "old", "new", "reason"),
    [
        pytest.param(
            *case,
            marks=pytest.mark.stack if case[0] in {CORE, FOX} else pytest.mark.soak,  # our own rules, and what ESPHome itself refuses
            id=f"{case[2].split(':')[0].strip()[:24]}-{case[3]}",
        )
        for case in BROKEN
    ],
)
def test_what_is_wrong_is_refused_with_its_reason(products: Path, file: str, old: str, new: str, reason: str) -> None:
    code, said = _changed(products, old, new, file=file)

    assert code != 0
    assert reason.lower() in said.lower(), said[-1500:]


@pytest.fixture(scope="module")
def generated(products: Path) -> Path:
    """What ESPHome makes of the product for the ESP32."""
    text = (products / "dongle.yaml").read_text()
    (products / "generated.yaml").write_text(text.replace(REGISTRY_NEEDED, ""))
    code, said = run(products, "compile", "--only-generate", "generated.yaml")
    assert code == 0, said[-2000:]
    return products / ".esphome" / "build" / "battery-dongle"


@pytest.mark.stack
def test_esp32_code_keeps_two_alike_firmware_slots_and_the_log(generated: Path) -> None:
    table = {name: (subtype, int(size, 16)) for name, _, subtype, size in PARTITION.findall((generated / "partitions.csv").read_text())}
    slots = [size for subtype, size in table.values() if subtype.startswith("ota_")]
    assert len(slots) == OTA_SLOTS_ALIKE
    assert len(set(slots)) == 1
    assert table["tlog"] == ("0x99", LOG_BYTES)
    assert sum(size for _, size in table.values()) < FLASH_BYTES
    options = (generated / "sdkconfig.battery-dongle").read_text()
    assert "CONFIG_ESP_TASK_WDT_TIMEOUT_S=30" in options
    assert "CONFIG_ESP_TASK_WDT_PANIC=y" in options
    main = (generated / "src" / "main.cpp").read_text()
    assert main.count("set_reboot_timeout(0)") >= 3, "API, Wi-Fi and broker may be away for ever"


@pytest.mark.stack
def test_esp32_code_says_each_topic_of_the_contract_as_agreed(generated: Path) -> None:
    main = (generated / "src" / "main.cpp").read_text()
    said = set(PUBLISHED.findall(main)) | {(topic, "0", "true") for topic in PLAIN.findall(main)}
    table = TOPIC.findall((PRODUCTS / "PROTOCOL.md").read_text())
    topics = [(topic, meant) for names, meant in table if " out" in meant for topic in re.findall(r"`devices/\{id\}/([a-z/]+)`", names)]

    assert said == {(topic, meant.partition("QoS ")[2][0], str("retained" in meant).lower()) for topic, meant in topics}
    assert 'MQTTMessageTrigger("devices/bat_change-me/commands/request")' in main
    will = main[main.index("set_last_will(") :].partition("});")[0]
    assert '.topic = "devices/bat_change-me/status"' in will
    assert r'.payload = "{\042v\042:1,\042online\042:false}"' in will
    assert ".qos = 1" in will
    assert ".retain = true" in will
