"""The houses that we show are houses: the schema, the reader and the planner take each, and agree on what they do not take."""

from typing import Any

import jsonschema_rs
import pytest

from app.document.checked import checked
from app.document.site import EXAMPLE, schema
from app.domain.errors import InvalidSiteError
from tests.sites import FILES, document

NAMES = [path.stem for path in FILES]


def test_the_schema_is_one() -> None:
    jsonschema_rs.meta.validate(schema())
    assert list(jsonschema_rs.validator_for(schema()).iter_errors(EXAMPLE)) == []


@pytest.mark.parametrize("name", NAMES)
def test_a_shown_house_is_taken(name: str) -> None:
    shown = document(name)

    assert [str(error) for error in jsonschema_rs.validator_for(schema()).iter_errors(shown)] == []
    assert checked(shown).id == shown["id"] == name
    assert checked(shown).written()["devices"] == checked(checked(shown).written()).written()["devices"]


@pytest.mark.parametrize(
    "change",
    [
        {"roof": 1},
        {"id": "The Mill"},
        {"devices": [{"kind": "windmill"}]},
        {"place": {"currency": "pounds"}},
        {"tariff": {"agreements": [{"buying": {"source": "fixed", "per_kwh": 1}}]}},
        {"sources": {"home_assistant": {"url": "homeassistant:8123"}}},
        {"wishes": {"reserve_pct": "20 %"}},
    ],
)
def test_schema_and_reader_refuse_the_same(change: dict[str, Any]) -> None:
    wrong = document("london", **change)

    assert not jsonschema_rs.is_valid(schema(), wrong)
    with pytest.raises(InvalidSiteError):
        checked(wrong)
