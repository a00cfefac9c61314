"""A document is a whole house or none: what is wrong is named, and what is right is the house the planner knows."""

from typing import Any

import pytest

import app.services.tariffs  # noqa: F401  (declares the price sources)
from app.document.planned import site_of
from app.document.site import read, schema
from app.domain.errors import InvalidSiteError

HOUSE: dict[str, Any] = {
    "id": "home",
    "grid": {"import_limit_kw": 15},
    "tariff": {"agreements": [{"import": {"source": "fixed", "per_kwh": 0.25}}]},
    "devices": [{"kind": "inverter"}, {"kind": "battery"}],
}


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"devices": [{"kind": "battery"}, {"kind": "battery", "id": "second"}]}, "one inverter"),
        ({"devices": [{"kind": "inverter", "id": "same"}, {"kind": "battery", "id": "same"}]}, "two devices have one id"),
        ({"grid": {}}, "what the connection may carry"),
        ({"tariff": {"agreements": []}}, "tariff.agreements"),
        ({"place": {"time_zone": "Mars/Base"}}, "place.time_zone: 'Mars/Base' is no time zone"),
        ({"roof": 1}, "roof"),
        ({"sources": {"home_assistant": {"url": "http://ha:8123", "token": "eyJhbGciOi.J9.secret"}}}, "sources.home_assistant.token"),
        ({"sources": {"solar": {"source": "open_meteo"}}}, "open_meteo needs a roof"),
    ],
)
def test_what_is_wrong_is_named(change: dict[str, Any], complaint: str) -> None:
    with pytest.raises(InvalidSiteError, match=complaint):
        read(HOUSE | change)


def test_the_smaller_of_fuse_and_limit_counts() -> None:
    both = read(HOUSE | {"grid": {"import_limit_kw": 15, "fuse": {"phases": 3, "amps": 16}}})

    assert site_of(both).grid.import_limit_kw == pytest.approx(11.04)


def test_agreements_follow_each_other() -> None:
    tariff = {
        "agreements": [
            {"to": "2026-06-01T00:00:00Z", "import": {"source": "fixed", "per_kwh": 0.2}},
            {"from": "2026-05-01T00:00:00Z", "import": {"source": "fixed", "per_kwh": 0.3}},
        ]
    }
    with pytest.raises(InvalidSiteError, match="agreements follow each other"):
        read(HOUSE | {"tariff": tariff})


def test_the_schema_describes_what_is_read() -> None:
    assert set(schema()["required"]) == {"id", "grid", "tariff", "devices"}


def test_what_is_written_is_read_again() -> None:
    document = read(HOUSE | {"title": "The old mill"})

    assert read(document.written()) == document
