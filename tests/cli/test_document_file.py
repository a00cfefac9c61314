"""A document in a file is read as its writer meant it, and written so that it is read back the same."""

import json

import pytest

from app.cli.document_file import as_yaml, document_in
from app.domain.errors import InvalidInputError
from tests.sites import FILES, document


@pytest.mark.parametrize("name", [path.stem for path in FILES])
def test_a_house_written_and_read_again_is_the_same(name: str) -> None:
    assert document_in(as_yaml(document(name)), "again.yaml") == document(name)


def test_a_country_is_no_refusal_and_a_time_no_number() -> None:
    text = "country: NO\nfrom: 2024-10-01T00:00:00+01:00\nat: 12:30\nwatched: yes\ncode: 010\nenabled: true\nserial: null\n"
    told = {"country": "NO", "from": "2024-10-01T00:00:00+01:00", "at": "12:30", "watched": "yes", "code": "010"}

    assert document_in(text, "house.yaml") == told | {"enabled": True, "serial": None}


@pytest.mark.parametrize(
    "value", ["NO", "2024-01-01", "1e5", "0123", "~", "", "true", "a: b", "# no", 1, 1.5, 1e-7, None, True, ["x", {"y": []}]]
)
def test_what_is_written_reads_back(value: object) -> None:
    assert document_in(as_yaml({"it": value}), "it.yaml") == {"it": value}


def test_json_is_read_too() -> None:
    assert document_in(json.dumps({"id": "home", "grid": {"import_limit_kw": 1e1}}), "-") == {"id": "home", "grid": {"import_limit_kw": 10}}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("id: home\nid: mill\n", "id is said twice"),
        ("grid: &a {}\nplace: *a\n", "aliases are not taken"),
        ("- home\n", "holds no document"),
        ("", "holds no document"),
        ("id: [home\n", "line 2"),
        ("at: !!python/object:os.system {}\n", "could not determine a constructor"),
    ],
)
def test_what_is_no_document_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(InvalidInputError, match=complaint):
        document_in(text, "house.yaml")
