"""Runs a backtest on every core, and goes on where it was killed.

What is decided in a slot depends on the tape and on the energy stored when it begins, on nothing else. So each decision is written down
under these two, and parts of a year are run side by side from a guessed charge. A last walk from the beginning reads what is written
and decides only what is not: from a joint on until the charge meets the guess's. The result is the same as of one run, to the last digit.
"""

import csv
import hashlib
import multiprocessing
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

from app.domain.decision import Command
from app.domain.errors import InvalidInputError
from app.domain.site import Mode
from app.domain.tape import Tape
from app.forecasting.weatherlike import ErrorModel, Weatherlike
from app.replay.backtest import Decider, Policy, Replay, Row, Terms, run

LOOK_EVERY_S = 0.5
DECIDING = ("app.domain", "app.pricing", "app.forecasting", "app.optimizer", "app.control", "app.ledger", "app.replay")
"""What a decision of a replay is made by: while none of it changes, a decision written down stands."""

type Key = tuple[int, float]
"""A slot and the energy stored when it begins."""
type Told = Callable[[int, int], None]
"""Hears how many slots of how many are decided."""


def code(packages: Iterable[str]) -> bytes:
    """Return a hash of the sources of packages: every module at any depth, with its place.

    Raises:
        ModuleNotFoundError: there is no such package, or it holds no source to cover.
    """
    found = hashlib.sha256()
    for name in packages:
        folder = Path(str(files(name)))
        modules = sorted(folder.rglob("*.py"))
        if not modules:
            raise ModuleNotFoundError(f"{name} has no source: a change of it would go unseen")
        for path in modules:
            found.update(f"{name}/{path.relative_to(folder).as_posix()}\0".encode() + path.read_bytes())
    return found.digest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What to replay: slots `first` up to `last` of a tape, from a charge, with or without a made-up solar forecast."""

    tape: Tape
    terms: Terms
    first: int
    last: int
    start_kwh: float
    sun: ErrorModel | None = None
    decider: Decider = Decider.OURS

    @property
    def policy(self) -> Policy:
        """Return what decides."""
        sun = None if self.sun is None else Weatherlike(self.tape, self.sun).at
        return Replay(tape=self.tape, terms=self.terms, sun_at=sun).decided_by(self.decider)

    @property
    def fingerprint(self) -> str:
        """Equal where decisions must be equal: same tape, same terms, same code."""
        found = hashlib.sha256(repr((self.tape.first, self.tape.minutes, self.terms, self.sun, self.decider)).encode())
        for series in (self.tape.import_per_kwh, self.tape.export_per_kwh, self.tape.load_kw, self.tape.solar_kw):
            found.update(series.tobytes())
        found.update(code(DECIDING))
        return found.hexdigest()[:16]


@dataclass(slots=True)
class Memory:
    """Every decision written down so far, in one file for each part of a run; a line cut short by a kill is left out."""

    folder: Path
    fingerprint: str
    known: dict[Key, Command] = field(default_factory=dict)
    took_ms: list[float] = field(default_factory=list)

    def read(self) -> None:
        """Take in what every part has written."""
        for path in self.files():
            for fields in csv.reader(path.read_text().splitlines(keepends=True)):
                if len(fields) == len(_FIELDS) and fields[-1] == END:
                    key = int(fields[0]), float(fields[1])
                    if key not in self.known:
                        self.took_ms.append(float(fields[5]))
                    self.known[key] = Command(mode=Mode(fields[2]), power_kw=_number(fields[3]), target_soc_pct=_number(fields[4]))

    def files(self) -> list[Path]:
        """Return the files of this run."""
        return sorted(self.folder.glob(f"{self.fingerprint}-*.csv"))

    def count(self) -> int:
        """Return how many decisions are written down."""
        return sum(path.read_bytes().count(b"\n") for path in self.files())

    def remembering(self, policy: Callable[[], Policy], part: int) -> Policy:
        """Return a policy that looks up what is known, and writes down what it has to decide; `policy` is made when first needed."""
        path = self.folder / f"{self.fingerprint}-{part}.csv"
        made: list[Policy] = []

        def decide(n: int, stored_kwh: float) -> Command:
            found = self.known.get((n, stored_kwh))
            if found is not None:
                return found
            if not made:
                made.append(policy())
            began = time.perf_counter()
            found = made[0](n, stored_kwh)
            took_ms = 1000 * (time.perf_counter() - began)
            self.took_ms.append(took_ms)
            self.known[n, stored_kwh] = found
            with path.open("a") as file:
                told = (n, repr(stored_kwh), found.mode.value, _text(found.power_kw), _text(found.target_soc_pct), f"{took_ms:.2f}", END)
                file.write(",".join(map(str, told)) + "\n")
            return found

        return decide


END = "."
_FIELDS = ("n", "stored_kwh", "mode", "power_kw", "target_soc_pct", "took_ms", "end")


def decide_all(jobs: Iterable[Job], *, folder: Path, workers: int, told: Told) -> list[tuple[list[Row], list[float]]]:
    """Return the rows of each job, and how long each decision took in ms. A job is cut into as many parts as there are workers.

    Raises:
        InvalidInputError: there is nothing to replay.
    """
    found = list(jobs)
    if any(job.first >= job.last for job in found):
        raise InvalidInputError("there is no slot to replay between start and end")
    folder.mkdir(parents=True, exist_ok=True)
    memories = [_mended(Memory(folder=folder, fingerprint=job.fingerprint)) for job in found]
    if workers > 1:
        _side_by_side(found, memories, workers, told)
    return [_walk(job, memory, told) for job, memory in zip(found, memories, strict=True)]


def _side_by_side(jobs: list[Job], memories: list[Memory], workers: int, told: Told) -> None:
    """Run the parts of every job in processes of their own, the longest way first."""
    total = sum(job.last - job.first for job in jobs)
    with ProcessPoolExecutor(max_workers=workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        futures: set[Future[None]] = {
            pool.submit(run_part, job, memory.folder, part, workers)
            for job, memory in zip(jobs, memories, strict=True)
            for part in range(workers)
        }
        while futures:
            done, futures = wait(futures, timeout=LOOK_EVERY_S)
            for each in done:
                each.result()
            told(min(total, sum(memory.count() for memory in memories)), total)


def run_part(job: Job, folder: Path, part: int, parts: int) -> None:
    """Decide one part of a job, from the true charge or a guessed one; what it finds stays in its file."""
    memory = Memory(folder=folder, fingerprint=job.fingerprint)
    memory.read()
    edges = [job.first + (job.last - job.first) * n // parts for n in range(parts + 1)]
    battery = job.terms.site.battery
    start = job.start_kwh if part == 0 else (battery.reserve_kwh + battery.top_kwh) / 2
    policy = memory.remembering(lambda: job.policy, part)
    for _ in run(job.tape, job.terms.site, policy, first=edges[part], last=edges[part + 1], start_kwh=start):
        pass


def _walk(job: Job, memory: Memory, told: Told) -> tuple[list[Row], list[float]]:
    """Walk a job from its beginning, by what is known as far as it goes."""
    memory.read()
    rows: list[Row] = []
    for row in run(
        job.tape, job.terms.site, memory.remembering(lambda: job.policy, 99), first=job.first, last=job.last, start_kwh=job.start_kwh
    ):
        rows.append(row)
        told(len(rows), job.last - job.first)
    return rows, memory.took_ms


def _mended(memory: Memory) -> Memory:
    """Cut off what a kill left half-written, so that what follows starts on a line of its own."""
    for path in memory.files():
        text = path.read_text()
        path.write_text(text[: text.rfind("\n") + 1])
    return memory


def _number(text: str) -> float | None:
    return float(text) if text else None


def _text(number: float | None) -> str:
    return "" if number is None else repr(number)
