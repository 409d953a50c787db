"""A `look.toml` read and checked: data from a stranger, refused with file, line and what is allowed."""

from __future__ import annotations

import math
import re
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lichtbild import toml_text
from lichtbild.errors import RecipeError
from lichtbild.look.numbers import SECTIONS, HueMove
from lichtbild.plain_file import read_plain
from lichtbild.record import fields

if TYPE_CHECKING:
    from dataclasses import Field

FORMAT = 2
LARGEST = 1 << 16  # bytes of a look.toml
MOST_MOVES = 16
TEXTS = {"title": 80, "description": 300, "version": 40, "author": 120, "license": 400, "notes": 4000}  # characters
# Format 1 had these, and no look of it means anything else in format 2.
SECTIONS_OF_1 = ("exposure", "local", "tone", "color", "sharpen", "vignette", "mono", "hue")
KNOWN_IN_1 = (*SECTIONS_OF_1, "title", "description", "linear", "format")
ADDED_IN_2 = {
    "exposure": ("mood",),
    "tone": ("points",),
    "color": ("shadows", "middle", "highlights"),
    "mono": ("filter", "filter_strength"),
    "sharpen": ("noise",),
}


class Source:
    """A file's text, its values, and how a fault in it is told."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.text = read_plain(path, LARGEST).decode().removeprefix("\ufeff").replace("\r\n", "\n")
            self.data = toml_text.parse(self.text)
        except OSError as error:
            raise RecipeError(f"{path}: cannot be read ({error.strerror}); a look has a look.toml") from None
        except UnicodeDecodeError:
            raise RecipeError(f"{path}: not a readable look (not UTF-8 text); write it as in docs/looks.md") from None
        except RecursionError:
            raise RecipeError(f"{path}: not a readable look (nested too deep); write it as in docs/looks.md") from None
        except ValueError as error:  # of TOML, or a number of more digits than Python takes
            said = re.sub(r"\s+", " ", str(error))
            line = re.search(r"at line (\d+)", said)
            where = f"{path}:{line[1]}" if line else f"{path}"
            raise RecipeError(f"{where}: not a readable look ({said}); write it as TOML, as in docs/looks.md") from None
        self._lines: dict[tuple[str, int, str], int] | None = None

    def fault(self, words: str, section: str, index: int = 0, key: str = "") -> RecipeError:
        if self._lines is None:
            from lichtbild.look.lines import places

            self._lines = places(self.text)
        line = self._lines.get((section, index, key)) or self._lines.get((section, index, ""))
        line = line or self._lines.get((section, 0, ""))
        return RecipeError(f"{self.path}:{line}: {words}" if line else f"{self.path}: {words}")


def read(path: Path) -> dict[str, Any]:
    """The checked values of a `look.toml` by field of `Look`; older formats are brought to today's.

    Raises `RecipeError`, one line naming file, line and what is allowed.
    """
    source = Source(path)
    data = migrated(source)
    made: dict[str, Any] = {}
    for key, value in data.items():
        if key in SECTIONS:
            made[key] = _section(source, key, 0, SECTIONS[key], value)
        elif key == "hue":
            moves = value if isinstance(value, list) else [value]
            if len(moves) > MOST_MOVES:
                raise source.fault(f"hue: {len(moves)} moves; allowed are {MOST_MOVES}", "hue", MOST_MOVES)
            made["hue"] = tuple(_section(source, "hue", i, HueMove, move) for i, move in enumerate(moves))
        elif key in TEXTS:
            made[key] = _text(source, key, value)
        elif key == "linear":
            if not isinstance(value, bool):
                raise source.fault("linear must be true or false", key)
            made[key] = value
        elif key != "format":
            allowed = ", ".join(["format", *TEXTS, "linear", *SECTIONS, "hue"])
            raise source.fault(f"{_short(key)} is not known; allowed are {allowed}", key)
    _check_together(source, made)
    return made


def migrated(source: Source) -> dict[str, Any]:
    """The file's values as a file of today's format would hold them."""
    data = dict(source.data)
    found = data.get("format", 1)
    if isinstance(found, bool) or not isinstance(found, int) or found < 1:
        raise source.fault(f"format is {_short(found)}; allowed is a whole number from 1 to {FORMAT}", "format")
    if found > FORMAT:
        raise source.fault(
            f"format is {_short(found)}, newer than this Lichtbild knows ({FORMAT}); update it", "format"
        )
    if found == 1:
        for key, value in data.items():
            if key not in KNOWN_IN_1 and (key in SECTIONS or key in TEXTS):
                raise source.fault(f"{key} came with format 2; write format = 2 at the top", key)
            for name in ADDED_IN_2.get(key, ()) if isinstance(value, dict) else ():
                if name in value:
                    raise source.fault(f"{key}.{name} came with format 2; write format = 2 at the top", key, 0, name)
    return data


def _section(source: Source, name: str, index: int, kind: type[Any], data: Any) -> Any:
    if not isinstance(data, dict):
        raise source.fault(f"{name} must be a table of settings", name, index)
    known = {f.name: f for f in fields(kind)}
    made: dict[str, Any] = {}
    for key, value in data.items():
        if key not in known:
            words = f"{name}.{_short(key, quoted=False)} is not known; allowed are {', '.join(known)}"
            raise source.fault(words, name, index, key)
        try:
            made[key] = checked(known[key], value)
        except ValueError as error:
            raise source.fault(f"{name}.{key} is {_short(value)}; allowed is {error}", name, index, key) from None
    return kind(**made)


def checked(f: Field[Any], value: Any) -> Any:
    """A value as its field wants it. Raises `ValueError` with what is allowed."""
    meta = f.metadata
    if "most" in meta:
        return _points(value, meta["most"])
    if "choices" in meta:
        if value not in meta["choices"] or not isinstance(value, str):
            raise ValueError(", ".join(meta["choices"]))
        return value
    if "low" not in meta:
        if not isinstance(value, str) or not 0 < len(value) <= 200 or not value.isprintable():
            raise ValueError("the name of a file, in quotes")
        return value
    low, high, unit = meta["low"], meta["high"], meta.get("unit", "")
    if not (_is_number(value) and low <= value <= high):
        raise ValueError(f"a number from {low} to {high} {unit}".rstrip())
    return float(value)


def _points(value: Any, most: int) -> tuple[tuple[float, float], ...]:
    """Control points of a curve that does not fall; the ends are added where they are not given."""
    wanted = f"2 to {most} pairs [in, out] of numbers from 0 to 1, both growing, with 1/64 between one in and the next"
    if not isinstance(value, list) or not 1 <= len(value) <= most:
        raise ValueError(wanted)
    for pair in value:
        if not (isinstance(pair, list) and len(pair) == 2 and all(_is_number(v) and 0 <= v <= 1 for v in pair)):
            raise ValueError(wanted)
    points = [(float(x), float(y)) for x, y in value]
    if points[0][0] > 0:
        points.insert(0, (0.0, 0.0))
    if points[-1][0] < 1:
        points.append((1.0, 1.0))
    for (x0, y0), (x1, y1) in pairwise(points):
        if x1 - x0 < 1 / 64 or y1 < y0:
            raise ValueError(wanted)
    return tuple(points)


def _text(source: Source, key: str, value: Any) -> str:
    if not isinstance(value, str) or len(value) > TEXTS[key] or not value.replace("\n", "").isprintable():
        raise source.fault(f"{key} must be text in quotes of {TEXTS[key]} characters at most", key)
    if "\n" in value.strip() and key != "notes":
        raise source.fault(f"{key} must be text on one line", key)
    return value.strip()


def _check_together(source: Source, made: dict[str, Any]) -> None:
    """What no number alone can get wrong."""
    beside = next((key for key in made if key in SECTIONS or key == "hue"), "")
    if made.get("linear") and beside and source.data.get("format", 1) > 1:
        raise source.fault(f"linear = true stands alone; nothing is done of {beside}: leave one of them out", beside)
    mono = made.get("mono")
    if mono is not None:
        if abs(mono.red + mono.green + mono.blue - 1.0) > 1e-3:
            raise source.fault("mono: red, green and blue must add up to 1", "mono")
        if mono.share_through_filter() < 0.1:
            raise source.fault("mono: the filter lets less than a tenth of those shares through", "mono")
    lut = made.get("lut")
    if lut is None:
        return
    if not lut.file:
        raise source.fault("lut.file is missing; name a table in the look's folder", "lut")
    from lichtbild.look.cube import is_beside

    if not is_beside(lut.file):
        words = f"lut.file is {_short(lut.file)}; allowed is a file in the look's own folder"
        raise source.fault(words, "lut", 0, "file")


def _is_number(value: Any) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 53


def _short(value: Any, quoted: bool = True) -> str:
    """A value in an error, on one line and not too long."""
    try:
        text = repr(value) if quoted or not str(value).isprintable() else str(value)
    except ValueError:  # a whole number of thousands of digits
        text = "a huge number"
    return text if len(text) <= 60 else f"{text[:57]}..."
