"""A private MariaDB on a free loopback port, from Debian's mariadb-server. Works as root and as anybody else."""

import getpass
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pymysql

HOST = "127.0.0.1"
PASSWORD = "test-only"  # noqa: S105  of a server that lives as long as a test run
READY_WITHIN_S = 20
SYSTEM_FOLDERS = "/usr/sbin:/usr/local/sbin"
"""Where Debian puts servers; not on everybody's path."""
USERS = f"""
CREATE USER IF NOT EXISTS 'admin'@'{HOST}' IDENTIFIED BY '{PASSWORD}';
GRANT ALL ON *.* TO 'admin'@'{HOST}' WITH GRANT OPTION;
CREATE USER IF NOT EXISTS 'optimizer'@'{HOST}' IDENTIFIED BY '{PASSWORD}';
"""
OPTIONS = (
    *("--no-defaults", "--skip-name-resolve", "--skip-log-bin", "--performance-schema=off", f"--bind-address={HOST}"),
    *("--character-set-server=latin1", "--sql-mode=", "--default-time-zone=+03:00"),  # unkind on purpose: the product brings its own
    # a commit outlives a killed server, not a power cut
    *("--innodb-flush-log-at-trx-commit=2", "--innodb-flush-method=nosync", "--innodb-doublewrite=0"),
    *("--innodb-buffer-pool-size=64M", "--innodb-log-file-size=16M"),
)


@dataclass
class MariaDb:
    """A server with its own data, which stopping and killing leave in place."""

    folder: Path
    port: int = field(default_factory=lambda: _free_port())  # noqa: PLW0108  defined below
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server, and make its data first if there are none; return when it answers."""
        data = self.folder / "data"
        if not (data / "mysql").is_dir():
            self._install(data)
        users = self.folder / "users.sql"
        users.write_text(USERS)
        files = [f"--datadir={data}", f"--socket={self.folder}/s", f"--pid-file={self.folder}/pid", f"--init-file={users}"]
        with (self.folder / "log").open("ab") as log:
            command = [program("mariadbd"), *OPTIONS, *files, f"--port={self.port}", *_as_me()]
            self.process = subprocess.Popen(command, stdout=log, stderr=log, env=self._own_tmp())
        self._wait()

    def stop(self) -> None:
        """Ask the server to end, and wait until it has."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End the server in the middle of whatever it does."""
        self._end(signal.SIGKILL)

    @contextmanager
    def hung(self) -> Iterator[None]:
        """Keep the server from doing anything; its sockets stay open."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    def url(self, database: str) -> str:
        """Return the URL of a database, made if need be, for a user who may use it and nothing else."""
        self.execute(f"CREATE DATABASE IF NOT EXISTS {database}", f"GRANT ALL ON {database}.* TO 'optimizer'@'{HOST}'")
        return f"mysql+pymysql://optimizer:{PASSWORD}@{HOST}:{self.port}/{database}"

    def execute(self, *statements: str) -> list[tuple[Any, ...]]:
        """Run statements as the administrator and return the rows of the last."""
        with closing(self._connect()) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return list(cursor.fetchall())

    def log(self) -> str:
        """Return what the server said."""
        return (self.folder / "log").read_text(errors="replace")

    def _install(self, data: Path) -> None:
        command = [program("mariadb-install-db"), "--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=normal"]
        options = ["--skip-test-db", "--force", *_as_me()]
        made = subprocess.run([*command, *options], capture_output=True, text=True, check=False, env=self._own_tmp())
        if made.returncode:
            raise RuntimeError(f"mariadb-install-db: {made.stdout}{made.stderr}")

    def _own_tmp(self) -> dict[str, str]:
        """Keep temporary tables out of /tmp: two servers that start at once name theirs alike."""
        return os.environ | {"TMPDIR": str(self.folder)}

    def _wait(self) -> None:
        until = time.monotonic() + READY_WITHIN_S
        while True:
            try:
                self.execute("SELECT 1")
            except pymysql.err.OperationalError:
                if self.process is None or self.process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError(f"mariadbd does not start: {self.log()[-2000:]}") from None
                time.sleep(0.02)
            else:
                return

    def _end(self, how: signal.Signals) -> None:
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(READY_WITHIN_S)
            self.process = None

    def _connect(self) -> Any:  # noqa: ANN401  PyMySQL has no types
        return pymysql.connect(host=HOST, port=self.port, user="admin", password=PASSWORD, autocommit=True, connect_timeout=5)


def is_installed() -> bool:
    return all(_found(name) for name in ("mariadbd", "mariadb-install-db"))


def program(name: str) -> str:
    return cast("str", _found(name))


def _found(name: str) -> str | None:
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:{SYSTEM_FOLDERS}")


def _as_me() -> list[str]:
    """Root must say that it means it; others run as themselves."""
    return [f"--user={getpass.getuser()}"] if os.geteuid() == 0 else []


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind((HOST, 0))
        return cast("int", probe.getsockname()[1])
