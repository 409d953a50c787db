"""Photographs that looks are tried on: raw frames, and finished pictures taken back to a scene.

A finished picture has been exposed and toned once. It is taken back to the light that `natural` would show so
(`undo.py`), and looks are laid on that without exposing it or opening its shadows anew; in `natural` it stays as it is.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from lichtbild.authoring import fixed
from lichtbild.authoring.undo import scene_light
from lichtbild.carriers import FloatImage, Picture, Scene
from lichtbild.color import D50, D65, adaptation, encode_srgb, xyz_to_rgb
from lichtbild.errors import MeasureError
from lichtbild.look import resize, tone
from lichtbild.look.look import Look, load
from lichtbild.look.render import render_picture
from lichtbild.recipe import Recipe
from lichtbild.record import record, replace
from lichtbild.report import Report


@record
class Photograph:
    """A scene made small, to be shown in many looks. finished: it comes from a finished picture."""

    name: str
    scene: Scene
    finished: bool

    def shown(self, look: Look) -> Picture:
        """In a look: 8 bits, sRGB, upright."""
        if not self.finished or look.linear:
            return render_picture(self.scene, Recipe(hdr="off", sharpen=0.6, space="srgb"), Report(), look)
        own, plain = look.local.clarity, load("natural").local.clarity
        kept = replace(look.local, shadows=0.0, highlights=0.0, clarity=max(own - plain, -0.5))
        return fixed.render(self.scene, replace(look, local=kept), Recipe(hdr="off", sharpen=0.0, space="srgb"))


def photograph(path: Path, long_edge: int, report: Report) -> Photograph:
    """The raw frame or finished picture (JPEG, PNG, TIFF) at a path, made small. Raises `RawError`, `MeasureError`."""
    from lichtbild.errors import RawError
    from lichtbild.measure import files
    from lichtbild.raw import sniff

    try:
        kind = files.kind_of(sniff.open_file(path))
    except (MeasureError, RawError) as error:
        raise MeasureError(f"{path}: {error}") from None
    if kind == "raw":
        return Photograph(path.name, developed(path, long_edge, report), False)
    return Photograph(path.name, _undone(finished_light(path, long_edge, report)), True)


def developed(path: Path, long_edge: int, report: Report, recipe: Recipe | None = None) -> Scene:
    """The scene of a raw frame, made small. Raises `RawError`."""
    from lichtbild import api
    from lichtbild.develop.scene import develop_scene

    recipe = recipe or Recipe(hdr="off")
    return resize.smaller(develop_scene(api.merge(api.read(path), recipe, report), recipe, report), long_edge)


def finished_light(path: Path, long_edge: int | None, report: Report) -> FloatImage:
    """(h, w, 3) linear sRGB, 0..1, of a finished picture, made small. Raises `MeasureError`."""
    from lichtbild.measure import image

    measured = image.load(path, report)
    matrix = xyz_to_rgb("srgb") @ adaptation(D50, D65) @ measured.space.to_xyz
    linear = np.clip(measured.linear @ matrix.T.astype(np.float32), 0, 1)
    return np.asarray(resize.smaller(fixed.scene_of(linear), long_edge).image.clip(0, 1), np.float32)


def _undone(linear: FloatImage) -> Scene:
    light = scene_light(encode_srgb(linear).reshape(-1, 3)).reshape(linear.shape)
    white = tone.MIDDLE_GREY * 2.0 ** load("natural").tone.white
    return fixed.scene_of(light, clip=white)
