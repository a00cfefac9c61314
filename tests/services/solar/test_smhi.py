import httpx
import pytest

from app.domain.errors import UnavailableError
from app.domain.roof import Plane, Roof
from app.services.solar.smhi import Smhi
from tests.services.solar.served import Served, always, at, half_hours, recorded

STOCKHOLM = Roof(latitude=59.33, longitude=18.07, planes=(Plane(kwp=4, tilt_deg=35, azimuth_deg=180),))


def client(served: Served, roof: Roof = STOCKHOLM) -> Smhi:
    return Smhi(http=served.http("https://smhi.test/api/"), roof=roof, sleep=served.waited_s.append)


def test_eight_octas_leave_a_quarter_of_the_light() -> None:
    served = always("smhi")
    found = client(served).forecast(half_hours(9, 13), at(9))

    clear, closed = found.kw[1], found.kw[-1]
    assert 2.0 < clear < 3.6
    assert 0.15 < closed / clear < 0.3
    assert served.asked[0].url.path == "/api/category/snow1g/version/1/geotype/point/lon/18.0700/lat/59.3300/data.json"


def test_9999_is_missing_and_bridged_but_half_a_day_is_not() -> None:
    found = client(always("smhi")).forecast(half_hours(12, 24), at(12))

    assert found.slots[-1].end == at(16)
    assert found.kw[2] < found.kw[3], "the sky clears between 13:00 and 15:00"


def test_an_east_roof_peaks_before_noon() -> None:
    east = Roof(latitude=59.33, longitude=18.07, planes=(Plane(kwp=4, tilt_deg=35, azimuth_deg=90),))
    clear = {"air_temperature": 15, "cloud_area_fraction": 0}
    day = {"timeSeries": [{"time": f"2026-06-01T{hour:02d}:00:00Z", "data": clear} for hour in range(24)]}

    found = client(Served(lambda _: httpx.Response(200, json=day)), east).forecast(half_hours(0, 23), at(0))

    assert 6 <= found.slots[found.kw.index(max(found.kw))].start.hour < 10


def test_a_place_outside_is_unavailable() -> None:
    out = httpx.Response(404, text="Requested point is out of bounds")
    with pytest.raises(UnavailableError, match="out of bounds"):
        client(Served(lambda _: out)).forecast(half_hours(9, 13), at(9))
    with pytest.raises(UnavailableError):
        client(Served(lambda _: recorded("open_meteo"))).forecast(half_hours(9, 13), at(9))
