import pytest

from app.domain.errors import InvalidInputError
from tests.records import forecast


def test_a_forecast_may_say_how_sure_it_is() -> None:
    assert forecast([1, 2], low_kw=(0, 2), high_kw=(1, 5)).high_kw == (1, 5)
    assert forecast([1, 2]).low_kw is None


@pytest.mark.parametrize(
    ("low_kw", "high_kw", "said"),
    [
        ((0.0, 0.0), None, "half a spread"),
        (None, (9.0, 9.0), "half a spread"),
        ((0.0,), (9.0, 9.0), "1 values for 2 slots"),
        ((0.0, 0.0), (9.0, float("inf")), "hole"),
        ((0.0, 2.1), (9.0, 9.0), "outside its own spread"),
        ((0.0, 0.0), (0.9, 9.0), "outside its own spread"),
    ],
)
def test_refuses_a_spread_that_makes_no_sense(low_kw: tuple[float, ...] | None, high_kw: tuple[float, ...] | None, said: str) -> None:
    with pytest.raises(InvalidInputError, match=said):
        forecast([1, 2], low_kw=low_kw, high_kw=high_kw)
