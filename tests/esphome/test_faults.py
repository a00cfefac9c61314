"""The real firmware when things go wrong: damage, cut wires, reboots, no backend for a day, power cuts, new firmware meanwhile."""

import asyncio
import itertools
import time
from collections.abc import Callable
from typing import Any

import pytest
from pymodbus.constants import ExcCodes

from tests.esphome.conftest import Start
from tests.esphome.firmware import Firmware, upload
from tests.esphome.host import House
from tests.esphome.simulator.house import VOLTAGE_V
from tests.esphome.simulator.serving import Faults
from tests.esphome.test_firmware import command, ready

pytestmark = pytest.mark.soak

FROM_ANOTHER_UNIT = bytes.fromhex("05 04 02 00 37 09 26")
DAY_S, FASTER = 86400, 1800
DAY_RECORDS = 0.8 * DAY_S / 60
"""At that speed a pause of 33 ms of this machine swallows a minute; that none is in earnest is shown in tests/esphome/core."""
FLASH_BUDGET = 30
LIVES, ORDERS_A_LIFE, POWER_CUT_LATER_S = 9, 6, 0.02


def steps(samples: list[dict[str, Any]]) -> list[int]:
    return [later["ts"] - earlier["ts"] for earlier, later in itertools.pairwise(samples)]


def gaps(samples: list[dict[str, Any]]) -> set[int]:
    return set(steps(samples))


def test_every_sample_arrives_though_two_frames_in_a_hundred_are_damaged(start: Start) -> None:
    """House time runs 20 times as fast: a sample is taken every half second, and the inverter is read as often."""

    async def run() -> None:
        async with start() as house:
            house.wire.damaged = 0.02
            await ready(house.dongle)
            await house.dongle.act("speed", times=20.0)
            await asyncio.sleep(1)
            before = len(house.dongle.live())
            await asyncio.sleep(45)
            samples = house.dongle.live()[before:]
            assert len(samples) > 80
            assert gaps(samples) == {10}
            assert all("battery.soc" in sample and "grid.power" in sample for sample in samples)
            assert house.wire.counts["damaged"] > 5
            print(f"{len(samples)} samples, none missing; {house.wire.counts}")  # noqa: T201

    asyncio.run(run())


def test_noise_and_strangers_beside_the_answers_change_nothing(start: Start) -> None:
    async def run() -> None:
        async with start() as house:
            dongle, inverter = house.dongle, house.inverter
            await ready(dongle)
            await dongle.say(command("on", "force_charge", lease_s=600, power=2000))
            await dongle.until(lambda: "confirmed" in dongle.answers("on"))
            for _ in range(20):
                house.wire.shout(bytes(range(256))[:40])
                house.wire.shout(FROM_ANOTHER_UNIT)
                await asyncio.sleep(0.1)
            await dongle.until(lambda: dongle.status["fault"] == "")
            assert dongle.answers("on") == ["accepted", "confirmed"]
            assert inverter.house.battery_w == 2000
            assert all(sample["battery.soc"] == pytest.approx(55, abs=1) for sample in dongle.live() if "battery.soc" in sample)

    asyncio.run(run())


def test_late_answers_are_not_taken_for_another_questions(start: Start) -> None:
    """First readings, at 20 times the pace and each value unlike every other; then orders, on a worse line."""

    async def run() -> None:
        async with start() as house:
            dongle, around = house.dongle, house.inverter.house
            around.solar_w, around.load_w, around.max_charge_w = 2500, 700, 1500
            expected = {"battery.power": 1500, "battery.voltage": VOLTAGE_V, "grid.power": -300, "pv.power": 2500, "load.power": 700}
            await ready(dongle)
            await asyncio.sleep(2)
            await dongle.act("speed", times=20.0)
            before = len(dongle.live())
            house.wire.late = 0.05
            await asyncio.sleep(40)
            samples = dongle.live()[before:]
            assert len(samples) > 70
            assert house.wire.counts["late"] > 5
            assert [sample for sample in samples if {key: sample[key] for key in expected} != expected] == []
            assert all(abs(sample["battery.soc"] - around.soc_pct) <= 2 for sample in samples)

            house.wire.late = 0.1
            await dongle.act("speed", times=1.0)
            became = []
            for turn in range(6):
                mode, order = "force_charge" if turn % 2 else "force_discharge", f"late-{turn}"
                issued = dongle.live()[-1]["ts"]
                await dongle.say(command(order, mode, issued=issued, valid_s=600, lease_s=600, power=1000))
                await dongle.until(lambda order=order: {"confirmed", "failed"} & set(dongle.answers(order)), 80)  # type: ignore[misc]
                became.append(dongle.answers(order)[-1])
                assert became[-1] == "failed" or house.inverter.house.mode == mode
            assert "confirmed" in became
            print(f"{len(samples)} samples, none mixed up; {house.wire.counts}; orders {became}")  # noqa: T201

    asyncio.run(run())


def cut(house: House) -> None:
    house.wire.cut = True


def stuck(house: House) -> None:
    house.wire.stuck = True


def of_another_unit(house: House) -> None:
    house.faults.as_unit = 5


def rebooting(house: House) -> None:
    house.faults.silent = True


@pytest.mark.parametrize("trouble", [cut, stuck, of_another_unit, rebooting])
def test_trouble_on_the_bus_is_counted_and_the_order_taken_up_again(start: Start, trouble: Callable[[House], None]) -> None:
    """Meanwhile the inverter forgets what it was told, as one that restarts does."""

    async def run() -> None:
        async with start() as house:
            dongle, inverter = house.dongle, house.inverter
            await ready(dongle)
            await dongle.say(command("on", "force_charge", lease_s=600, power=2000))
            await dongle.until(lambda: "confirmed" in dongle.answers("on"))
            failed = dongle.status["bus_failed"]
            trouble(house)
            await dongle.until(lambda: dongle.status["fault"] == "bus", 15)
            inverter.reboot()
            assert inverter.house.mode == "self_use"
            house.wire.cut = house.wire.stuck = False
            house.on_bus.faults = Faults()
            await dongle.until(lambda: inverter.house.battery_w == 2000, 30)
            await dongle.until(lambda: dongle.status["fault"] == "")
            assert dongle.status["bus_failed"] >= failed + 3
            assert dongle.answers("on") == ["accepted", "confirmed"]

    asyncio.run(run())


def test_busy_inverter_fails_the_order_and_takes_the_next(start: Start) -> None:
    async def run() -> None:
        async with start() as house:
            dongle = house.dongle
            await ready(dongle)
            house.faults.answers = ExcCodes.DEVICE_BUSY
            await dongle.say(command("refused", "force_charge", power=2000))
            await dongle.until(lambda: "failed" in dongle.answers("refused"))
            assert dongle.said("response")[-1]["reason"] == "refused_by_inverter"
            house.on_bus.faults = Faults()
            await dongle.say(command("taken", "force_charge", power=2000))
            await dongle.until(lambda: "confirmed" in dongle.answers("taken"), 20)
            assert house.inverter.house.battery_w == 2000

    asyncio.run(run())


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
            asked = time.monotonic()
            await dongle.until(lambda: inverter.house.battery_w == 500, 5)
            assert time.monotonic() - asked < 2

    asyncio.run(run())


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
