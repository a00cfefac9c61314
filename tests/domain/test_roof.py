import pytest

from app.domain.errors import InvalidSiteError
from app.domain.roof import Plane, Roof

SOUTH = Plane(kwp=4, tilt_deg=35, azimuth_deg=180)


@pytest.mark.parametrize(("kwp", "tilt_deg", "azimuth_deg"), [(0, 35, 180), (4, 91, 180), (4, -1, 180), (4, 35, 360), (4, 35, -90)])
def test_refuses_planes_that_cannot_be(kwp: float, tilt_deg: float, azimuth_deg: float) -> None:
    with pytest.raises(InvalidSiteError):
        Plane(kwp=kwp, tilt_deg=tilt_deg, azimuth_deg=azimuth_deg)


def test_refuses_roofs_that_cannot_be() -> None:
    assert Roof(latitude=59, longitude=18, planes=(SOUTH, SOUTH)).peak_kw == 8
    for wrong in ({"latitude": 91.0}, {"longitude": -181.0}, {"planes": ()}, {"loss": 1.0}, {"inverter_kw": 0.0}):
        with pytest.raises(InvalidSiteError):
            Roof(**{"latitude": 59.0, "longitude": 18.0, "planes": (SOUTH,)} | wrong)  # type: ignore[arg-type]
