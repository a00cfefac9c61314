# ruff: noqa: INP001  (a script beside what it builds, no package)
"""Write an ESPHome package for each device template, and the guide's tables of inverters.

esphome/build.py          backend/models/*.yaml → esphome/packages/inverters/*.yaml and the marked part of esphome/README.md
esphome/build.py --check  say whether those are what the templates give; exit code 1 if not
"""

import argparse
import sys
from pathlib import Path

from compatibility import tables

from app.domain.errors import InvalidTemplateError
from app.templates.esphome_package import package
from app.templates.template import load_all

HERE = Path(__file__).parent
PACKAGES, GUIDE = Path("packages") / "inverters", Path("README.md")
BEGIN, END = "<!-- what follows up to the next such line is written by esphome/build.py -->\n", "<!-- until here -->\n"


def main() -> None:
    """Do what the command line asks."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--into", type=Path, default=HERE, help="the folder that has README.md and packages")
    asked = parser.parse_args()
    try:
        templates = load_all()
    except InvalidTemplateError as error:
        sys.exit(str(error))
    present = {path.relative_to(asked.into): path.read_text(encoding="utf-8") for path in (asked.into / PACKAGES).glob("*.yaml")}
    present[GUIDE] = (asked.into / GUIDE).read_text(encoding="utf-8")
    wanted = {PACKAGES / f"{template.id}.yaml": package(template) for template in templates}
    wanted[GUIDE] = _filled(present[GUIDE], tables(templates))
    stale = sorted(path.name for path in wanted.keys() | present.keys() if wanted.get(path) != present.get(path))
    if asked.check:
        sys.exit(f"{', '.join(stale)}: not what the templates give; run esphome/build.py" if stale else 0)
    (asked.into / PACKAGES).mkdir(parents=True, exist_ok=True)
    for path in present.keys() - wanted.keys():
        (asked.into / path).unlink()
    for path, text in wanted.items():
        (asked.into / path).write_text(text, encoding="utf-8")
    sys.stdout.write(f"{len(templates)} packages\n")


def _filled(guide: str, made: str) -> str:
    """Return the guide with its marked part made anew."""
    if guide.count(BEGIN) != 1 or guide.count(END) != 1:
        sys.exit(f"{GUIDE}: the two lines around the made part are missing")
    before, rest = guide.split(BEGIN)
    return before + BEGIN + "\n" + made + "\n" + END + rest.split(END)[1]


if __name__ == "__main__":
    main()
