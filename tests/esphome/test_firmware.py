"""The real firmware on a wire with a simulated inverter: what it reads, does and refuses."""

import asyncio
import re
import statistics
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from app.devices.dongle import lines
from app.domain.slot import floor
from tests.esphome.conftest import Start
from tests.esphome.firmware import PRODUCTS, Firmware
from tests.esphome.simulator.house import VOLTAGE_V
from tests.telemetry import restless_schedule

pytestmark = pytest.mark.stack
PROTOCOL = PRODUCTS / "PROTOCOL.md"
MOST_W = 3000
"""host.yaml's own limit."""


def command(order: str, mode: str, *, lease_s: int = 60, issued: float | None = None, valid_s: int = 60, **more: int) -> dict[str, Any]:
    now = int(issued or time.time())
    return {"v": 1, "id": order, "issued": now, "expires": now + valid_s, "lease_s": lease_s, "mode": mode, **more}


def confirmed(dongle: Firmware, order: str) -> bool:
    return "confirmed" in dongle.answers(order)


async def ready(dongle: Firmware) -> None:
    await dongle.until(lambda: dongle.status.get("state") == "rules")


def test_reads_what_the_inverter_measures_with_our_signs(start: Start) -> None:
    async def run() -> None:
        async with start() as house:
            around = house.inverter.house
            around.solar_w, around.load_w, around.max_charge_w, around.soc_pct = 2500, 700, 1500, 61
            await ready(house.dongle)
            await asyncio.sleep(2)
            heard = len(house.dongle.live())
            await house.dongle.until(lambda: len(house.dongle.live()) > heard, 12)
            sample = house.dongle.live()[-1]
            assert sample["ts"] % 10 == 0
            expected = {"battery.soc": 61.0, "battery.power": 1500, "grid.power": -300, "pv.power": 2500, "load.power": 700}
            assert {key: sample[key] for key in expected} == expected
            assert sample["battery.current"] == pytest.approx(1500 / VOLTAGE_V, abs=0.1)

    asyncio.run(run())


def test_orders_reach_the_register_quickly_and_are_confirmed_by_reading_back(start: Start) -> None:
    async def run() -> list[float]:
        took = []
        async with start() as house:
            dongle, inverter = house.dongle, house.inverter
            await ready(dongle)
            for turn in range(20):
                order, mode = f"o{turn}", "force_charge" if turn % 2 else "force_discharge"
                asked = time.monotonic()
                await dongle.say(command(order, mode, power=1000 + 10 * turn))
                await dongle.until(partial(confirmed, dongle, order))
                took.append(next(at for at, _, control, _ in reversed(inverter.writes) if control == "power") - asked)
                assert (inverter.house.mode, inverter.house.ordered_w) == (mode, 1000 + 10 * turn)
                assert dongle.answers(order) == ["accepted", "confirmed"]
        return took

    took = asyncio.run(run())
    p95 = statistics.quantiles(took, n=20)[-1]
    print(f"order to register: median {statistics.median(took):.2f} s, p95 {p95:.2f} s")  # noqa: T201
    assert p95 < 2


def test_lease_ends_by_itself(start: Start) -> None:
    async def run() -> None:
        async with start() as house:
            await ready(house.dongle)
            await house.dongle.say(command("short", "force_charge", lease_s=3, power=2000))
            await house.dongle.until(lambda: house.inverter.house.battery_w == 2000)
            await house.dongle.until(lambda: house.inverter.house.mode == "self_use", 8)
            await house.dongle.until(lambda: house.dongle.status["state"] == "rules")
            assert house.inverter.timed_out == 0, "the dongle released it, not the inverter's own timer"

    asyncio.run(run())


def test_limits_hold_whatever_is_ordered(start: Start) -> None:
    async def run() -> None:
        async with start() as house:
            dongle, inverter = house.dongle, house.inverter
            await ready(dongle)
            await dongle.say(command("too-much", "force_charge", power=9000))
            await dongle.until(lambda: "confirmed" in dongle.answers("too-much"))
            assert inverter.house.battery_w == 3000
            assert dongle.said("response")[-1]["reason"] == "max_power"
            inverter.house.soc_pct, inverter.house.empty_pct = 10, 0
            await dongle.say(command("empty", "force_discharge", power=2000))
            await dongle.until(lambda: "confirmed" in dongle.answers("empty") and inverter.house.mode == "hold")
            await asyncio.sleep(1)
            assert (inverter.house.mode, inverter.house.battery_w) == ("hold", 0)

    asyncio.run(run())


def test_refuses_in_the_contracts_words(start: Start) -> None:
    async def run() -> None:
        async with start() as house:
            dongle = house.dongle
            await ready(dongle)
            now = int(time.time())
            await dongle.say(command("first", "hold"))
            await dongle.until(lambda: "confirmed" in dongle.answers("first"))
            await dongle.say(command("first", "hold"))
            await dongle.say(command("old", "hold", issued=now - 500))
            await dongle.say(command("stale", "hold", issued=now - 30))
            await dongle.say({**command("nested", "hold"), "deep": {"a": 1}})
            await dongle.say({**command("strange", "hold"), "mode": "explode"})
            await dongle.say("garbage\x01{")
            await dongle.act("lose_clock", lost=True)
            await dongle.say(command("clockless", "hold"))
            await dongle.until(lambda: "refused" in dongle.answers("clockless"))
            why = {line.get("id"): (line["status"], line.get("reason")) for line in dongle.said("response")}
            assert why["first"] == ("confirmed", "replayed")
            assert why["old"] == ("expired", "expired")
            assert why["stale"] == ("refused", "stale")
            assert why["strange"] == ("refused", "malformed")
            assert why["clockless"] == ("refused", "no_clock")
            assert why[None] == ("refused", "malformed")

    asyncio.run(run())


def test_hand_on_the_inverter_wins_until_the_next_order(start: Start) -> None:
    async def run() -> None:
        async with start() as house:
            dongle, inverter = house.dongle, house.inverter
            await ready(dongle)
            await dongle.say(command("mine", "force_charge", lease_s=300, power=2000))
            await dongle.until(lambda: "confirmed" in dongle.answers("mine"))
            assert inverter.write(6, inverter.template.controls["enable"].at, [0]) is None
            await dongle.until(lambda: "overridden" in dongle.answers("mine"), 30)
            await asyncio.sleep(3)
            assert inverter.house.mode == "self_use"
            await dongle.say(command("again", "force_charge", power=1500))
            await dongle.until(lambda: "confirmed" in dongle.answers("again"))
            assert inverter.house.battery_w == 1500

    asyncio.run(run())


def test_takes_the_longest_schedule_and_keeps_it_over_a_power_cut(start: Start) -> None:
    async def run() -> None:
        async with start() as house:
            dongle, inverter = house.dongle, house.inverter
            await ready(dongle)
            now = datetime.now(UTC)
            plan = replace(restless_schedule(floor(now, minutes=15)), issued=now, expires=now + timedelta(seconds=60))
            await dongle.say(lines.schedule_text(plan))
            await dongle.until(lambda: confirmed(dongle, plan.id) and inverter.house.battery_w == MOST_W)
            await dongle.power_off()
            dongle.lines.clear()
            await dongle.start()
            await dongle.connect()
            await dongle.until(lambda: dongle.status.get("state") == "schedule" and inverter.house.battery_w == MOST_W)

    asyncio.run(run())


def test_says_what_the_contract_says(start: Start) -> None:
    """The keys of a status are those of PROTOCOL.md's example."""
    status = next(line for line in PROTOCOL.read_text(encoding="utf-8").split("\n\n") if '"uptime_s"' in line)
    expected = set(re.findall(r'"(\w+)":', status)) - {"v"}

    async def run() -> None:
        async with start() as house:
            await ready(house.dongle)
            assert set(house.dongle.status) - {"v"} == expected

    asyncio.run(run())
