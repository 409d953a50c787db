"""Lichtbild: a software camera. Raw frames or bursts in, finished photographs out.

    import lichtbild as lb

    burst = lb.read("shot_1.dng", "shot_2.dng")
    photo = lb.develop(burst, look="authentic", ev=0.5)
    photo.save("photo.jpg")

`lichtbild.develop` is the function; the leg of the path of light of the same name is imported from as usual
(`from lichtbild.develop.scene import develop_scene`). Nothing heavy is imported before it is used.
"""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

import lichtbild.develop  # noqa: F401 - the leg's folder first: the function below takes its name in this namespace
from lichtbild.api import develop, merge, read

if TYPE_CHECKING:
    from lichtbild.carriers import Burst, Frame, Metadata, NoiseProfile, Picture, Scene
    from lichtbild.errors import (
        BurstError,
        KernelError,
        LichtbildError,
        MeasureError,
        OutputError,
        RawError,
        RecipeError,
    )
    from lichtbild.recipe import Recipe
    from lichtbild.report import Report

__version__ = "0.1.0"

# The function has the leg's attributes, so that `import lichtbild.develop.scene as scene` finds its way as well.
develop.__dict__ = sys.modules["lichtbild.develop"].__dict__

_HOMES = {
    "carriers": ("Burst", "Frame", "Metadata", "NoiseProfile", "Picture", "Scene"),
    "errors": (
        "BurstError",
        "KernelError",
        "LichtbildError",
        "MeasureError",
        "OutputError",
        "RawError",
        "RecipeError",
    ),
    "recipe": ("Recipe",),
    "report": ("Report",),
}

__all__ = [
    "Burst",
    "BurstError",
    "Frame",
    "KernelError",
    "LichtbildError",
    "MeasureError",
    "Metadata",
    "NoiseProfile",
    "OutputError",
    "Picture",
    "RawError",
    "Recipe",
    "RecipeError",
    "Report",
    "Scene",
    "develop",
    "merge",
    "read",
]


def __getattr__(name: str) -> Any:
    for module, names in _HOMES.items():
        if name in names:
            value = globals()[name] = getattr(importlib.import_module(f"lichtbild.{module}"), name)
            return value
    raise AttributeError(f"module 'lichtbild' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
