"""A simulated inverter on a bus: Modbus RTU on a terminal, or Modbus TCP on a port, with faults on request."""

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from pymodbus.constants import ExcCodes
from pymodbus.framer import FramerType
from pymodbus.pdu import ModbusPDU
from pymodbus.server import ModbusSerialServer, ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from tests.esphome.simulator.inverter import Inverter

TABLES = {3: "holding", 4: "input"}
BITS = [SimData(0, values=[False] * 16, datatype=DataType.BITS)]
NOTHING = [SimData(0xFFFF, values=[0], datatype=DataType.REGISTERS)]
"""pymodbus wants at least one register in a table."""


@dataclass
class Faults:
    """What goes wrong on the bus until it is taken back."""

    answers: ExcCodes | None = None
    """An exception in place of every answer, such as DEVICE_BUSY."""
    silent: bool = False
    as_unit: int | None = None
    """Answers come from another unit."""


class OnBus:
    """An inverter that answers."""

    def __init__(self, inverter: Inverter) -> None:
        self.inverter, self.faults = inverter, Faults()
        holding, inputs = (_blocks(inverter.addresses(table)) or NOTHING for table in ("holding", "input"))
        self._device = SimDevice(id=inverter.template.connect.unit, action=self._act, simdata=(BITS, BITS, holding, inputs))
        self._asked = 0
        self._server: ModbusSerialServer | ModbusTcpServer | None = None

    async def serve_rtu(self, port: Path) -> None:
        """Answer on a terminal."""
        self._server = ModbusSerialServer(
            self._device,
            framer=FramerType.RTU,
            port=str(port),
            baudrate=self.inverter.template.connect.baud,
            ignore_missing_devices=True,
            trace_packet=self._packet,
            trace_pdu=self._pdu,
        )
        await self._server.serve_forever(background=True)

    async def serve_tcp(self, port: int) -> None:
        """Answer on a port of this machine."""
        self._server = ModbusTcpServer(self._device, address=("127.0.0.1", port), trace_packet=self._packet, trace_pdu=self._pdu)
        await self._server.serve_forever(background=True)

    async def stop(self) -> None:
        """Say nothing any more."""
        if self._server is not None:
            await self._server.shutdown()  # type: ignore[no-untyped-call]
            self._server = None

    async def _act(  # noqa: PLR0917  (pymodbus calls it so)
        self, function: int, start: int, address: int, count: int, registers: list[int], values: list[int] | list[bool] | None
    ) -> ExcCodes | None:
        if self.faults.answers is not None:
            return self.faults.answers
        if values is not None:
            return self.inverter.write(function, address, [int(value) for value in values])
        if function not in TABLES:  # pymodbus looks at what function code 6 wrote, to echo it
            return None
        registers[address - start : address - start + count] = self.inverter.read(TABLES[function], address, count)
        return None

    def _packet(self, sending: bool, data: bytes) -> bytes:  # noqa: FBT001  (pymodbus calls it so)
        meant = self._asked == self.inverter.template.connect.unit
        return data if not sending or (meant and not self.faults.silent) else b""

    def _pdu(self, sending: bool, pdu: ModbusPDU) -> ModbusPDU:  # noqa: FBT001  (pymodbus calls it so)
        if not sending:
            self._asked = pdu.dev_id
        elif self.faults.as_unit is not None:
            pdu.dev_id = self.faults.as_unit
        return pdu


def _blocks(addresses: list[int]) -> list[SimData]:
    """Return the registers as runs without gaps: a read across a gap is refused, as on real inverters."""
    if not addresses:
        return []
    ends = [0, *(place + 1 for place, (one, two) in enumerate(pairwise(addresses)) if two != one + 1), len(addresses)]
    return [SimData(addresses[first], values=[0] * (last - first), datatype=DataType.REGISTERS) for first, last in pairwise(ends)]
