"""Single words on the wire, copied by hand from the register facts: a slip in a template shows here, not in its mirror."""

import pytest

from app.templates.orders import ModeName
from app.templates.template import load_all
from tests.esphome.simulator.driver import carry_out, command
from tests.esphome.simulator.house import House
from tests.esphome.simulator.inverter import Inverter

TEMPLATES = {template.id: template for template in load_all()}
CHARGING_W, EXPORTED_W, SOLAR_W, LOAD_W = 1200, 800, 2600, 600

READ = [
    ("foxess-h1", "input", 11008, [65536 - 1200]),
    ("foxess-h1", "input", 11021, [800]),
    ("foxess-h1", "input", 11036, [55]),
    ("foxess-h1-g2", "holding", 31022, [65536 - 1200]),
    ("foxess-kh", "holding", 39168, [0, 800]),
    ("foxess-h3", "holding", 31036, [65536 - 1200]),
    ("foxess-h3-smart", "holding", 39237, [0xFFFF, 65536 - 1200]),
    ("growatt-sph", "input", 1011, [0, 12000]),
    ("growatt-sph", "input", 1009, [0, 0]),
    ("growatt-sph", "input", 1029, [0, 8000]),
    ("growatt-min", "input", 3180, [0, 12000]),
    ("huawei-luna2000", "holding", 37760, [550]),
    ("huawei-luna2000", "holding", 37765, [0, 1200]),
    ("huawei-luna2000", "holding", 37113, [0, 800]),
    ("sungrow-sh", "input", 13022, [550]),
    ("sungrow-sh", "input", 5213, [65536 - 1200, 0xFFFF]),
    ("sungrow-sh", "input", 13009, [800, 0]),
    ("deye-1p", "holding", 190, [65536 - 1200]),
    ("deye-1p", "holding", 169, [65536 - 800]),
    ("deye-1p", "holding", 182, [1234]),
    ("deye-3p-hv", "holding", 590, [65536 - 120]),
    ("givenergy", "input", 52, [65536 - 1200]),
    ("givenergy", "input", 30, [800]),
    ("solax-g4", "input", 22, [1200]),
    ("solax-g4", "input", 70, [800, 0]),
    ("sofar-g3", "holding", 1542, [120]),
    ("solis-hybrid", "input", 33149, [0, 1200]),
    ("solis-hybrid", "input", 33135, [0]),
    ("goodwe-et", "holding", 35182, [0xFFFF, 65536 - 1200]),
    ("goodwe-et", "holding", 36025, [0, 800]),
    ("solaredge-storedge", "holding", 0xE184, [0x0000, 0x425C]),
    ("solaredge-storedge", "holding", 0xE174, [0x0000, 0x4496]),
]

WRITTEN: list[tuple[str, ModeName, list[tuple[int, int, list[int]]]]] = [
    (
        "foxess-h1",
        "force_charge",
        [(6, 44001, [60]), (6, 44000, [1]), (16, 44002, [65536 - 2000])],
    ),
    ("foxess-h3", "force_charge", [(6, 44001, [60]), (6, 44000, [1]), (16, 44002, [0xFFFF, 65536 - 2000])]),
    ("foxess-h3-smart", "force_discharge", [(6, 49203, [1]), (6, 46002, [60]), (6, 46001, [1]), (16, 46003, [0, 2000])][1:]),
    ("growatt-sph", "force_charge", [(6, 30100, [1]), (6, 30410, [1]), (6, 30407, [1]), (6, 30408, [2]), (6, 30409, [40])]),
    ("growatt-min", "force_discharge", [(6, 30100, [1]), (6, 30407, [1]), (6, 30408, [2]), (6, 30409, [65536 - 40])]),
    ("growatt-min-slots", "force_charge", [(6, 3047, [40]), (6, 3048, [90]), (6, 3049, [1]), (16, 3038, [0xA000, 0x173B])]),
    ("huawei-luna2000", "force_discharge", [(16, 47249, [0, 2000]), (6, 47083, [10]), (6, 47100, [2])]),
    ("sungrow-sh", "force_charge", [(6, 13051, [2000]), (6, 13050, [0xAA]), (6, 13079, [60]), (6, 13049, [3])]),
    (
        "sofar-g3",
        "force_discharge",
        [(16, 4484, [60, 1]), (16, 4487, [0, 0, 0xFFFF, 65536 - 2000, 0xFFFF, 65536 - 2000]), (16, 4368, [3])],
    ),
    ("solax-g4", "force_charge", [(6, 0, [2014]), (16, 124, [1, 1, 2000, 0, 0, 0, 60, 0, 0, 0, 0, 0, 60])]),
    ("solis-hybrid", "force_charge", [(6, 43135, [1]), (6, 43136, [200]), (6, 43282, [2])]),
    ("goodwe-et", "force_discharge", [(16, 47512, [2000]), (16, 47511, [12])]),
    (
        "solaredge-storedge",
        "force_discharge",
        [
            (16, 0xE004, [4]),
            (16, 0xE00A, [7]),
            (16, 0xE00B, [60, 0]),
            (16, 0xE010, [0x0000, 0x44FA]),
            (16, 0xE00D, [4]),
        ],
    ),
    ("sunspec-124-gen24", "force_charge", [(6, 40358, [60]), (6, 40355, [65536 - 4000]), (6, 40348, [2])]),
]


@pytest.mark.parametrize(("name", "table", "address", "words"), READ)
def test_a_house_that_charges_and_exports_reads(name: str, table: str, address: int, words: list[int]) -> None:
    inverter = Inverter(TEMPLATES[name], lambda: 0.0, House(solar_w=SOLAR_W, load_w=LOAD_W, max_charge_w=CHARGING_W))
    inverter.house.mode = "self_use"
    assert inverter.read(table, address, len(words)) == words


@pytest.mark.parametrize(("name", "mode", "writes"), WRITTEN)
def test_an_order_of_2_kw_writes(name: str, mode: ModeName, writes: list[tuple[int, int, list[int]]]) -> None:
    inverter = Inverter(TEMPLATES[name], lambda: 0.0, House())
    carry_out(inverter, mode, command(inverter, power_w=2000))

    assert [(function, TEMPLATES[name].controls[control].at, words) for _, function, control, words in inverter.writes] == writes
