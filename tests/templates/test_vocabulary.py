import pytest

from app.domain.errors import InvalidInputError, NotFoundError
from app.domain.site import Mode
from app.templates.catalogue import all_models
from app.templates.vocabulary import mode_of, word


@pytest.mark.parametrize("model", [model.id for model in all_models()])
@pytest.mark.parametrize("mode", list(Mode))
def test_a_vendors_word_leads_back_to_its_mode(model: str, mode: Mode) -> None:
    assert mode_of(model, word(model, mode)) is mode
    assert mode_of(model, mode.value) is mode


def test_fox_ess_goes_by_the_words_people_script_against() -> None:
    said = [word("fox_ess", mode) for mode in Mode]

    assert said == ["Self Use", "Force Charge", "Force Discharge", "Feed-in First", "Back-up"]
    assert [word("plain", mode) for mode in Mode] == [mode.value for mode in Mode]


def test_an_unknown_word_or_model_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="no mode of fox_ess"):
        mode_of("fox_ess", "Party")
    with pytest.raises(NotFoundError, match="no inverter model"):
        word("acme", Mode.HOLD)
