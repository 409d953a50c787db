"""The numbers of a look that a fit may change: each in units of its prior deviation, so that all are
alike to the solver.

Tints are sought as two coordinates, not as hue and strength, so that none is the smooth middle of all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from lichtbild.look.look import Look
from lichtbild.look.numbers import SECTIONS, HueMove
from lichtbild.record import record, replace

Floats = npt.NDArray[np.float64]
CENTRES = (29.0, 57.0, 85.0, 112.0, 142.0, 195.0, 250.0, 300.0, 340.0)
WIDTH = 45.0
POINTS = (0.0, 0.12, 0.3, 0.5, 0.7, 0.88, 1.0)
SMALL = 0.12  # prior deviations below which a number goes back to rest


@record
class Number:
    """section and name; of a hue move or a point of the curve, its index too. deviation: what one unit is."""

    section: str
    name: str
    deviation: float
    low: float
    high: float
    default: float
    index: int = 0

    @property
    def rest(self) -> float:
        """The default, in deviations."""
        return self.default / self.deviation

    @property
    def lowest(self) -> float:
        """The least allowed value, in deviations."""
        return self.low / self.deviation

    @property
    def highest(self) -> float:
        """The greatest allowed value, in deviations."""
        return self.high / self.deviation

    def applies(self, mono: bool, finished: bool) -> bool:
        """Whether it can be seen in black and white, or in pictures that are not exposed anew."""
        if finished and self.section == "local" and self.name != "clarity":
            return False
        return self.section not in (("color", "hue") if mono else ("mono",))


def _of(section: str, name: str, deviation: float) -> Number:
    f = next(f for f in SECTIONS[section].__dataclass_fields__.values() if f.name == name)
    return Number(section, name, deviation, f.metadata["low"], f.metadata["high"], float(f.default))


NUMBERS: tuple[Number, ...] = (
    _of("exposure", "bias", 0.5),
    _of("local", "shadows", 0.3),
    _of("local", "highlights", 0.3),
    _of("local", "clarity", 0.15),
    _of("tone", "contrast", 0.15),
    _of("tone", "toe", 2.5),
    _of("tone", "shoulder", 0.8),
    _of("tone", "white", 1.0),
    *(Number("points", "out", 0.06, -0.3, 0.3, 0.0, i) for i in range(len(POINTS))),
    _of("color", "saturation", 0.2),
    _of("color", "vibrance", 0.2),
    _of("color", "bleach", 0.25),
    _of("color", "density", 0.3),
    _of("color", "shadows", 0.25),
    _of("color", "middle", 0.25),
    _of("color", "highlights", 0.25),
    *(Number("hue", "rotate", 8.0, -30, 30, 0.0, i) for i in range(len(CENTRES))),
    *(Number("hue", "chroma", 0.2, -0.8, 0.8, 0.0, i) for i in range(len(CENTRES))),
    *(Number("hue", "light", 0.12, -0.5, 0.5, 0.0, i) for i in range(len(CENTRES))),
    *(
        Number("toning", f"{part}_{axis}", 0.1, -1, 1, 0.0)
        for part in ("shadows", "middle", "highlights")
        for axis in "ab"
    ),
    _of("mono", "red", 0.2),
    _of("mono", "green", 0.2),
    _of("vignette", "strength", 0.4),
)


def of_look(look: Look, numbers: Sequence[Number]) -> Floats:
    """The numbers of a look, in units of their deviations. Its own hue moves and points are not taken over."""
    return np.array([_value(look, n) / n.deviation for n in numbers])


def _value(look: Look, n: Number) -> float:
    if n.section in ("hue", "points"):
        return n.default
    if n.section == "toning":
        part, axis = n.name.rsplit("_", 1)
        hue, strength = np.radians(getattr(look.toning, f"{part}_hue")), getattr(look.toning, part)
        return float(strength * (np.cos(hue) if axis == "a" else np.sin(hue)))
    section = getattr(look, n.section)
    return float(getattr(section, n.name)) if section is not None else n.default


def to_look(base: Look, numbers: Sequence[Number], x: Floats) -> Look:
    """The look with these numbers; what is not among them is that of `base`."""
    sections: dict[str, dict[str, Any]] = {}
    moves = [{"at": at, "width": WIDTH} for at in CENTRES]
    out = np.array(POINTS)
    tint: dict[str, float] = {}
    for n, unit in zip(numbers, x, strict=True):
        value = float(np.clip(unit * n.deviation, n.low, n.high))
        if n.section == "hue":
            moves[n.index][n.name] = value
        elif n.section == "points":
            out[n.index] += value
        elif n.section == "toning":
            tint[n.name] = value
        else:
            sections.setdefault(n.section, {})[n.name] = value
    changed: dict[str, Any] = {
        name: replace(getattr(base, name), **values)
        for name, values in sections.items()
        if getattr(base, name) is not None
    }
    if base.mono is not None:
        mono = changed["mono"]
        changed["mono"] = replace(mono, blue=1.0 - mono.red - mono.green, filter="none")
    changed["toning"] = replace(base.toning, **_tints(tint))
    growing = np.maximum.accumulate(np.clip(out, 0, 1))
    points = tuple((float(a), float(b)) for a, b in zip(POINTS, growing, strict=True))
    changed["tone"] = replace(changed["tone"], points=() if np.abs(growing - POINTS).max() < 1e-6 else points)
    hue = () if base.mono is not None else tuple(HueMove(**move) for move in moves)
    return replace(base, hue=hue, **changed)


def _tints(tint: dict[str, float]) -> dict[str, float]:
    found = {}
    for part in {name.rsplit("_", 1)[0] for name in tint}:
        a, b = tint[f"{part}_a"], tint[f"{part}_b"]
        found[part] = float(min(np.hypot(a, b), 1.0))
        found[f"{part}_hue"] = float(np.degrees(np.arctan2(b, a)) % 360)
    return found


def pruned(look: Look) -> Look:
    """The look with rounded numbers, and without what is too small to be seen."""
    moves = []
    for move in look.hue:
        small = abs(move.rotate) < SMALL * 8 and abs(move.chroma) < SMALL * 0.2 and abs(move.light) < SMALL * 0.12
        if not small:
            moves.append(
                replace(move, rotate=round(move.rotate, 1), chroma=round(move.chroma, 3), light=round(move.light, 3))
            )
    changed: dict[str, Any] = {}
    for name, kind in SECTIONS.items():
        section = getattr(look, name)
        if section is None:
            continue
        values = {f: getattr(section, f) for f in kind.__dataclass_fields__}
        changed[name] = kind(**{f: round(v, 3) if isinstance(v, float) else v for f, v in values.items()})
    for part in ("shadows", "middle", "highlights"):
        if getattr(changed["toning"], part) < 0.01:
            plain = SECTIONS["toning"]()
            changed["toning"] = replace(changed["toning"], **{part: 0.0, f"{part}_hue": getattr(plain, f"{part}_hue")})
    points = tuple((round(a, 3), round(b, 4)) for a, b in look.tone.points)
    if points and max(abs(a - b) for a, b in points) < 0.004:
        points = ()
    changed["tone"] = replace(changed["tone"], points=points)
    if look.mono is not None:
        mono = changed["mono"]
        changed["mono"] = replace(mono, blue=round(1.0 - mono.red - mono.green, 3))
    return replace(look, hue=tuple(moves), **changed)
