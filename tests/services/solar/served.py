"""Solar services made of recorded replies, for the tests of their clients."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from app.domain.roof import Plane, Roof
from app.domain.slot import Slot, slots_between

RECORDED = Path(__file__).parents[2] / "fixtures" / "solar"
MIDNIGHT = datetime(2026, 6, 1, tzinfo=UTC)
SOUTH = Plane(kwp=4.0, tilt_deg=35, azimuth_deg=180)
EAST = Plane(kwp=4.0, tilt_deg=35, azimuth_deg=90)
WEST = Plane(kwp=4.0, tilt_deg=35, azimuth_deg=270)

type Answer = Callable[[httpx.Request], httpx.Response]


def roof(*planes: Plane, inverter_kw: float | None = None) -> Roof:
    return Roof(latitude=51.5, longitude=-0.12, planes=planes or (SOUTH,), inverter_kw=inverter_kw)


def recorded(name: str) -> httpx.Response:
    return httpx.Response(200, content=(RECORDED / f"{name}.json").read_bytes(), headers={"content-type": "application/json"})


def at(hour: float) -> datetime:
    return MIDNIGHT + timedelta(hours=hour)


def half_hours(first: float, last: float) -> tuple[Slot, ...]:
    """Return the half-hours from one hour of 2026-06-01 UTC to another."""
    return slots_between(at(first), at(last), minutes=30)


@dataclass
class Served:
    """Answers with `answer(request)`, keeps what was asked and how long the client waited between attempts."""

    answer: Answer
    asked: list[httpx.Request] = field(default_factory=list)
    waited_s: list[float] = field(default_factory=list)

    def http(self, base: str = "https://solar.test/v1/") -> httpx.Client:
        return httpx.Client(base_url=base, transport=httpx.MockTransport(self._handle))

    def _handle(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        return self.answer(request)


def always(name: str) -> Served:
    return Served(lambda _: recorded(name))
