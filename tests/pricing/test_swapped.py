"""Import and export mixed up: seen where selling always pays more than buying costs."""

import pytest

from app.domain.price import Direction
from app.pricing.swapped import looks_swapped
from tests.records import prices


@pytest.mark.parametrize(
    ("bought", "sold", "swapped"),
    [
        ([0.12, 0.12], [0.30, 0.30], True),
        ([-0.02, 0.08, 0.12], [0.15, 0.15, 0.2], True),
        ([0.08, 0.30], [0.15, 0.15], False),  # Agile's night and a fixed export: usual
        ([0.15], [0.15], False),
        ([0.3], [0.0], False),
        ([], [0.3], False),
        ([0.3], [], False),
    ],
)
def test_selling_above_buying_at_all_times_looks_swapped(bought: list[float], sold: list[float], *, swapped: bool) -> None:
    assert looks_swapped(prices(bought) + prices(sold, direction=Direction.EXPORT)) is swapped
