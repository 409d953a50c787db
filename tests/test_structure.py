"""Light goes one way through the folders: what a module may import is read from the source, late imports included."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[1] / "src" / "lichtbild"
LEGS = ("raw", "burst", "develop", "look", "output")
TOOLS = {
    "api",
    "authoring",
    "calibrate",
    "cli",
    "measure",
    "virtual",
}  # above the path, or beside it; photographs need none of them


def modules() -> dict[str, Path]:
    found = {}
    for file in sorted(SOURCE.rglob("*.py")):
        parts = file.relative_to(SOURCE).with_suffix("").parts
        found[".".join(parts).removesuffix("__init__").rstrip(".")] = file
    return found


MODULES = modules()


def imported(module: str, *, late: bool) -> Iterator[str]:
    """The modules of the package that this one imports; late: in functions, and for types alone, too."""
    tree = ast.parse(MODULES[module].read_text(encoding="utf-8"))
    for node in ast.walk(tree) if late else tree.body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "lichtbild":
            start = str(node.module).partition(".")[2]
            for alias in node.names:
                inner = f"{start}.{alias.name}".lstrip(".")
                yield inner if inner in MODULES else start
        elif isinstance(node, ast.Import):
            yield from (a.name.partition(".")[2] for a in node.names if a.name.startswith("lichtbild."))


def folder(module: str) -> str:
    return module.partition(".")[0]


@pytest.mark.parametrize("leg", LEGS)
def test_no_leg_reaches_back(leg: str) -> None:
    later = {*LEGS[LEGS.index(leg) + 1 :], *TOOLS}
    wrong = {(m, x) for m in MODULES if folder(m) == leg for x in imported(m, late=True) if folder(x) in later}
    assert not wrong


def test_modules_import_each_other_in_no_circle() -> None:
    below = {m: {x for x in imported(m, late=False) if x and x != m} for m in MODULES}
    while free := {m for m, needs in below.items() if not needs}:
        below = {m: needs - free for m, needs in below.items() if m not in free}
    assert not below, f"in circles, or above them: {sorted(below)}"
