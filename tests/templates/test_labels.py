import pytest

from app.domain.money import money
from app.templates.labels import discharge_current_a
from tests.builders import battery


def test_current_is_power_over_voltage() -> None:
    assert discharge_current_a(battery(), 5, voltage_v=None) == 97.7
    assert discharge_current_a(battery(), 0, voltage_v=48) == 0


@pytest.mark.parametrize(
    ("per_kwh", "currency", "text"),
    [(0.112, "GBP", "11.2p"), (0.84, "SEK", "84.0 öre"), (-0.021, "EUR", "-2.1c"), (1, "CZK", "1.000 CZK"), (0.27, "CHF", "27.0 Rp.")],
)
def test_prices_are_told_in_the_unit_people_use(per_kwh: float, currency: str, text: str) -> None:
    assert money(per_kwh, currency) == text
