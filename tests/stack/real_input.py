"""The main job on real input, from the outside: prices in, a checked plan, one recommendation out, every step in MariaDB.

    python -m tests.stack.real_input

Starts an Octopus API that serves recorded Agile prices, a real Home Assistant, a private MariaDB and the service itself;
prints what happened at each step and stops everything again.
"""

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.served_octopus import ServedOctopus, default_data, load, serving
from tests.stack.home_assistant import FOX, RunningHomeAssistant, home_assistant
from tests.stack.mariadb import MariaDb
from tests.stack.service import RunningService, service

DATABASE = "real_input"
SOC_PCT, PV_W, LOAD_W = 37.0, 1250.0, 640.0
TABLES = ("prices", "readings", "forecasts", "plans", "plan_steps", "decisions", "outcomes")


@dataclass(frozen=True, kw_only=True)
class Stack:
    """Everything that runs."""

    octopus: ServedOctopus
    home: RunningHomeAssistant
    database: MariaDb
    service: RunningService

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return what MariaDB itself says."""
        return self.database.execute(f"USE {DATABASE}", query)


@dataclass(frozen=True, kw_only=True)
class Story:
    """What happened."""

    refreshed: dict[str, Any]
    recommendation: dict[str, Any]
    plan: dict[str, Any]
    readings: dict[str, float]
    stored: dict[str, int]


def settings(octopus: ServedOctopus, url: str, home: RunningHomeAssistant | None = None) -> dict[str, str]:
    """Return the environment of a service with a 4 kW roof on Agile both ways."""
    given = {
        "OPTIMIZER_DATABASE__URL": url,
        "OPTIMIZER_TARIFF__BASE_URL": octopus.url,
        "OPTIMIZER_TARIFF__EXPORT_PRODUCT": "AGILE-OUTGOING-19-05-13",
        "OPTIMIZER_SOLAR__PEAK_KW": "4",
    }
    if home is None:
        return given
    entities = {str(quantity): ("-" if entity.sign < 0 else "") + entity.entity_id for quantity, entity in FOX.items()}
    return given | {
        "OPTIMIZER_HOME_ASSISTANT__URL": home.url,
        "OPTIMIZER_HOME_ASSISTANT__TOKEN": home.token,
        "OPTIMIZER_HOME_ASSISTANT__ENTITIES": json.dumps(entities),
    }


@contextmanager
def stack(folder: Path, database: MariaDb) -> Iterator[Stack]:
    """Run all of it on a running MariaDB; the service listens beyond loopback, so it wants its token."""
    database.execute(f"DROP DATABASE IF EXISTS {DATABASE}")
    with ExitStack() as parts:
        octopus = parts.enter_context(serving(ServedOctopus(load(default_data()))))
        home = parts.enter_context(home_assistant(folder / "home"))
        for name, value in (("sim_battery_soc", SOC_PCT), ("sim_pv_power", PV_W), ("sim_house_load", LOAD_W)):
            home.set_number(name, value)
        given = settings(octopus, database.url(DATABASE), home)
        running = parts.enter_context(service(folder / "service", given, host="0.0.0.0"))  # noqa: S104
        yield Stack(octopus=octopus, home=home, database=database, service=running)


def tell(running: Stack) -> Story:
    """Do the main job once, over HTTP, and look into the database."""
    refreshed = running.service.post("/api/v1/prices/refresh")
    recommendation = running.service.now()
    latest = running.service.get("/api/v1/readings/latest")["readings"]
    return Story(
        refreshed=refreshed,
        recommendation=recommendation,
        plan=running.service.get("/api/v1/plan"),
        readings={each["quantity"]: each["value"] for each in latest},
        stored={table: running.rows(f"SELECT COUNT(*) FROM {table}")[0][0] for table in TABLES},  # noqa: S608  (our names)
    )


def main() -> None:
    """Print the story."""
    folder = Path(tempfile.mkdtemp(prefix="real-input-"))
    database = MariaDb(folder)
    try:
        database.start()
        with stack(folder, database) as running:
            _print(tell(running), running)
    finally:
        database.kill()
        shutil.rmtree(folder, ignore_errors=True)


def _print(story: Story, running: Stack) -> None:
    told, plan = story.recommendation, story.plan
    lines = [
        f"prices     {default_data().name} served as Octopus at {running.octopus.url}",
        f"           {story.refreshed['first_slot']} to {story.refreshed['last_slot']}, {len(story.refreshed['missing_slots'])} missing",
        f"state      Home Assistant at {running.home.url}: "
        + ", ".join(f"{name} {value:g}" for name, value in sorted(story.readings.items())),
        f"plan       {plan['plan_id']}: {plan['optimization_status']}, {len(plan['steps'])} slots, {plan['cost']:.2f} {plan['currency']}",
        f"decision   {told['mode']} until {told['slot_end']}: {told['reason']}",
        *(f"           not {each['mode_code']}: {each['why_not']}" for each in told["alternatives"]),
        "MariaDB    " + ", ".join(f"{count} {table}" for table, count in story.stored.items()),
    ]
    print("\n".join(lines))  # noqa: T201  (a command's answer)


if __name__ == "__main__":
    main()
