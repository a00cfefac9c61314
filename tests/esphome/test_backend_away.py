"""The real firmware with nobody to talk to: the log waits for a day, and orders end in their turn."""

import asyncio
import time

import pytest

from tests.esphome.conftest import Start
from tests.esphome.samples import gaps, steps
from tests.esphome.test_firmware import command, ready

pytestmark = pytest.mark.soak

DAY_S, FASTER = 86400, 1800
DAY_RECORDS = 0.8 * DAY_S / 60
"""At that speed a pause of 33 ms of this machine swallows a minute; that none is in earnest is shown in tests/esphome/core."""


def test_day_without_a_backend_loses_nothing_and_delays_nothing(start: Start) -> None:
    """House time runs 1800 times as fast while nobody listens, then 20 times."""

    async def run() -> None:
        async with start() as house:
            dongle = house.dongle
            await ready(dongle)
            await dongle.act("speed", times=float(FASTER))
            await dongle.disconnect()
            await asyncio.sleep(DAY_S / FASTER)
            await dongle.connect(hello=False)
            await dongle.act("speed", times=20.0)
            dongle.lines.clear()
            await dongle.say({"v": 1, "ack": 0})
            for _ in range(60):  # as the backend does: acknowledge what came, every half minute of the house
                await asyncio.sleep(1)
                records = dongle.records()
                if records:
                    await dongle.say({"v": 1, "ack": records[-1]["seq"] + 1})
                if records and dongle.status.get("next_seq", 0) - records[-1]["seq"] <= 3:
                    break
            await asyncio.sleep(3)
            records, live = dongle.records(), dongle.live()
            seqs = [record["seq"] for record in records]
            assert len(records) >= DAY_RECORDS
            assert seqs == list(range(seqs[0], seqs[0] + len(seqs))), "in order, none missing, none twice"
            late = [step for step in steps(records) if step != 60]
            assert all(step > 0 and step % 60 == 0 for step in late)
            assert all(record["ts"] % 60 == 59 for record in records)
            assert gaps(live) == {10}, "live samples went on beside the log"
            assert dongle.status["lost"] == 0
            print(f"{len(records)} records of {DAY_S // 3600} h, {len(live)} live samples meanwhile; minutes swallowed: {len(late)}")  # noqa: T201

    asyncio.run(run())


def test_optimizer_gone_then_lease_schedule_rules_each_in_turn(start: Start) -> None:
    """House time runs 100 times as fast: a quarter of an hour is nine seconds."""

    async def run() -> None:
        async with start() as house:
            dongle, inverter = house.dongle, house.inverter
            await ready(dongle)
            now = int(time.time())
            begin = now // 900 * 900
            plan = {"v": 1, "id": "plan", "issued": now, "expires": now + 60, "start": begin, "step_s": 900, "plan": "d1000*2"}
            await dongle.say(plan)
            await dongle.say(command("lease", "force_charge", lease_s=300, power=2000))
            await dongle.until(lambda: inverter.house.battery_w == 2000)
            await dongle.act("speed", times=100.0)
            await dongle.disconnect()
            await dongle.until(lambda: inverter.house.battery_w == -1000, 8)
            await dongle.until(lambda: inverter.house.mode == "self_use", 20)
            await dongle.connect()
            await dongle.until(lambda: dongle.status.get("state") == "rules")
            stamp = dongle.status["ts"] + 5
            await dongle.say(command("back", "force_charge", issued=stamp, valid_s=3600, lease_s=3000, power=500))
            await dongle.until(lambda: inverter.house.battery_w == 500, 30)

    asyncio.run(run())
