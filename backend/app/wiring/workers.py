"""Threads for what the service does by itself. They are daemons: a neighbour that hangs does not hold up the end of the service."""

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field

MOST = 64
"""So many houses may hang in the same duty at once before the others have to wait with that duty for one of them."""
AT_ONCE = {"decision": 2, "ledger": 1, "drive": 8, "state": 8, "sunshine": 8, "history": 8}
"""Those wait for no neighbour, for a moment only, or seldom: more of them at once would take processor and database from each other."""
IDLE_S = 60.0


@dataclass(slots=True)
class Pools:
    """A pool for each kind of work, made when the first of it comes: what hangs in one of them holds up no other."""

    make: Callable[[int], Executor]
    """Makes one that does so much at once."""
    pools: dict[str, Executor] = field(default_factory=dict)
    making: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, kind: str) -> Executor:
        """Return the pool of a kind of work."""
        with self.making:
            if kind not in self.pools:
                self.pools[kind] = self.make(AT_ONCE.get(kind, MOST))
            return self.pools[kind]

    def shutdown(self) -> None:
        """Have every pool take nothing more; what runs is left to end by itself."""
        with self.making:
            for pool in self.pools.values():
                pool.shutdown(wait=False)


class Workers(Executor):
    """A pool that grows as far as it is used, and shrinks again."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._tasks: deque[Callable[[], None]] = deque()
        self._changed = threading.Condition()
        self._threads = self._idle = 0
        self._ended = False

    def submit[**P, T](self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Do it as soon as a thread is free."""
        future: Future[T] = Future()

        def task() -> None:
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(fn(*args, **kwargs))
                except BaseException as error:  # noqa: BLE001 - whoever waits for it is told, as by any executor
                    future.set_exception(error)

        with self._changed:
            if self._ended:
                future.cancel()
                return future
            self._tasks.append(task)
            if len(self._tasks) > self._idle and self._threads < self._most:
                self._threads += 1
                threading.Thread(target=self._work, name="duty", daemon=True).start()
            self._changed.notify()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002 - as every executor
        """Take nothing more; what runs is left to end by itself."""
        del wait, cancel_futures
        with self._changed:
            self._ended = True
            self._tasks.clear()

    def _work(self) -> None:
        while (task := self._next()) is not None:
            task()

    def _next(self) -> Callable[[], None] | None:
        """Return what is to be done next; None when nothing was for a while, and this thread ends."""
        with self._changed:
            self._idle += 1
            has_work = self._changed.wait_for(lambda: bool(self._tasks), IDLE_S)
            self._idle -= 1
            if has_work:
                return self._tasks.popleft()
            self._threads -= 1
            return None
