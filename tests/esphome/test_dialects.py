"""The real firmware with the packages of other dialects, each against the simulated inverter made of the same template."""

import asyncio
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from app.templates.catalogue import FOLDER
from app.templates.orders import ModeName
from app.templates.template import load
from tests.esphome.firmware import PRODUCTS, Firmware, build
from tests.esphome.host import house
from tests.esphome.simulator.house import House
from tests.esphome.simulator.inverter import Inverter
from tests.esphome.simulator.orders import said

DIALECTS = [
    pytest.param("growatt-sph", marks=pytest.mark.stack),
    *(pytest.param(name, marks=pytest.mark.soak) for name in ("foxess-h3", "sofar-g3", "sungrow-sh", "solax-g4")),
]
"""32 bits in one block; percent and minutes; three powers in six words; a heartbeat beside the mode; a block with the low word first."""
RATED_W = 5000
MOST_W = 3000
"""host.yaml's own limits."""


def program(name: str, folder: Path) -> Path:
    """Build the host product with a dialect that may write, verified or not: this inverter is nobody's."""
    product = folder / "host.yaml"
    product.write_text(f"packages: {{host: !include {PRODUCTS}/host.yaml}}\nbattery_dongle: {{verified: true}}\n", encoding="utf-8")
    return build(folder, product=str(product), inverter=name, rated_power=str(RATED_W))


def command(order: str, mode: ModeName, **more: int) -> dict[str, Any]:
    now = int(time.time())
    return {"v": 1, "id": order, "issued": now, "expires": now + 60, "lease_s": 120, "mode": mode, **more}


def ended_by(dongle: Firmware, order: str) -> set[str]:
    return {"confirmed", "failed", "refused"} & set(dongle.answers(order))


async def carry_out_all(inverter: Inverter, made: Path, folder: Path) -> list[str]:
    """Order each mode twice over; return how each order ended."""
    template, ended = inverter.template, []
    async with house(made, folder, inverter=inverter) as running:
        dongle = running.dongle
        await dongle.until(lambda: dongle.status.get("state") == "rules", 20)
        for turn, mode in enumerate([*template.modes, *template.modes]):
            order = f"{mode}-{turn}"
            power = {"power": 1000 + 500 * (turn % 3)} if mode.startswith("force") else {}
            await dongle.say(command(order, mode, **power))
            await dongle.until(partial(ended_by, dongle, order), 20)
            ended.append(f"{order}: {dongle.answers(order)[-1]}")
            assert list(said(template, inverter.words, inverter.facts)) == [mode], order
            assert inverter.house.mode == mode
            if power:
                assert inverter.house.ordered_w == power["power"]
        await dongle.until(lambda: any("battery.soc" in sample for sample in dongle.said("telemetry")), 25)
        sample = next(sample for sample in dongle.said("telemetry") if "battery.soc" in sample)
        assert sample["battery.soc"] == pytest.approx(inverter.house.soc_pct, abs=1.5)
    return ended


@pytest.mark.parametrize("name", DIALECTS)
@pytest.mark.usefixtures("can_build")
def test_each_dialect_carries_out_its_modes(name: str, tmp_path: Path) -> None:
    around = House(solar_w=400, load_w=900, max_charge_w=MOST_W, max_discharge_w=MOST_W, rated_w=RATED_W)
    inverter = Inverter(load(FOLDER / f"{name}.yaml"), time.monotonic, around)
    ended = asyncio.run(carry_out_all(inverter, program(name, tmp_path), tmp_path))

    assert all(line.endswith("confirmed") for line in ended), ended
    assert inverter.refused == []
    assert inverter.timed_out == 0
