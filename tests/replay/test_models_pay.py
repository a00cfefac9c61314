"""A Growatt that is asked only for what it can do costs less than one that is asked for everything."""

import pytest

from app.domain.site import Mode
from tests.bench.bench_models import FIRST, measure

OWN = {Mode.SELF_USE, Mode.FORCE_CHARGE, Mode.FORCE_DISCHARGE}


def test_the_optimizer_never_chooses_what_a_growatt_cannot_do() -> None:
    found = measure(FIRST, FIRST + 24)

    assert set(found.chosen) <= OWN
    assert set(found.wished) - OWN, "the same slots would choose it if it were offered"


@pytest.mark.slow
def test_a_fortnight_of_real_prices_costs_less_with_the_modes_it_really_has() -> None:
    found = measure()

    assert found.real < found.blind < found.no_battery
    assert found.lost_pct > 1
