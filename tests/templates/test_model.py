"""Models as data: one name leads to one model, every way says of each mode that it offers or lacks it, and nonsense is refused."""

from itertools import chain
from pathlib import Path
from typing import get_args

import pytest

from app.domain.errors import InvalidTemplateError, NotFoundError
from app.templates.catalogue import FOLDER, all_models, model_named, names
from app.templates.model import Model, load_model
from app.templates.orders import ModeName

OLD_NAMES = ["fox_ess", "growatt", "solax", "givenergy", "huawei", "sunsynk", "solis", "victron", "sigenergy", "tesla", "plain"]
GROWATT = (FOLDER / "growatt.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", OLD_NAMES)
def test_every_name_that_people_wrote_before_leads_to_a_model(name: str) -> None:
    assert name in names()
    assert name in (model_named(name).id, *model_named(name).aliases)


def test_no_name_leads_to_two_models() -> None:
    assert len(set(names())) == len(names())


def test_an_unknown_name_is_refused_by_those_there_are() -> None:
    for name in ("vax", "../models/growatt", ""):
        with pytest.raises(NotFoundError, match="fox_ess, foxess-h1"):
            model_named(name)


def test_one_family_that_is_reached_both_ways_is_one_model() -> None:
    both = {model.id for model in all_models() if len(model.named_ways) == 2}

    assert both == {"givenergy", "huawei-luna2000", "solax-g4", "solis-hybrid"}


@pytest.mark.parametrize("model", all_models(), ids=lambda model: model.id)
def test_every_way_says_of_each_mode_that_it_offers_or_why_it_lacks_it(model: Model) -> None:
    for way in model.named_ways.values():
        no_orders = getattr(way, "no_orders", "")
        assert set(way.modes) | set(way.lacks) == (set() if no_orders else set(get_args(ModeName)))
        assert all(chain([no_orders or "some"], way.lacks.values()))


def changed(tmp_path: Path, old: str, new: str) -> Model:
    assert old in GROWATT
    path = tmp_path / "growatt.yaml"
    path.write_text(GROWATT.replace(old, new, 1), encoding="utf-8")
    return load_model(path)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        (
            "entity: select.growatt_time_1_mode",
            "entity: number.growatt_time_1_mode",
            "settings.mode: a number needs its unit and the least",
        ),
        ("      hold: Battery First may", "      other: Battery First may", "ways.home_assistant.lacks.other"),
        ("      hold: Battery First may charge from the grid\n", "", "lacks: hold is either a mode or lacking"),
        ("    press: [", "      hold:\n        - [mode, Load First]\n    press: [", "lacks: hold is either a mode or lacking"),
        ("      self_use:\n        - [mode, Load First]\n", "", "modes: self_use is missing"),
        ("[mode, Battery First]", "[mood, Battery First]", "settings: no entity for mood"),
        ("press: [update]", "press: [push]", "settings: no entity for push"),
        ("tells: mode", "tells: nothing", "settings: no entity for nothing"),
        ("{entity: select.growatt_time_1_mode}", "{entity: ''}", "settings.mode: self_use needs it, so it needs an entity"),
        ("soc_pct:", "soc:", "sensors.soc"),
        ("Battery First, force_discharge: Grid First", "Battery First, force_discharge: Battery First", "stands for two modes"),
        ("verified: simulator", "verified: surely", "ways.home_assistant.verified"),
        ("id: growatt\n", "id: growat\n", "growat is not the file's name"),
    ],
)
def test_a_bad_model_is_refused_by_file_and_key(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    with pytest.raises(InvalidTemplateError) as refusal:
        changed(tmp_path, old, new)

    assert "growatt.yaml" in str(refusal.value)
    assert complaint in str(refusal.value)
