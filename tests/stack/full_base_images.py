"""Stand-ins for the base images of `--profile full`: Debian's Mosquitto, and Debian with npm's build of Node.js and this machine's npm.

Like those of base_images: the official names and the part of their contract that our files rely on; their bytes are others.
"""

import shutil
import tarfile
import tempfile
from pathlib import Path

from pin_images import tag_of
from tests.stack.base_images import CERTIFICATES, debian, load
from tests.stack.docker_engine import Engine, run

MOSQUITTO_NEEDS = ("mosquitto", "mosquitto-clients")
NODE_NEEDS = ("ca-certificates", "libatomic1", "libstdc++6")
PATH = "ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def node_tag() -> str:
    """Return the tag of the official Node.js image that the flow's image starts from."""
    return tag_of("node")


def mosquitto_tag() -> str:
    """Return the tag of the official Mosquitto image that the compose file starts."""
    return tag_of("eclipse-mosquitto")


def can_make() -> bool:
    """Tell whether Node.js can be had from npm."""
    return shutil.which("npm") is not None


def make(engine: Engine) -> None:
    """Make those that the engine has not got yet."""
    present = engine.docker("images", "--format", "{{.Repository}}:{{.Tag}}").split()
    with tempfile.TemporaryDirectory() as folder:
        if f"eclipse-mosquitto:{mosquitto_tag()}" not in present:
            _make_mosquitto(engine, Path(folder))
        if f"node:{node_tag()}" not in present:
            _make_node(engine, Path(folder))


def _make_mosquitto(engine: Engine, folder: Path) -> None:
    debian(
        engine.environment,
        folder / "root.tar",
        MOSQUITTO_NEEDS,
        'chroot "$1" groupmod --gid 1883 mosquitto',
        'chroot "$1" usermod --uid 1883 --gid 1883 mosquitto',
        'chroot "$1" install -d -o mosquitto -g mosquitto /mosquitto /mosquitto/config /mosquitto/data /mosquitto/log',
    )
    contract = ('VOLUME ["/mosquitto/data", "/mosquitto/log"]', 'CMD ["mosquitto", "-c", "/mosquitto/config/mosquitto.conf"]')
    load(engine, folder / "root.tar", f"eclipse-mosquitto:{mosquitto_tag()}", PATH, *contract)


def _make_node(engine: Engine, folder: Path) -> None:
    major = node_tag().partition("-")[0]
    run("npm", "install", "--prefix", str(folder), "--no-audit", "--no-fund", "--silent", f"node@{major}")
    npm = Path(run("npm", "root", "--global").strip()) / "npm"
    with tarfile.open(folder / "node.tar", "w") as tar:
        tar.add(folder / "node_modules" / "node" / "bin" / "node", "usr/local/bin/node")
        tar.add(npm, "usr/local/lib/node_modules/npm")
    (folder / "npmrc").write_text(f"cafile={CERTIFICATES}\n")
    debian(
        engine.environment,
        folder / "root.tar",
        NODE_NEEDS,
        f"tar-in {folder}/node.tar /",
        'install -d "$1"/usr/local/etc',
        f"upload {folder}/npmrc /usr/local/etc/npmrc",  # npm must trust whom the machine trusts, as pip must
        f"upload {CERTIFICATES} {CERTIFICATES}",
        'chroot "$1" ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm',
        'chroot "$1" useradd --create-home --uid 1000 node',
    )
    load(engine, folder / "root.tar", f"node:{node_tag()}", PATH, 'CMD ["node"]')
