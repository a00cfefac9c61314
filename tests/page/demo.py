"""The real service as a process of its own, and a headless Chromium to look at it."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from playwright.sync_api import Browser, expect, sync_playwright

PATIENCE_S = 60.0
expect.set_options(timeout=1000 * PATIENCE_S)
STOP_S = 15.0


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@dataclass(slots=True)
class Demo:
    """`battery-optimizer` on a free port: the demo, or with settings a service; it can be stopped and started again on the same port."""

    folder: Path
    settings: dict[str, str] | None = None
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None
    prefix: tuple[str, ...] = ()
    """A command that starts it in its own way."""

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it and wait until it is alive."""
        asked = ["serve"] if self.settings is not None else ["demo", "--port", str(self.port), "--folder", str(self.folder / "demo")]
        command = [*self.prefix, sys.executable, "-c", "from app.cli.program import main; main()", *asked]
        env = os.environ | {"OPTIMIZER_API__PORT": str(self.port)} | (self.settings or {})
        with (self.folder / "demo.log").open("ab") as log:
            self.process = subprocess.Popen(command, cwd=self.folder, env=env, stdout=log, stderr=log)
        end = time.monotonic() + PATIENCE_S
        while not self._is_alive():
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError((self.folder / "demo.log").read_text()[-2000:])
            time.sleep(0.2)

    def stop(self) -> None:
        """Stop it at once."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(STOP_S)

    def _is_alive(self) -> bool:
        try:
            return httpx.get(f"{self.url}/live", timeout=1).is_success
        except httpx.TransportError:
            return False


def chromium() -> str | None:
    """Return where Chromium is, if it is installed."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


@contextmanager
def browser() -> Iterator[Browser]:
    """Give a headless Chromium."""
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        try:
            yield found
        finally:
            found.close()
