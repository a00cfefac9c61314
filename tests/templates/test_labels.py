import pytest

from app.domain.errors import InvalidSiteError
from app.domain.money import money
from app.domain.site import Mode
from app.templates.labels import LABELS, discharge_current_a, label, mode_of
from tests.builders import battery


@pytest.mark.parametrize("profile", sorted(LABELS))
@pytest.mark.parametrize("mode", list(Mode))
def test_a_vendors_word_leads_back_to_its_mode(profile: str, mode: Mode) -> None:
    assert mode_of(profile, label(profile, mode)) is mode
    assert mode_of(profile, mode.value) is mode


def test_an_unknown_word_or_profile_is_refused() -> None:
    with pytest.raises(InvalidSiteError, match="no mode"):
        mode_of("fox_ess", "Party")
    with pytest.raises(InvalidSiteError, match="no inverter profile"):
        label("acme", Mode.HOLD)


def test_current_is_power_over_voltage() -> None:
    assert discharge_current_a(battery(), 5, voltage_v=None) == 97.7
    assert discharge_current_a(battery(), 0, voltage_v=48) == 0


@pytest.mark.parametrize(
    ("per_kwh", "currency", "text"),
    [(0.112, "GBP", "11.2p"), (0.84, "SEK", "84.0 öre"), (-0.021, "EUR", "-2.1c"), (1, "CZK", "1.000 CZK"), (0.27, "CHF", "27.0 Rp.")],
)
def test_prices_are_told_in_the_unit_people_use(per_kwh: float, currency: str, text: str) -> None:
    assert money(per_kwh, currency) == text
