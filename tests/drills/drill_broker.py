"""An MQTT broker that hangs, drips, floods, resets, talks nonsense or goes silent, one after the other under a running service."""

from pathlib import Path

from tests.drills.broker import Broker, BrokerFault
from tests.drills.neighbour import Fault
from tests.drills.report import Report
from tests.drills.town import PATIENCE_S, Town
from tests.stack.home_assistant import until

HOUSES = (Fault.NONE,)
"""All their other neighbours are well."""


def run(folder: Path, *, times: int = 100) -> Report:
    """Have the broker fall sick in each way, and get well again."""
    report = Report("the broker that houses and dongles are connected to does this, from a connection on")
    with Broker().serving() as broker:
        settings = {"OPTIMIZER_MQTT__HOST": "127.0.0.1", "OPTIMIZER_MQTT__PORT": str(broker.port)}
        with Town(folder, "home assistant", HOUSES, settings=settings).settled() as town:
            for fault in [each for each in BrokerFault if each is not BrokerFault.NONE]:
                broker.fault = fault
                with town.running():
                    _drill(report, town, broker, fault, times)
    return report


def _drill(report: Report, town: Town, broker: Broker, fault: BrokerFault, times: int) -> None:
    asked = broker.asked
    until(lambda: broker.asked >= asked + 2, PATIENCE_S, f"{fault}: the service has connected")
    town.observe(report, fault, times=times)
    report.memory(town.peak_mb(), when=fault)
    broker.fault = BrokerFault.NONE
    town.recovered(report, lambda _: town.health(HOUSES[0])["mqtt"] == "ok", name=f"{fault}, connection")
