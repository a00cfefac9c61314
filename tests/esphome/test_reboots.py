"""The real firmware when its power goes, in whatever it was doing, and when new firmware comes."""

import asyncio
import time

import pytest

from tests.esphome.conftest import Start
from tests.esphome.firmware import Firmware, upload
from tests.esphome.host import House
from tests.esphome.simulator.serving import Faults
from tests.esphome.test_firmware import command, ready

pytestmark = pytest.mark.soak

FLASH_BUDGET = 30
LIVES, ORDERS_A_LIFE, POWER_CUT_LATER_S = 9, 6, 0.02


async def bring_into(state: str, house: House, now: int) -> None:
    """Bring a dongle into a state."""
    dongle, inverter = house.dongle, house.inverter
    await ready(dongle)
    if state == "schedule":
        begin = now // 900 * 900
        await dongle.say({"v": 1, "id": "p", "issued": now, "expires": now + 60, "start": begin, "step_s": 900, "plan": "c1500*8"})
    elif state != "rules":
        await dongle.say(command("order", "force_charge", lease_s=3600, power=1500))
    await dongle.until(lambda: inverter.house.battery_w == (-600 if state == "rules" else 1500))
    if state == "safe":
        house.faults.silent = True
    await dongle.until(lambda: dongle.status["state"] == state, 40)
    house.on_bus.faults = Faults()


@pytest.mark.parametrize("state", ["safe", "remote", "schedule", "rules"])
def test_power_cut_ends_orders_and_keeps_schedule_log_and_counts(start: Start, state: str) -> None:
    async def run() -> None:
        now = int(time.time())
        async with start() as house:
            dongle, inverter = house.dongle, house.inverter
            await bring_into(state, house, now)
            first_life = dict(dongle.status)
            await dongle.power_off()
            told = len(inverter.writes)
            await dongle.start()
            await dongle.connect()
            await dongle.until(lambda: dongle.status.get("boot") == first_life["boot"] + 1)
            if state == "schedule":
                await dongle.until(lambda: dongle.status["state"] == "schedule" and inverter.house.battery_w == 1500)
            else:
                await dongle.until(lambda: inverter.house.mode == "self_use" and dongle.status["state"] == "rules")
            if state in {"safe", "remote"}:
                await dongle.say(command("order", "force_charge", lease_s=3600, issued=now, power=1500))
                await dongle.until(lambda: (dongle.said("response") or [{}])[-1].get("reason") in {"replayed", "stale"})
                assert inverter.house.mode == "self_use"
                assert inverter.timed_out == 0, "the dongle took it back, not the inverter's own timer"
            assert (len(inverter.writes) > told) == (state != "rules"), "what nobody changed is not written"
            assert dongle.status["next_seq"] > first_life["next_seq"], "no number comes twice"

    asyncio.run(run())


def test_flash_is_spared_over_reboots(start: Start) -> None:
    """The power goes in the middle of carrying an order out: each life at another instant."""

    async def spend(dongle: Firmware, life: int) -> None:
        for turn in range(ORDERS_A_LIFE):
            order = f"{life}-{turn}"
            await dongle.say(command(order, "self_use" if turn % 2 else "feed_in_first"))
            if turn < ORDERS_A_LIFE - 1:
                await dongle.until(lambda order=order: {"confirmed", "refused"} & set(dongle.answers(order)))  # type: ignore[misc]
        await asyncio.sleep(life * POWER_CUT_LATER_S)

    async def run() -> None:
        async with start() as house:
            dongle, worn = house.dongle, 0
            for life in range(1, LIVES + 1):
                await dongle.until(lambda life=life: dongle.status.get("boot") == life)  # type: ignore[misc]
                assert dongle.status["flash_writes"] >= worn, "what was written before the power cut was counted"
                await ready(dongle)
                await spend(dongle, life)
                await dongle.power_off()
                worn = house.inverter.wear["work_mode"]
                await dongle.start()
                await dongle.connect()
            assert any(line.get("reason") == "budget" for line in dongle.said("response"))
            assert house.inverter.wear["work_mode"] <= FLASH_BUDGET + 1, "and the way back to self-use"

    asyncio.run(run())


def test_takes_new_firmware_while_it_runs(start: Start) -> None:
    async def run() -> None:
        async with start() as house:
            dongle = house.dongle
            await ready(dongle)
            boot = dongle.status["boot"]
            await dongle.disconnect()
            await asyncio.to_thread(upload, dongle.program, dongle.ota_port)
            await dongle.connect()
            await dongle.until(lambda: dongle.status.get("boot") == boot + 1)
            await ready(dongle)

    asyncio.run(run())
