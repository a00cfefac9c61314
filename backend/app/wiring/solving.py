"""What callers ask to be planned is solved in a process of its own: decisions keep their processor and their memory."""

import faulthandler
import logging
import multiprocessing
import os
import signal
import threading
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from datetime import datetime

from app.domain.decision import Decision
from app.domain.errors import UnavailableError
from app.domain.plan import Plan
from app.optimizer.problem import Problem
from app.usecases import ports
from app.usecases.optimize import optimize

log = logging.getLogger(__name__)

MOST_SOLVES = 100
"""After so many the process is made anew, and what they left in memory is gone."""
END_S = 60.0
"""Beyond every time limit: who is not done by then is stuck, and its process ends."""
NICE = 10
"""The process gives way to the service."""


@dataclass(slots=True)
class Solving:
    """One process, made when the first problem comes, and anew when it died."""

    words: ports.Words
    time_limit_s: float
    pool: ProcessPoolExecutor | None = None
    making: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, problem: Problem, now: datetime) -> tuple[Plan, Decision]:
        """Return what to do in the first slot, and the cheapest plan that goes on from it.

        Raises:
            InfeasibleError: no plan was proved in time.
            UnavailableError: the process died of it.
        """
        pool = self._pool()
        try:
            return pool.submit(solved, problem, self.words, now, self.time_limit_s).result()
        except BrokenProcessPool as error:
            self._forget(pool)
            raise UnavailableError("the process that solves died; ask again") from error

    def close(self) -> None:
        """Take nothing more; what is being solved ends by its time limit."""
        with self.making:
            if self.pool is not None:
                self.pool.shutdown(wait=False, cancel_futures=True)
                self.pool = None

    def _pool(self) -> ProcessPoolExecutor:
        with self.making:
            if self.pool is None:
                context = multiprocessing.get_context("spawn")  # a fork would share the locks of our threads as they stand
                self.pool = ProcessPoolExecutor(1, context, initializer=settle_in, max_tasks_per_child=MOST_SOLVES)
            return self.pool

    def _forget(self, broken: ProcessPoolExecutor) -> None:
        log.warning("the process that solves what callers ask died; the next question has a new one")
        with self.making:
            if self.pool is broken:
                self.pool = None
        broken.shutdown(wait=False)


def solved(problem: Problem, words: ports.Words, now: datetime, time_limit_s: float) -> tuple[Plan, Decision]:
    """Solve within the process, which ends if that never ends."""
    faulthandler.dump_traceback_later(END_S + time_limit_s, exit=True)
    try:
        return optimize(problem, words, now=now, time_limit_s=time_limit_s)
    finally:
        faulthandler.cancel_dump_traceback_later()


def settle_in() -> None:
    """Give way to the service, leave Ctrl-C to it, and end with it, however it ends."""
    os.nice(NICE)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_the_service, daemon=True).start()


def _end_with_the_service() -> None:
    service = multiprocessing.parent_process()
    if service is not None:
        service.join()
        os._exit(1)
