"""Tables of the documentation that say what the code says, made from it.

A page holds `<!-- table: NAME -->` and, some lines below, `<!-- end -->`; what is between them is made here. `filled`
gives the page as it should be; `tests/test_docs.py` compares that with the page as it is.
"""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import Field, fields
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
MARKED = re.compile(r"(<!-- table: ([\w -]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def filled(page: str) -> str:
    """The text of a page with every marked table made anew."""
    return MARKED.sub(lambda m: m[1] + TABLES[m[2]]() + m[3], page)


def markdown(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [list(head), *(list(row) for row in rows)]
    lines.insert(1, ["---"] * len(lines[0]))
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


def number(value: float) -> str:
    """As a reader writes it, with a true minus sign."""
    return f"{value:g}".replace("-", "−") if abs(value) < 1e5 else f"{int(value)}"


def span(f: Field[Any]) -> str:
    """What a setting may be: its choices, or its range with the unit."""
    meta = f.metadata
    if "choices" in meta:
        return ", ".join(f"`{choice}`" for choice in meta["choices"])
    if "low" in meta:
        unit = meta.get("unit", "")
        return f"{number(meta['low'])} to {number(meta['high'])}" + (f" {unit}" if unit not in ("", "ISO") else "")
    return ", ".join(f"`{word}`" for word in meta["metavar"].split("|")) if "metavar" in meta else ""


def default(f: Field[Any]) -> str:
    """The default as one types it; empty where leaving out is the default."""
    if f.default in (None, ""):
        return ""
    return f"`{f.default:g}`" if isinstance(f.default, float) else f"`{f.default}`"


def placeholder(f: Field[Any]) -> str:
    """What stands for the value in a synopsis."""
    if "choices" in f.metadata:
        return "BITS" if f.name == "depth" else "NAME"
    word = str(f.metadata.get("metavar", str(f.metadata.get("unit", "N")).upper()))
    return f.name.upper() if "|" in word else word


def options(command: str, settings: type) -> str:
    """All options of a command, in its own order."""
    by_name = {f.name: f for f in fields(settings)}
    rows = []
    for option in importlib.import_module(f"lichtbild.cli.{command}").command.params:
        if option.param_type_name != "option":
            continue
        names = ", ".join(f"`{n}`" for n in sorted(option.opts, key=len))
        if option.name in by_name:
            f = by_name[option.name]
            rows.append([f"{names[:-1]} {placeholder(f)}`", f.metadata["help"], span(f), default(f)])
        else:
            value = f" {option.metavar}`" if option.metavar and not option.is_flag else "`"
            rows.append([names[:-1] + value, str(option.help), "", ""])
    return markdown(("option", "what it does", "range", "default"), rows)


def recipe_settings() -> str:
    """The keys of a recipe with their JSON values."""
    from lichtbild.recipe import Recipe

    rows = []
    for f in fields(Recipe):
        kind = str(f.type)
        if "choices" in f.metadata:
            value = ", ".join(f"`{json.dumps(choice)}`" for choice in f.metadata["choices"])
        elif "low" in f.metadata:
            value = span(f)
        elif "metavar" in f.metadata:
            value = ", ".join(f"`{json.dumps(word)}`" for word in f.metadata["metavar"].split("|"))
        else:
            value = "`true`, `false`"
        value += " or `null`" if "None" in kind else ""
        rows.append([f"`{f.name}`", value, f"`{json.dumps(f.default)}`", f.metadata["help"]])
    return markdown(("setting", "value", "default", "what it does"), rows)


def formats() -> str:
    """Endings, formats and depths."""
    from lichtbild.output.formats import DNG, FORMATS

    said = {
        "JPEG": "JPEG; colour at half resolution below quality 95, at full resolution from there on",
        "TIFF": "TIFF, uncompressed",
        DNG.name: "the merged raw mosaic, undeveloped, for any other raw developer",
    }
    rows = [[", ".join(f"`{s}`" for s in f.suffixes), said.get(f.name, f.name), ", ".join(f.depths)] for f in FORMATS]
    return markdown(("ending", "format", "depths, the default first"), rows)


def looks() -> str:
    """The looks that are installed, as their files describe them."""
    from lichtbild.look import look

    rows = [[f"`{name}`", look.load(name).description or look.load(name).title] for name in look.names()]
    return markdown(("look", ""), rows)


def look_numbers() -> str:
    """Every number of a `look.toml`, section by section."""
    from lichtbild.look.numbers import SECTIONS, HueMove

    rows = []
    for section, kind in {**SECTIONS, "[hue]": HueMove}.items():
        for i, f in enumerate(fields(kind)):
            preset = number(f.default) if isinstance(f.default, float) else default(f) if f.default else ""
            rows.append([f"`[{section}]`" if i == 0 else "", f"`{f.name}`", f.metadata["help"], span(f), preset])
    return markdown(("section", "number", "what it does", "range", "default"), rows)


def frames() -> str:
    """The frames that are installed, as their files describe them."""
    from lichtbild.frame import catalog, layout

    rows = []
    for name in catalog.names():
        rows.append([f"`{name}`", layout.read(catalog.folder(name) / "frame.toml").header.description])
    return markdown(("frame", ""), rows)


def frame_numbers() -> str:
    """Every key of a `frame.toml`, table by table."""
    from lichtbild.frame import layout

    tables = {"paper": layout.Paper, "line": layout.Line, "mark": layout.MarkPlace, "[text]": layout.Text}
    return _keys({"": layout.Header, **tables})


def caption_fields() -> str:
    """What a caption may name."""
    from lichtbild.frame.layout import FIELDS

    return markdown(("field", "what it says"), ([f"`{{{name}}}`", said] for name, said in FIELDS.items()))


def pack_keys() -> str:
    """Every key of a `pack.toml`."""
    from lichtbild.packs.manifest import Device, Manifest

    return _keys({"": Manifest, "[device]": Device})


def lens_numbers() -> str:
    """Every key of a `lens.toml`."""
    from lichtbild.packs import lens

    return _keys({"": lens.Header, "falloff": lens.Falloff, "glow": lens.Glow})


def _keys(tables: dict[str, type]) -> str:
    """Keys of a file of settings, with what each may be."""
    rows = []
    for table, kind in tables.items():
        for i, f in enumerate(f for f in fields(kind) if "help" in f.metadata):
            meta = f.metadata
            said = span(f) or (
                "`#rrggbb`" if meta.get("color") else "a day" if meta.get("day") else
                "`true`, `false`" if "bool" in str(f.type) else "texts" if "lines" in meta else "text"
            )  # fmt: skip
            preset = "must be there" if meta.get("needed") else "" if f.default == () else default(f)
            rows.append([f"`[{table}]`" if i == 0 and table else "", f"`{f.name}`", meta["help"], said, preset])
    return markdown(("table", "key", "what it says", "allowed", "default"), rows)


def scenes() -> str:
    """The built-in scenes, as the docstrings of their packages describe them."""
    from lichtbild.virtual.scenes.catalogue import SCENES

    rows = []
    for name, module in SCENES.items():
        home = importlib.import_module(f"lichtbild.virtual.scenes.{module.split('.')[0]}")
        rows.append([f"`{name}`", (home.__doc__ or "").split("\n\n")[0].replace("\n", " ").strip()])
    return markdown(("scene", ""), rows)


def sensors() -> str:
    """The sensors of the virtual camera."""
    from lichtbild.virtual.sensor import SENSORS
    from lichtbild.virtual.settings import OWN_SIZE

    rows = []
    for name, s in SENSORS.items():
        height, width = OWN_SIZE[name]
        rows.append(
            [
                f"`{name}`",
                f"{width} × {height}",
                f"{s.full_well:.0f} e⁻ at ISO {s.base_iso:.0f}",
                f"{s.read_noise:g} e⁻ before the amplifier, {s.converter_noise:g} e⁻ (at base ISO) after it",
                f"{max(s.falloff):g}",
                f"{s.focal_length:g} mm at f/{s.f_number:g}",
            ]
        )
    return markdown(("camera", "pixels", "full well", "read noise", "gain the corners need", "lens"), rows)


def _develop_options() -> str:
    from lichtbild.recipe import Recipe

    return options("develop", Recipe)


def _simulate_options() -> str:
    from lichtbild.virtual.settings import ShootSettings

    return options("simulate", ShootSettings)


TABLES: dict[str, Callable[[], str]] = {
    "options of develop": _develop_options,
    "options of simulate": _simulate_options,
    "settings of a recipe": recipe_settings,
    "formats": formats,
    "looks": looks,
    "numbers of a look": look_numbers,
    "frames": frames,
    "keys of a frame": frame_numbers,
    "fields of a caption": caption_fields,
    "keys of a pack": pack_keys,
    "numbers of a lens": lens_numbers,
    "scenes": scenes,
    "sensors": sensors,
}


def write() -> list[str]:
    """Fill the tables of all pages; the names of the pages that changed."""
    changed = []
    for page in PAGES:
        old = page.read_text(encoding="utf-8")
        new = filled(old)
        if new != old:
            page.write_text(new, encoding="utf-8")
            changed.append(page.name)
    return changed
