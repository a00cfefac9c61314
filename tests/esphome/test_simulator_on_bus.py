"""The simulated inverters over real Modbus: RTU on a terminal and TCP on a port, healthy and not."""

import asyncio
import os
import socket
import time
import tty
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest
from pymodbus.client import AsyncModbusSerialClient, AsyncModbusTcpClient
from pymodbus.constants import ExcCodes
from pymodbus.exceptions import ModbusIOException
from pymodbus.pdu import ModbusPDU

from app.templates.orders import Control
from app.templates.template import Template, load_all
from app.templates.words import decode
from tests.esphome.simulator.driver import command
from tests.esphome.simulator.inverter import Inverter
from tests.esphome.simulator.orders import words_of
from tests.esphome.simulator.serving import Faults, OnBus

MODBUS = {template.id: template for template in load_all() if template.connect.protocol == "modbus"}
WRITE_STYLES = ["foxess-h1", "growatt-min-slots", "sofar-g3", "solax-g4", "sungrow-sh"]
Client = AsyncModbusSerialClient | AsyncModbusTcpClient


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def over_tcp(template: Template) -> AsyncIterator[tuple[OnBus, AsyncModbusTcpClient]]:
    on_bus, port = OnBus(Inverter(template, time.monotonic)), free_port()
    client = AsyncModbusTcpClient("127.0.0.1", port=port, timeout=0.3, retries=0)
    await on_bus.serve_tcp(port)
    try:
        assert await client.connect()
        yield on_bus, client
    finally:
        client.close()
        await on_bus.stop()


def copy(source: int, target: int) -> None:
    os.write(target, os.read(source, 4096))


@contextmanager
def terminals() -> Iterator[tuple[Path, Path]]:
    """Two terminals with a wire between them."""
    pairs = [os.openpty() for _ in range(2)]
    loop = asyncio.get_running_loop()
    for here, there in ((0, 1), (1, 0)):
        tty.setraw(pairs[here][1])
        loop.add_reader(pairs[here][0], copy, pairs[here][0], pairs[there][0])
    try:
        yield Path(os.ttyname(pairs[0][1])), Path(os.ttyname(pairs[1][1]))
    finally:
        for master, slave in pairs:
            loop.remove_reader(master)
            os.close(master)
            os.close(slave)


@asynccontextmanager
async def over_rtu(template: Template) -> AsyncIterator[tuple[OnBus, AsyncModbusSerialClient]]:
    with terminals() as (mine, its):
        on_bus = OnBus(Inverter(template, time.monotonic))
        client = AsyncModbusSerialClient(str(mine), baudrate=template.connect.baud, timeout=0.3, retries=0)
        await on_bus.serve_rtu(its)
        try:
            assert await client.connect()
            yield on_bus, client
        finally:
            client.close()
            await on_bus.stop()


async def soc(client: Client, template: Template) -> float:
    read = template.reads["battery.soc"]
    ask = client.read_input_registers if (read.table or template.bus.table) == "input" else client.read_holding_registers
    answer = await ask(read.at, count=read.words, device_id=template.connect.unit)
    assert not answer.isError()
    return decode(list(answer.registers), read.kind, read.order or template.bus.order) * read.scale


async def write(client: Client, template: Template, control: Control, words: list[int]) -> ModbusPDU:
    if control.function == 6:
        return await client.write_register(control.at, words[0], device_id=template.connect.unit)
    return await client.write_registers(control.at, words, device_id=template.connect.unit)


@pytest.mark.parametrize("name", [name for name, template in MODBUS.items() if "battery.soc" in template.reads])
def test_every_inverter_answers_over_tcp(name: str) -> None:
    async def run() -> float:
        async with over_tcp(MODBUS[name]) as (_, client):
            return await soc(client, MODBUS[name])

    assert asyncio.run(run()) == pytest.approx(55)


@pytest.mark.parametrize("name", WRITE_STYLES)
def test_a_mode_is_carried_out_over_rtu(name: str) -> None:
    template = MODBUS[name]

    async def run() -> OnBus:
        async with over_rtu(template) as (on_bus, client):
            assert await soc(client, template) == pytest.approx(55)
            for step in template.modes["force_charge"]:
                control = template.controls[step.write]
                words = words_of(control, step, command(on_bus.inverter, power_w=1500))
                assert not (await write(client, template, control, words)).isError()
            return on_bus

    house = asyncio.run(run()).inverter.house
    assert (house.mode, house.ordered_w) == ("force_charge", 1500)


def test_a_wrong_function_code_is_refused_on_the_wire() -> None:
    async def run() -> tuple[int, int, OnBus]:
        async with over_rtu(MODBUS["foxess-h1"]) as (on_bus, client):
            many = await client.write_registers(44001, [60], device_id=247)
            nowhere = await client.write_register(12345, 1, device_id=247)
            return many.exception_code, nowhere.exception_code, on_bus

    many, nowhere, on_bus = asyncio.run(run())
    assert (many, nowhere) == (ExcCodes.ILLEGAL_FUNCTION, ExcCodes.ILLEGAL_ADDRESS)
    assert not on_bus.inverter.writes


def test_a_read_over_a_gap_is_refused_whole() -> None:
    async def run() -> int:
        async with over_tcp(MODBUS["foxess-h1"]) as (_, client):
            return (await client.read_input_registers(11002, count=10, device_id=247)).exception_code

    assert asyncio.run(run()) == ExcCodes.ILLEGAL_ADDRESS


def test_faults_come_and_go() -> None:
    fox = MODBUS["foxess-h1"]

    async def run() -> list[object]:
        seen: list[object] = []
        async with over_rtu(fox) as (on_bus, client):
            on_bus.faults.answers = ExcCodes.DEVICE_BUSY
            busy = await client.write_register(44001, 60, device_id=247)
            seen += [busy.exception_code, len(on_bus.inverter.writes)]
            on_bus.faults = Faults(silent=True)
            with pytest.raises(ModbusIOException):
                await client.read_input_registers(11036, count=1, device_id=247)
            on_bus.faults = Faults(as_unit=3)
            with pytest.raises(ModbusIOException):
                await client.read_input_registers(11036, count=1, device_id=247)
            on_bus.faults = Faults()
            with pytest.raises(ModbusIOException):
                await client.read_input_registers(11036, count=1, device_id=1)
            seen.append(await soc(client, fox))
        return seen

    assert asyncio.run(run()) == [ExcCodes.DEVICE_BUSY, 0, 55]
