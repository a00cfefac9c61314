"""What Octopus knows of one account: metered energy, and the region of a postcode."""

import base64
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from app.domain.errors import NotFoundError, UnauthorizedError, UnavailableError
from tests.services.octopus.served import FakeOctopus, always, in_turn, recorded


def consumption(fake: FakeOctopus, *, api_key: str | None = "sk_live_not_a_key") -> list[tuple[str, float]]:
    start = datetime(2026, 5, 25, 20, 0, tzinfo=UTC)
    energy = fake.client(api_key=api_key).consumption("1200000000001", "21E0000001", start, start + timedelta(hours=2))
    return [(f"{item.slot.start:%H:%M}", item.kwh) for item in energy]


def test_gives_metered_energy_once_and_oldest_first() -> None:
    fake = in_turn(recorded("consumption_page_1"), recorded("consumption_page_2"))

    assert consumption(fake) == [("20:00", 0.0), ("20:30", 0.1), ("21:00", 0.123), ("21:30", 0.187)]
    assert fake.asked[0].url.params["order_by"] == "-period"
    assert fake.asked[0].headers["authorization"] == "Basic " + base64.b64encode(b"sk_live_not_a_key:").decode()


def test_keeps_to_the_span_though_more_is_served() -> None:
    start = datetime(2026, 5, 25, 20, 30, tzinfo=UTC)
    octopus = in_turn(recorded("consumption_page_1"), recorded("consumption_page_2")).client(api_key="sk_live_not_a_key")

    energy = octopus.consumption("1200000000001", "21E0000001", start, start + timedelta(hours=1))

    assert [item.kwh for item in energy] == [0.1, 0.123]


def test_notices_metered_rows_lost_between_pages() -> None:
    lost = httpx.Response(200, json={"count": 4, "next": None, "results": []})

    with pytest.raises(UnavailableError, match="2 of 4"):
        consumption(in_turn(recorded("consumption_page_1"), lost))


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_is_told_apart_and_not_tried_again(status: int) -> None:
    fake = FakeOctopus(lambda _: httpx.Response(status, json={"detail": "Invalid API key."}))

    with pytest.raises(UnauthorizedError):
        consumption(fake)
    assert len(fake.asked) == 1


def test_metered_energy_needs_a_key() -> None:
    fake = always("consumption_page_1")

    with pytest.raises(UnauthorizedError, match="API key"):
        consumption(fake, api_key=None)
    assert fake.asked == []


def test_keeps_the_key_out_of_its_printed_form() -> None:
    assert "sk_live" not in repr(always("agile").client(api_key="sk_live_not_a_key"))


def test_finds_the_region_of_a_postcode() -> None:
    fake = always("grid_supply_points")

    assert fake.client().region_of_postcode("N1 9GU") == "C"
    assert fake.asked[0].url.params["postcode"] == "N1 9GU"


@pytest.mark.parametrize("groups", [[], ["_A", "_C"]])
def test_does_not_guess_a_region(groups: list[str]) -> None:
    rows = [{"group_id": group} for group in groups]
    fake = FakeOctopus(lambda _: httpx.Response(200, json={"count": len(rows), "next": None, "results": rows}))

    with pytest.raises(NotFoundError, match="set the region"):
        fake.client().region_of_postcode("XX1 1XX")
