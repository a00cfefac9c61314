"""An Octopus API made of recorded replies, for the tests of its client."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from app.domain.price import Direction, Price
from app.services.octopus.energy import FlatExport, OctopusEnergy
from app.services.octopus.tariff import OctopusTariff

RECORDED = Path(__file__).parents[2] / "fixtures" / "octopus"
BASE = "https://api.octopus.energy/v1/"
AGILE = OctopusTariff.parse("E-1R-AGILE-24-10-01-C")
OUTGOING_AGILE = OctopusTariff.parse("E-1R-AGILE-OUTGOING-19-05-13-C")

MIDNIGHT = datetime(2026, 11, 20, tzinfo=UTC)
THREE = MIDNIGHT + timedelta(hours=3)

type Answer = httpx.Response | httpx.TransportError


def recorded(name: str) -> httpx.Response:
    return httpx.Response(200, content=(RECORDED / f"{name}.json").read_bytes(), headers={"content-type": "application/json"})


def html(status: int) -> httpx.Response:
    return httpx.Response(status, text="<html><h1>Request blocked</h1></html>", headers={"content-type": "text/html"})


@dataclass
class FakeOctopus:
    """Answers with `answer(request)`, and keeps what was asked and how long the client waited between attempts."""

    answer: Callable[[httpx.Request], Answer]
    asked: list[httpx.Request] = field(default_factory=list)
    waited_s: list[float] = field(default_factory=list)

    def client(
        self,
        import_tariff: OctopusTariff = AGILE,
        export_tariff: OctopusTariff | FlatExport | None = None,
        *,
        api_key: str | None = None,
        payment_method: str = "DIRECT_DEBIT",
    ) -> OctopusEnergy:
        return OctopusEnergy(
            http=httpx.Client(base_url=BASE, transport=httpx.MockTransport(self._handle)),
            import_tariff=import_tariff,
            export_tariff=export_tariff or FlatExport(per_kwh=0.12),
            api_key=api_key,
            payment_method=payment_method,
            sleep=self.waited_s.append,
        )

    def _handle(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = self.answer(request)
        if isinstance(answer, httpx.TransportError):
            raise answer
        return answer


def always(name: str) -> FakeOctopus:
    """An API that gives one recorded reply to everything."""
    return FakeOctopus(lambda _: recorded(name))


def in_turn(*answers: Answer) -> FakeOctopus:
    """An API that gives these answers one after the other."""
    left = list(answers)
    return FakeOctopus(lambda _: left.pop(0))


def pence(prices: list[Price], direction: Direction = Direction.IMPORT) -> list[float]:
    return [round(price.per_kwh * 100, 4) for price in prices if price.direction is direction]


def row(**changes: object) -> dict[str, object]:
    half_hour = {"valid_from": "2026-11-20T00:00:00Z", "valid_to": "2026-11-20T00:30:00Z", "payment_method": None}
    return {"value_exc_vat": 10.0, "value_inc_vat": 10.5} | half_hour | changes
