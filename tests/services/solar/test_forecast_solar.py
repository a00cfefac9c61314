from math import cos, radians, sin

import httpx
import numpy as np
import pytest

from app.domain.errors import UnavailableError
from app.domain.roof import Plane, Roof
from app.forecasting.sun import sun
from app.services.solar.forecast_solar import ForecastSolar
from tests.services.solar.served import EAST, MIDNIGHT, SOUTH, WEST, Served, always, at, half_hours, recorded, roof


def client(served: Served, house: Roof | None = None, api_key: str | None = None) -> ForecastSolar:
    return ForecastSolar(http=served.http("https://api.test/"), roof=house or roof(), api_key=api_key, sleep=served.waited_s.append)


def energy_kwh(kw: tuple[float, ...]) -> float:
    return sum(kw) / 2


def test_keeps_the_energy_of_every_period() -> None:
    found = client(always("forecast_solar")).forecast(half_hours(0, 48), at(0))

    assert energy_kwh(found.kw[:48]) == pytest.approx(18.882)
    assert energy_kwh(found.kw[48:]) == pytest.approx(14.010)
    assert energy_kwh(found.kw[24:26]) == pytest.approx(2.4), "12:00 to 13:00"
    assert found.kw[:6] == pytest.approx([0.0] * 6), "the night before sunrise is covered"


def test_knows_today_and_tomorrow_only() -> None:
    found = client(always("forecast_solar")).forecast(half_hours(6, 72), at(6))

    assert found.slots[-1].end == at(48)
    assert found.low_kw is None


def test_asks_once_per_plane_with_south_as_zero() -> None:
    served = always("forecast_solar")

    both = client(served, roof(EAST, SOUTH)).forecast(half_hours(0, 24), at(0))

    assert [each.url.path for each in served.asked] == ["/estimate/51.5000/-0.1200/35/-90/4", "/estimate/51.5000/-0.1200/35/0/4"]
    assert served.asked[0].url.params["time"] == "utc"
    assert energy_kwh(both.kw) == pytest.approx(2 * 18.882)


def test_an_inverter_clips_the_sum() -> None:
    found = client(always("forecast_solar"), roof(EAST, SOUTH, inverter_kw=2.5)).forecast(half_hours(0, 24), at(0))

    assert max(found.kw) == 2.5


@pytest.mark.parametrize(("plane", "before_noon"), [(EAST, True), (WEST, False)])
def test_an_east_roof_peaks_before_noon(plane: Plane, *, before_noon: bool) -> None:
    def sky(request: httpx.Request) -> httpx.Response:
        lat, lon, tilt, azimuth, kwp = map(float, request.url.path.removeprefix("/estimate/").split("/"))
        ends = MIDNIGHT.timestamp() + 3600.0 * np.arange(1, 25, dtype=np.float64)
        position = sun(ends - 1800, latitude=lat, longitude=lon)
        turn = position.azimuth - np.pi - radians(azimuth)
        height = np.sin(position.elevation)
        light = np.maximum(0, height * cos(radians(tilt)) + np.cos(position.elevation) * sin(radians(tilt)) * np.cos(turn)) * (height > 0)
        stamps = [f"2026-06-01 {hour:02d}:00:00" for hour in range(1, 24)]
        return httpx.Response(200, json={"result": {"watt_hours_period": dict(zip(stamps, 800 * kwp * light, strict=False))}})

    found = client(Served(sky), roof(plane)).forecast(half_hours(0, 24), at(0))

    peak = found.slots[int(np.argmax(found.kw))].start.hour
    assert (peak < 11) if before_noon else (peak >= 13)


def test_a_used_up_allowance_is_not_asked_again() -> None:
    limit = httpx.Response(429, content=recorded("forecast_solar_limit").content)
    served = Served(lambda _: limit)

    with pytest.raises(UnavailableError, match="limit is used up"):
        client(served).forecast(half_hours(0, 24), at(0))
    assert len(served.asked) == 1


def test_a_key_is_in_the_path_and_in_no_error() -> None:
    served = Served(lambda _: httpx.Response(500))

    with pytest.raises(UnavailableError) as raised:
        client(served, api_key="geheim").forecast(half_hours(0, 24), at(0))
    assert served.asked[0].url.path.startswith("/geheim/estimate/")
    assert "geheim" not in str(raised.value)


@pytest.mark.parametrize("result", [None, {}, {"watt_hours_period": {}}, {"watt_hours_period": {"noon": 3}}, {"watt_hours_period": [1]}])
def test_garbage_is_unavailable(result: object) -> None:
    with pytest.raises(UnavailableError):
        client(Served(lambda _: httpx.Response(200, json={"result": result}))).forecast(half_hours(0, 24), at(0))
