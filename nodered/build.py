# ruff: noqa: INP001  (a script beside what it builds, no package)
"""Put the flow together from its sources, and take it apart again.

nodered/build.py                        tabs + functions + templates + profiles.json → flows-hybrid.json and its credentials file
nodered/build.py --check                say whether flows-hybrid.json is what the sources give; exit code 1 if not
nodered/build.py --extract EXPORT.json  put what was changed in the Node-RED editor back into the sources
"""

import argparse
import json
import re
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
FLOWS = HERE / "flows-hybrid.json"
CREDENTIALS = {"host": "${HA_URL}", "access_token": "${HA_TOKEN}"}
"""Names, not secrets: Node-RED fills them in when the flow starts."""
FILE_FIELDS = {"function": "func", "ui-template": "format"}
FILE, PROFILES = "@file:", "@profiles"
REFERENCES = ("z", "server", "group", "page", "ui", "theme")
CALLS_OUT = ("http request", "api-call-service", "api-render-template")
DRAWN_BY_EDITOR = ("w", "h")

Node = dict[str, Any]


def main() -> None:
    """Do what the command line asks."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--extract", type=Path, metavar="EXPORT.json")
    asked = parser.parse_args()
    if asked.extract:
        extract(json.loads(asked.extract.read_text()), HERE)
        return
    built = assemble(HERE)
    if complaints := problems(built):
        sys.exit("\n".join(complaints))
    files = {FLOWS: render(built), FLOWS.with_name(FLOWS.stem + "_cred.json"): credentials(built)}
    stale = [path.name for path, text in files.items() if not path.exists() or path.read_text() != text]
    if asked.check:
        sys.exit(f"{', '.join(stale)}: not what the sources give; run nodered/build.py" if stale else 0)
    for path, text in files.items():
        path.write_text(text)
    sys.stdout.write(f"{FLOWS.name}: {len(built)} nodes\n")


def sources(folder: Path) -> dict[Path, list[Node]]:
    """Return the nodes of every source file, tabs in the order of their names."""
    return {path: json.loads(path.read_text()) for path in [*sorted((folder / "tabs").glob("*.json")), folder / "config.json"]}


def profiles(folder: Path) -> dict[str, Node]:
    """Return the inverter profiles by name, as nodered/profiles.py makes them of backend/models."""
    found: dict[str, Node] = json.loads((folder / "profiles.json").read_text())
    return found


def assemble(folder: Path) -> list[Node]:
    """Return all nodes, with function bodies, templates and profiles in their places."""
    return [_filled(node, folder) for nodes in sources(folder).values() for node in nodes]


def render(nodes: list[Node]) -> str:
    """Return the importable file, one node per line; the same nodes give the same bytes."""
    return _lines(nodes)


def credentials(nodes: list[Node]) -> str:
    """Return the file Node-RED reads beside a flow file; on import by hand it takes them from the node itself."""
    return json.dumps({node["id"]: CREDENTIALS for node in nodes if node["type"] == "server"}, indent=2) + "\n"


def extract(nodes: list[Node], folder: Path) -> None:
    """Write nodes exported from the editor back into the files they came from; new nodes go to the file of their tab."""
    before = sources(folder)
    known = {node["id"]: node for each in before.values() for node in each}
    home = {node["id"]: path for path, each in before.items() for node in each}
    order = {name: place for place, name in enumerate(known)}
    after: dict[Path, list[Node]] = {path: [] for path in before}
    edits: dict[Path, str] = {}
    for node in sorted(nodes, key=lambda node: order.get(node["id"], len(order))):
        path = home.get(node["id"]) or home.get(node.get("z", "")) or folder / "config.json"
        after[path].append(_emptied(node, known.get(node["id"], {}), folder, edits))
    for path, each in after.items():
        if each:
            path.write_text(_lines(each))
    for path, text in edits.items():
        path.write_text(text)


def problems(nodes: list[Node]) -> list[str]:
    """Return what must not be in a flow that moves a battery."""
    found = []
    ids = {node["id"]: node for node in nodes}
    if len(ids) != len(nodes):
        found.append("an id is used twice")
    for node in nodes:
        found += [f"{node['id']}: {text}" for text in _node_problems(node, ids)]
    for tab in (node for node in nodes if node["type"] in ("tab", "subflow")):
        inside = [node for node in nodes if node.get("z") == tab["id"]]
        if any(node["type"] in CALLS_OUT for node in inside) and not any(node["type"] == "catch" for node in inside):
            found.append(f"{tab['id']}: no catch node")
        if tab["type"] == "tab" and not any(node["type"] == "catch" and node["scope"] is None for node in inside):
            found.append(f"{tab['id']}: no catch node for all of the tab")
    if re.search(r"eyJ[A-Za-z0-9_-]{20,}\.|Bearer [A-Za-z0-9]{16,}", json.dumps(nodes)):
        found.append("there is a token in the flow")
    return found


def _node_problems(node: Node, ids: dict[str, Node]) -> list[str]:
    found = []
    targets = [target for port in node.get("wires", []) for target in port]
    targets += [wire["id"] for port in node.get("in", []) + node.get("out", []) for wire in port["wires"] if node["type"] == "subflow"]
    found += [f"wire to {target}, which is not there" for target in targets if target not in ids]
    found += [f"{name} is {node[name]}, which is not there" for name in REFERENCES if node.get(name) and node[name] not in ids]
    found += [
        f"link to {other} is not on both ends" for other in node.get("links", []) if node["id"] not in ids.get(other, {}).get("links", [])
    ]
    kind = node["type"]
    if kind.startswith("subflow:") and kind[8:] not in ids:
        found.append("its subflow is not there")
    if kind in ("function", "link in", "link out", "catch") and not node.get("name"):
        found.append("it has no name")
    if kind == "function" and node["func"].startswith(FILE):
        found.append("its file was not put in")
    if kind == "http request" and not node.get("senderr"):
        found.append("failures must go to the catch node only (senderr)")
    if kind == "api-call-service" and node.get("queue") != "none":
        found.append("a call to the house must not be queued and replayed later")
    return found


def _filled(node: Node, folder: Path) -> Node:
    field = FILE_FIELDS.get(node["type"])
    if field and str(node[field]).startswith(FILE):
        return node | {field: (folder / node[field].removeprefix(FILE)).read_text().rstrip("\n")}
    if node["type"] == "change":
        rules = [rule | {"to": json.dumps(profiles(folder))} if rule.get("to") == PROFILES else rule for rule in node["rules"]]
        return node | {"rules": rules}
    if node["type"] == "server":
        return node | {"credentials": CREDENTIALS}
    return node


def _emptied(node: Node, old: Node, folder: Path, edits: dict[Path, str]) -> Node:
    kept = {name: value for name, value in node.items() if name != "credentials" and not (name in DRAWN_BY_EDITOR and name not in old)}
    field = FILE_FIELDS.get(node["type"])
    if field and str(old.get(field, "")).startswith(FILE):
        path, text = folder / old[field].removeprefix(FILE), node[field].rstrip("\n") + "\n"
        if text != path.read_text() and edits.setdefault(path, text) != text:
            sys.exit(f"{path.name} was edited differently in two nodes that share it")
        kept[field] = old[field]
    if node["type"] == "change" and any(rule.get("to") == PROFILES for rule in old.get("rules", [])):
        kept["rules"] = old["rules"]
    if node["type"] == "server" and old:
        kept["addon"] = old["addon"]
    return {name: kept[name] for name in [*(name for name in old if name in kept), *(name for name in kept if name not in old)]}


def _lines(nodes: list[Node]) -> str:
    return "[\n" + ",\n".join("  " + json.dumps(node, ensure_ascii=False) for node in nodes) + "\n]\n"


if __name__ == "__main__":
    main()
