"""A small Elpriset just nu on a real port: a day's quarter-hours in the shape recorded, 404 until they are out at 13:00."""

import json
import math
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from app.domain.slot import local_day
from app.services.tariffs.elprisetjustnu import STOCKHOLM

DAY = re.compile(r"/(\d{4})/(\d\d)-(\d\d)_(SE[1-4])\.json")
QUARTER = timedelta(minutes=15)
OUT_AT_H = 13


@dataclass
class ServedSpot:
    """What time it believes it is, and what was asked."""

    clock: Callable[[], datetime]
    requests: list[str] = field(default_factory=list)
    url: str = ""

    def day(self, day: date) -> list[dict[str, object]] | None:
        """Return a day's rows, None while it is not out."""
        local = self.clock().astimezone(STOCKHOLM)
        if day > local.date() + timedelta(days=local.hour >= OUT_AT_H):
            return None
        whole = local_day(day, STOCKHOLM)
        starts = [whole.start + n * QUARTER for n in range(round(whole.hours * 4))]
        return [_row(at) for at in starts]


def sek_per_kwh(at: datetime) -> float:
    """Return a made-up spot price: cheap nights, a morning and an evening peak, each quarter-hour a little different."""
    local = at.astimezone(STOCKHOLM)
    hour = local.hour + local.minute / 60
    peaks = 0.5 * math.exp(-(((hour - 8) / 1.8) ** 2)) + 0.9 * math.exp(-(((hour - 18) / 2) ** 2))
    return round(0.35 + peaks - 0.2 * math.exp(-(((hour - 3) / 3) ** 2)) + 0.02 * (local.minute // 15), 5)


def _row(at: datetime) -> dict[str, object]:
    sek = sek_per_kwh(at)
    start, end = (each.astimezone(STOCKHOLM).isoformat() for each in (at, at + QUARTER))
    return {"SEK_per_kWh": sek, "EUR_per_kWh": round(sek / 11.02, 5), "EXR": 11.02, "time_start": start, "time_end": end}


@contextmanager
def serving_spot(served: ServedSpot) -> Iterator[ServedSpot]:
    """Serve on a free loopback port until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.requests.append(self.path)
            found = DAY.search(self.path)
            rows = served.day(date(*map(int, found.groups()[:3]))) if found else None
            body = json.dumps(rows or {"error": "not found"}).encode()
            self.send_response(200 if rows else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, name="spot", daemon=True).start()
    served.url = f"http://127.0.0.1:{server.server_port}/api/v1/prices/"
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
