"""How long a plan takes, beside the same model given to HiGHS directly: `python -m tests.bench.bench_plan`.

For every problem, in turn and several rounds over: the whole of `lp.solve` (build, solve, settle, prove), HiGHS with a
ready model (`passModel` + `run`), and plain highspy from rows of terms (flatten + `passModel` + `run` + read). Each
problem counts with the median of its rounds. The direct ways neither settle choices nor prove anything.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from statistics import median

import highspy
import numpy as np

from app.optimizer import lp, solver
from app.optimizer.problem import Problem
from tests.builders import battery, house, problem
from tests.optimizer.drawn import HalfHour, year

ROUNDS = 3
STARTS = tuple(datetime(2023, 1, 3, 16, tzinfo=UTC) + timedelta(days=9 * n, hours=5 * n) for n in range(40))
NEGATIVE_DAYS = tuple(datetime(2023, *day, 20, tzinfo=UTC) for day in ((1, 9), (4, 9), (5, 28), (7, 1), (7, 14), (8, 4), (10, 1), (12, 23)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Direct:
    """The same model as rows of (column, factor), and ready as a `HighsLp`."""

    cost: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]
    integer: Sequence[bool]
    rows: Sequence[Sequence[tuple[int, float]]]
    row_low: Sequence[float]
    row_high: Sequence[float]

    def model(self) -> highspy.HighsLp:
        """Flatten the rows into HiGHS's own matrix."""
        model = highspy.HighsLp()
        model.num_col_, model.num_row_ = len(self.cost), len(self.rows)
        model.col_cost_, model.col_lower_, model.col_upper_ = np.array(self.cost), np.array(self.low), np.array(self.high)
        model.row_lower_, model.row_upper_ = np.array(self.row_low), np.array(self.row_high)
        model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        model.a_matrix_.start_ = np.cumsum([0, *map(len, self.rows)], dtype=np.int32)
        model.a_matrix_.index_ = np.array([column for row in self.rows for column, _ in row], dtype=np.int32)
        model.a_matrix_.value_ = np.array([factor for row in self.rows for _, factor in row])
        if any(self.integer):
            kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
            model.integrality_ = [kinds[whole] for whole in self.integer]
        return model


def direct(question: Problem) -> Direct:
    """Return the optimizer's own model in plain rows."""
    model = lp.build(question).lp
    columns = model.exported_variables()
    at = {column.id: n for n, column in enumerate(columns)}
    cost = [0.0] * len(columns)
    for column, factor in model.objective.items():
        cost[at[column.id]] = factor
    rows = model.constraints()
    far = highspy.kHighsInf
    return Direct(
        cost=cost,
        low=[-far if column.lowBound is None else column.lowBound for column in columns],
        high=[far if column.upBound is None else column.upBound for column in columns],
        integer=[column.cat == "Integer" for column in columns],
        rows=[[(at[column.id], factor) for column, factor in row.items()] for row in rows],
        row_low=[-far if row.getLb() is None else row.getLb() for row in rows],
        row_high=[far if row.getUb() is None else row.getUb() for row in rows],
    )


def run(model: highspy.HighsLp) -> Sequence[float]:
    """Solve with the optimizer's own options."""
    highs = highspy.Highs()
    options = {"output_flag": False, "threads": 1, "mip_rel_gap": lp.LIVE_GAP, "mip_abs_gap": solver.ABSOLUTE_GAP, "random_seed": 1}
    for name, value in {**options, **solver.SEARCH}.items():
        highs.setOptionValue(name, value)
    highs.passModel(model)
    highs.run()
    return list(highs.getSolution().col_value)


def plain() -> Iterator[Problem]:
    """Agile both ways, where it never pays to buy and sell at once."""
    for start in STARTS:
        span = days(start)
        if all(each.buy >= max(each.sell, 0.0) for each in span):
            yield asked(span)


def plain_quarters() -> Iterator[Problem]:
    """The same at 15 minutes."""
    for start in STARTS:
        span = days(start)
        if all(each.buy >= max(each.sell, 0.0) for each in span):
            yield asked([each for each in span for _ in range(2)], minutes=15)


def fixed_12() -> Iterator[Problem]:
    """Agile import, 12p for every kWh exported."""
    return (asked(days(start), sell=0.12) for start in STARTS)


def fixed_15() -> Iterator[Problem]:
    """Agile import, 15p for every kWh exported."""
    return (asked(days(start), sell=0.15) for start in STARTS)


def fixed_15_quarters() -> Iterator[Problem]:
    """The same at 15 minutes."""
    return (asked([each for each in days(start) for _ in range(2)], sell=0.15, minutes=15) for start in STARTS)


def negative_days() -> Iterator[Problem]:
    """Days on which importing was paid for, with either export tariff."""
    return (asked(days(start), sell=sell) for start in NEGATIVE_DAYS for sell in (None, 0.12, 0.15))


def days(start: datetime) -> Sequence[HalfHour]:
    first = round((start - year()[0].start) / timedelta(minutes=30))
    return year()[first : first + 96]


def asked(span: Sequence[HalfHour], *, sell: float | None = None, minutes: int = 30) -> Problem:
    return problem(
        buy=[each.buy for each in span],
        sell=[each.sell if sell is None else sell for each in span],
        load_kw=[each.load_kw for each in span],
        solar_kw=[each.solar_kw for each in span],
        minutes=minutes,
        start=span[0].start,
        end_value=0.15,
        site=house(battery(), ac_limit_kw=5.0),
    )


def timed(action: Callable[[], object]) -> float:
    began = time.perf_counter()
    action()
    return 1000 * (time.perf_counter() - began)


def times_of(questions: Sequence[Problem]) -> list[list[float]]:
    return [[] for _ in questions]


def build_and_run(rows: Direct) -> Sequence[float]:
    return run(rows.model())


def measure(name: str, questions: Sequence[Problem]) -> None:
    """Print one line of the table; times in ms."""
    whole, ready, built = times_of(questions), times_of(questions), times_of(questions)
    gaps = [lp.solve(question, relative_gap=lp.LIVE_GAP).gap for question in questions]
    models = [direct(question) for question in questions]
    prepared = [model.model() for model in models]
    for _ in range(ROUNDS):
        for n, question in enumerate(questions):
            whole[n].append(timed(partial(lp.solve, question, relative_gap=lp.LIVE_GAP)))
            ready[n].append(timed(partial(run, prepared[n])))
            built[n].append(timed(partial(build_and_run, models[n])))
    ours, theirs, hand = ([median(times) for times in each] for each in (whole, ready, built))
    p50, p95 = np.quantile(ours, [0.5, 0.95])
    ratio, ratio_built = median(ours) / median(theirs), median(ours) / median(hand)
    print(  # noqa: T201 - a table is what this program is for
        f"{name:18} {len(questions):4} {p50:8.1f} {p95:8.1f} {median(theirs):9.1f} {median(hand):9.1f}"
        f" {ratio:8.2f} {ratio_built:8.2f} {100 * max(gaps):8.3f}"
    )


def main() -> None:
    """Print the table."""
    head = ("n", "p50 ms", "p95 ms", "HiGHS run", "built+run", "x run", "x built", "gap %")
    print(f"{'48 h':18} {head[0]:>4} {head[1]:>8} {head[2]:>8} {head[3]:>9} {head[4]:>9} {head[5]:>8} {head[6]:>8} {head[7]:>8}")  # noqa: T201
    for questions in (plain, plain_quarters, fixed_12, fixed_15, negative_days, fixed_15_quarters):
        measure(questions.__name__, list(questions()))


if __name__ == "__main__":
    main()
