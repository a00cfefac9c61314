from datetime import timedelta

import httpx
import pytest

from app.domain.errors import UnauthorizedError, UnavailableError
from app.services.solar.solcast import Solcast
from tests.services.solar.served import Served, always, at, half_hours


def client(served: Served, *rooftops: str) -> Solcast:
    return Solcast(http=served.http(), rooftops=rooftops or ("east",), api_key="geheim", sleep=served.waited_s.append)


def test_a_value_belongs_to_the_half_hour_that_ends_at_its_stamp() -> None:
    served = always("solcast")
    found = client(served).forecast(half_hours(6, 7.5), at(6))

    assert found.kw == pytest.approx((0.2, 1.23, 1.6))
    assert found.low_kw == pytest.approx((0.1, 0.61, 0.7))
    assert found.high_kw == pytest.approx((0.3, 1.77, 2.1))
    assert found.slots[1].start == at(6.5), "an east roof's morning is not moved towards noon"
    assert served.asked[0].headers["authorization"] == "Bearer geheim"
    assert served.asked[0].url.path == "/v1/rooftop_sites/east/forecasts"


def test_rooftops_add_up() -> None:
    found = client(always("solcast"), "east", "west").forecast(half_hours(6, 7.5), at(6))

    assert found.kw == pytest.approx((0.4, 2.46, 3.2))


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_day_of_answers_stays_within_ten_calls(count: int) -> None:
    every = client(always("solcast"), *"abc"[:count]).every

    assert count * (timedelta(days=1) / every) <= 8


def test_a_failure_costs_one_call_only() -> None:
    for status in (429, 500, 503):
        served = Served(lambda _, status=status: httpx.Response(status))  # type: ignore[misc]
        with pytest.raises(UnavailableError):
            client(served).forecast(half_hours(6, 7), at(6))
        assert len(served.asked) == 1


def test_a_refused_key_is_unauthorized_and_not_told() -> None:
    with pytest.raises(UnauthorizedError) as raised:
        client(Served(lambda _: httpx.Response(403))).forecast(half_hours(6, 7), at(6))
    assert "geheim" not in str(raised.value)


def test_garbage_is_unavailable() -> None:
    replies: tuple[object, ...] = ({"forecasts": []}, {"forecasts": [{"pv_estimate": -1}]}, {"message": "no"}, [])
    for reply in replies:
        served = Served(lambda _, reply=reply: httpx.Response(200, json=reply))  # type: ignore[misc]
        with pytest.raises(UnavailableError):
            client(served).forecast(half_hours(6, 7), at(6))
