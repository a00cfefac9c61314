"""What Octopus refuses, breaks off or garbles: asked again, named, and never a price."""

import httpx
import pytest

from app.domain.errors import UnauthorizedError, UnavailableError
from tests.services.octopus.served import MIDNIGHT, THREE, FakeOctopus, always, html, in_turn, pence, recorded, row


@pytest.mark.parametrize("failure", [httpx.Response(429), httpx.Response(503), httpx.ReadTimeout("slow"), httpx.ConnectError("down")])
def test_tries_again_after_a_passing_failure(failure: httpx.Response | httpx.TransportError) -> None:
    fake = in_turn(failure, failure, failure, recorded("agile"))

    assert len(pence(fake.client().prices(MIDNIGHT, THREE))) == 6
    assert len(fake.asked) == 4
    assert all(low <= waited <= low + 1 for low, waited in zip([1, 2, 4], fake.waited_s, strict=True))


def test_gives_up_after_four_attempts_and_names_what_failed() -> None:
    fake = FakeOctopus(lambda _: httpx.Response(500))

    with pytest.raises(UnavailableError, match=r"E-1R-AGILE-24-10-01-C.*HTTP 500.*4 attempts") as caught:
        fake.client().prices(MIDNIGHT, THREE)
    assert not isinstance(caught.value, UnauthorizedError)
    assert len(fake.asked) == 4


def test_every_request_has_a_time_limit() -> None:
    fake = always("agile")
    octopus = fake.client()
    octopus.http.timeout = httpx.Timeout(None)

    octopus.prices(MIDNIGHT, THREE)

    assert None not in fake.asked[0].extensions["timeout"].values()


def test_a_blocked_request_is_not_a_refused_key() -> None:
    fake = FakeOctopus(lambda _: html(403))

    with pytest.raises(UnavailableError, match="blocked") as caught:
        fake.client().prices(MIDNIGHT, THREE)
    assert not isinstance(caught.value, UnauthorizedError)
    assert len(fake.asked) == 1, "hammering a block makes it last"


def test_an_unknown_tariff_is_named() -> None:
    fake = FakeOctopus(lambda _: httpx.Response(404, json={"detail": "Not found."}))

    with pytest.raises(UnavailableError, match=r"E-1R-AGILE-24-10-01-C \(product AGILE-24-10-01, region C"):
        fake.client().prices(MIDNIGHT, THREE)


@pytest.mark.parametrize(
    "wrong",
    [
        {"value_inc_vat": None},
        {"value_inc_vat": "10.5"},
        {"value_inc_vat": True},
        {"value_inc_vat": 1e6},
        {"valid_from": "yesterday"},
        {"valid_from": "2026-11-20T00:00:00"},
        {"valid_to": 5},
    ],
)
def test_a_senseless_row_never_becomes_a_price(wrong: dict[str, object]) -> None:
    fake = FakeOctopus(lambda _: httpx.Response(200, json={"count": 1, "next": None, "results": [row(**wrong)]}))

    with pytest.raises(UnavailableError, match="makes no sense"):
        fake.client().prices(MIDNIGHT, THREE)


@pytest.mark.parametrize(
    "body", [b"", b"<html>hello</html>", b"{}", b"[]", b'{"results": [{"value_inc_vat": NaN}]}', b'{"results": [{"valu']
)
def test_a_senseless_reply_never_becomes_a_price(body: bytes) -> None:
    with pytest.raises(UnavailableError, match="makes no sense"):
        FakeOctopus(lambda _: httpx.Response(200, content=body)).client().prices(MIDNIGHT, THREE)


def test_a_rate_that_covers_half_a_slot_gives_no_price() -> None:
    rows = [row(valid_to="2026-11-20T00:20:00Z"), row(valid_from="2026-11-20T01:00:00Z", valid_to="2026-11-20T01:00:00Z")]
    fake = FakeOctopus(lambda _: httpx.Response(200, json={"count": 2, "next": None, "results": rows}))

    assert pence(fake.client().prices(MIDNIGHT, THREE)) == []
