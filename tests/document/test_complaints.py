"""A mistake is named at its place in the JSON, every one at once, and a secret in the clear never gets in nor into the complaint."""

from typing import Any

import pytest

from app.document.checked import checked
from app.document.site import read
from app.domain.errors import InvalidDocumentError, Place
from tests.sites import document

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJub2JvZHkifQ.c2lnbmF0dXJl"


def complaints(wrong: dict[str, Any]) -> dict[Place, str]:
    with pytest.raises(InvalidDocumentError) as refused:
        checked(wrong)
    return dict(refused.value.complaints)


def test_every_mistake_is_named_at_its_place() -> None:
    wrong = document("london")
    wrong["grid"]["fuse"]["amps"] = -1
    wrong["devices"][0]["way"]["sensors"]["soc_pct"]["entity"] = "no entity"
    wrong["devices"][1]["capacity"] = 10
    del wrong["tariff"]["agreements"][1]["import"]["region"]
    wrong["control"]["executor"] = "somebody"

    assert set(complaints(wrong)) == {
        ("grid", "fuse", "amps"),
        ("devices", 0, "way", "sensors", "soc_pct", "entity"),
        ("devices", 1, "capacity"),
        ("tariff", "agreements", 1, "import", "region"),
        ("control", "executor"),
    }


def test_a_mistake_of_the_whole_is_the_document_s() -> None:
    with pytest.raises(InvalidDocumentError, match=r"^document: a house has one battery, not 0"):
        read(document("gnesta", devices=[{"kind": "inverter"}, {"kind": "solar"}], sources={}))


def test_numbers_that_make_no_house_are_refused() -> None:
    wrong = document("gnesta")
    wrong["devices"][1] |= {"reserve_pct": 50, "limit_pct": 40}

    assert "kWh" in complaints(wrong)[()]


@pytest.mark.parametrize(
    ("place", "secret"),
    [
        (("sources", "home_assistant", "token"), JWT),
        (("sources", "home_assistant", "token"), "sk_live_abcdefghij"),
        (("sources", "home_assistant", "token"), "a3f94b77c02d4be1a3f94b77c02d4be1"),
        (("sources", "home_assistant", "url"), "http://me:hunter2@192.168.1.3:8123"),
        (("title",), f"Bearer {JWT}"),
        (("devices", 0, "way", "device_id"), JWT),
    ],
)
def test_a_secret_in_the_clear_is_refused_and_not_repeated(place: Place, secret: str) -> None:
    wrong = document("london")
    inside: Any = wrong
    for part in place[:-1]:
        inside = inside[part]
    inside[place[-1]] = secret

    told = complaints(wrong)
    assert "site secret set" in told[place]
    assert not any(part in text for text in told.values() for part in (secret, "hunter2"))


def test_a_device_id_of_home_assistant_is_no_secret() -> None:
    house = document("london")
    house["devices"][0]["way"]["device_id"] = "a3f94b77c02d4be1a3f94b77c02d4be1"

    assert read(house).inverter.way.model_dump()["device_id"] == "a3f94b77c02d4be1a3f94b77c02d4be1"


def test_half_a_character_is_told_in_whole_ones() -> None:
    assert ("?",) in complaints(document("gnesta") | {"\ud800": f"Bearer {JWT}"})
