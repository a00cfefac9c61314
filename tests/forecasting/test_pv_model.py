"""The sun and the light against numbers that pvlib 0.16 gave (get_solarposition, erbs, haydavies, faiman at 2.5 m/s, pvwatts_dc)."""

from datetime import UTC, datetime

import numpy as np
import pytest

from app.domain.roof import Plane, Roof
from app.forecasting.pv_model import ac_kw, clear_kw, from_ghi
from app.forecasting.sun import Numbers, clear_ghi, clouded_ghi, sun

PVLIB = (
    ("2026-06-01T08:15:00+00:00", 51.5, -0.12, 38.179, 102.749, 480.0, 1.9767),
    ("2026-06-01T12:00:00+00:00", 51.5, -0.12, 60.591, 180.793, 860.0, 3.1489),
    ("2026-03-10T15:30:00+00:00", 59.33, 18.07, 7.548, 248.946, 120.0, 0.1275),
    ("2026-12-20T11:00:00+00:00", 59.33, 18.07, 7.182, 183.406, 60.0, 0.2876),
    ("2026-09-15T16:45:00+00:00", 37.4, -6.0, 20.293, 257.499, 350.0, 0.5117),
)


def roof(azimuth_deg: float = 180, tilt_deg: float = 35, **changes: float) -> Roof:
    planes = (Plane(kwp=4, tilt_deg=tilt_deg, azimuth_deg=azimuth_deg),)
    return Roof(latitude=51.5, longitude=-0.12, planes=planes, **changes)


def day(text: str = "2026-06-01") -> Numbers:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() + 1800.0 * np.arange(48, dtype=np.float64) + 900


@pytest.mark.parametrize("row", PVLIB)
def test_agrees_with_pvlib(row: tuple[str, float, float, float, float, float, float]) -> None:
    stamp, latitude, longitude, elevation, azimuth, ghi, kw = row
    at_s = np.array([datetime.fromisoformat(stamp).timestamp()])
    position = sun(at_s, latitude=latitude, longitude=longitude)
    plane = Plane(kwp=4, tilt_deg=35, azimuth_deg=150)

    assert np.degrees(position.elevation[0]) == pytest.approx(elevation, abs=0.05)
    assert np.degrees(position.azimuth[0]) == pytest.approx(azimuth, abs=0.05)
    found = from_ghi(Roof(latitude=latitude, longitude=longitude, planes=(plane,)), at_s, np.array([ghi]), 12.0)
    assert found[0] == pytest.approx(kw, rel=0.03)  # 3 %: cells are as warm as the light alone says, not as the wind


def test_an_east_roof_peaks_before_noon_and_a_west_roof_mirrors_it() -> None:
    east, south, west = (clear_kw(roof(azimuth_deg), day()) for azimuth_deg in (90, 180, 270))

    assert (day()[np.argmax(east)] % 86400) / 3600 < 10.5
    assert 11.5 < (day()[np.argmax(south)] % 86400) / 3600 < 12.5
    assert (day()[np.argmax(west)] % 86400) / 3600 > 13.5
    assert east.sum() == pytest.approx(west.sum(), rel=0.01)


def test_cold_cells_give_more_and_an_own_inverter_clips() -> None:
    light = np.array([1000.0])

    assert ac_kw(roof(), [light], -5.0)[0] == pytest.approx(4 * 0.86)
    assert ac_kw(roof(), [light], 25.0)[0] == pytest.approx(4 * 0.86 * (1 - 0.0035 * 30))
    assert ac_kw(roof(inverter_kw=3), [light], -5.0)[0] == 3
    assert ac_kw(roof(loss=0), [np.array([-5.0])])[0] == 0


def test_nights_are_dark_and_clouds_dim() -> None:
    position = sun(day(), latitude=51.5, longitude=-0.12)

    assert (clear_kw(roof(), day())[position.elevation < 0] == 0).all()
    share = clouded_ghi(position, np.ones(48))[24] / clear_ghi(position)[24]
    assert share == pytest.approx(0.25)
    assert clouded_ghi(position, np.zeros(48))[24] == clear_ghi(position)[24]


def test_a_year_of_clear_days_is_as_long_as_the_place_says() -> None:
    polar = sun(day("2026-12-21"), latitude=69, longitude=18)

    assert (polar.elevation < 0).all()
    assert (sun(day("2026-06-21"), latitude=69, longitude=18).elevation > 0).all()
