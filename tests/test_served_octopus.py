from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from statistics import mean

import httpx
import pytest

from app.domain.errors import UnavailableError
from app.domain.price import Direction, Price
from app.domain.site import LONDON
from app.services.octopus.energy import OctopusEnergy
from app.services.simulated.agile import SimulatedAgile
from tests.served_octopus import FORTNIGHT, Fault, ServedOctopus, default_data, load, serving
from tests.services.octopus.served import AGILE, OUTGOING_AGILE

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def served() -> Iterator[ServedOctopus]:
    with serving(ServedOctopus(load(FORTNIGHT), clock=lambda: NOW)) as octopus:
        yield octopus


@pytest.fixture
def client(served: ServedOctopus) -> Iterator[OctopusEnergy]:
    with httpx.Client(base_url=served.url, trust_env=False) as http:
        yield OctopusEnergy(http=http, import_tariff=AGILE, export_tariff=OUTGOING_AGILE, sleep=lambda _: None)


def bought(prices: list[Price]) -> list[Price]:
    return [price for price in prices if price.direction is Direction.IMPORT]


def test_serves_a_fortnight_for_ever_at_the_same_weekday_and_hour(client: OctopusEnergy) -> None:
    recorded = SimulatedAgile(clock=lambda: NOW).prices(datetime(2026, 1, 16, 12, tzinfo=UTC), datetime(2026, 1, 16, 15, tzinfo=UTC))

    prices = client.prices(NOW, NOW + timedelta(hours=3))

    assert [price.per_kwh for price in prices] == [price.per_kwh for price in recorded], "44 weeks and 0 hours later"


def test_serves_summer_by_the_wall_clock(client: OctopusEnergy) -> None:
    noon = datetime(2026, 7, 1, 12, tzinfo=UTC)

    dearest = max(bought(client.prices(noon, noon + timedelta(hours=11))), key=lambda price: price.per_kwh)

    assert dearest.slot.start.astimezone(LONDON).hour in {16, 17, 18}


def test_publishes_at_four(client: OctopusEnergy, served: ServedOctopus) -> None:
    assert client.prices(NOW, NOW + 2 * DAY)[-1].slot.end == NOW.replace(hour=23)

    served.clock = lambda: NOW.replace(hour=16)
    assert client.prices(NOW, NOW + 2 * DAY)[-1].slot.end == NOW.replace(hour=23) + DAY


def test_serves_long_spans_in_pages(client: OctopusEnergy, served: ServedOctopus) -> None:
    prices = bought(client.prices(NOW - 40 * DAY, NOW))

    assert len(prices) == len({price.slot for price in prices}) == 40 * 48
    assert len(served.requests) == 4


def test_serves_newest_first(served: ServedOctopus) -> None:
    rows = served.rows("AGILE-24-10-01", "standard-unit-rates", {"period_from": "2026-11-20T00:00:00Z"})

    assert rows is not None
    assert [row["valid_from"] for row in rows] == sorted((str(row["valid_from"]) for row in rows), reverse=True)


@pytest.mark.parametrize("fault", ["500", "garbage", "cut", "blocked"])
def test_a_fault_becomes_an_error_and_passes(client: OctopusEnergy, served: ServedOctopus, fault: Fault) -> None:
    served.set_fault(fault)
    with pytest.raises(UnavailableError):
        client.prices(NOW, NOW + DAY)

    served.set_fault("none")
    assert client.prices(NOW, NOW + DAY)


def test_a_slow_service_answers_late(client: OctopusEnergy, served: ServedOctopus) -> None:
    served.slow_s = 0.2
    served.set_fault("slow")

    assert bought(client.prices(NOW, NOW + DAY))


def test_an_empty_answer_is_no_price_and_half_a_day_is_half_a_day(client: OctopusEnergy, served: ServedOctopus) -> None:
    served.set_fault("empty")
    assert client.prices(NOW, NOW + DAY) == []

    served.set_fault("half")
    served.clock = lambda: NOW.replace(hour=17)
    assert client.prices(NOW, NOW + 2 * DAY)[-1].slot.end == NOW.replace(hour=11) + DAY


def test_faults_are_switched_over_the_wire(served: ServedOctopus) -> None:
    root = served.url.removesuffix("v1/")

    assert httpx.post(f"{root}_fault", content="empty", trust_env=False).json() == {"fault": "empty"}
    assert served.fault == "empty"
    assert httpx.post(f"{root}_fault", content="nonsense", trust_env=False).status_code == 400


def test_knows_no_other_products(client: OctopusEnergy, served: ServedOctopus) -> None:
    assert client.http.get("products/GO-VAR-22-10-14/electricity-tariffs/E-1R-GO-VAR-22-10-14-C/standard-unit-rates/").status_code == 404
    assert served.requests


def test_every_day_of_a_year_has_prices_whatever_the_data() -> None:
    recording = load(default_data())

    assert all(recording.at(NOW + n * timedelta(minutes=30)) for n in range(366 * 48))
    assert recording.cycle % timedelta(weeks=1) == timedelta(0)


def test_the_fortnight_looks_like_agile() -> None:
    recording = load(FORTNIGHT)

    assert recording.cycle == timedelta(weeks=2)
    peak = [price[0] for clock, price in recording.prices.items() if clock.hour in {16, 17, 18}]
    assert mean(peak) > 1.5 * mean(price[0] for price in recording.prices.values())
