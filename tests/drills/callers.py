"""Callers of a running service, several at once, each with the patience of a browser."""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import httpx

from tests.drills.report import Calls

PATIENCE_S = 30.0
AT_ONCE = 4

type Said = Callable[[httpx.Response], str]
"""What an answer says, in a word."""


def ask(url: str, paths: Mapping[str, str], *, times: int, said: Said, at_once: int = AT_ONCE) -> dict[str, Calls]:
    """Ask every path so many times, in turn; return what callers saw by the name of the path."""
    found = {name: Calls() for name in paths}
    with httpx.Client(base_url=url, timeout=PATIENCE_S, trust_env=False) as http, ThreadPoolExecutor(at_once) as callers:
        for name, took_s, what in callers.map(lambda each: _asked(http, each[0], each[1], said), _turns(paths, times)):
            _note(found[name], took_s, what)
    return found


def beside(*asks: Callable[[], dict[str, Calls]]) -> list[dict[str, Calls]]:
    """Ask in several ways at once."""
    with ThreadPoolExecutor(len(asks)) as pool:
        return [each.result() for each in [pool.submit(one) for one in asks]]


def _turns(paths: Mapping[str, str], times: int) -> Sequence[tuple[str, str]]:
    return [each for _ in range(times) for each in paths.items()]


def _asked(http: httpx.Client, name: str, path: str, said: Said) -> tuple[str, float | None, str]:
    began = time.monotonic()
    try:
        reply = http.get(path)
    except httpx.HTTPError as error:
        return name, None, type(error).__name__
    took_s = time.monotonic() - began
    return (name, took_s, said(reply)) if reply.is_success else (name, None, f"HTTP {reply.status_code}")


def _note(calls: Calls, took_s: float | None, said: str) -> None:
    calls.asked += 1
    if took_s is None:
        calls.failed[said] += 1
    else:
        calls.took_s.append(took_s)
        calls.said[said] += 1
