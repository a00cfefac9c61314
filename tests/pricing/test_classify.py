import pytest

from app.domain.price import PriceClass
from app.pricing.classify import classify
from tests.builders import GBP

CHEAP, DEAR, NORMAL, PAID = PriceClass.CHEAP, PriceClass.EXPENSIVE, PriceClass.NORMAL, PriceClass.NEGATIVE


@pytest.mark.parametrize(
    ("prices", "classes"),
    [
        pytest.param([0.1, 0.2, 0.2, 0.4], [CHEAP, NORMAL, NORMAL, DEAR], id="a day"),
        pytest.param([0.25] * 4, [NORMAL] * 4, id="flat"),
        pytest.param([0.25, 0.251, 0.252, 0.253], [NORMAL] * 4, id="nearly flat"),
        pytest.param([-0.01, 0.2, 0.2, 0.4], [PAID, NORMAL, NORMAL, DEAR], id="negative"),
        pytest.param([-0.05] * 3, [PAID] * 3, id="flat and negative"),
        pytest.param([0.0, 0.2, 0.2, 0.4], [CHEAP, NORMAL, NORMAL, DEAR], id="nothing is not negative"),
        pytest.param([0.09, 0.09, 0.30, 0.30, 0.30, 0.30], [CHEAP, CHEAP, DEAR, DEAR, DEAR, DEAR], id="two rates"),
        pytest.param([0.2], [NORMAL], id="one slot"),
        pytest.param([], [], id="none"),
    ],
)
def test_a_price_is_judged_among_all_of_the_horizon(prices: list[float], classes: list[PriceClass]) -> None:
    assert classify(prices, [0.5] * len(prices), GBP) == classes
