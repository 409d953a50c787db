"""A look is data: a folder in `looks/` with a `look.toml`, read into the frozen dataclass `Look`.

A new look is a new folder; no code. Every number has a unit, a range and a default; an unknown key or a value out of
its range is refused with the file, the key and what is allowed.
"""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from lichtbild.errors import RecipeError
from lichtbild.look.catalog import LOOKS, names
from lichtbild.recipe import setting


@dataclass(frozen=True)
class Exposure:
    bias: float = setting(0.0, "Brighter or darker than the automatic exposure.", unit="EV", low=-3.0, high=3.0)


@dataclass(frozen=True)
class Local:
    shadows: float = setting(0.6, "How far deep shadows are opened; 0 leaves them, 1 is all.", low=0.0, high=1.0)
    highlights: float = setting(0.8, "How far bright parts are held back; 0 is not at all.", low=0.0, high=1.0)
    clarity: float = setting(0.08, "Gain of local modelling; 0 keeps it as it is.", low=-0.5, high=1.0)


@dataclass(frozen=True)
class Tone:
    contrast: float = setting(1.28, "Slope at middle grey.", low=1.0, high=1.6)
    toe: float = setting(5.0, "Where shadows turn linear, below middle grey.", unit="EV", low=1.0, high=12.0)
    shoulder: float = setting(0.5, "Softness of the shoulder; 0 is firm.", low=0.0, high=4.0)
    white: float = setting(5.0, "Display white, above middle grey.", unit="EV", low=3.0, high=10.0)


@dataclass(frozen=True)
class Color:
    saturation: float = setting(1.0, "Chroma of all colours.", low=0.0, high=2.0)
    vibrance: float = setting(0.1, "Extra chroma of muted colours.", low=-1.0, high=2.0)
    skin: float = setting(0.7, "How far skin is kept out of vibrance.", low=0.0, high=1.0)
    bleach: float = setting(0.4, "How much bright colours run into white; 1 is as on film.", low=0.0, high=1.0)
    density: float = setting(
        0.9, "How much darker bright colours are shown, so that they stay colours.", low=0.0, high=1.5
    )


@dataclass(frozen=True)
class HueMove:
    at: float = setting(0.0, "Hue in Oklab: 29 red, 110 yellow, 142 green, 264 blue.", unit="°", low=0.0, high=360.0)
    width: float = setting(60.0, "Full width of the move at half its strength.", unit="°", low=40.0, high=180.0)
    rotate: float = setting(0.0, "Turn of the hue, + against the clock.", unit="°", low=-30.0, high=30.0)
    chroma: float = setting(0.0, "Change of chroma, 0.1 is 10 % more.", low=-0.8, high=0.8)
    light: float = setting(0.0, "Change of lightness at full chroma, 0.1 is 10 % lighter.", low=-0.5, high=0.5)


@dataclass(frozen=True)
class Mono:
    red: float = setting(0.30, "Share of red light.", low=-1.0, high=2.0)
    green: float = setting(0.55, "Share of green light.", low=-1.0, high=2.0)
    blue: float = setting(0.15, "Share of blue light.", low=-1.0, high=2.0)


@dataclass(frozen=True)
class Sharpen:
    amount: float = setting(0.9, "How much of the optics' blur is undone at sharpen 1; 1 is all.", low=0.0, high=3.0)
    overshoot: float = setting(0.025, "How far an edge may leave its neighbours' range.", low=0.0, high=0.5)


@dataclass(frozen=True)
class Vignette:
    strength: float = setting(0.0, "Darkening of the corners.", unit="EV", low=0.0, high=2.0)
    start: float = setting(0.3, "Where it begins, as a share of the half diagonal.", low=0.0, high=0.9)


@dataclass(frozen=True)
class Look:
    """All numbers of a look; `mono` is None for colour, `linear` switches everything else off."""

    name: str
    title: str = ""
    description: str = ""
    linear: bool = False
    exposure: Exposure = Exposure()
    local: Local = Local()
    tone: Tone = Tone()
    color: Color = Color()
    sharpen: Sharpen = Sharpen()
    vignette: Vignette = Vignette()
    mono: Mono | None = None
    hue: tuple[HueMove, ...] = field(default=())


SECTIONS: dict[str, type[Any]] = {
    "exposure": Exposure,
    "local": Local,
    "tone": Tone,
    "color": Color,
    "sharpen": Sharpen,
    "vignette": Vignette,
    "mono": Mono,
}


@functools.cache
def load(name: str) -> Look:
    """The installed look of that name. Raises `RecipeError`."""
    if name not in names():
        raise RecipeError(f"look: {name!r} is not one of {', '.join(names())}")
    return read(LOOKS / name / "look.toml")


def read(path: Path) -> Look:
    """Read and check a `look.toml`; its folder names the look. Raises `RecipeError` naming file, key and range."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RecipeError(f"{path}: not a readable look ({error}); write it as TOML, as in docs/looks.md") from None
    made: dict[str, Any] = {"name": path.parent.name}
    for key, value in data.items():
        if key in SECTIONS:
            made[key] = _section(path, key, SECTIONS[key], value)
        elif key == "hue":
            moves = value if isinstance(value, list) else [value]
            made["hue"] = tuple(_section(path, "hue", HueMove, move) for move in moves)
        elif key in ("title", "description"):
            made[key] = _typed(path, key, value, str, "text in quotes")
        elif key == "linear":
            made[key] = _typed(path, key, value, bool, "true or false")
        else:
            allowed = ", ".join(["title", "description", "linear", *SECTIONS, "hue"])
            raise RecipeError(f"{path}: {key!r} is not known; allowed are {allowed}")
    mono = made.get("mono")
    if mono is not None and abs(mono.red + mono.green + mono.blue - 1.0) > 1e-3:
        raise RecipeError(f"{path}: mono: red, green and blue must add up to 1")
    return Look(**made)


def _typed(path: Path, key: str, value: Any, kind: type[Any], allowed: str) -> Any:
    if not isinstance(value, kind):
        raise RecipeError(f"{path}: {key} must be {allowed}")
    return value


def _section(path: Path, name: str, kind: type[Any], data: Any) -> Any:
    if not isinstance(data, dict):
        raise RecipeError(f"{path}: {name} must be a table of settings")
    known = {f.name: f.metadata for f in fields(kind)}
    for key, value in data.items():
        if key not in known:
            raise RecipeError(f"{path}: {name}.{key} is not known; allowed are {', '.join(known)}")
        low, high = known[key]["low"], known[key]["high"]
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not (number and low <= value <= high):
            raise RecipeError(f"{path}: {name}.{key} is {value!r}; allowed is a number from {low} to {high}")
    return kind(**data)
