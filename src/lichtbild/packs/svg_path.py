"""Outlines of SVG paths as polygons (SVG 1.1, 8.3 and appendix F.6): fine enough for marks of a thousand pixels."""

from __future__ import annotations

import math
import re
from itertools import pairwise

import numpy as np
import numpy.typing as npt

Points = npt.NDArray[np.float64]
MOST_COMMANDS, STEPS = 3000, 32
_TOKEN = re.compile(r"[\s,]*([MmZzLlHhVvCcSsQqTtAa]|[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,2})?)")
_FLAG = re.compile(r"[\s,]*([01])")
_COUNT = {"M": 2, "L": 2, "H": 1, "V": 1, "C": 6, "S": 4, "Q": 4, "T": 2, "A": 7, "Z": 0}
_T = np.linspace(0.0, 1.0, STEPS + 1)[1:, None]
XY = tuple[float, float]


def ellipse(cx: float, cy: float, rx: float, ry: float, start: float, sweep: float) -> Points:
    """Points of an arc from `start` over `sweep` degrees, with its end."""
    steps = max(2, round(4 * STEPS * abs(sweep) / 360) + 1)
    at = np.radians(start + sweep * np.linspace(0.0, 1.0, steps))
    return np.stack([cx + rx * np.cos(at), cy + ry * np.sin(at)], axis=1)


def outline(d: str, most: int) -> tuple[list[Points], int]:
    """The closed polygons of a path's data, and how many commands it has. Raises `ValueError` with what is wrong."""
    outlines: list[Points] = []
    pieces: list[Points] = []
    here: XY = (0.0, 0.0)
    start: XY = here
    handle: tuple[str, XY] = ("", here)  # the last curve's kind and second control point, for S and T
    commands = 0
    for letter, v in _commands(d):
        commands += 1
        if commands > most:
            raise ValueError(f"has more than the {MOST_COMMANDS} points that a mark may have")
        kind = letter.upper()
        if not pieces and kind != "M":
            if not commands > 1:
                raise ValueError("a path begins with M")
            pieces = [np.array([here])]
        ox, oy = here if letter.islower() else (0.0, 0.0)
        last, handle = handle, ("", here)
        if kind == "M":
            if len(pieces) > 1:
                outlines.append(np.concatenate(pieces))
            start = here = (ox + v[0], oy + v[1])
            pieces = [np.array([here])]
            continue
        if kind == "Z":
            outlines.append(np.concatenate(pieces))
            here, pieces = start, []
            continue
        if kind == "A":
            end = (ox + v[5], oy + v[6])
            pieces.append(_arc(here, v, end))
        elif kind in "LHV":
            end = (v[0] + ox if kind != "V" else here[0], v[-1] + oy if kind != "H" else here[1])
            pieces.append(np.array([end]))
        else:
            pairs = [(ox + x, oy + y) for x, y in zip(v[::2], v[1::2], strict=True)]
            if kind in "ST":
                mirrored = last[0] == ("C" if kind == "S" else "Q")
                first = (2 * here[0] - last[1][0], 2 * here[1] - last[1][1]) if mirrored else here
                pairs.insert(0, first)
            end = pairs[-1]
            pieces.append(_bezier([here, *pairs]))
            handle = ("C" if kind in "CS" else "Q", pairs[-2])
        here = end
        if not (abs(here[0]) < 1e6 and abs(here[1]) < 1e6):
            raise ValueError("a point lies too far away")
    if len(pieces) > 1:
        outlines.append(np.concatenate(pieces))
    return outlines, commands


def _commands(d: str) -> list[tuple[str, list[float]]]:
    """Letter and numbers of each command; repeated ones are written out."""
    found: list[tuple[str, list[float]]] = []
    at, letter = 0, ""
    end = len(d.rstrip(" \t\r\n,"))
    while at < end:
        token = _TOKEN.match(d, at)
        if not token:
            raise ValueError(f"a path has {d[at : at + 12].strip()!r}, which is no command or number")
        if token[1].isalpha():
            letter, at = token[1], token.end()
            if letter in "Zz":
                found.append((letter, []))
                continue
        elif letter in ("", "Z", "z"):
            raise ValueError("a path has numbers without a command")
        values: list[float] = []
        for i in range(_COUNT[letter.upper()]):
            flag = letter in "Aa" and i in (3, 4)
            token = (_FLAG if flag else _TOKEN).match(d, at)
            if not token or token[1].isalpha():
                raise ValueError(f"a path's {letter} needs {_COUNT[letter.upper()]} numbers")
            values.append(float(token[1]))
            at = token.end()
        found.append((letter, values))
        if len(found) > MOST_COMMANDS:
            break
        letter = {"M": "L", "m": "l"}.get(letter, letter)
    return found


def _bezier(points: list[XY]) -> Points:
    """Points behind the first of a curve with two to four control points (de Casteljau)."""
    level = [np.array([p]) for p in points]
    while len(level) > 1:
        level = [(1 - _T) * a + _T * b for a, b in pairwise(level)]
    return np.asarray(level[0])


def _arc(here: XY, v: list[float], end: XY) -> Points:
    """From end points to centre (appendix F.6.5), then points on the ellipse."""
    rx, ry, phi = abs(v[0]), abs(v[1]), math.radians(v[2])
    large, sweep = bool(v[3]), bool(v[4])
    if not (rx > 1e-9 and ry > 1e-9) or here == end:
        return np.array([end])
    c, s = math.cos(phi), math.sin(phi)
    dx, dy = (here[0] - end[0]) / 2, (here[1] - end[1]) / 2
    x, y = c * dx + s * dy, c * dy - s * dx
    grow = math.sqrt(max((x / rx) ** 2 + (y / ry) ** 2, 1.0))
    rx, ry = rx * grow, ry * grow
    under = (rx * ry) ** 2 - (rx * y) ** 2 - (ry * x) ** 2
    share = math.sqrt(max(under, 0.0) / max((rx * y) ** 2 + (ry * x) ** 2, 1e-30)) * (1 if large != sweep else -1)
    mx, my = share * rx * y / ry, -share * ry * x / rx
    a0 = math.atan2((y - my) / ry, (x - mx) / rx)
    turn = (math.atan2((-y - my) / ry, (-x - mx) / rx) - a0) % (2 * math.pi)
    turn -= 0 if sweep else 2 * math.pi
    at = a0 + turn * np.linspace(0.0, 1.0, 2 * STEPS + 1)[1:]
    px, py = mx + rx * np.cos(at), my + ry * np.sin(at)
    cx, cy = (here[0] + end[0]) / 2, (here[1] + end[1]) / 2
    points = np.stack([c * px - s * py + cx, s * px + c * py + cy], axis=1)
    points[-1] = end
    return points
