"""A look is data: a folder with a `look.toml`, read into the frozen dataclass `Look`.

A new look is a new folder; no code. `numbers.py` has every number, `reading.py` reads and checks the file.
"""

from __future__ import annotations

import functools
from pathlib import Path

from lichtbild.look import reading
from lichtbild.look.catalog import folder, names
from lichtbild.look.numbers import (
    SECTIONS,
    Bloom,
    Color,
    Exposure,
    Grain,
    Halation,
    HueMove,
    Local,
    Lut,
    Mono,
    Sharpen,
    Tone,
    Toning,
    Vignette,
)
from lichtbild.record import field, record, replace

__all__ = ["SECTIONS", "Look", "is_graded", "load", "names", "read"]


@record
class Look:
    """All numbers of a look; `mono` is None for colour, `linear` switches everything else off.

    name: as the recipe names it. folder: where its files lie. version: the look's own, not that of the file's format.
    """

    name: str
    title: str = ""
    description: str = ""
    version: str = ""
    author: str = ""
    license: str = ""
    notes: str = ""
    linear: bool = False
    exposure: Exposure = field(default_factory=Exposure)
    halation: Halation = field(default_factory=Halation)
    bloom: Bloom = field(default_factory=Bloom)
    vignette: Vignette = field(default_factory=Vignette)
    local: Local = field(default_factory=Local)
    mono: Mono | None = None
    tone: Tone = field(default_factory=Tone)
    color: Color = field(default_factory=Color)
    hue: tuple[HueMove, ...] = ()
    toning: Toning = field(default_factory=Toning)
    sharpen: Sharpen = field(default_factory=Sharpen)
    grain: Grain = field(default_factory=Grain)
    lut: Lut | None = None
    folder: Path | None = None

    @property
    def swatch(self) -> Path | None:
        """The picture that shows the look at a glance, `swatch.png` or `swatch.jpg` beside its numbers."""
        files = [self.folder / f"swatch.{end}" for end in ("png", "jpg")] if self.folder else []
        return next((f for f in files if f.is_file()), None)


def load(name: str) -> Look:
    """The look of that name: `natural`, `PACK/LOOK`, or the path of a folder. Raises `RecipeError`."""
    path = folder(name) / "look.toml"
    stamp = path.stat()
    return _loaded(name, path, stamp.st_mtime_ns, stamp.st_size)


@functools.lru_cache(maxsize=64)
def _loaded(name: str, path: Path, changed: int, size: int) -> Look:
    return read(path, name)


def read(path: Path, name: str | None = None) -> Look:
    """Read and check a `look.toml`; its folder names the look. Raises `RecipeError` naming file, line and range."""
    return Look(name=name or path.parent.name, folder=path.parent, **reading.read(path))


def is_graded(chosen: Look) -> bool:
    """Whether a look needs more than the kernel of `natural` does."""
    color = chosen.color
    by_lightness = replace(color, shadows=0.0, middle=0.0, highlights=0.0) != color
    strengths = (chosen.grain.strength, chosen.halation.strength, chosen.bloom.strength)
    toning = (chosen.toning.shadows, chosen.toning.middle, chosen.toning.highlights)
    table = chosen.lut.strength if chosen.lut else 0.0
    return bool(chosen.hue or chosen.tone.points or by_lightness or any((*strengths, *toning, table)))
