"""Whole days decided slot by slot as they would be live, from files that were read and found right.

`python -m tests.control.days` writes what is said now.

A file holds eight days of past, the day, and the day after: load and sun of a real home under real prices, rounded.
"""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from app.control.choose import choose
from app.control.decide import from_choice
from app.domain.tape import Tape
from app.optimizer.rules import follow
from app.replay.backtest import Replay, Terms, run_one
from tests.builders import RULES, battery, house

FOLDER = Path(__file__).parents[1] / "scenarios" / "decisions"


def tape_of(day: dict[str, Any]) -> Tape:
    return Tape(
        first=datetime.fromisoformat(day["first"]).astimezone(UTC),
        minutes=day["minutes"],
        import_per_kwh=np.array(day["buy"]),
        export_per_kwh=np.array(day["sell"]),
        load_kw=np.array(day["load_kw"]),
        solar_kw=np.array(day["solar_kw"]),
    )


def told(day: dict[str, Any]) -> list[str]:
    """Return what is said in each slot of the day: local time, mode and power, charge at its end, the sentence."""
    tape, zone = tape_of(day), ZoneInfo(day["zone"])
    terms = Terms(site=house(battery(), export_limit_kw=day["export_limit_kw"]))
    replay, stored, lines = Replay(tape=tape, terms=terms), float(day["start_kwh"]), []
    for n in range(tape.place(datetime.fromisoformat(day["from"])), tape.place(datetime.fromisoformat(day["to"]))):
        problem, expected = replay.question(n, stored)
        now = tape.start(n)
        verdict = from_choice(problem, follow(problem, RULES, now=now), choose(problem, expected.paths))
        row = run_one(tape, terms.site, verdict.command, n, stored)
        stored = row.stored_end_kwh
        power = "" if verdict.command.power_kw is None else f" {verdict.command.power_kw:g} kW"
        lines.append(f"{now.astimezone(zone):%H:%M} {verdict.command.mode}{power} → {stored:.1f} kWh: {verdict.reason}")
    return lines


def main() -> None:
    """Write what is said now into every file."""
    for path in sorted(FOLDER.glob("*.json")):
        day = json.loads(path.read_text())
        day["told"] = told(day)
        path.write_text(text(day))


def text(day: dict[str, Any]) -> str:
    """Return a file's text, series on one line each."""
    parts = [f"  {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in day.items() if key != "told"]
    lines = ",\n".join(f"    {json.dumps(line, ensure_ascii=False)}" for line in day["told"])
    return "{\n" + ",\n".join([*parts, f'  "told": [\n{lines}\n  ]']) + "\n}\n"


if __name__ == "__main__":
    main()
