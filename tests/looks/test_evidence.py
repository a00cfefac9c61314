"""How far decisions are proved: by what was reported, and by the energies of the slot once it is settled."""

from dataclasses import replace

import pytest

from app.domain.decision import Command, Decision, OutcomeStatus
from app.domain.ledger import SettledSlot, SlotStatus
from app.domain.order import Effect, Evidence
from app.domain.site import HOME, Mode
from app.looks.evidence import Proof, Proofs
from tests.builders import house
from tests.fake_stores import Disk, FakeDecisions, FakeLedger
from tests.records import at, decision, outcome, settled, slot

CONFIRMED = outcome(mode_read_back="Force Charge")


def proofs(made: list[Decision], held: list[SettledSlot]) -> list[Proof]:
    disk = Disk()
    decisions, ledger = FakeDecisions(disk), FakeLedger(disk)
    for each in made:
        decisions.save(each)
    ledger.save(HOME, held)
    return Proofs({HOME: house()}, decisions, ledger).between(HOME, at(0), at(4))


def charged(kwh: float, n: int = 0) -> SettledSlot:
    usual = settled(n, stored_start_kwh=5.0)
    assert usual.energies is not None
    return replace(usual, energies=replace(usual.energies, charge_kwh=kwh, discharge_kwh=0.0))


def test_a_charge_that_shows_in_the_slot_s_energy_is_delivered() -> None:
    (proof,) = proofs([decision(outcomes=(CONFIRMED,))], [charged(2.0)])

    assert (proof.evidence, proof.effect) == (Evidence.DELIVERED, Effect.SHOWN)


def test_a_charge_that_does_not_show_stays_at_what_was_reported() -> None:
    (proof,) = proofs([decision(outcomes=(CONFIRMED,))], [charged(0.0)])

    assert (proof.evidence, proof.effect) == (Evidence.READ_BACK, Effect.MISSING)


def test_reports_from_before_they_were_judged_are_judged_when_asked() -> None:
    (proof,) = proofs([decision(outcomes=(CONFIRMED,))], [])

    assert [each.evidence for each in proof.decision.outcomes] == [Evidence.READ_BACK]
    assert (proof.evidence, proof.effect) == (Evidence.READ_BACK, None)


def test_what_nobody_was_told_is_not_delivered_whatever_the_house_did() -> None:
    for kwh in (2.0, 0.0):
        (proof,) = proofs([decision()], [charged(kwh)])

        assert (proof.evidence, proof.effect) == (None, None)


@pytest.mark.parametrize("status", [OutcomeStatus.FAILED, OutcomeStatus.OVERRIDDEN])
def test_what_failed_at_last_is_not_delivered(status: OutcomeStatus) -> None:
    (proof,) = proofs([decision(outcomes=(CONFIRMED, outcome(status, 0.2)))], [charged(2.0)])

    assert proof.evidence is Evidence.READ_BACK


def test_only_the_decision_that_held_from_the_beginning_to_the_end_is_judged_by_the_slot() -> None:
    first, later = decision(outcomes=(CONFIRMED,)), decision(id="decision-0-again", decided_at=at(0.5), outcomes=(CONFIRMED,))

    assert [proof.effect for proof in proofs([first, later], [charged(2.0)])] == [None, None]
    assert [proof.effect for proof in proofs([first], [charged(2.0)])] == [Effect.SHOWN]


def test_an_hour_is_judged_by_both_its_halves_or_not_at_all() -> None:
    hour = decision(slot=replace(slot(0), end=at(2)), outcomes=(CONFIRMED,))

    assert [proof.effect for proof in proofs([hour], [charged(2.0)])] == [None]
    assert [proof.effect for proof in proofs([hour], [charged(2.0), charged(0.0, 1)])] == [Effect.SHOWN]
    assert [proof.effect for proof in proofs([hour], [charged(2.0), replace(charged(2.0, 1), status=SlotStatus.INCOMPLETE)])] == [None]


def test_without_decisions_there_is_nothing_to_prove() -> None:
    assert proofs([], [charged(2.0)]) == []


def test_a_hold_without_a_deficit_is_no_fault() -> None:
    made = decision(command=Command(mode=Mode.HOLD), outcomes=(outcome(mode_read_back="Back-up"),))
    still = charged(0.0)
    assert still.energies is not None
    still = replace(still, energies=replace(still.energies, solar_kwh=0.5, load_kwh=0.5))

    assert [(proof.evidence, proof.effect) for proof in proofs([made], [still])] == [(Evidence.READ_BACK, Effect.NONE_DUE)]
