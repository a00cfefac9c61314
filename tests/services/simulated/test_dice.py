from statistics import mean, stdev

from app.services.simulated.dice import dice


def test_the_key_alone_decides() -> None:
    assert dice("wind", 7) == dice("wind", 7) != dice("wind", 8)
    assert round(dice("anything"), 12) == 0.465760637862, "the same on every machine"


def test_numbers_are_spread_evenly() -> None:
    numbers = [dice(n) for n in range(5000)]

    assert 0 <= min(numbers) < max(numbers) < 1
    assert abs(mean(numbers) - 0.5) < 0.02
    assert abs(stdev(numbers) - 0.2887) < 0.01
