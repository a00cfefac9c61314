# ruff: noqa: INP001  (a script beside what it builds, no package)
"""Write an ESPHome package for each model that is reached by Modbus, and the guide's tables of inverters.

esphome/build.py          backend/models/*.yaml → esphome/packages/inverters/*.yaml and the marked part of esphome/README.md
esphome/build.py --check  say whether those are what the models give; exit code 1 if not
"""

import argparse
import sys
from pathlib import Path

from app.domain.errors import InvalidTemplateError
from app.templates.esphome_package import package
from app.templates.tables import BEGIN_DONGLE, dongle_tables, filled
from app.templates.template import load_all

HERE = Path(__file__).parent
PACKAGES, GUIDE = Path("packages") / "inverters", Path("README.md")


def main() -> None:
    """Do what the command line asks."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--into", type=Path, default=HERE, help="the folder that has README.md and packages")
    asked = parser.parse_args()
    guide = (asked.into / GUIDE).read_text(encoding="utf-8")
    try:
        templates = load_all()
        tables = filled(guide, BEGIN_DONGLE, dongle_tables(templates))
    except InvalidTemplateError as error:
        sys.exit(str(error))
    present = {path.relative_to(asked.into): path.read_text(encoding="utf-8") for path in (asked.into / PACKAGES).glob("*.yaml")}
    present[GUIDE] = guide
    wanted = {PACKAGES / f"{template.id}.yaml": package(template) for template in templates}
    wanted[GUIDE] = tables
    stale = sorted(path.name for path in wanted.keys() | present.keys() if wanted.get(path) != present.get(path))
    if asked.check:
        sys.exit(f"{', '.join(stale)}: not what the models give; run esphome/build.py" if stale else 0)
    (asked.into / PACKAGES).mkdir(parents=True, exist_ok=True)
    for path in present.keys() - wanted.keys():
        (asked.into / path).unlink()
    for path, text in wanted.items():
        (asked.into / path).write_text(text, encoding="utf-8")
    sys.stdout.write(f"{len(templates)} packages\n")


if __name__ == "__main__":
    main()
