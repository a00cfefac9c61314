"""Under libfaketime 0.9.10 with an honest monotonic clock Python cannot sleep: absolute sleeps are refused. A lock's timeout can."""

import threading
import time
from typing import SupportsIndex


def _sleep(seconds: float | SupportsIndex, /) -> None:
    never = threading.Lock()
    never.acquire()
    never.acquire(timeout=max(0.0, float(seconds)))


time.sleep = _sleep
