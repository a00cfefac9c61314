"""Put Home Assistant into `.parts/ha-venv`, as pinned in home_assistant.txt; quick when it is there already.

python -m tests.stack.install_home_assistant      (with Python 3.13)
"""

import hashlib
import subprocess
import sys
import venv
from pathlib import Path

PINS = Path(__file__).with_name("home_assistant.txt")
VENV = Path(__file__).parents[2] / ".parts" / "ha-venv"
HASS = VENV / "bin" / "hass"
STAMP = VENV / "installed.sha256"
"""Which pins the venv holds; absent while an installation is under way or has failed."""


def is_installed() -> bool:
    """Tell whether the venv holds exactly the pins of today."""
    return HASS.exists() and STAMP.exists() and STAMP.read_text() == _digest()


def install() -> None:
    """Make the venv anew and fill it."""
    venv.create(VENV, with_pip=True, clear=True)
    pip = [str(VENV / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-deps", "--requirement", str(PINS)]
    subprocess.run(pip, check=True)
    STAMP.write_text(_digest())


def main() -> None:
    if is_installed():
        print("Home Assistant is there")  # noqa: T201  (a command's answer)
        return
    if sys.version_info[:2] != (3, 13):
        sys.exit("this Home Assistant needs Python 3.13")
    install()
    print("Home Assistant is installed")  # noqa: T201  (a command's answer)


def _digest() -> str:
    return hashlib.sha256(PINS.read_bytes()).hexdigest()


if __name__ == "__main__":
    main()
