"""A backtest decides with what was known then, runs the house as it would have gone, and closes."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from app.domain.site import Mode
from app.domain.tape import Tape
from app.forecasting.weatherlike import ErrorModel, Weatherlike
from app.ledger.baselines import without_battery
from app.optimizer.foresight import bound
from app.pricing.publication import Publication
from app.replay.backtest import Decider, Policy, Replay, Row, Terms, imbalance_kwh, reactive, run, self_use
from app.replay.jobs import Job, Memory, decide_all, run_part
from app.replay.outcome import known
from tests.builders import RULES, house
from tests.tapes import fortnight, real_year

TERMS = Terms(site=house())
FIRST, LAST = 150, 190


def ours(tape: Tape) -> Policy:
    return Replay(tape=tape, terms=TERMS).command


def replayed(tape: Tape, policy: Policy, *, first: int = FIRST, last: int = LAST) -> list[Row]:
    return list(run(tape, TERMS.site, policy, first=first, last=last, start_kwh=5.0))


def by_hand(rows: list[Row], *, wear: float = 0.02) -> float:
    """A second settlement, of what went through the meter and the battery, from the modes told alone: what each slot cost by the rules
    of a 10 kWh, 5 kW battery at 95 % each way behind a 5 kW export limit, written without a look at the simulator."""
    stored, total = 5.0, 0.0
    for row in rows:
        spare = row.solar_kwh - row.load_kwh
        room, left = min(2.5, (10 - stored) / 0.95), min(2.5, (stored - 1) * 0.95)
        power = None if row.command.power_kw is None else row.command.power_kw / 2
        give = take = 0.0
        match row.command.mode:
            case Mode.SELF_USE:
                take, give = min(room, max(0.0, spare)), min(left, max(0.0, -spare))
            case Mode.HOLD:
                take = min(room, max(0.0, spare))
            case Mode.FEED_IN_FIRST:
                take, give = min(room, max(0.0, spare - 2.5)), min(left, max(0.0, -spare))
            case Mode.FORCE_CHARGE:
                take = min(room, 2.5 if power is None else power, 7.5 + spare)
            case Mode.FORCE_DISCHARGE:
                give = max(0.0, min(left, 2.5 if power is None else power, 2.5 - spare))
        stored += 0.95 * take - give / 0.95
        meter = spare - take + give
        total += -min(meter, 2.5) * row.export_per_kwh if meter > 0 else -meter * row.import_per_kwh
        total += wear * give
    return total


def test_the_future_of_load_sun_and_unpublished_prices_does_not_change_what_is_done_today() -> None:
    tape = fortnight()
    now = FIRST
    published = 192 - 2  # before 16:00 local the day is known up to 23:00
    changed = replace(
        tape,
        load_kw=np.concatenate([tape.load_kw[:now], 3 * tape.load_kw[now:]]),
        solar_kw=np.concatenate([tape.solar_kw[:now], 0 * tape.solar_kw[now:]]),
        import_per_kwh=np.concatenate([tape.import_per_kwh[:published], 9 * tape.import_per_kwh[published:]]),
        export_per_kwh=np.concatenate([tape.export_per_kwh[:published], -tape.export_per_kwh[published:]]),
    )

    assert Replay(tape=tape, terms=TERMS).choice(now, 5.0) == Replay(tape=changed, terms=TERMS).choice(now, 5.0)


def test_a_made_up_forecast_is_calibrated_on_the_past_only() -> None:
    tape = fortnight()
    sun = Weatherlike(tape, ErrorModel())
    later = replace(tape, solar_kw=np.concatenate([tape.solar_kw[:FIRST], 2 * tape.solar_kw[FIRST:]]))
    other = Weatherlike(later, ErrorModel())
    object.__setattr__(other, "foretold_kw", sun.foretold_kw)
    slots = [tape.slot(FIRST + h) for h in range(48)]

    assert sun.at(FIRST, slots) == other.at(FIRST, slots)


def test_the_same_inputs_give_the_same_modes() -> None:
    tape = fortnight()

    assert replayed(tape, ours(tape), last=FIRST + 12) == replayed(tape, ours(tape), last=FIRST + 12)


@pytest.mark.slow
def test_every_slot_closes_and_a_second_settlement_agrees_to_a_penny() -> None:
    tape = fortnight()
    rows = replayed(tape, ours(tape))

    assert max(imbalance_kwh(TERMS.site, row) for row in rows) < 1e-9
    assert sum(row.cost + row.wear for row in rows) == pytest.approx(by_hand(rows), abs=0.005)
    assert len({row.command.mode for row in rows}) > 2


@pytest.mark.slow
def test_no_policy_beats_perfect_foresight_and_ours_beats_the_simple_ones() -> None:
    tape = fortnight()
    policies = {"self-use": self_use, "rules": reactive(tape, RULES), "ours": ours(tape)}
    costs = {name: sum(row.cost + row.wear for row in replayed(tape, policy)) for name, policy in policies.items()}
    slots = known(replayed(tape, self_use))
    honest = bound(TERMS.site, slots, start_kwh=5.0, at_once=False)

    assert bound(TERMS.site, slots, start_kwh=5.0, at_once=True) <= honest + 1e-3
    assert all(honest <= cost + 1e-6 for cost in costs.values())
    assert costs["ours"] < min(costs["self-use"], costs["rules"])


def test_buying_and_selling_at_once_is_what_sets_the_two_bounds_apart() -> None:
    tape = fortnight()
    sells_dear = replace(tape, export_per_kwh=tape.import_per_kwh + 0.05)
    slots = known(replayed(sells_dear, self_use, last=FIRST + 12))

    apart = [bound(TERMS.site, slots, start_kwh=5.0, at_once=at_once) for at_once in (True, False)]

    assert apart[0] < apart[1] - 0.5


@pytest.mark.slow
def test_parts_are_joined_to_what_one_run_gives_and_a_killed_run_goes_on(tmp_path: Path) -> None:
    tape = fortnight()
    job = Job(tape=tape, terms=TERMS, first=FIRST, last=FIRST + 24, start_kwh=5.0)
    whole = replayed(tape, ours(tape), last=FIRST + 24)
    for part in (0, 1):
        run_part(job, tmp_path, part, 2)
    cut = tmp_path / f"{job.fingerprint}-1.csv"
    cut.write_text(cut.read_text()[:-9])

    told: list[tuple[int, int]] = []
    ((rows, _),) = decide_all([job], folder=tmp_path, workers=1, told=lambda done, total: told.append((done, total)))

    assert rows == whole
    assert told[-1] == (24, 24)
    again = Memory(folder=tmp_path, fingerprint=job.fingerprint)
    again.read()
    assert again.count() < 40, "what was decided is not decided again"

    def never() -> Policy:
        raise AssertionError("everything is written down")

    policy = again.remembering(never, 7)
    assert list(run(tape, TERMS.site, policy, first=FIRST, last=FIRST + 24, start_kwh=5.0)) == whole


@pytest.mark.slow
def test_two_processes_find_what_one_finds(tmp_path: Path) -> None:
    tape = fortnight()
    job = Job(tape=tape, terms=TERMS, first=FIRST, last=FIRST + 10, start_kwh=5.0)

    ((rows, took_ms),) = decide_all([job], folder=tmp_path, workers=2, told=lambda _done, _total: None)

    assert rows == replayed(tape, ours(tape), last=FIRST + 10)
    assert len(took_ms) >= 10


def test_a_run_of_other_terms_does_not_read_these_decisions() -> None:
    tape = fortnight()
    job = Job(tape=tape, terms=TERMS, first=FIRST, last=LAST, start_kwh=5.0)
    others = (
        replace(job, tape=replace(tape, load_kw=2 * tape.load_kw)),
        replace(job, terms=replace(TERMS, publication=Publication.KNOWN)),
        replace(job, sun=ErrorModel()),
        replace(job, decider=Decider.PLAN_MAPPED),
    )

    assert len({job.fingerprint, *(each.fingerprint for each in others)}) == 5


@pytest.mark.parametrize("minutes", [15, 60])
def test_any_resolution_is_replayed(minutes: int) -> None:
    half = fortnight(4)
    fine = [
        np.repeat(each, 2).reshape(-1, minutes // 15).mean(axis=1)
        for each in (half.import_per_kwh, half.export_per_kwh, half.load_kw, half.solar_kw)
    ]
    tape = Tape(first=half.first, minutes=minutes, import_per_kwh=fine[0], export_per_kwh=fine[1], load_kw=fine[2], solar_kw=fine[3])
    first = 3 * tape.per_day

    rows = replayed(tape, ours(tape), first=first, last=first + 4)

    assert [row.start for row in rows] == [tape.start(first + n) for n in range(4)]
    assert all(imbalance_kwh(TERMS.site, row) < 1e-9 for row in rows)


def test_a_house_without_a_past_begins_with_a_standard_profile() -> None:
    tape = fortnight(2)

    assert replayed(tape, ours(tape), first=0, last=3)[0].command.mode in Mode


def test_only_modes_on_offer_are_told() -> None:
    tape = fortnight()
    plain = Terms(site=house(modes=(Mode.SELF_USE, Mode.FORCE_CHARGE)))

    rows = list(run(tape, plain.site, Replay(tape=tape, terms=plain).command, first=FIRST, last=LAST, start_kwh=5.0))

    assert {row.command.mode for row in rows} <= {Mode.SELF_USE, Mode.FORCE_CHARGE}


@pytest.mark.slow
def test_the_plan_alone_can_be_replayed_mapped_to_modes_or_forced() -> None:
    tape = fortnight()
    replay = Replay(tape=tape, terms=TERMS)

    told = [
        {row.command.mode for row in replayed(tape, replay.decided_by(decider))} for decider in (Decider.PLAN_MAPPED, Decider.PLAN_FORCED)
    ]

    assert Mode.SELF_USE in told[0]
    assert told[1] == {Mode.FORCE_CHARGE, Mode.FORCE_DISCHARGE}


@pytest.mark.slow
def test_the_benchmark_years_published_references_are_reproduced() -> None:
    tape, site = real_year(), house()
    first = 28 * tape.per_day

    def cost(policy: Policy, *, battery: bool) -> float:
        rows = run(tape, site if battery else without_battery(site), policy, first=first, last=len(tape), start_kwh=5.0 if battery else 0.0)
        return sum(row.cost + row.wear for row in rows)

    assert cost(self_use, battery=False) == pytest.approx(817.65, abs=0.005)
    assert cost(self_use, battery=True) == pytest.approx(647.42, abs=0.005)


@pytest.mark.slow
def test_a_real_fortnight_costs_what_it_did(tmp_path: Path) -> None:
    tape = real_year()
    first = tape.place(datetime(2023, 4, 3, tzinfo=UTC))
    job = Job(tape=tape, terms=TERMS, first=first, last=first + 14 * 48, start_kwh=5.0)

    ((rows, _),) = decide_all([job], folder=tmp_path, workers=2, told=lambda _done, _total: None)

    assert sum(row.cost + row.wear for row in rows) == pytest.approx(FORTNIGHT_COST, abs=0.05)
    assert sum(row.cost + row.wear for row in rows) == pytest.approx(by_hand(rows), abs=0.01)


FORTNIGHT_COST = 10.32
