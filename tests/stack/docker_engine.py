"""A private Docker Engine from Debian's packages: unpacked, not installed, and the machine's network left as it is.

Its images stay in `.parts/docker`; its sockets and process live in a folder of their own until it stops.
Containers of one network reach each other by name and published ports work, but from a container there is no way out:
images are built with the machine's network.
"""

import contextlib
import fcntl
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HOME = (Path(__file__).parents[2] / ".parts" / "docker").resolve()
SYSTEM = HOME / "x"
"""The packages' files, as if under /."""
BIN = HOME / "bin"
COMPOSE_NEEDS = (
    *("attr", "certifi", "chardet", "charset-normalizer", "docker", "dockerpty", "docopt", "dotenv", "idna", "jsonschema"),
    *("pyrsistent", "requests", "six", "texttable", "urllib3", "websocket", "yaml"),
)
IPTABLES_NEEDS = ("libip4tc2", "libip6tc2", "libmnl0", "libnetfilter-conntrack3", "libnfnetlink0", "libnftnl11", "libxtables12")
PACKAGES = (
    *("docker.io", "containerd", "runc", "tini", "docker-compose", "mmdebstrap", "iptables"),
    *(f"python3-{name}" for name in COMPOSE_NEEDS),
    *IPTABLES_NEEDS,
)
COMPOSE = f"""#!/bin/sh
PYTHONPATH={SYSTEM}/usr/lib/python3/dist-packages exec /usr/bin/python3 {SYSTEM}/usr/bin/docker-compose "$@"
"""
IPTABLES = f"""#!/bin/sh
cd {SYSTEM}/usr/lib/*-linux-gnu && LD_LIBRARY_PATH=$PWD XTABLES_LIBDIR=$PWD/xtables exec {SYSTEM}/usr/sbin/xtables-nft-multi iptables "$@"
"""
"""The engine uses it inside a container's network only, to let it find its neighbours by name."""
WRAPPED = {"docker-compose": COMPOSE, "iptables": IPTABLES}
OPTIONS = (
    *("--iptables=false", "--ip6tables=false", "--ip-forward=false", "--ip-masq=false", "--bridge=none"),
    *("--storage-driver=overlay2", "--exec-opt=native.cgroupdriver=cgroupfs"),
    "--oom-score-adjust=0",  # a lower one needs a capability that virtual machines often lack
)
READY_WITHIN_S = 60
STOPS_WITHIN_S = 60


@dataclass(frozen=True, slots=True)
class Engine:
    """A running engine, spoken to through its own clients."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """What its clients need, and nothing of the machine's own Docker."""
        return {
            "PATH": f"{BIN}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": str(self.folder),
            "DOCKER_HOST": f"unix://{self.folder}/docker.sock",
            "DOCKER_BUILDKIT": "1",
            "COMPOSE_DOCKER_CLI_BUILD": "1",
            "BUILDKIT_PROGRESS": "plain",
        }

    def docker(self, *words: str) -> str:
        """Run `docker …` and return what it printed.

        Raises:
            RuntimeError: it failed; says what it said.
        """
        return run("docker", *words, environment=self.environment)

    def compose(self, folder: Path, *words: str) -> str:
        """Run `docker-compose …` in a folder and return what it printed.

        Raises:
            RuntimeError: it failed; says what it said.
        """
        return run("docker-compose", *words, environment=self.environment, folder=folder)


def can_run() -> bool:
    """Tell whether this machine can run an engine: Debian, root, and the packages there or to be had."""
    return os.geteuid() == 0 and all(shutil.which(name) for name in ("apt-get", "dpkg", "perl"))


@contextmanager
def engine() -> Iterator[Engine]:
    """Run the engine until the block ends; a second one waits for the first."""
    HOME.mkdir(parents=True, exist_ok=True)
    with (HOME / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        unpack()
        folder = Path(tempfile.mkdtemp(prefix="docker-"))  # short, for the sockets' names
        running = Engine(folder)
        places = (
            f"--host=unix://{folder}/docker.sock",
            f"--exec-root={folder}/exec",
            f"--pidfile={folder}/pid",
            f"--data-root={HOME}/data",
        )
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen([BIN / "dockerd", *places, *OPTIONS], stdout=log, stderr=log, env=running.environment)
        try:
            _wait(running, process)
            yield running
        finally:
            process.terminate()
            process.wait(STOPS_WITHIN_S)
            for mount in (folder / "exec" / "netns").glob("*"):
                subprocess.run(["umount", mount], check=False, capture_output=True)
            shutil.rmtree(folder, ignore_errors=True)


def unpack() -> None:
    """Fetch and unpack the packages; quick when they are there."""
    stamp = HOME / "unpacked"
    if stamp.exists() and stamp.read_text() == repr(PACKAGES):
        return
    debs = HOME / "debs"
    shutil.rmtree(debs, ignore_errors=True)
    debs.mkdir()
    debs.chmod(0o777)  # apt fetches as a user of its own
    with contextlib.suppress(RuntimeError):  # the lists at hand may do
        run("apt-get", "update", "-qq")
    run("apt-get", "download", "-qq", *PACKAGES, folder=debs)
    for deb in sorted(debs.glob("*.deb")):
        run("dpkg", "-x", str(deb), str(SYSTEM))
    shutil.rmtree(debs)
    shutil.rmtree(BIN, ignore_errors=True)
    BIN.mkdir()
    programs = {program.name: program for folder in ("bin", "sbin") for program in (SYSTEM / "usr" / folder).iterdir()}
    for name in programs.keys() - WRAPPED.keys():
        (BIN / name).symlink_to(programs[name])
    for name, script in WRAPPED.items():
        (BIN / name).write_text(script)
        (BIN / name).chmod(0o755)
    stamp.write_text(repr(PACKAGES))


def run(*words: str, environment: dict[str, str] | None = None, folder: Path | None = None) -> str:
    """Run a program and return what it printed.

    Raises:
        RuntimeError: it failed; says what it said.
    """
    done = subprocess.run(words, env=environment, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(words[:4])}: {done.stdout[-3000:]}{done.stderr[-5000:]}")
    return done.stdout


def _wait(running: Engine, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + READY_WITHIN_S
    while True:
        try:
            running.docker("version")
        except RuntimeError:
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"the engine does not start: {(running.folder / 'log').read_text()[-3000:]}") from None
            time.sleep(0.1)
        else:
            return
