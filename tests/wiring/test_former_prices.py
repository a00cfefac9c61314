"""A tariff that a house has no longer: its prices ahead stop counting with the document's change, before the new one answers."""

from datetime import timedelta

from app.domain.price import Price
from app.domain.site import HOME
from tests.served_app import Served, served

FAR = timedelta(days=9)


def known(running: Served) -> list[Price]:
    now = running.clock()
    return running.service.use.prices.between(HOME, now - FAR, now + FAR)


def agree(running: Served, tariff: dict[str, object]) -> None:
    """Choose another tariff in the document."""
    describe, now = running.service.use.describe, running.clock()
    before = describe.of(HOME)
    value = {**before.value, "tariff": {"agreements": [tariff]}}
    describe.change(HOME, value, expected_version=before.version, actor="test", now=now)


def test_prices_of_a_former_tariff_go_with_the_change_and_the_past_stays() -> None:
    with served() as running:
        now = running.clock()
        running.service.use.refresh.run(HOME, now)
        past = [price for price in known(running) if price.slot.end <= now]
        assert len(known(running)) > len(past) > 0

        nobody = {"source": "octopus", "product": "GO-VAR-22-10-14", "region": "C", "base_url": "http://127.0.0.1:9/v1/"}
        agree(running, {"import": nobody})

        assert known(running) == past


def test_another_change_of_the_document_leaves_prices_as_they_are() -> None:
    with served() as running:
        running.service.use.refresh.run(HOME, running.clock())
        before = known(running)
        describe, now = running.service.use.describe, running.clock()
        old = describe.of(HOME)
        describe.change(HOME, {**old.value, "title": "Ours"}, expected_version=old.version, actor="test", now=now)

        assert known(running) == before


def test_the_direction_that_changes_hands_goes_alone() -> None:
    with served() as running:
        now = running.clock()
        running.service.use.refresh.run(HOME, now)

        agree(running, {"import": {"source": "simulated"}, "export": {"source": "fixed", "per_kwh": 0.15}})

        ahead = [price for price in known(running) if price.slot.end > now]
        assert {price.direction for price in ahead} == {"import"}
        running.service.use.refresh.run(HOME, now)
        assert {price.direction for price in known(running) if price.slot.end > now} == {"import", "export"}
