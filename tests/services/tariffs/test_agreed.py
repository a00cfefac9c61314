"""A house's prices come from the agreement that holds, as the house pays them, and houses that ask the same ask once."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from app.document.tariff import Tariff, known
from app.domain.errors import UnavailableError
from app.domain.price import Direction
from app.services.limits import within
from app.services.tariffs.agreed import AgreedPrices, agreed
from app.services.tariffs.shared import SharedAnswers
from app.services.tariffs.source import Tools
from tests.services.octopus.served import recorded

NOON = datetime(2026, 6, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def tools(*, http: Callable[[str], httpx.Client] | None = None, now: datetime = NOON) -> Tools:
    def nobody(url: str) -> httpx.Client:
        raise AssertionError(f"{url} is not to be asked")

    return Tools(http=http or nobody, secret=lambda _: None, clock=lambda: now, currency="SEK")


def prices_of(*agreements: dict[str, Any]) -> AgreedPrices:
    return agreed(Tariff.model_validate({"agreements": agreements}), tools(), SharedAnswers())


def fixed(per_kwh: float, **more: object) -> dict[str, Any]:
    return {"source": "fixed", "per_kwh": per_kwh, **more}


def told(found: AgreedPrices, direction: Direction, hours: int = 2) -> list[float]:
    return [price.per_kwh for price in found.prices(NOON, NOON + hours * HOUR) if price.direction is direction]


def test_each_slot_is_priced_by_the_agreement_that_holds_when_it_begins() -> None:
    change = (NOON + HOUR).isoformat()
    found = prices_of({"to": change, "import": fixed(0.2)}, {"from": change, "import": fixed(0.3), "export": fixed(0.1)})

    assert told(found, Direction.IMPORT) == [0.2, 0.2, 0.3, 0.3]
    assert told(found, Direction.EXPORT) == [0.0, 0.0, 0.1, 0.1]


def test_between_two_agreements_nothing_is_known() -> None:
    found = prices_of(
        {"to": (NOON + HOUR / 2).isoformat(), "import": fixed(0.2)}, {"from": (NOON + HOUR).isoformat(), "import": fixed(0.3)}
    )

    assert told(found, Direction.IMPORT) == [0.2, 0.3, 0.3]


def test_a_wholesale_price_becomes_what_the_house_pays() -> None:
    retail = {"factor": 1.0, "add_per_kwh": 0.4, "vat_pct": 25}

    assert told(prices_of({"import": fixed(-0.2, retail=retail)}), Direction.IMPORT, 1) == [0.25, 0.25]


def test_houses_that_ask_the_same_ask_once_and_others_for_themselves() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return recorded("agile")

    def http(url: str) -> httpx.Client:
        return httpx.Client(base_url=url, transport=httpx.MockTransport(answer))

    shared, start = SharedAnswers(), datetime(2026, 6, 20, tzinfo=UTC)

    def house(region: str) -> AgreedPrices:
        octopus = {"source": "octopus", "product": "AGILE-24-10-01", "region": region}
        return agreed(Tariff.model_validate({"agreements": [{"import": octopus}]}), tools(http=http), shared)

    first, second, elsewhere = house("C"), house("C"), house("D")
    assert first.prices(start, start + HOUR) == second.prices(start, start + HOUR)
    assert len(asked) == 1
    elsewhere.prices(start, start + HOUR)
    assert len(asked) == 2
    first.prices(start, start + HOUR)
    second.prices(start, start + HOUR)
    assert len(asked) == 3, "who asks again wants to know anew, and the other one has part in it"


def test_a_source_that_nobody_declared_is_named() -> None:
    with pytest.raises(ValueError, match=r"no price source 'tarot'; there are .*elprisetjustnu, fixed, octopus, simulated"):
        prices_of({"import": {"source": "tarot"}})


def test_the_folder_is_the_list() -> None:
    assert {"elprisetjustnu", "fixed", "octopus", "simulated"} <= known().keys()


def test_a_house_waits_for_what_another_one_asked_no_longer_than_its_own_time_lasts() -> None:
    """Nothing is locked while a source is asked: one that hangs holds up whoever asked it, and nobody for longer than agreed."""
    asked, release = threading.Event(), threading.Event()

    def answer(_: httpx.Request) -> httpx.Response:
        asked.set()
        release.wait(30)
        return recorded("agile")

    def http(url: str) -> httpx.Client:
        return httpx.Client(base_url=url, transport=httpx.MockTransport(answer))

    shared, start = SharedAnswers(), datetime(2026, 6, 20, tzinfo=UTC)
    octopus = {"source": "octopus", "product": "AGILE-24-10-01", "region": "C"}
    first, second = (agreed(Tariff.model_validate({"agreements": [{"import": octopus}]}), tools(http=http), shared) for _ in range(2))
    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(first.prices, start, start + HOUR)
        assert asked.wait(30)
        with within(0.2), pytest.raises(UnavailableError, match="another house asked for did not come in time"):
            second.prices(start, start + HOUR)
        release.set()
        assert asking.result(30) == second.prices(start, start + HOUR)
