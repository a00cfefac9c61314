# ruff: noqa: INP001  (a script beside what it builds, no package)
"""Write what the flow needs of each inverter model, and the guide's table of them.

nodered/profiles.py          backend/models/*.yaml → nodered/profiles.json and the marked part of nodered/README.md
nodered/profiles.py --check  say whether those are what the models give; exit code 1 if not
"""

import argparse
import json
import sys
from pathlib import Path

from app.domain.errors import InvalidTemplateError
from app.templates.catalogue import all_models
from app.templates.executor import executor_profile
from app.templates.tables import BEGIN_FLOW, filled, flow_table

HERE = Path(__file__).parent
PROFILES, GUIDE = "profiles.json", "README.md"


def main() -> None:
    """Do what the command line asks."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--into", type=Path, default=HERE, help="the folder that has README.md and profiles.json")
    asked = parser.parse_args()
    try:
        models = [model for model in all_models() if model.ways.home_assistant is not None]
        made = [executor_profile(model.id) for model in models]
        guide = filled((asked.into / GUIDE).read_text(encoding="utf-8"), BEGIN_FLOW, flow_table(models))
    except InvalidTemplateError as error:
        sys.exit(str(error))
    files = {asked.into / PROFILES: _lines({str(each["profile"]): each for each in made}), asked.into / GUIDE: guide}
    stale = [path.name for path, text in files.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    if asked.check:
        sys.exit(f"{', '.join(stale)}: not what the models give; run nodered/profiles.py" if stale else 0)
    for path, text in files.items():
        path.write_text(text, encoding="utf-8")
    sys.stdout.write(f"{len(made)} profiles\n")


def _lines(profiles: dict[str, dict[str, object]]) -> str:
    """Return the profiles as JSON, one a line: the same models give the same bytes."""
    return "{\n" + ",\n".join(f"  {json.dumps(name)}: {json.dumps(profiles[name])}" for name in sorted(profiles)) + "\n}\n"


if __name__ == "__main__":
    main()
