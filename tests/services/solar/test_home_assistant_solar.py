from zoneinfo import ZoneInfo

import httpx
import pytest

from app.document.sources import SolarForecast
from app.domain.errors import UnauthorizedError, UnavailableError
from app.services.solar.home_assistant_solar import HomeAssistantSolar
from tests.services.solar.served import EAST, SOUTH, Served, always, at, half_hours, recorded, roof

LONDON = ZoneInfo("Europe/London")


def client(served: Served, *entities: str, facing_east: bool = False) -> HomeAssistantSolar:
    return HomeAssistantSolar(
        http=served.http("http://homeassistant:8123/"),
        token="geheim",  # noqa: S106  a token of no house
        entities=entities or ("sensor.today",),
        roof=roof(EAST if facing_east else SOUTH),
        zone=LONDON,
    )


def test_solcast_periods_begin_at_their_stamp_in_local_time() -> None:
    served = always("home_assistant_solcast")
    found = client(served).forecast(half_hours(6, 7.5), at(6))

    assert found.kw == pytest.approx((0.2, 1.23, 1.6))
    assert found.low_kw == pytest.approx((0.1, 0.61, 0.7))
    assert found.high_kw == pytest.approx((0.3, 1.77, 2.1))
    assert served.asked[0].url.path == "/api/states/sensor.today"


def test_energy_per_period_becomes_power_and_nights_left_out_are_dark() -> None:
    found = client(always("home_assistant_wh_period")).forecast(half_hours(-1, 23), at(-1))

    assert sum(found.kw) / 2 == pytest.approx(14.3)
    assert sum(found.kw[18:20]) / 2 == pytest.approx(2.0), "09:00 local is 08:00 UTC"
    assert found.kw[0] == 0
    assert found.slots[-1].end == at(23), "the local day ends at 23:00 UTC"


def test_a_hole_by_day_is_not_nothing() -> None:
    found = client(always("home_assistant_solcast")).forecast(half_hours(6, 12), at(6))

    assert found.slots[-1].end == at(7.5)


@pytest.mark.parametrize(("facing_east", "hours"), [(True, (7, 11)), (False, (11, 13))])
def test_a_bare_day_of_energy_follows_the_clear_sky_of_the_roof(hours: tuple[int, int], *, facing_east: bool) -> None:
    found = client(always("home_assistant_day"), facing_east=facing_east).forecast(half_hours(-1, 23), at(0))

    assert sum(found.kw) / 2 == pytest.approx(18.4)
    assert hours[0] <= found.slots[found.kw.index(max(found.kw))].start.hour < hours[1]


def test_entities_are_today_and_the_days_after() -> None:
    found = client(always("home_assistant_day"), "sensor.today", "sensor.tomorrow").forecast(half_hours(6, 60), at(6))

    assert found.slots[-1].end == at(47)
    assert sum(found.kw[34:]) / 2 == pytest.approx(18.4)


@pytest.mark.parametrize("state", ["unknown", "unavailable", "", "nan"])
def test_no_number_and_no_attributes_is_unavailable(state: str) -> None:
    shown = httpx.Response(200, json={"state": state, "attributes": {"unit_of_measurement": "kWh"}})
    with pytest.raises(UnavailableError):
        client(Served(lambda _: shown)).forecast(half_hours(6, 8), at(6))


def test_refusals_and_garbage() -> None:
    with pytest.raises(UnauthorizedError):
        client(Served(lambda _: httpx.Response(401))).forecast(half_hours(6, 8), at(6))
    for reply in (httpx.Response(404), httpx.Response(200, text="no"), httpx.Response(200, json={"state": "3", "attributes": {}})):
        with pytest.raises(UnavailableError):
            client(Served(lambda _, reply=reply: reply)).forecast(half_hours(6, 8), at(6))  # type: ignore[misc]


def some_away(*away: str, **shown: str) -> Served:
    """Entities that each show a recorded state, or are unavailable."""

    def answer(request: httpx.Request) -> httpx.Response:
        name = request.url.path.rpartition(".")[2]
        if name in away:
            return httpx.Response(200, json={"state": "unavailable", "attributes": {"unit_of_measurement": "kWh"}})
        return recorded(shown[name]) if name in shown else httpx.Response(404)

    return Served(answer)


def test_a_later_day_that_is_away_is_done_without_and_named() -> None:
    source = client(some_away("tomorrow", today="home_assistant_day"), "sensor.today", "sensor.tomorrow")
    found = source.forecast(half_hours(6, 60), at(6))

    assert found.slots[-1].end == at(23)
    assert "sensor.tomorrow shows 'unavailable'" in str(source.complaint)


def test_for_a_day_that_is_away_before_others_the_day_after_stands_in_and_is_named() -> None:
    source = client(some_away("today", tomorrow="home_assistant_day"), "sensor.today", "sensor.tomorrow", "sensor.day_3")
    found = source.forecast(half_hours(-1, 60), at(0))

    assert found.slots[-1].end == at(47)
    assert sum(found.kw[:48]) / 2 == pytest.approx(18.4)
    assert "sensor.today shows 'unavailable'" in str(source.complaint)
    assert "there is no api/states/sensor.day_3" in str(source.complaint)


def test_what_stands_in_never_overlaps_what_is_known() -> None:
    source = client(some_away("today", tomorrow="home_assistant_wh_period", day_3="home_assistant_day"), "sensor.today", "sensor.tomorrow")

    assert sum(source.forecast(half_hours(-1, 23), at(-1)).kw) / 2 == pytest.approx(14.3), "tomorrow's entity already told of today"


def test_whole_answers_are_no_complaint_and_none_at_all_is_unavailable() -> None:
    source = client(some_away(today="home_assistant_day", tomorrow="home_assistant_day"), "sensor.today", "sensor.tomorrow")
    source.forecast(half_hours(6, 40), at(6))
    assert source.complaint is None

    with pytest.raises(UnavailableError, match=r"sensor.today.*; .*sensor.tomorrow"):
        client(some_away("today", "tomorrow"), "sensor.today", "sensor.tomorrow").forecast(half_hours(6, 40), at(6))


def test_the_third_local_day_is_asked_for_into_which_a_plan_of_two_days_reaches() -> None:
    entities = SolarForecast().entities
    assert entities == tuple(f"sensor.solcast_pv_forecast_forecast_{day}" for day in ("today", "tomorrow", "day_3"))
    shown = {entity.rpartition(".")[2]: "home_assistant_day" for entity in entities}
    served = some_away(**shown)

    found = client(served, *entities).forecast(half_hours(6, 54), at(6))

    assert found.slots[-1].end == at(54)
    assert len(served.asked) == 3
