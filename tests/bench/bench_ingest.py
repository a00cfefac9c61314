"""Can it keep 1 000 messages a second? `python -m tests.bench.bench_ingest`: 10 000 dongles, a real Mosquitto and MariaDB, exact counts.

Every dongle speaks at the real pace: a live sample every 10 s and a record every minute, which makes 1 167 messages a second. With
`--kill`, broker, database and service are killed with -9 on the way. `--highest` states how fast a full broker is emptied.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.storage.database import Database, upgrade
from tests.stack import mariadb as mariadb_server
from tests.stack.dongle_fleet import LIVE_S, Fleet, sample
from tests.stack.listening import Listener, claim, settings, wait_for
from tests.stack.mariadb import MariaDb
from tests.stack.mosquitto import HOST, PASSWORDS, Mosquitto

BUDGET_CORE = 0.5
CAUGHT_UP_S = 180.0


@dataclass
class Bench:
    """All parts, running."""

    broker: Mosquitto
    mariadb: MariaDb
    listener: Listener
    database: Database
    fleet: Fleet

    def rows(self, which: str = "1") -> int:
        return int(self.mariadb.execute(f"SELECT COUNT(*) FROM bench.telemetry WHERE {which}")[0][0])  # noqa: S608  our own words


@contextmanager
def running(dongles: int, folder: Path) -> Iterator[Bench]:
    with ExitStack() as ends:
        database_server = MariaDb(folder / "db")
        database_server.folder.mkdir()
        database_server.start()
        ends.callback(database_server.kill)
        broker = Mosquitto(folder / "broker", keeps=True)
        broker.folder.mkdir()
        broker.start()
        ends.callback(broker.kill)
        url = database_server.url("bench")
        upgrade(url)
        database = Database.open(url)
        ends.callback(database.close)
        claim(database, [f"bat_{n:06d}" for n in range(dongles)])
        listener = Listener(folder / "listener", settings(broker, url))
        listener.start()
        ends.callback(listener.kill)
        wait_for(lambda: "devices/+/status" in broker.log(), 60, listener.said)
        fleet = Fleet(dongles, HOST, broker.port, "dongles", PASSWORDS["dongles"], str(broker.ca_file))
        fleet.start()
        ends.callback(fleet.stop)
        fleet.statuses()
        yield Bench(broker, database_server, listener, database, fleet)


def steady(bench: Bench, seconds: float) -> dict[str, object]:
    """Speak for so long, nobody killed: everything must be there, once, and the CPU within its budget."""
    time.sleep(15)  # the statuses are in, and who may be heard is known
    cpu, started = bench.listener.cpu_s(), time.monotonic()
    bench.fleet.run(seconds)
    took = time.monotonic() - started
    core = (bench.listener.cpu_s() - cpu) / took
    behind = bench.fleet.live_sent + bench.fleet.records - bench.rows()
    caught_up = _catch_up(bench)
    return {
        "seconds": round(took, 1),
        "sent": bench.fleet.live_sent + bench.fleet.records,
        "messages_per_s": round((bench.fleet.live_sent + bench.fleet.records) / took, 1),
        "stored": bench.rows(),
        "lost": bench.fleet.live_sent + bench.fleet.records - bench.rows(),
        "cores": round(core, 3),
        "within_half_a_core": core < BUDGET_CORE,
        "rss_mb": round(bench.listener.rss_mb(), 1),
        "behind_at_the_end": behind,
        "caught_up_s": caught_up,
        "records_not_acknowledged": _acknowledged(bench),
    }


def killed(bench: Bench, seconds: float) -> dict[str, object]:
    """Kill the database, the broker and the service while dongles speak: no record may be lost; live samples are counted."""
    speaking = threading.Thread(target=bench.fleet.run, args=(seconds,))
    speaking.start()
    part = seconds / 4
    time.sleep(part)
    bench.mariadb.kill()
    time.sleep(min(20, part / 2))
    bench.mariadb.start()
    time.sleep(part - min(20, part / 2))
    bench.listener.kill()
    time.sleep(3)
    bench.listener.start()
    time.sleep(part - 3)
    before = bench.fleet.live_sent
    bench.broker.kill()
    time.sleep(5)
    bench.broker.start()
    speaking.join()
    wait_for(bench.fleet.client.is_connected, 30, lambda: "the fleet is not back")
    bench.fleet.resend()
    _catch_up(bench)
    records = bench.rows("seq IS NOT NULL")
    return {
        "sent_live": bench.fleet.live_sent,
        "sent_live_before_the_broker_was_killed": before,
        "taken_while_no_broker": bench.fleet.live_lost,
        "records": bench.fleet.records,
        "records_stored": records,
        "records_lost": bench.fleet.records - records,
        "live_lost_inside_the_killed_broker": bench.fleet.live_sent - bench.rows("seq IS NULL"),
        "records_not_acknowledged": _acknowledged(bench),
    }


def highest(bench: Bench, messages: int) -> dict[str, object]:
    """Fill the broker while the service is away, then see how fast it is emptied."""
    bench.listener.stop()
    start = int(time.time()) // LIVE_S * LIVE_S - messages // bench.fleet.count * LIVE_S + LIVE_S // 2  # none that was said before
    for n in range(messages):
        device, k = n % bench.fleet.count, n // bench.fleet.count
        bench.fleet.client.publish(f"devices/{bench.fleet.device(device)}/telemetry", sample(start + k * LIVE_S, LIVE_S, None), qos=1)
        if n % 5000 == 0:
            time.sleep(0.2)
    before = bench.rows()
    time.sleep(20)
    bench.listener.start()
    wait_for(lambda: bench.rows() > before, 60, bench.listener.said)
    first, begun = bench.rows(), time.monotonic()
    wait_for(lambda: bench.rows() >= before + messages, 300, lambda: (bench.rows(), before + messages, bench.listener.said()))
    took = time.monotonic() - begun
    return {
        "messages": messages,
        "messages_per_s": round((before + messages - first) / took),
        "cores": round(bench.listener.cpu_s() / took, 2),
    }


def _catch_up(bench: Bench) -> float:
    """Wait until nothing more comes in; return how long that took."""
    started, last, same_since = time.monotonic(), -1, time.monotonic()
    while time.monotonic() - started < CAUGHT_UP_S:
        now = bench.rows()
        if now != last:
            last, same_since = now, time.monotonic()
        if now >= bench.fleet.live_sent + bench.fleet.records or time.monotonic() - same_since > 20:
            break
        time.sleep(1)
    return round(same_since - started, 1)


def _acknowledged(bench: Bench) -> int:
    """Return how many records nobody has acknowledged a minute and a half later; what is resent once counts as it would."""
    for _ in range(3):
        until = time.monotonic() + 45
        while bench.fleet.waiting() and time.monotonic() < until:
            time.sleep(1)
        if not bench.fleet.waiting():
            break
        bench.fleet.resend()
    return bench.fleet.waiting()


def say(text: str) -> None:
    """Print at once, since the next part takes minutes."""
    print(text, flush=True)  # noqa: T201


def main() -> int:
    """Print what was measured as JSON; exit code 1 when something is lost or over its budget."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--seconds", type=float, default=600)
    asked.add_argument("--dongles", type=int, default=10_000)
    asked.add_argument("--kill", type=float, metavar="SECONDS", default=0, help="afterwards, kill every part within so many seconds")
    asked.add_argument("--highest", type=int, metavar="MESSAGES", default=0, help="at last, empty a broker of so many messages")
    given = asked.parse_args()
    if not mariadb_server.is_installed():
        say("mariadb-server is missing: make parts")
        return 1
    parts: list[Mapping[str, object]] = []
    folder = Path(tempfile.mkdtemp(prefix="ingest-"))
    try:
        with running(given.dongles, folder) as bench:
            parts.append(steady(bench, given.seconds))
            say(json.dumps({"cores_here": os.cpu_count(), "load": os.getloadavg(), "steady": parts[-1]}, indent=1))
            if given.highest:
                say(json.dumps({"highest": highest(bench, given.highest)}, indent=1))
            if given.kill:
                bench.fleet.live_sent, bench.fleet.records = bench.rows("seq IS NULL"), bench.rows("seq IS NOT NULL")
                parts.append(killed(bench, given.kill))
                say(json.dumps({"killed": parts[-1]}, indent=1))
            say(f"load average {os.getloadavg()}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 1 if any(part.get(name) for part in parts for name in ("lost", "records_lost")) else 0


if __name__ == "__main__":
    sys.exit(main())
