from datetime import UTC, date, datetime, time, timedelta

import httpx
import pytest

from app.domain.errors import InvalidInputError, UnavailableError
from app.domain.price import Direction, Price, Provenance
from app.domain.site import LONDON
from app.domain.slot import local_day
from app.services.octopus.energy import FlatExport, OctopusEnergy
from app.services.octopus.tariff import NightWindow, OctopusTariff
from tests.services.octopus.served import AGILE, MIDNIGHT, OUTGOING_AGILE, THREE, FakeOctopus, always, in_turn, pence, recorded, row

GO = OctopusTariff.parse("E-1R-GO-VAR-22-10-14-C")
COSY = OctopusTariff.parse("E-1R-COSY-22-12-08-C")
FLEXIBLE = OctopusTariff.parse("E-1R-VAR-22-11-01-C")
ECONOMY_7 = OctopusTariff.parse("E-2R-VAR-22-11-01-C")


def at(hour: int, minute: int = 0, day: int = 20) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


def one_day(octopus: OctopusEnergy, day: date) -> list[Price]:
    span = local_day(day, LONDON)
    return octopus.prices(span.start, span.end)


def test_gives_agile_in_pounds_oldest_first_though_served_newest_first() -> None:
    prices = always("agile").client().prices(MIDNIGHT, THREE)

    bought = [price for price in prices if price.direction is Direction.IMPORT]
    assert [price.per_kwh for price in bought] == [0.184, 0.17325, -0.01995, 0.0, 0.1575, 0.21105]
    assert bought[0].slot.start == MIDNIGHT
    assert bought[0].slot.hours == 0.5
    assert {price.provenance for price in prices} == {Provenance.PUBLISHED}
    assert bought[0].source == "octopus E-1R-AGILE-24-10-01-C"


def test_gives_both_directions_of_agile() -> None:
    fake = FakeOctopus(lambda request: recorded("outgoing_agile" if "OUTGOING" in request.url.path else "agile"))

    prices = fake.client(AGILE, OUTGOING_AGILE).prices(MIDNIGHT, THREE)

    assert pence(prices, Direction.EXPORT) == [9.1, 8.6, 0.0, 0.0, 7.9, 10.4]
    assert pence(prices) == [18.4, 17.325, -1.995, 0.0, 15.75, 21.105]
    assert [price.slot.start for price in prices] == sorted(price.slot.start for price in prices)


def test_asks_the_right_address_in_utc() -> None:
    fake = always("agile")

    fake.client().prices(MIDNIGHT.astimezone(LONDON), THREE)

    url = fake.asked[0].url
    assert url.path == "/v1/products/AGILE-24-10-01/electricity-tariffs/E-1R-AGILE-24-10-01-C/standard-unit-rates/"
    assert dict(url.params) == {"period_from": "2026-11-20T00:00:00Z", "period_to": "2026-11-20T03:00:00Z", "page_size": "1500"}
    assert "authorization" not in fake.asked[0].headers


def test_leaves_unpublished_half_hours_out() -> None:
    prices = always("agile").client().prices(MIDNIGHT, MIDNIGHT + timedelta(days=1))

    assert len(pence(prices)) == 6
    assert 0.0 in pence(prices), "a published price of nothing stays a price"


def test_gives_nothing_before_publication() -> None:
    fake = FakeOctopus(lambda _: httpx.Response(200, json={"count": 0, "next": None, "previous": None, "results": []}))

    assert pence(fake.client().prices(MIDNIGHT, THREE)) == []


def test_gives_nothing_for_an_empty_span_and_does_not_ask() -> None:
    fake = always("agile")

    assert fake.client().prices(THREE, MIDNIGHT) == []
    assert fake.asked == []


def test_includes_the_half_hour_under_way() -> None:
    prices = always("agile").client().prices(at(1, 10), at(2))

    assert pence(prices) == [-1.995, 0.0]


def test_follows_the_pages_and_keeps_to_its_own_host() -> None:
    second = recorded("agile_page_2")
    first = httpx.Response(200, text=recorded("agile_page_1").text.replace("api.octopus.energy", "elsewhere.example"))
    fake = in_turn(first, second)

    prices = fake.client().prices(MIDNIGHT, THREE)

    assert len(pence(prices)) == 6
    assert fake.asked[1].url.params["page"] == "2"
    assert {request.url.host for request in fake.asked} == {"api.octopus.energy"}


def test_does_not_follow_pages_in_a_circle() -> None:
    fake = FakeOctopus(lambda _: recorded("agile_page_1"))

    with pytest.raises(UnavailableError, match="never end"):
        fake.client().prices(MIDNIGHT, THREE)
    assert len(fake.asked) == 2


@pytest.mark.parametrize(("day", "half_hours"), [(date(2026, 3, 28), 48), (date(2026, 3, 29), 46), (date(2026, 10, 25), 50)])
def test_a_flat_export_price_fills_days_of_any_length(day: date, half_hours: int) -> None:
    octopus = always("outgoing_fixed").client(GO, OctopusTariff.parse("E-1R-OUTGOING-VAR-24-10-26-C"))

    assert pence(one_day(octopus, day), Direction.EXPORT) == [12.0] * half_hours


def test_a_rate_without_a_beginning_holds_until_it_ends() -> None:
    octopus = always("outgoing_fixed").client(GO, OctopusTariff.parse("E-1R-OUTGOING-VAR-24-10-26-C"))
    change = datetime(2026, 3, 1, tzinfo=UTC)

    prices = octopus.prices(change - timedelta(hours=1), change + timedelta(hours=1))

    assert pence(prices, Direction.EXPORT) == [15.0, 15.0, 12.0, 12.0]


def test_go_stays_cheap_by_the_wall_clock_when_the_clocks_change() -> None:
    prices = one_day(always("go").client(GO), date(2026, 3, 29))

    cheap = [p.slot.start.astimezone(LONDON).time() for p in prices if p.direction is Direction.IMPORT and p.per_kwh == 0.085]
    assert len(pence(prices)) == 46
    assert (cheap[0], cheap[-1]) == (time(0, 30), time(5, 0))
    assert len(cheap) == 8, "the night is an hour shorter"


@pytest.mark.parametrize(
    ("reply", "counts"),
    [("cosy", {26.2: 26, 12.9: 16, 39.3: 6}), ("flux_import", {25.1: 36, 15.0: 6, 35.1: 6}), ("flux_export", {11.5: 36, 4.2: 6, 29.0: 6})],
)
def test_time_of_day_tariffs_become_half_hours(reply: str, counts: dict[float, int]) -> None:
    given = pence(one_day(always(reply).client(COSY), MIDNIGHT.date()))

    assert {price: given.count(price) for price in set(given)} == counts


@pytest.mark.parametrize(("method", "price"), [("DIRECT_DEBIT", 26.11), ("NON_DIRECT_DEBIT", 27.6)])
def test_takes_the_rate_of_the_payment_method(method: str, price: float) -> None:
    prices = always("flexible").client(FLEXIBLE, payment_method=method).prices(MIDNIGHT, THREE)

    assert pence(prices) == [price] * 6


def test_refuses_when_no_rate_fits_the_payment_method() -> None:
    with pytest.raises(UnavailableError, match="PREPAYMENT"):
        always("flexible").client(FLEXIBLE, payment_method="PREPAYMENT").prices(MIDNIGHT, THREE)


@pytest.mark.parametrize("order", [1, -1])
def test_of_overlapping_rates_the_newest_wins_however_they_are_listed(order: int) -> None:
    rows = recorded("overlapping").json()["results"][::order]
    fake = FakeOctopus(lambda _: httpx.Response(200, json={"count": 2, "next": None, "results": rows}))

    assert pence(fake.client(FLEXIBLE).prices(MIDNIGHT, THREE)) == [20.0, 20.0, 30.0, 30.0, 30.0, 30.0]


def test_of_rates_with_the_same_beginning_the_first_listed_wins() -> None:
    rows = [row(value_inc_vat=11.0), row(value_inc_vat=12.0)]
    fake = FakeOctopus(lambda _: httpx.Response(200, json={"count": 2, "next": None, "results": rows}))

    assert pence(fake.client().prices(MIDNIGHT, THREE)) == [11.0]


def day_night_api(request: httpx.Request) -> httpx.Response:
    if "standard-unit-rates" in request.url.path:
        return httpx.Response(400, json={"detail": "This tariff has day and night rates, not standard."})
    return recorded("economy_7_night" if "night" in request.url.path else "economy_7_day")


@pytest.mark.parametrize("day", [date(2026, 6, 20), date(2026, 11, 20)])
def test_economy_7_has_its_night_in_utc_all_year(day: date) -> None:
    start = datetime.combine(day, time(0), UTC)

    prices = FakeOctopus(day_night_api).client(ECONOMY_7).prices(start, start + timedelta(days=1))

    assert pence(prices) == [31.2] + [15.4] * 14 + [31.2] * 33


INTELLIGENT = OctopusTariff.parse("E-1R-IOG-SMB-TOU-25-12-12-C")
NOTHING = httpx.Response(200, json={"count": 0, "next": None, "previous": None, "results": []})


def no_standard_rate(request: httpx.Request, *, only: str | None = None) -> httpx.Response:
    """Intelligent Go as it is served: an empty list of standard rates, no refusal."""
    if "standard-unit-rates" in request.url.path or (only is not None and f"{only}-unit-rates" not in request.url.path):
        return NOTHING
    return recorded("economy_7_night" if "night" in request.url.path else "economy_7_day")


@pytest.mark.parametrize("day", [date(2026, 6, 20), date(2026, 11, 20)])
def test_an_empty_list_of_standard_rates_is_asked_by_day_and_night(day: date) -> None:
    fake = FakeOctopus(no_standard_rate)
    prices = [price for price in one_day(fake.client(INTELLIGENT), day) if price.direction is Direction.IMPORT]

    cheap = [price.slot.start.astimezone(LONDON).time() for price in prices if price.per_kwh == 0.154]
    assert [request.url.path.rpartition("E-1R-IOG-SMB-TOU-25-12-12-C/")[2] for request in fake.asked] == [
        f"{kind}-unit-rates/" for kind in ("standard", "day", "night")
    ]
    assert len(prices) == 48
    assert (min(cheap), max(cheap), len(cheap)) == (time(0), time(23, 30), 12), "23:30 to 05:30 by the wall clock"


@pytest.mark.parametrize(("only", "told"), [("day", "has day rates only"), ("night", "has night rates only")])
def test_half_of_a_day_and_night_tariff_is_no_answer(only: str, told: str) -> None:
    with pytest.raises(UnavailableError, match=told):
        FakeOctopus(lambda request: no_standard_rate(request, only=only)).client(INTELLIGENT).prices(MIDNIGHT, THREE)


@pytest.mark.parametrize("other", [NOTHING, httpx.Response(400, json={"detail": "This tariff has standard rates."}), httpx.Response(404)])
def test_a_tariff_without_any_rate_has_no_price_and_nothing_is_made_up(other: httpx.Response) -> None:
    fake = FakeOctopus(lambda request: NOTHING if "standard" in request.url.path else other)

    assert pence(fake.client(INTELLIGENT).prices(MIDNIGHT, THREE)) == []
    assert pence(FakeOctopus(lambda _: NOTHING).client().prices(MIDNIGHT, THREE)) == [], "Agile that is not out yet is asked once"


def test_a_two_register_code_goes_straight_to_day_and_night() -> None:
    fake = FakeOctopus(day_night_api)

    fake.client(ECONOMY_7).prices(MIDNIGHT, THREE)

    assert [request.url.path.rsplit("/", 2)[1] for request in fake.asked] == ["day-unit-rates", "night-unit-rates"]


def test_turns_to_day_and_night_when_the_service_says_so() -> None:
    intelligent = OctopusTariff.parse("E-1R-IOG-SMB-TOU-25-12-12-C")
    start = datetime(2026, 6, 20, 21, 0, tzinfo=UTC)

    prices = FakeOctopus(day_night_api).client(intelligent).prices(start, start + timedelta(hours=3))

    assert pence(prices) == [31.2, 31.2, 31.2, 15.4, 15.4, 15.4], "23:30 in summer is 22:30 UTC"


def test_a_given_night_window_wins() -> None:
    fake = FakeOctopus(day_night_api)
    octopus = OctopusEnergy(
        http=fake.client().http,
        import_tariff=ECONOMY_7,
        export_tariff=FlatExport(per_kwh=0),
        night=NightWindow(start=time(0), end=time(1), zone=UTC),
    )

    assert pence(octopus.prices(MIDNIGHT, at(2))) == [15.4, 15.4, 31.2, 31.2]


def test_a_fixed_export_payment_needs_no_service() -> None:
    prices = always("agile").client(AGILE, FlatExport(per_kwh=0.15)).prices(MIDNIGHT, THREE)

    exported = [price for price in prices if price.direction is Direction.EXPORT]
    assert [price.per_kwh for price in exported] == [0.15] * 6
    assert exported[0].source == "fixed export payment of 0.15 GBP per kWh"


def test_no_export_payment_is_a_real_nothing_and_says_so() -> None:
    prices = always("agile").client(AGILE, FlatExport(per_kwh=0)).prices(MIDNIGHT, THREE)

    exported = [price for price in prices if price.direction is Direction.EXPORT]
    assert {(price.per_kwh, price.source) for price in exported} == {(0, "no export payment")}
    assert len(exported) == 6


@pytest.mark.parametrize("per_kwh", [-0.01, 12.0, float("nan")])
def test_a_payment_in_pence_is_refused(per_kwh: float) -> None:
    with pytest.raises(InvalidInputError):
        FlatExport(per_kwh=per_kwh)


@pytest.mark.parametrize(
    ("now", "until"),
    [
        (at(16, 29), at(23)),
        (at(16, 30), at(23, day=21)),
        (at(23, 30), at(23, day=21)),
        (datetime(2026, 7, 1, 15, 29, tzinfo=UTC), datetime(2026, 7, 1, 22, tzinfo=UTC)),
        (datetime(2026, 7, 1, 15, 30, tzinfo=UTC), datetime(2026, 7, 2, 22, tzinfo=UTC)),
        (datetime(2026, 3, 28, 16, 30, tzinfo=UTC), datetime(2026, 3, 29, 22, tzinfo=UTC)),
        (datetime(2026, 10, 24, 15, 30, tzinfo=UTC), datetime(2026, 10, 25, 23, tzinfo=UTC)),
    ],
)
def test_agile_is_due_until_eleven_at_night_local(now: datetime, until: datetime) -> None:
    assert always("agile").client().published_until(now) == until


def test_fixed_tariffs_are_known_ahead_unless_the_export_is_agile() -> None:
    assert always("go").client(GO).published_until(at(9)) == at(9, day=22)
    assert always("go").client(GO, OUTGOING_AGILE).published_until(at(9)) == at(23)


def test_gives_standing_charges_in_pounds_a_day() -> None:
    charges = always("standing_charges").client().standing_charges(at(0), at(12))

    july = datetime(2026, 6, 30, 23, tzinfo=UTC)
    assert [(charge.start, charge.end, charge.per_day) for charge in charges] == [(None, july, 0.54), (july, None, 0.5719)]
