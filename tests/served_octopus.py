"""A small Octopus API on a real port: Agile import and export in the shapes recorded, newest first, published at 16:00.

    python -m tests.served_octopus --port 8090 [--data FILE.csv.gz] [--fault slow]

Its prices are a data set repeated for ever by whole weeks of local time, so that any now has prices that fit the weekday and
the hour. Faults: `slow` answers late, `500` not at all, `garbage` with something else, `empty` with no rows, `half` without the
second half of the day published last, `cut` with half a reply, `blocked` like the content network. `POST /_fault` switches.
"""

import argparse
import csv
import gzip
import io
import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from threading import Event, Thread
from typing import Literal, get_args
from urllib.parse import parse_qs, urlencode, urlsplit

from app.domain.site import LONDON
from app.domain.slot import slots_between
from app.services.agile_day import agile_published_until

Fault = Literal["none", "slow", "500", "garbage", "empty", "half", "cut", "blocked"]

FORTNIGHT = Path(__file__).parent / "fixtures" / "agile_fortnight.csv"
RECORDED_YEAR = Path(__file__).parents[1].parent / "shared" / "data" / "uk_agile_prices.csv.gz"
HALF_HOUR = timedelta(minutes=30)
WEEK = timedelta(weeks=1)
LONGEST_CYCLE = 52 * WEEK
KEPT = timedelta(days=400)
VAT = 1.05
PAGE_SIZE, MOST_PER_PAGE = 100, 1500
RATES = re.compile(r"/v1/products/(?P<product>[^/]+)/electricity-tariffs/E-1R-(?P=product)-[A-HJ-NP]/(?P<kind>[a-z-]+)/")

type Row = dict[str, object]


@dataclass(frozen=True, slots=True)
class Recording:
    """Import and export prices in pounds by London wall-clock time, repeated every `cycle` from `first` on."""

    prices: dict[datetime, tuple[float, float]]
    first: datetime
    cycle: timedelta

    def at(self, instant: datetime) -> tuple[float, float]:
        clock = instant.astimezone(LONDON).replace(tzinfo=None)
        recorded = self.first + (clock - self.first) % self.cycle
        while recorded not in self.prices:  # an hour skipped in the recording's own spring
            recorded = self.first + (recorded - WEEK - self.first) % self.cycle
        return self.prices[recorded]


def load(path: Path) -> Recording:
    """Read a data set and keep the newest part of it that has no gap and is whole weeks long."""
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    prices: dict[datetime, tuple[float, float]] = {}
    for row in csv.DictReader(io.StringIO(raw.decode())):
        clock = datetime.fromisoformat(row["time_utc"]).astimezone(LONDON).replace(tzinfo=None)
        prices.setdefault(clock, (float(row["import_price"]), float(row["export_price"])))
    clocks = sorted(prices)
    gaps = [late for early, late in pairwise(clocks) if late - early > timedelta(days=1)]
    end, start = clocks[-1] + HALF_HOUR, max([clocks[0], *gaps])
    cycle = min((end - start) // WEEK * WEEK, LONGEST_CYCLE)
    return Recording(prices=prices, first=end - cycle, cycle=cycle)


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass
class ServedOctopus:
    """The API: what it knows, what time it believes it is, and what is wrong with it just now."""

    recording: Recording
    clock: Callable[[], datetime] = utc_now
    fault: Fault = "none"
    slow_s: float = 30.0
    silent: str | None = None
    """A product that answers with no rows."""
    requests: list[str] = field(default_factory=list)
    url: str = ""
    closing: Event = field(default_factory=Event)

    def set_fault(self, fault: Fault) -> None:
        self.fault = fault

    def rows(self, product: str, kind: str, query: dict[str, str]) -> list[Row] | None:
        """Return the rows asked for, newest first; None if there is no such product."""
        if "AGILE" not in product or kind not in {"standard-unit-rates", "standing-charges"}:
            return None
        if kind == "standing-charges":
            return [_row(57.19, "2026-07-01T00:00:00+01:00", None)]
        if product == self.silent:
            return []
        exporting = "OUTGOING" in product
        start = _instant(query.get("period_from"), self.clock() - KEPT)
        end = min(_instant(query.get("period_to"), self.published_until()), self.published_until())
        slots = slots_between(start, end, minutes=30)
        return [_row(100 * self.recording.at(s.start)[exporting], _z(s.start), _z(s.end), exporting=exporting) for s in reversed(slots)]

    def published_until(self) -> datetime:
        until = agile_published_until(self.clock())
        return until - timedelta(hours=12) if self.fault == "half" else until


def _row(pence: float, start: str, end: str | None, *, exporting: bool = False) -> Row:
    without_tax = pence if exporting else pence / VAT
    return {
        "value_exc_vat": round(without_tax, 4),
        "value_inc_vat": round(pence, 4),
        "valid_from": start,
        "valid_to": end,
        "payment_method": None,
    }


def _instant(text: str | None, otherwise: datetime) -> datetime:
    if text is None:
        return otherwise
    instant = datetime.fromisoformat(text)
    return instant if instant.tzinfo else instant.replace(tzinfo=LONDON)


def _z(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, octopus: ServedOctopus, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.octopus = octopus
        octopus.url = f"http://127.0.0.1:{self.server_port}/v1/"


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        octopus, address = self.server.octopus, urlsplit(self.path)
        octopus.requests.append(self.path)
        query = {key: values[-1] for key, values in parse_qs(address.query).items()}
        found = RATES.fullmatch(address.path)
        rows = octopus.rows(found["product"], found["kind"], query) if found else None
        match octopus.fault:
            case "500":
                self._send(HTTPStatus.INTERNAL_SERVER_ERROR, b"Internal Server Error", "text/plain")
            case "blocked":
                self._send(HTTPStatus.FORBIDDEN, b"<html><h1>Request blocked</h1></html>", "text/html")
            case "garbage":
                self._send(HTTPStatus.OK, b"<html><h1>Under maintenance</h1></html>", "text/html")
            case _ if rows is None:
                self._send(HTTPStatus.NOT_FOUND, b'{"detail": "Not found."}')
            case fault:
                self._wait(octopus.slow_s if fault == "slow" else 0)
                body = json.dumps(self._page([] if fault == "empty" else rows, address.path, query)).encode()
                self._send(HTTPStatus.OK, body[: len(body) // 2] if fault == "cut" else body)

    def do_POST(self) -> None:
        wanted = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode().strip().strip('"')
        fault = next((fault for fault in get_args(Fault) if fault == wanted), None)
        if self.path != "/_fault" or fault is None:
            self._send(HTTPStatus.BAD_REQUEST, f"POST /_fault with one of {get_args(Fault)}".encode(), "text/plain")
            return
        self.server.octopus.set_fault(fault)
        self._send(HTTPStatus.OK, json.dumps({"fault": fault}).encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the base class's name)
        """Say nothing: the tests look at `requests`."""

    def _page(self, rows: list[Row], path: str, query: dict[str, str]) -> dict[str, object]:
        page, size = int(query.get("page", 1)), min(int(query.get("page_size", PAGE_SIZE)), MOST_PER_PAGE)
        following = f"http://{self.headers['Host']}{path}?{urlencode(query | {'page': page + 1})}"
        return {
            "count": len(rows),
            "next": following if page * size < len(rows) else None,
            "previous": None if page == 1 else f"http://{self.headers['Host']}{path}?{urlencode(query | {'page': page - 1})}",
            "results": rows[(page - 1) * size : page * size],
        }

    def _wait(self, seconds: float) -> None:
        self.server.octopus.closing.wait(seconds)

    def _send(self, status: HTTPStatus, body: bytes, kind: str = "application/json") -> None:
        try:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except ConnectionError:
            self.close_connection = True  # whoever asked has given up


@contextmanager
def serving(octopus: ServedOctopus, *, port: int = 0) -> Iterator[ServedOctopus]:
    """Serve until the block ends; `octopus.url` is the base URL for the client."""
    server = _Server(octopus, port)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield octopus
    finally:
        octopus.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()


def default_data() -> Path:
    """The recorded year when it lies beside the repository, else the fortnight in it."""
    return RECORDED_YEAR if RECORDED_YEAR.exists() else FORTNIGHT


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=default_data())
    parser.add_argument("--port", type=int, default=8090)
    parser.add_argument("--fault", choices=get_args(Fault), default="none")
    given = parser.parse_args()
    with serving(ServedOctopus(load(given.data), fault=given.fault), port=given.port) as octopus:
        print(f"serving {given.data.name} on {octopus.url}", flush=True)  # noqa: T201  (a command's answer)
        while True:
            time.sleep(3600)


if __name__ == "__main__":
    main()
