"""What is decided, in the words and amperes of whoever carries it out."""

import pytest

from app.control import decide
from app.control.decide import Situation, Verdict
from app.domain.decision import Decision
from app.domain.slot import Slot
from app.templates.labels import VendorWords
from app.usecases.worded import worded
from tests.builders import RULES, START, priced
from tests.control.test_decide import HOUR, SITE, verdict
from tests.control.test_mapped import CHARGES, SELLS


def written(found: Verdict, *, voltage_v: float | None = None) -> Decision:
    slot = Slot(START, START + HOUR)
    return worded(VendorWords(), Situation(site=SITE, slot=slot, now=START, priced=None, voltage_v=voltage_v, soc_pct=50), found)


def test_a_mode_has_its_vendor_s_word() -> None:
    assert written(verdict(CHARGES)).label == "Force Charge"


@pytest.mark.parametrize(("voltage_v", "amperes"), [(None, 97.7), (50.0, 100.0)])
def test_the_discharge_current_follows_the_voltage_measured_or_else_configured(voltage_v: float | None, amperes: float) -> None:
    assert written(verdict(SELLS), voltage_v=voltage_v).discharge_current_a == amperes


def test_without_discharge_no_current_flows() -> None:
    assert written(verdict(CHARGES)).discharge_current_a == 0
    assert written(decide.from_rules(SITE, RULES, priced([0.2])[0], cause="x")).discharge_current_a == 0


def test_what_nobody_has_put_into_words_says_its_plain_mode() -> None:
    plain = decide.write_up(Situation(site=SITE, slot=Slot(START, START + HOUR), now=START, priced=None), verdict(CHARGES))

    assert (plain.label, plain.discharge_current_a) == ("force_charge", 0)
