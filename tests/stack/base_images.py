"""Stand-ins for the official base images, for a machine that reaches no image registry: Debian plus the Python of these tests.

They have the official names and keep the part of their contract that our files rely on; their bytes are others.
"""

import platform
import sys
import tarfile
import tempfile
from pathlib import Path

from pin_images import tag_of
from tests.stack.docker_engine import BIN, SYSTEM, Engine, run

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
PYTHON_NEEDS = (
    *("ca-certificates", "netbase", "tzdata"),
    *("libbz2-1.0", "libffi8", "liblzma5", "libncursesw6", "libreadline8", "libsqlite3-0", "libssl3", "libuuid1", "zlib1g"),
)
MARIADB_NEEDS = ("mariadb-server", "mariadb-client", "tzdata")
NOT_IN_AN_IMAGE = ("/usr/share/man/*", "/usr/share/doc/*", "/usr/share/locale/*")
MERGED = SYSTEM / "usr" / "share" / "mmdebstrap" / "hooks" / "merged-usr"
"""Spares the program that merges /usr later, and Perl with it."""
UNUSED_PYTHON = {"__pycache__", "site-packages", "test", "tests", "idlelib", "tkinter", "turtledemo"}


def python_tag() -> str:
    """Return the tag of the official Python image that our image starts from."""
    return tag_of("python")


def mariadb_tag() -> str:
    """Return the tag of the official MariaDB image that the compose file starts."""
    return tag_of("mariadb")


def can_make() -> bool:
    """Tell whether this Python is the image's, and in a folder of its own, so that it can be copied."""
    own = Path(sys.base_prefix) / "lib" / f"libpython{_minor()}.so.1.0"
    return python_tag().startswith(f"{_minor()}-") and sys.base_prefix != "/usr" and own.exists()


def make(engine: Engine) -> None:
    """Make those that the engine has not got yet."""
    present = engine.docker("images", "--format", "{{.Repository}}:{{.Tag}}").split()
    with tempfile.TemporaryDirectory() as folder:
        if f"python:{python_tag()}" not in present:
            _make_python(engine, Path(folder))
        if f"mariadb:{mariadb_tag()}" not in present:
            _make_mariadb(engine, Path(folder))


def _make_python(engine: Engine, folder: Path) -> None:
    prefix, minor = Path(sys.base_prefix), _minor()
    with tarfile.open(folder / "python.tar", "w") as tar:
        for part in (f"bin/python{minor}", f"include/python{minor}", f"lib/python{minor}", f"lib/libpython{minor}.so.1.0"):
            tar.add(prefix / part, f"usr/local/{part}", filter=_used)
    (folder / "pip.conf").write_text(f"[global]\ncert = {CERTIFICATES}\n")
    debian(
        engine.environment,
        folder / "root.tar",
        PYTHON_NEEDS,
        f"tar-in {folder}/python.tar /",
        f"upload {folder}/pip.conf /etc/pip.conf",  # behind a proxy that looks into TLS, pip must trust whom the machine trusts
        f"upload {CERTIFICATES} {CERTIFICATES}",
        'strip --strip-unneeded "$1"/usr/local/lib/*.so* "$1"/usr/local/lib/python3*/lib-dynload/*.so || true',  # as the official ones are
        'chroot "$1" ldconfig',
        f'chroot "$1" /usr/local/bin/python{minor} -m ensurepip',
        f'chroot "$1" ln -s python{minor} /usr/local/bin/python3',
        'chroot "$1" ln -s python3 /usr/local/bin/python',
    )
    environment = "ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8"
    load(engine, folder / "root.tar", f"python:{python_tag()}", environment, 'CMD ["python3"]')


def _make_mariadb(engine: Engine, folder: Path) -> None:
    debian(
        engine.environment,
        folder / "root.tar",
        MARIADB_NEEDS,
        f"upload {HERE}/mariadb_entrypoint.sh /usr/local/bin/docker-entrypoint.sh",
        f"upload {HERE}/mariadb_healthcheck.sh /usr/local/bin/healthcheck.sh",
        'chmod 755 "$1"/usr/local/bin/docker-entrypoint.sh "$1"/usr/local/bin/healthcheck.sh',
        'rm -rf "$1"/var/lib/mysql && install -d -m 755 "$1"/var/lib/mysql "$1"/docker-entrypoint-initdb.d',
        'chroot "$1" chown mysql:mysql /var/lib/mysql && install -d -m 1777 "$1"/run/mysqld',
        'sed -i "s/^bind-address/#&/" "$1"/etc/mysql/mariadb.conf.d/50-server.cnf',
        'printf "[mariadb]\\nhost-cache-size=0\\nskip-name-resolve\\n" >"$1"/etc/mysql/mariadb.conf.d/05-skipcache.cnf',
    )
    contract = ('ENTRYPOINT ["docker-entrypoint.sh"]', 'CMD ["mariadbd"]', "VOLUME /var/lib/mysql", "EXPOSE 3306")
    path = "ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"
    load(engine, folder / "root.tar", f"mariadb:{mariadb_tag()}", path, *contract)


def debian(environment: dict[str, str], tar: Path, packages: tuple[str, ...], *hooks: str) -> None:
    """Write a Debian like this machine's into a tar file: the packages, then the hooks, then without what apt keeps."""
    suite = platform.freedesktop_os_release()["VERSION_CODENAME"]
    run(
        *("nice", "perl", f"{BIN}/mmdebstrap", "--quiet", "--variant=minbase", "--skip=cleanup/run", f"--hook-dir={MERGED}"),
        f"--include={','.join(('usr-is-merged', *packages))}",
        *(f"--dpkgopt=path-exclude={path}" for path in NOT_IN_AN_IMAGE),
        *('--aptopt=Acquire::Check-Valid-Until "false"', '--aptopt=APT::Install-Recommends "false"'),
        *(f"--customize-hook={hook}" for hook in hooks),
        *('--customize-hook=rm -rf "$1"/var/lib/apt/lists/* "$1"/var/cache/apt/*', suite, str(tar)),
        environment=environment,
    )


def load(engine: Engine, tar: Path, name: str, *changes: str) -> None:
    engine.docker("import", *(f"--change={change}" for change in changes), str(tar), name)
    tar.unlink()


def _used(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    name = Path(entry.name).name
    return None if name in UNUSED_PYTHON or name.startswith(("_tkinter", "config-")) else entry


def _minor() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}"
