"""Processes that tests start, and end."""

import subprocess


def end(process: "subprocess.Popen[bytes] | None", limit_s: float) -> None:
    """Ask a process to end, and end it if it does not."""
    if process is None:
        return
    process.terminate()
    try:
        process.wait(limit_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
