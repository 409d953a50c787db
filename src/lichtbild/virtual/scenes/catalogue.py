"""Find a scene by its name, or take an image file as one."""

from __future__ import annotations

import functools
import importlib
from pathlib import Path
from typing import TYPE_CHECKING

from lichtbild.errors import RawError

if TYPE_CHECKING:
    from lichtbild.virtual.scene import VirtualScene

SCENES = {
    "street-night": "street_night.scene",
    "still-life": "still_life.scene",
    "daylight-landscape": "daylight_landscape.scene",
    "resolution-chart": "resolution_chart",
}


def find_scene(scene: str | Path, highlights: float = 0.0) -> VirtualScene:
    """A built-in scene (each is made once), else the image file of that name. Raises `RawError`."""
    if str(scene) in SCENES:
        return _built_in(str(scene))
    if not Path(scene).exists():
        names = ", ".join(SCENES)
        raise RawError(f"{scene}: is neither an image file nor a built-in scene ({names})")
    from lichtbild.virtual.scenes.image_file import image_scene

    return image_scene(Path(scene), highlights)


@functools.cache
def _built_in(name: str) -> VirtualScene:
    module = importlib.import_module(f"lichtbild.virtual.scenes.{SCENES[name]}")
    made: VirtualScene = module.scene()
    return made
