from datetime import timedelta
from math import cos, radians, sin

import httpx
import numpy as np
import pytest

from app.domain.errors import UnavailableError
from app.domain.forecast import Forecast, ForecastKind
from app.domain.roof import Plane, Roof
from app.forecasting.sun import sun
from app.services.solar.open_meteo import OpenMeteo, from_south
from tests.services.solar.served import EAST, MIDNIGHT, SOUTH, WEST, Served, always, at, half_hours, roof

HOURS = 72
ENDS_S = MIDNIGHT.timestamp() + 3600.0 * np.arange(HOURS, dtype=np.float64)


def client(served: Served, house: Roof | None = None, **changes: str | bool) -> OpenMeteo:
    return OpenMeteo(http=served.http(), roof=house or roof(), sleep=served.waited_s.append, **changes)  # type: ignore[arg-type]


def open_meteo_sky(request: httpx.Request) -> httpx.Response:
    """A clear sky on the plane that is asked for, by the service's own convention: azimuth 0 is south, west positive."""
    asked = request.url.params
    position = sun(ENDS_S - 1800, latitude=float(asked["latitude"]), longitude=float(asked["longitude"]))
    tilt, facing = radians(float(asked["tilt"])), radians(float(asked["azimuth"]))
    turn = position.azimuth - np.pi - facing
    air = np.exp(-0.2 / np.maximum(np.sin(position.elevation), 0.01))
    beam = 1100 * air * np.maximum(0, np.sin(position.elevation) * cos(tilt) + np.cos(position.elevation) * sin(tilt) * np.cos(turn))
    light = np.where(position.elevation > 0, beam + 100 * air, 0)
    members = {f"global_tilted_irradiance_member{n:02d}": (light * (0.5 + 0.05 * n)).tolist() for n in range(1, 20)}
    extra = members if "ensemble" in request.url.host else {"temperature_2m": [15.0] * HOURS}
    return httpx.Response(200, json={"hourly": {"time": ENDS_S.tolist(), "global_tilted_irradiance": light.tolist(), **extra}})


def peak_hour(found: Forecast) -> float:
    slot = found.slots[int(np.argmax(found.kw))]
    return slot.start.hour + slot.start.minute / 60


def test_light_is_the_mean_of_the_hour_before_its_stamp() -> None:
    found = client(always("open_meteo")).forecast(half_hours(8, 12), at(8))

    hours = [(found.kw[n] + found.kw[n + 1]) / 2 for n in range(0, 8, 2)]
    warmth = [1 - 0.0035 * (10.25 + 0.5 * n + 0.03 * light - 25) for n, light in ((8, 505), (9, 590), (10, 640), (11, 655))]
    light = [4.0 * w * 0.86 / 1000 for w in (505, 590, 640, 655)]
    assert hours == pytest.approx([a * b for a, b in zip(light, warmth, strict=True)], rel=1e-3)
    assert (found.kind, found.source, found.issued_at) == (ForecastKind.SOLAR_AS_GIVEN, "open-meteo", at(8))


def test_within_an_hour_the_power_follows_the_sun() -> None:
    found = client(always("open_meteo")).forecast(half_hours(5, 7), at(5))

    assert found.kw[0] < found.kw[1] < found.kw[2] < found.kw[3]


def test_ends_where_the_service_has_a_hole() -> None:
    found = client(always("open_meteo")).forecast(half_hours(10, 18), at(10))

    assert found.slots[-1].end == at(14)


def test_is_unavailable_when_now_is_the_hole() -> None:
    with pytest.raises(UnavailableError, match="does not cover now"):
        client(always("open_meteo")).forecast(half_hours(14, 18), at(14))


def test_asks_for_each_plane_as_open_meteo_counts_azimuth() -> None:
    served = Served(open_meteo_sky)

    client(served, roof(EAST, SOUTH, Plane(kwp=1, tilt_deg=10, azimuth_deg=0))).forecast(half_hours(0, 24), at(0))

    assert [float(each.url.params["azimuth"]) for each in served.asked] == [-90, 0, -180]
    assert served.asked[0].url.path == "/v1/forecast"
    assert dict(served.asked[0].url.params)["timeformat"] == "unixtime"
    assert from_south(270) == 90


@pytest.mark.parametrize(("plane", "hours"), [(EAST, (7, 11)), (SOUTH, (11, 13)), (WEST, (13, 17))])
def test_an_east_roof_peaks_before_noon_and_a_west_roof_after(plane: Plane, hours: tuple[int, int]) -> None:
    found = client(Served(open_meteo_sky), roof(plane)).forecast(half_hours(0, 24), at(0))

    assert hours[0] <= peak_hour(found) < hours[1]


def test_planes_add_up_and_the_arrays_own_inverter_clips() -> None:
    whole = client(Served(open_meteo_sky), roof(EAST, WEST)).forecast(half_hours(0, 24), at(0))
    parts = [client(Served(open_meteo_sky), roof(each)).forecast(half_hours(0, 24), at(0)) for each in (EAST, WEST)]
    clipped = client(Served(open_meteo_sky), roof(EAST, WEST, inverter_kw=2)).forecast(half_hours(0, 24), at(0))

    assert whole.kw == pytest.approx(np.sum([each.kw for each in parts], axis=0))
    assert max(whole.kw) > 3
    assert max(clipped.kw) == 2


def test_an_ensemble_gives_tenths_of_its_members() -> None:
    served = Served(open_meteo_sky)
    found = client(served, ensemble="icon_seamless").forecast(half_hours(10, 14), at(10))

    assert found.low_kw is not None
    assert found.high_kw is not None
    share = [(high - low) / kw for low, kw, high in zip(found.low_kw, found.kw, found.high_kw, strict=True)]
    assert all(0.6 < each < 0.8 for each in share), "members spread evenly from 55 % to 150 %; four fifths of that is 0.76, less the heat"
    assert served.asked[-1].url.host == "ensemble-api.open-meteo.com"


def test_a_missing_ensemble_costs_only_the_spread() -> None:
    served = Served(lambda request: httpx.Response(404) if "ensemble" in request.url.host else open_meteo_sky(request))

    found = client(served, ensemble="icon_seamless").forecast(half_hours(10, 14), at(10))

    assert found.low_kw is None
    assert max(found.kw) > 1


@pytest.mark.parametrize(
    "reply",
    [
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json={"hourly": {"time": [1, 2]}}),
        httpx.Response(200, json={"hourly": {"time": [1, 2], "global_tilted_irradiance": [1], "temperature_2m": [1, 2]}}),
        httpx.Response(200, json={"hourly": {"time": [], "global_tilted_irradiance": [], "temperature_2m": []}}),
        httpx.Response(200, json={"hourly": {"time": [7200, 7200], "global_tilted_irradiance": [1, 1], "temperature_2m": [1, 2]}}),
        httpx.Response(200, json={"hourly": {"time": [1], "global_tilted_irradiance": ["much"], "temperature_2m": [1]}}),
        httpx.Response(400, json={"error": True, "reason": "Latitude must be in range of -90 to 90°."}),
        httpx.Response(429, json={"error": True, "reason": "Minutely API request limit exceeded."}),
    ],
)
def test_garbage_and_refusals_are_unavailable(reply: httpx.Response) -> None:
    served = Served(lambda _: reply)

    with pytest.raises(UnavailableError, match=r"open-meteo: |intervals of a forecast overlap"):
        client(served).forecast(half_hours(8, 12), at(8))
    assert len(served.asked) == 1, "none of these is cured by asking again at once"


def test_asks_again_patiently_while_the_service_is_in_trouble() -> None:
    answers = [httpx.Response(503), httpx.Response(502)]
    served = Served(lambda request: answers.pop() if answers else open_meteo_sky(request))

    assert max(client(served).forecast(half_hours(10, 14), at(10)).kw) > 1
    assert len(served.waited_s) == 2
    assert client(served).every >= timedelta(minutes=30)


def two_models(*, second: list[float | None] | None) -> Served:
    """Columns with the model's name behind, as the service gives them where it is asked for several."""
    light, hours = [500.0] * HOURS, {"time": ENDS_S.tolist()}
    columns = {
        f"{name}_icon_seamless": values for name, values in (("global_tilted_irradiance", light), ("temperature_2m", [15.0] * HOURS))
    }
    if second is not None:
        air = [None if each is None else 15.0 for each in second]
        columns |= {"global_tilted_irradiance_ukmo_seamless": second, "temperature_2m_ukmo_seamless": air}  # type: ignore[dict-item]
    return Served(lambda _: httpx.Response(200, json={"hourly": hours | columns}))


def alone(light: float) -> float:
    reply = {"time": ENDS_S.tolist(), "global_tilted_irradiance": [light] * HOURS, "temperature_2m": [15.0] * HOURS}
    return client(Served(lambda _: httpx.Response(200, json={"hourly": reply}))).forecast(half_hours(11, 12), at(11)).kw[0]


def test_of_several_models_the_mean_counts_and_what_one_lacks_the_others_say() -> None:
    second: list[float | None] = [300.0] * 20 + [None] * (HOURS - 20)
    served = two_models(second=second)
    source = client(served, models="icon_seamless, ukmo_seamless")

    today, tomorrow = (source.forecast(half_hours(n, n + 1), at(n)).kw[0] for n in (11, 35))

    assert served.asked[0].url.params["models"] == "icon_seamless,ukmo_seamless"
    assert today == pytest.approx(alone(400.0), rel=0.01)
    assert tomorrow == pytest.approx(alone(500.0), rel=0.01)
    assert source.complaint is None


def test_a_model_that_knows_nothing_of_the_place_is_named_and_the_others_count() -> None:
    source = client(two_models(second=[None] * HOURS), models="icon_seamless,ukmo_seamless")

    assert source.forecast(half_hours(11, 12), at(11)).kw[0] == pytest.approx(alone(500.0), rel=0.01)
    assert source.complaint == "open-meteo: ukmo_seamless knows nothing of this place"


def test_a_model_that_the_service_leaves_out_is_named() -> None:
    with pytest.raises(UnavailableError, match="no global_tilted_irradiance_ukmo_seamless"):
        client(two_models(second=None), models="icon_seamless,ukmo_seamless").forecast(half_hours(11, 12), at(11))
