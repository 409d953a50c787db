"""A maker's mark: the part of SVG 1.1 that is filled shapes, and nothing else of it.

Read by our own code, because a mark comes from a stranger: no document type, entities, scripts, style sheets,
references to anything, text, pictures, filters or animation. What is not known is refused rather than passed over, so
that a mark never looks other than its maker drew it; but for what editors write for themselves, which draws nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from xml.parsers import expat

import numpy as np
import numpy.typing as npt

from lichtbild.errors import PackError
from lichtbild.packs.svg_path import MOST_COMMANDS, ellipse, outline
from lichtbild.packs.svg_values import numbers, plain, transform
from lichtbild.plain_file import read_plain
from lichtbild.record import record

Points = npt.NDArray[np.float64]  # (n, 2): x, y
LARGEST, MOST_SHAPES, MOST_DEPTH = 256 * 1024, 500, 16
_SPACE = "http://www.w3.org/2000/svg"
_SHAPES = {
    "path": ("d",),
    "rect": ("x", "y", "width", "height", "rx", "ry"),
    "circle": ("cx", "cy", "r"),
    "ellipse": ("cx", "cy", "rx", "ry"),
    "polygon": ("points",),
}
_PAINT = ("fill", "fill-rule", "transform", "id", "stroke")
_ROOT = ("viewBox", "width", "height", "fill", "fill-rule", "id", "stroke")
_SILENT = ("title", "desc", "metadata", "defs")  # nothing of them is drawn; definitions must be empty
_NAMED = {"black": "#000000", "white": "#ffffff"}


@record
class Shape:
    """outlines: closed polygons in units of the mark. fill: "#rrggbb", or empty for the colour of the text around
    it."""

    outlines: tuple[Points, ...]
    fill: str
    even_odd: bool


@record
class Mark:
    """width, height: its size in its own units; outlines begin at 0, 0."""

    width: float
    height: float
    shapes: tuple[Shape, ...]


@record
class _State:
    matrix: Points
    fill: str = "#000000"
    even_odd: bool = False


def read(path: Path) -> Mark:
    """Read and check a mark. Raises `PackError` with file, line and what is allowed."""
    try:
        raw = read_plain(path, LARGEST)
    except OSError as error:
        raise PackError(f"{path}: cannot be read as a mark ({error.strerror})") from None
    return _Reader(path).read(raw)


class _Reader:
    def __init__(self, path: Path) -> None:
        self.path, self.states = path, list[_State]()
        self.shapes: list[Shape] = []
        self.box: tuple[float, float, float, float] | None = None
        self.silent = self.commands = 0
        self.parser = expat.ParserCreate(namespace_separator=" ")

    def read(self, raw: bytes) -> Mark:
        refuse = self._refusing
        self.parser.StartDoctypeDeclHandler = refuse("a document type")
        self.parser.EntityDeclHandler = refuse("an entity")
        self.parser.ProcessingInstructionHandler = refuse("a processing instruction")
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        try:
            self.parser.Parse(raw, True)
        except expat.ExpatError as error:
            raise PackError(f"{self.path}:{error.lineno}: is no SVG ({expat.ErrorString(error.code)})") from None
        except (ValueError, LookupError) as error:  # an encoding that is none
            raise PackError(f"{self.path}: is no SVG ({error})") from None
        if self.box is None or not self.shapes:
            raise PackError(f"{self.path}: no shape is in it; a mark is one or more filled shapes")
        return Mark(self.box[2], self.box[3], tuple(self.shapes))

    def fault(self, words: str) -> PackError:
        return PackError(f"{self.path}:{self.parser.CurrentLineNumber}: {words}")

    def _refusing(self, what: str) -> Callable[..., None]:
        def handler(*_: object) -> None:
            raise self.fault(f"{what} is in it; a mark is filled shapes and nothing else")

        return handler

    def _text(self, text: str) -> None:
        if text.strip() and not self.silent:
            raise self.fault("text is in it; draw letters as paths")

    def _end(self, _name: str) -> None:
        if self.silent:
            self.silent -= 1
        else:
            self.states.pop()

    def _start(self, full: str, attributes: dict[str, str]) -> None:
        space, _, name = full.rpartition(" ")
        foreign = space not in ("", _SPACE)
        if self.states and (foreign or name in _SILENT):
            self.silent += 1
            return
        if self.silent or foreign or name not in ("svg", "g", *_SHAPES) or (name == "svg") == bool(self.states):
            raise self.fault(
                f"<{name[:40]}> is not part of a mark; allowed are svg, g, {', '.join(_SHAPES)}, title, desc"
            )
        if len(self.states) >= MOST_DEPTH:
            raise self.fault("groups lie too deep in each other")
        known = _ROOT if name == "svg" else (*_PAINT, *_SHAPES.get(name, ()))
        try:
            attributes = plain(name, attributes, known)
        except ValueError as error:
            raise self.fault(str(error)) from None
        if name == "svg":
            self.states.append(self._painted(_State(self._view(attributes)), attributes))
            return
        state = self._painted(self.states[-1], attributes)
        if name != "g" and state.fill != "none":
            if len(self.shapes) >= MOST_SHAPES:
                raise self.fault(f"has more than {MOST_SHAPES} shapes")
            drawn = [np.c_[o, np.ones(len(o))] @ state.matrix.T for o in self._outlines(name, attributes)]
            outlines = [o[:, :2] for o in drawn if len(o) > 2]
            if any(not np.all(np.abs(o) < 1e6) for o in outlines):
                raise self.fault("a point lies too far away")
            if outlines:
                self.shapes.append(Shape(tuple(outlines), state.fill, state.even_odd))
        self.states.append(state)

    def _view(self, attributes: Mapping[str, str]) -> Points:
        """From the units of the file to those of the mark, which begin at 0, 0."""
        if "viewBox" in attributes:
            box = self._numbers(attributes["viewBox"], 4)
        else:
            box = [0.0, 0.0, *(self._length(attributes, key) for key in ("width", "height"))]
        if not (1e-3 <= box[2] <= 1e5 and 1e-3 <= box[3] <= 1e5 and 0.02 <= box[2] / box[3] <= 50):
            raise self.fault("svg needs a viewBox (or width and height) of a sensible size")
        self.box = box[0], box[1], box[2], box[3]
        return np.array([[1.0, 0, -box[0]], [0, 1, -box[1]], [0, 0, 1]])

    def _painted(self, state: _State, attributes: Mapping[str, str]) -> _State:
        if attributes.get("stroke", "none") != "none":
            raise self.fault("stroke is not drawn; turn outlines into filled paths")
        fill = attributes.get("fill")
        if fill is None:
            colour = state.fill
        elif fill in ("none", "currentColor"):
            colour = "" if fill == "currentColor" else fill
        elif re.fullmatch(r"#(?:[0-9a-fA-F]{3}){1,2}", named := _NAMED.get(fill, fill)):
            colour = named.lower() if len(named) == 7 else "#" + "".join(2 * c for c in named[1:].lower())
        else:
            raise self.fault(f"fill is {fill[:40]!r}; allowed are #rrggbb, #rgb, black, white, none and currentColor")
        rule = attributes.get("fill-rule", "evenodd" if state.even_odd else "nonzero")
        if rule not in ("evenodd", "nonzero"):
            raise self.fault("fill-rule is evenodd or nonzero")
        try:
            moved = state.matrix @ transform(attributes.get("transform", ""))
        except ValueError as error:
            raise self.fault(str(error)) from None
        return _State(moved, colour, rule == "evenodd")

    def _outlines(self, name: str, attributes: Mapping[str, str]) -> Iterator[Points]:
        def length(key: str) -> float:
            return self._length(attributes, key)

        if name == "path":
            try:
                outlines, commands = outline(attributes.get("d", ""), MOST_COMMANDS - self.commands)
            except ValueError as error:
                raise self.fault(str(error)) from None
            self.commands += commands
            yield from outlines
        elif name == "polygon":
            numbers = self._numbers(attributes.get("points", ""))
            self.commands += len(numbers) // 2
            if len(numbers) % 2 or self.commands > MOST_COMMANDS:
                raise self.fault("points are pairs of numbers, not too many")
            yield np.array(numbers, np.float64).reshape(-1, 2)
        elif name == "rect":
            x, y, w, h = (length(key) for key in ("x", "y", "width", "height"))
            if w < 0 or h < 0:
                raise self.fault("width and height are not below 0")
            rx, ry = length("rx"), length("ry")
            rx, ry = min(rx or ry, w / 2), min(ry or rx, h / 2)
            corners = [
                (x + w - rx, y + h - ry, 0),
                (x + rx, y + h - ry, 90),
                (x + rx, y + ry, 180),
                (x + w - rx, y + ry, 270),
            ]
            yield np.concatenate([ellipse(cx, cy, max(rx, 0), max(ry, 0), at, 90) for cx, cy, at in corners])
        else:
            rx, ry = (length("r"),) * 2 if name == "circle" else (length("rx"), length("ry"))
            if rx < 0 or ry < 0:
                raise self.fault("a radius is not below 0")
            yield ellipse(length("cx"), length("cy"), rx, ry, 0, 360)

    def _length(self, attributes: Mapping[str, str], key: str) -> float:
        text = attributes.get(key, "0").removesuffix("px")
        return self._numbers(text, 1)[0]

    def _numbers(self, text: str, count: int | None = None) -> list[float]:
        try:
            return numbers(text, count)
        except ValueError as error:
            raise self.fault(str(error)) from None
