"""What the look leg decides of a scene before it touches pixels: exposure, local tone, curve, headroom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from lichtbild import native
from lichtbild.carriers import HalfImage, Scene
from lichtbild.look import exposure, headroom, local, resize, tone
from lichtbild.look.look import Look
from lichtbild.recipe import Recipe
from lichtbild.record import record, replace
from lichtbild.report import Report

if TYPE_CHECKING:
    from lichtbild.packs.lens import Falloff

COARSE = 512  # cells along the long edge of the coarse grid
Array = npt.NDArray[np.float32]


@record
class Decided:
    """All numbers of a rendering but those of its target (colour space, depth).

    scene: in the size of the picture, not yet turned upright. coarse: its log2 luminance on a grid of cells of `factor`
    pixels; brightest: of the largest there. guide: as `guide_numbers`. ev: exposure. sharpness: of what the look and
    the recipe ask for. falloff: of a lens rendering, see `packs/lens.py`.
    """

    look: Look
    scene: Scene
    coarse: Array
    brightest: Array
    factor: int
    guide: Array
    ev: float
    curve: tone.FilmicCurve
    tones: local.LocalTone
    room: headroom.Headroom
    sharpness: float
    falloff: Falloff | None = None


def decide(scene: Scene, recipe: Recipe, chosen: Look, report: Report) -> Decided:
    """Decide how a scene becomes a picture in a look."""
    scene = replace(scene, image=planar(scene.image))
    curve = tone.solve(chosen.tone.contrast, chosen.tone.toe, chosen.tone.shoulder, chosen.tone.white)
    guide = guide_numbers(scene, chosen)
    black_noise = exposure.usual_noise(scene, guide[:3])
    coarse, brightest, factor = coarse_luminance(scene.image, guide, black_noise)
    histogram = np.empty(exposure.BINS, np.float32)
    native.call("look_histogram", coarse, histogram)
    statistics = exposure.Statistics.of(histogram)
    decided: dict[str, Any] = exposure.decide(
        statistics, scene.metadata, curve, black_noise, scene.clip, chosen.exposure.mood
    )
    ev = decided["auto_ev"] + chosen.exposure.bias + recipe.ev
    tones = local.decide(statistics, chosen.local, ev, (float(guide[4]), float(guide[5])), scene.clip)
    white = local.white_point(tones, statistics, scene.clip, chosen.tone.white, chosen.local.highlights)
    curve = tone.solve(chosen.tone.contrast, chosen.tone.toe, chosen.tone.shoulder, white)
    sharpness = 1.0
    if recipe.size is not None and recipe.size < max(scene.image.shape[:2]):
        # A reduced picture has lost the blur of optics and mosaic: what is left to sharpen is that of the reduction.
        sharpness = 0.5 + 0.5 * recipe.size / max(scene.image.shape[:2])
        scene = resize.smaller(scene, recipe.size)
        guide = guide_numbers(scene, chosen)
        coarse, brightest, factor = coarse_luminance(scene.image, guide, black_noise)
    room = headroom.decide(recipe.hdr, statistics, tones.gain, ev, float(coarse.max()), scene.clip)
    report.decide("look", look=chosen.name, ev=ev, white=white, **tones.decided(), **decided, **room.decided())
    if chosen.version:
        report.decide("look", look_version=chosen.version)
    return Decided(chosen, scene, coarse, brightest, factor, guide, ev, curve, tones, room, sharpness * recipe.sharpen)


def planar(image: npt.NDArray[Any]) -> HalfImage:
    """(h, w, 3) half floats with contiguous rows of each colour; the array itself where it is that already."""
    if image.dtype == np.float16 and image.strides[1] == image.itemsize:
        return image
    largest = np.finfo(np.float16).max
    return np.moveaxis(np.clip(np.moveaxis(image, 2, 0), -largest, largest).astype(np.float16, order="C"), 0, 2)


def coarse_luminance(image: HalfImage, guide: Array, black_noise: float) -> tuple[Array, Array, int]:
    """log2 of the guide luminance on a grid of about `COARSE` cells along the long edge: of its mean, and of the
    largest; pixels per cell.

    The mean's logarithm levels off at half of `black_noise`.
    """
    height, width = image.shape[:2]
    factor = max(1, round(max(height, width) / COARSE))
    coarse = np.empty((-(-height // factor), -(-width // factor)), np.float32)
    brightest = np.empty_like(coarse)
    weights = np.array([*guide[:3], 0.5 * black_noise], np.float32)
    native.call("look_reduce", image, weights, factor, coarse, brightest)
    return coarse, brightest, factor


def guide_numbers(scene: Scene, chosen: Look) -> Array:
    """Weights of the guide luminance, its floor, its noise scale and offset."""
    weights = np.array(chosen.mono.weights() if chosen.mono else (0.30, 0.53, 0.17))
    scale = float(weights**2 @ scene.noise_profile.scale)
    offset = float(weights**2 @ scene.noise_profile.offset)
    floor = max(np.sqrt(max(offset, 0.0)) * 0.5, 2.0**-16)
    return np.array([*weights, floor, scale, offset], np.float32)
