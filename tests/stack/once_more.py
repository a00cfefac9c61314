"""The stack tests as CI runs them: one that fails is run once more, alone; one that passes then is named, with what it waited for.

    python -m tests.stack.once_more -q -n 2 -m stack

Only where parts may not be missing (`STACK_REQUIRED`): at a desk a failure is looked at at once. Nothing else is repeated, and more
than two flaky tests fail the run.
"""

import os
import subprocess
import sys
from collections.abc import Sequence

import pytest

FLAKY_AT_MOST = 2
ALONE = ("-q", "-p", "no:randomly", "-p", "no:cacheprovider")


class Failures:
    """A pytest plugin: which tests failed, and the line that says why."""

    def __init__(self) -> None:
        self.why: dict[str, str] = {}
        self.elsewhere = False
        """Something failed that is no test: a file that cannot be collected, a worker that died."""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            crash = getattr(report.longrepr, "reprcrash", None)
            said = crash.message if crash else str(report.longrepr)
            self.why.setdefault(report.nodeid, next(iter(said.strip().splitlines()), ""))

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self.elsewhere |= report.failed

    def pytest_internalerror(self) -> None:
        self.elsewhere = True


def run(arguments: Sequence[str]) -> int:
    """Run pytest; return its exit code, or 0 where the few tests that failed pass alone."""
    failures = Failures()
    code = int(pytest.main(list(arguments), plugins=[failures]))
    again = list(failures.why)
    if code != pytest.ExitCode.TESTS_FAILED or failures.elsewhere or not again or not os.environ.get("STACK_REQUIRED"):
        return code
    if len(again) > FLAKY_AT_MOST:
        print(f"{len(again)} tests failed: too many to be run once more")  # noqa: T201
        return code
    print(f"\nonce more, alone: {', '.join(again)}", flush=True)  # noqa: T201
    if code := subprocess.run([sys.executable, "-m", "pytest", *ALONE, *again], check=False).returncode:
        return code
    print(f"\nFLAKY, to be mended before anything else ({len(again)} of at most {FLAKY_AT_MOST}):")  # noqa: T201
    for test, why in failures.why.items():
        print(f"  {test}\n    failed by: {why}")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
