"""Leg 4: from a `Scene` to a display `Picture`: decide the numbers, then one kernel makes the picture."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from lichtbild import native
from lichtbild.carriers import Picture, Scene
from lichtbild.color import convert
from lichtbild.look import exposure, headroom, hue, local, look, oklab, orient, resize, tone
from lichtbild.look.look import Look
from lichtbild.look.spaces import TRANSFER
from lichtbild.recipe import Recipe
from lichtbild.report import Report

GAMUT_THRESHOLD = 0.8  # share of the way to the edge of the space where colours begin to be held back
BLUR = 0.65  # standard deviation in pixels of what optics and mosaic blur, which sharpening undoes
FADING = 2.0  # colour is a third as strong where luminance is as strong as its noise
COARSE = 512  # cells along the long edge of the coarse grid
U16, F32 = ("u16", np.uint16), ("f32", np.float32)
KERNELS = {"8": ("u8", np.uint8), "10": U16, "12": U16, "16": U16, "16f": F32, "32f": F32}
Array = npt.NDArray[np.float32]


def render_picture(scene: Scene, recipe: Recipe, report: Report, chosen: Look | None = None) -> Picture:
    """Make the picture that `recipe` asks for; in the look `chosen`, where one is given, and not in the recipe's.

    Returns (h, w, 3) pixels, upright: uint8 or uint16 encoded with the transfer function of `recipe.space`, float32
    linear. Raises `RecipeError` for an unknown or wrong look.
    """
    chosen = chosen or look.load(recipe.look)
    drawn = None
    if recipe.rendering:
        from lichtbild.packs import lens

        drawn = lens.load(recipe.rendering)
        chosen = lens.with_glow(chosen, drawn)
    depth = recipe.depth or "8"
    kind, dtype = KERNELS[depth]
    scene = replace(scene, image=planar(scene.image))
    if chosen.linear:
        return linear_picture(scene, recipe, kind, dtype, report)
    curve = tone.solve(chosen.tone.contrast, chosen.tone.toe, chosen.tone.shoulder, chosen.tone.white)

    guide = guide_numbers(scene, chosen)
    black_noise = exposure.usual_noise(scene, guide[:3])
    coarse, factor = coarse_luminance(scene.image, guide, black_noise)
    histogram = np.empty(exposure.BINS, np.float32)
    native.call("look_histogram", coarse, histogram)
    statistics = exposure.Statistics.of(histogram)
    decided: dict[str, Any] = exposure.decide(
        statistics, scene.metadata, curve, black_noise, scene.clip, chosen.exposure.mood
    )
    ev = decided["auto_ev"] + chosen.exposure.bias + recipe.ev
    tones = local.decide(statistics, chosen.local, ev, (float(guide[4]), float(guide[5])), scene.clip)
    white = local.white_point(tones, statistics, scene.clip, chosen.tone.white)
    curve = tone.solve(chosen.tone.contrast, chosen.tone.toe, chosen.tone.shoulder, white)
    sharpness = 1.0
    if recipe.size is not None and recipe.size < max(scene.image.shape[:2]):
        # A reduced picture has lost the blur of optics and mosaic: what is left to sharpen is that of the reduction.
        sharpness = 0.5 + 0.5 * recipe.size / max(scene.image.shape[:2])
        scene = resize.smaller(scene, recipe.size)
        guide = guide_numbers(scene, chosen)
        coarse, factor = coarse_luminance(scene.image, guide, black_noise)
    top = float(coarse.max())
    room = headroom.decide(recipe.hdr, statistics, tones.gain, ev, top, scene.clip)
    report.decide("look", look=chosen.name, ev=ev, white=white, **tones.decided(), **decided, **room.decided())

    gain = np.empty((3, *coarse.shape), np.float32)
    numbers = [
        ev - np.log2(tone.MIDDLE_GREY),
        chosen.local.clarity,
        local.EDGE,
        local.FLATNESS,
        guide[4],
        guide[5],
        FADING,
    ]
    cell = max(1, round(max(coarse.shape) / 32))
    native.call("look_local", coarse, tones.table(), np.array(numbers, np.float32), cell, gain)
    gain[1] += ev
    if chosen.vignette.strength:
        gain[1] += local.vignette(chosen.vignette, scene.image.shape[:2], factor, coarse.shape)

    if drawn:
        gain[1] += lens.falloff_map(drawn.falloff, scene.image.shape[:2], factor, coarse.shape)

    view, gain_view, (dy, dx) = orient.upright(scene.image, gain, factor, scene.metadata.orientation)
    place = np.array([1 / factor, dx, dy], np.float32)
    gain_map = headroom.gain_map(room, view, gain_view, place, guide)
    image: npt.NDArray[Any] = np.empty(view.shape, dtype)
    native.call(
        f"look_render_{kind}",
        view,
        gain_view,
        place,
        guide,
        *matrices(chosen, recipe.space),
        curve.to_array(),
        hue.table(chosen.color, chosen.hue),
        np.array([1 / 0.2, chosen.color.bleach, chosen.color.density], np.float32),
        np.array(
            [
                sharpness * recipe.sharpen * restoring(chosen.sharpen.amount),
                chosen.sharpen.overshoot,
                chosen.sharpen.noise,
            ],
            np.float32,
        ),
        np.array([GAMUT_THRESHOLD, 1 / (1 - GAMUT_THRESHOLD) - 1 / (2 - GAMUT_THRESHOLD)], np.float32),
        TRANSFER[recipe.space].to_array(1.0 if depth == "8" else 0.0),
        image,
    )
    return Picture(image, recipe.space, replace(scene.metadata, orientation=1), gain_map=gain_map)


def linear_picture(scene: Scene, recipe: Recipe, kind: str, dtype: type[Any], report: Report) -> Picture:
    """The scene itself in the chosen primaries; integers are encoded, and clip."""
    report.decide("look", look=recipe.look)
    scene = resize.smaller(scene, recipe.size)
    view = orient.turned(scene.image, scene.metadata.orientation)
    image = np.empty(view.shape, dtype)
    matrix = convert("rec2020", recipe.space).astype(np.float32)
    native.call(f"look_linear_{kind}", view, matrix, TRANSFER[recipe.space].to_array(0.0), image)
    return Picture(image, recipe.space, replace(scene.metadata, orientation=1))


def restoring(amount: float) -> float:
    """Share of what the blur 1 2 1 takes that is to be given back to undo `amount` of the blur `BLUR`, at half of the
    finest frequency, where 1 2 1 takes half."""
    return 2.0 * float(np.expm1(amount * 2 * (np.pi * BLUR / 4) ** 2))


def planar(image: Array) -> Array:
    """(h, w, 3) with contiguous rows of each colour: the scene as it is, or a copy where it is laid out otherwise."""
    if image.strides[1] == image.itemsize:
        return image
    return np.moveaxis(np.moveaxis(image, 2, 0).copy(order="C"), 0, 2)


def coarse_luminance(image: Array, guide: Array, black_noise: float) -> tuple[Array, int]:
    """log2 of the guide luminance on a grid of about `COARSE` cells along the long edge; pixels per cell.

    The logarithm levels off at half of `black_noise`.
    """
    height, width = image.shape[:2]
    factor = max(1, round(max(height, width) / COARSE))
    coarse = np.empty((-(-height // factor), -(-width // factor)), np.float32)
    weights = np.array([*guide[:3], 0.5 * black_noise], np.float32)
    native.call("look_reduce", image, weights, factor, coarse)
    return coarse, factor


def guide_numbers(scene: Scene, chosen: Look) -> Array:
    """Weights of the guide luminance, its floor, its noise scale and offset."""
    weights = np.array([0.30, 0.53, 0.17])
    if chosen.mono:
        weights = np.array(chosen.mono.weights())
    scale = float(weights**2 @ scene.noise_profile.scale)
    offset = float(weights**2 @ scene.noise_profile.offset)
    floor = max(np.sqrt(max(offset, 0.0)) * 0.5, 2.0**-16)
    return np.array([*weights, floor, scale, offset], np.float32)


def matrices(chosen: Look, space: str) -> tuple[Array, Array, Array]:
    """Scene to linear output primaries (through the grey mix of a black-and-white look), output primaries to Oklab cone
    responses, and back."""
    to_primaries = convert("rec2020", space)
    if chosen.mono:
        to_primaries = np.tile(chosen.mono.weights(), (3, 1))
    cones = oklab.cones_from_rgb(space)
    out = np.linalg.inv(cones)

    def neutral(matrix: npt.NDArray[np.floating[Any]]) -> Array:
        return np.asarray(matrix / matrix.sum(axis=1, keepdims=True), np.float32)

    return neutral(to_primaries), neutral(cones), neutral(out)
