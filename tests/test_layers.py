"""The core computes and nothing else: what it imports from outside this program is a short list."""

import grimp

CORE = ("domain", "pricing", "forecasting", "optimizer", "control", "ledger", "fleet", "usecases", "looks")
ALLOWED = frozenset(
    {
        "__future__",
        "abc",
        "bisect",
        "collections",
        "concurrent",
        "contextlib",
        "dataclasses",
        "datetime",
        "enum",
        "functools",
        "hashlib",
        "itertools",
        "json",
        "logging",
        "math",
        "numpy",
        "operator",
        "re",
        "statistics",
        "threading",
        "typing",
        "zoneinfo",
    }
)
"""Nothing here opens a file or a socket, reads the clock or draws lots; datetime is used with the `now` that is passed in."""
BEYOND = {"optimizer": {"pulp", "time"}, "domain": {"ipaddress"}}
"""The solver, and how long it took; an address as a noun."""


def test_the_core_imports_only_what_it_may() -> None:
    graph = grimp.build_graph("app", include_external_packages=True)
    foreign = {
        (module, imported)
        for part in CORE
        for module in [f"app.{part}", *graph.find_descendants(f"app.{part}")]
        for imported in graph.find_modules_directly_imported_by(module)
        if not imported.startswith("app.") and imported not in ALLOWED | BEYOND.get(part, set())
    }

    assert foreign == set()


def test_every_part_of_the_core_is_looked_at() -> None:
    graph = grimp.build_graph("app")

    assert all(graph.find_descendants(f"app.{part}") for part in CORE)
