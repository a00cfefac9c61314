"""The real firmware when things go wrong on the bus: damage, noise, late answers, cut wires, an inverter that restarts or is busy."""

import asyncio
from collections.abc import Callable

import pytest
from pymodbus.constants import ExcCodes

from tests.esphome.conftest import Start
from tests.esphome.host import House
from tests.esphome.samples import gaps
from tests.esphome.simulator.house import VOLTAGE_V
from tests.esphome.simulator.serving import Faults
from tests.esphome.test_firmware import command, ready

pytestmark = pytest.mark.soak

FROM_ANOTHER_UNIT = bytes.fromhex("05 04 02 00 37 09 26")


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
