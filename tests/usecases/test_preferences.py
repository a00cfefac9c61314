"""What people change in passing is a part of the document, and nowhere else."""

from app.domain.site import HOME
from tests.documents import prefer_in
from tests.fake_stores import NIGHT
from tests.fakes import FakeHome
from tests.fleet.dongles import FakeDevices


def test_a_change_is_a_version_of_the_document_and_leaves_the_rest_of_it() -> None:
    home = FakeHome()
    prefer = prefer_in(home.homes, FakeDevices(home.disk))
    prefer.change(HOME, reserve_pct=30, actor="phone", now=NIGHT)
    prefer.change(HOME, dry_run=True, actor="phone", now=NIGHT)

    assert prefer.describe.of(HOME).value == {"id": HOME, "wishes": {"reserve_pct": 30}, "control": {"dry_run": True}}
    assert (prefer.of(HOME).reserve_pct, prefer.of(HOME).writes_nothing) == (30, True)
    assert home.homes[HOME].site.battery.reserve_kwh == 3


def test_somebody_elses_change_in_the_same_moment_costs_neither() -> None:
    home = FakeHome()
    prefer = prefer_in(home.homes, FakeDevices(home.disk))
    descriptions = prefer.describe.descriptions

    def meanwhile() -> None:
        descriptions.meanwhile = lambda: None  # type: ignore[attr-defined]
        prefer.describe.change(HOME, {"id": HOME, "title": "Mill"}, expected_version=1, actor="page", now=NIGHT)

    descriptions.meanwhile = meanwhile  # type: ignore[attr-defined]
    prefer.change(HOME, enabled=False, actor="phone", now=NIGHT)

    assert prefer.describe.of(HOME).value == {"id": HOME, "title": "Mill", "control": {"enabled": False}}
