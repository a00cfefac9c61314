"""Sweden's day-ahead prices as they are served: whole days, not yet, quarter-hours and hours, both changes of the clock."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.domain.errors import UnavailableError
from app.domain.price import Direction
from app.domain.slot import local_day
from app.services.tariffs.elprisetjustnu import STOCKHOLM, ElprisetJustNu, SpotPrices

RECORDED = json.loads((Path(__file__).parents[2] / "fixtures" / "elprisetjustnu" / "day.json").read_text())
DAY = local_day(date(2026, 11, 21), STOCKHOLM)

type Answer = Callable[[httpx.Request], httpx.Response]


def served(answer: Answer, *, area: str = "SE3") -> SpotPrices:
    http = httpx.Client(base_url="https://prices.test/api/v1/prices/", transport=httpx.MockTransport(answer))
    return SpotPrices(http=http, area=area, direction=Direction.IMPORT, sleep=lambda _: None)


def only(day: str, rows: object) -> Answer:
    return lambda request: httpx.Response(200, json=rows) if request.url.path.endswith(day) else httpx.Response(404)


def made(day: date, *, minutes: int) -> list[dict[str, Any]]:
    whole, step = local_day(day, STOCKHOLM), timedelta(minutes=minutes)
    starts = [whole.start + n * step for n in range(round(whole.hours * 60) // minutes)]
    return [
        {
            "SEK_per_kWh": 0.5,
            "time_start": at.astimezone(STOCKHOLM).isoformat(),
            "time_end": (at + step).astimezone(STOCKHOLM).isoformat(),
        }
        for at in starts
    ]


def test_a_day_as_it_is_served_becomes_quarter_hours_in_kronor() -> None:
    prices = served(only("2026/11-21_SE3.json", RECORDED)).prices(DAY.start, DAY.end)

    assert (len(prices), prices[0].slot.start, prices[-1].slot.end) == (96, DAY.start, DAY.end)
    assert prices[0].per_kwh == RECORDED[0]["SEK_per_kWh"]
    assert {price.source for price in prices} == {"elprisetjustnu SE3"}


def test_what_is_not_out_yet_is_absent_and_no_error() -> None:
    prices = served(only("2026/11-21_SE3.json", RECORDED)).prices(DAY.start, DAY.end + timedelta(hours=20))

    assert max(price.slot.end for price in prices) == DAY.end


@pytest.mark.parametrize(
    ("day", "minutes", "count"), [(date(2026, 3, 29), 15, 92), (date(2026, 10, 25), 15, 100), (date(2024, 10, 27), 60, 25)]
)
def test_days_of_any_length_are_whole(day: date, minutes: int, count: int) -> None:
    whole = local_day(day, STOCKHOLM)

    assert len(served(only(f"{day:%Y/%m-%d}_SE3.json", made(day, minutes=minutes))).prices(whole.start, whole.end)) == count


@pytest.mark.parametrize(
    "rows",
    [
        RECORDED[:48],
        RECORDED[1:],
        RECORDED[:10] + RECORDED[11:],
        [RECORDED[0] | {"SEK_per_kWh": 412.31}, *RECORDED[1:]],
        [RECORDED[0] | {"SEK_per_kWh": "0.5"}, *RECORDED[1:]],
        {"message": "hello"},
        [],
    ],
    ids=["half a day", "no beginning", "a hole", "per MWh", "text", "no list", "empty"],
)
def test_what_makes_no_sense_is_no_price(rows: object) -> None:
    with pytest.raises(UnavailableError, match="elprisetjustnu SE3 of 2026-11-21"):
        served(only("2026/11-21_SE3.json", rows)).prices(DAY.start, DAY.end)


def test_a_server_in_trouble_is_asked_again_and_then_named() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(503)

    with pytest.raises(UnavailableError, match="503"):
        served(answer).prices(DAY.start, DAY.end)
    assert len(asked) > 1


def test_tomorrow_is_due_in_the_afternoon() -> None:
    prices = served(lambda _: httpx.Response(404))
    noon, evening = datetime(2026, 11, 21, 11, tzinfo=UTC), datetime(2026, 11, 21, 17, tzinfo=UTC)

    assert (prices.published_until(noon), prices.published_until(evening)) == (DAY.end, DAY.end + timedelta(days=1))


def test_the_area_is_one_of_swedens() -> None:
    with pytest.raises(ValueError, match="SE5"):
        ElprisetJustNu.model_validate({"area": "SE5"})
