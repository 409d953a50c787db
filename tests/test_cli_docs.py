"""The documentation says of each setting what the program does."""

from __future__ import annotations

import json
import re
from dataclasses import Field, fields
from pathlib import Path
from typing import Any

import pytest

from lichtbild.output.formats import FORMATS
from lichtbild.recipe import Recipe

DOCS = Path(__file__).parents[1] / "docs"


def row(page: str, start: str) -> list[str]:
    """Cells of the table row whose first cell begins so."""
    for line in (DOCS / page).read_text(encoding="utf-8").splitlines():
        cells = [c.strip().replace("−", "-") for c in line.strip("|").split("|")]
        if line.startswith("|") and cells[0].startswith(start):
            return cells
    raise AssertionError(f"docs/{page} has no row for {start}")


@pytest.mark.parametrize("setting", fields(Recipe), ids=lambda f: f.name)
def test_every_setting_is_documented_with_range_and_default(setting: Field[Any]) -> None:
    _, value, default = row("recipes.md", f"`{setting.name}`")
    assert default == f"`{json.dumps(setting.default)}`"
    option = " ".join(row("command-line.md", f"`--{setting.name} "))
    for text in (value, option):
        if "low" in setting.metadata and setting.name != "reference":
            assert f"{setting.metadata['low']:g} to {setting.metadata['high']:g}" in text
    for choice in setting.metadata.get("choices", ()):
        assert f'"{choice}"' in value
        page = (DOCS / "command-line.md").read_text(encoding="utf-8")
        assert f"`{choice}`" in page


def test_every_format_is_documented_with_its_depths() -> None:
    for known in FORMATS:
        cells = row("command-line.md", f"`{known.suffixes[0]}`")
        assert re.findall(r"`(\.\w+)`", cells[0]) == list(known.suffixes)
        assert cells[2] == ", ".join(known.depths)


def test_links_between_pages_lead_somewhere() -> None:
    root = DOCS.parent
    for page in [*root.glob("*.md"), *DOCS.glob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            if not target.endswith(".jpg"):  # pictures are made by `make docs`
                assert (page.parent / target).exists(), f"{page.name}: {target}"
