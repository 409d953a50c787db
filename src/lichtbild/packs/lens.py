"""A pack's lens rendering: how a lens draws, as numbers that the look leg applies.

Two things are drawn, both in linear light before the tone curve: how light falls off towards the corners, as the
natural vignetting of a lens (cos⁴ of the angle, Kingslake, "Optical system design", 1983) with what the barrel takes
besides; and a glow around bright parts, as spherical aberration or coatings leave it. Sharpness, blur of the
background and distortion are not drawn: they depend on depth and on the lens that took the picture.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lichtbild.look.look import Look
from lichtbild.packs import catalog
from lichtbild.packs.names import parse
from lichtbild.packs.tables import Tables
from lichtbild.record import record, replace
from lichtbild.setting import setting


@record
class Header:
    """What a rendering is called, and what it is for."""

    title: str = setting("", "What the rendering is called.")
    description: str = setting("", "What it is for, in one line.", longest=300)


@record
class Falloff:
    """Light that falls off towards the corners."""

    angle: float = setting(0.0, "Angle of the corner's light: cos⁴ of it arrives.", unit="°", low=0.0, high=45.0)
    barrel: float = setting(0.0, "What the barrel takes from the corners besides.", unit="EV", low=0.0, high=2.0)
    start: float = setting(0.5, "Where that begins, as a share of the half diagonal.", low=0.0, high=0.9)
    strength: float = setting(1.0, "How much of all this is drawn.", low=0.0, high=1.0)


@record
class Glow:
    """Bright light that is scattered around."""

    strength: float = setting(0.0, "Share of bright light that is scattered.", low=0.0, high=1.0)
    radius: float = setting(2.0, "Its reach, as a share of the picture's diagonal.", unit="%", low=0.2, high=10.0)


@record
class Rendering:
    """How a lens draws."""

    header: Header = Header()
    falloff: Falloff = Falloff()
    glow: Glow = Glow()


def read(path: Path) -> Rendering:
    """A `lens.toml`. Raises `PackError` with file, line and what is allowed."""
    tables = Tables(path)
    header = tables.top(Header, tables=["falloff", "glow"])
    return Rendering(header, tables.table("falloff", Falloff), tables.table("glow", Glow))


def load(name: str | None) -> Rendering | None:
    """The rendering of a recipe's `rendering`; None for none. Raises `PackError` when it is not installed."""
    reference = parse(name, "lens") if name else None
    if reference is None:
        return None
    return read(catalog.folder(reference, "lenses") / "lens.toml")


def with_glow(chosen: Look, drawn: Rendering | None) -> Look:
    """The look with the rendering's glow on top of its own bloom."""
    if drawn is None or not drawn.glow.strength:
        return chosen
    own, glow = chosen.bloom, drawn.glow
    total = 1.0 - (1.0 - own.strength) * (1.0 - glow.strength)
    radius = (own.strength * own.radius + glow.strength * glow.radius) / (own.strength + glow.strength)
    return replace(chosen, bloom=replace(own, strength=total, radius=radius))


def falloff(numbers: Falloff, r: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """log2 gain at `r`, the distance from the middle as a share of the half diagonal."""
    radius = np.asarray(r, np.float64)
    tangent = radius * math.tan(math.radians(numbers.angle))
    natural = -2.0 * np.log2(1.0 + tangent * tangent)  # cos⁴ = (1 + tan²)⁻²
    t = np.clip((radius - numbers.start) / (1.0 - numbers.start), 0.0, 1.0)
    return np.asarray(numbers.strength * (natural - numbers.barrel * t * t * (3 - 2 * t)))


def falloff_map(
    numbers: Falloff, shape: tuple[int, int], factor: int, cells: tuple[int, int]
) -> npt.NDArray[np.float32]:
    """log2 gain of each cell of `factor` pixels of a picture of that shape."""
    y, x = ((np.arange(n) + 0.5) * factor - 0.5 * size for n, size in zip(cells, shape, strict=True))
    r = np.hypot(y[:, None], x[None, :]) / (0.5 * math.hypot(*shape))
    return falloff(numbers, r).astype(np.float32)
