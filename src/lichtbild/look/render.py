"""Leg 4: from a `Scene` to a display `Picture`: decide the numbers, then one kernel makes the picture.

`decide.decide` looks at the scene and returns every number; `apply` makes pixels of them for a target. The same numbers
may be applied again for another target: another colour space or depth costs one more call of the kernel.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from lichtbild import native
from lichtbild.carriers import GainMap, Picture, Scene
from lichtbild.color import convert
from lichtbild.look import gamut, headroom, hue, local, look, oklab, orient, resize, tone
from lichtbild.look.decide import Decided, decide, guide_numbers, planar
from lichtbild.look.look import Look, is_graded
from lichtbild.look.numbers import Bloom, Grain, Halation
from lichtbild.look.spaces import TRANSFER
from lichtbild.recipe import Recipe
from lichtbild.record import record, replace
from lichtbild.report import Report

__all__ = ["Target", "apply", "guide_numbers", "is_graded", "matrices", "render_picture"]

GAMUT_THRESHOLD = 0.8  # share of the way to the edge of the space where colours begin to be held back
BLUR = 0.65  # standard deviation in pixels of what optics and mosaic blur, which sharpening undoes
FADING = 2.0  # colour is a third as strong where luminance is as strong as its noise
U16, F32 = ("u16", np.uint16), ("f32", np.float32)
Kind = tuple[str, type[Any]]
KINDS: dict[str, Kind] = {
    "8": ("u8", np.uint8),
    "10": U16,
    "12": U16,
    "16": U16,
    "16f": F32,
    "32f": F32,
}
Array = npt.NDArray[np.float32]


@record
class Target:
    """Where a rendering goes: the colour space of its pixels and their depth, of `KINDS`; floating point is linear."""

    space: str
    depth: str


def render_picture(scene: Scene, recipe: Recipe, report: Report, chosen: Look | None = None) -> Picture:
    """Make the picture that `recipe` asks for; in the look `chosen`, where one is given, and not in the recipe's.

    Returns (h, w, 3) pixels, upright: uint8 or uint16 encoded with the transfer function of `recipe.space`, float32
    linear. Raises `RecipeError` for an unknown or wrong look.
    """
    if chosen is None and recipe.look == "profile":
        from lichtbild.look import profile_look

        shown = profile_look.shown(scene, recipe, report)
        if shown is not None:
            shown = replace(shown, image=planar(shown.image))
            return linear_picture(shown, recipe, linear_target(recipe, report), report)
        recipe = recipe.with_changes(look="natural")
    chosen = chosen or look.load(recipe.look)
    falloff = None
    if recipe.rendering:
        from lichtbild.packs import lens

        drawn = lens.load(recipe.rendering)
        chosen = lens.with_glow(chosen, drawn)
        falloff = drawn.falloff if drawn else None
    scene = replace(scene, image=planar(scene.image))
    if chosen.linear:
        return linear_picture(scene, recipe, linear_target(recipe, report), report)
    decided = replace(decide(scene, recipe, chosen, report), falloff=falloff)
    gain = local_gain(decided)
    space = recipe.space
    if space == "auto":
        space, share = "srgb", 0.0
        if not chosen.mono:
            every = max(1, round((decided.coarse.size / gamut.SAMPLES) ** 0.5))
            small = sampled(decided, every)
            coarse = np.ascontiguousarray(gain[:, ::every, ::every])
            space, share = gamut.needed(*(apply(small, coarse, Target(space, "32f"))[0] for space in ("srgb", "p3")))
        report.decide("look", space=space, paler_in_srgb=share)
    image, gain_map = apply(decided, gain, Target(space, recipe.depth or "8"))
    return Picture(image, space, replace(scene.metadata, orientation=1), gain_map=gain_map)


def sampled(decided: Decided, every: int) -> Decided:
    """The same for a picture of one pixel for each `every`th cell of the coarse grid, both ways; without what spreads
    or is strewn over it, which makes no colour more vivid."""
    step = every * decided.factor
    plain = replace(decided.look, grain=Grain(), halation=Halation(), bloom=Bloom())
    image = planar(decided.scene.image[::step, ::step].copy())
    room = replace(decided.room, stops=0.0)
    return replace(decided, look=plain, scene=replace(decided.scene, image=image), factor=1, sharpness=0.0, room=room)


def apply(decided: Decided, gain: Array, target: Target) -> tuple[npt.NDArray[Any], GainMap | None]:
    """Pixels (h, w, 3), upright, for a target, and the gain map where headroom was decided. gain: as `local_gain`."""
    chosen, scene, factor, guide = decided.look, decided.scene, decided.factor, decided.guide
    view, gain_view, (dy, dx) = orient.upright(scene.image, gain, factor, scene.metadata.orientation)
    place = np.array([1 / factor, dx, dy], np.float32)
    brightest = orient.turned(decided.brightest, scene.metadata.orientation)
    gain_map = headroom.gain_map(decided.room, view, brightest, gain_view, place, guide)
    graded = is_graded(chosen)
    kind, dtype = KINDS[target.depth]
    turn = 0
    if kind == "u8" and not graded and orient.lies(scene.metadata.orientation):
        turn, view, gain_view = scene.metadata.orientation, scene.image, gain
        place = np.array([1 / factor, 0, 0], np.float32)
    restored = decided.sharpness * restoring(chosen.sharpen.amount)
    arguments = [
        view,
        gain_view,
        factor,
        place,
        guide,
        *matrices(chosen, target.space),
        decided.curve.to_array(),
        hue.table(chosen.color, chosen.hue, hue.MOVES_ORDER if graded else hue.ORDER),
        np.array([1 / 0.2, chosen.color.bleach, chosen.color.density], np.float32),
        np.array([restored, chosen.sharpen.overshoot, chosen.sharpen.noise], np.float32),
        np.array([GAMUT_THRESHOLD, 1 / (1 - GAMUT_THRESHOLD) - 1 / (2 - GAMUT_THRESHOLD)], np.float32),
    ]
    image: npt.NDArray[Any] = np.empty(view.shape, dtype)
    dither = 1.0 if target.depth == "8" else 0.0
    if not graded:
        native.call(f"look_render_{kind}", *arguments, TRANSFER[target.space].to_array(dither), image)
        return orient.upright_picture(image, turn) if turn else image, gain_map
    from lichtbild.look.grading import grading

    more = grading(decided, target.space, view.shape[:2])
    light = np.empty(view.shape, np.float32) if kind == "u16" else image
    native.call(
        f"look_graded_{'u8' if kind == 'u8' else 'f32'}",
        *arguments,
        TRANSFER[target.space].to_array(dither),
        *more,
        light,
    )
    if kind == "u16":
        native.call("look_encode_u16", light, np.eye(3, dtype=np.float32), TRANSFER[target.space].to_array(0.0), image)
    return image, gain_map


def local_gain(decided: Decided) -> Array:
    """(3, rows, columns): slope and offset of log2 gain against the log2 guide, and trust in colour, of each cell."""
    chosen, coarse = decided.look, decided.coarse
    gain = np.empty((3, *coarse.shape), np.float32)
    to_grey = decided.ev - np.log2(tone.MIDDLE_GREY)
    noise = decided.guide[4], decided.guide[5]
    numbers = [to_grey, chosen.local.clarity, local.EDGE, local.FLATNESS, *noise, FADING]
    cell = max(1, round(max(coarse.shape) / 32))
    native.call("look_local", coarse, decided.tones.table(), np.array(numbers, np.float32), cell, gain)
    gain[1] += decided.ev
    if chosen.vignette.strength:
        gain[1] += local.vignette(chosen.vignette, decided.scene.image.shape[:2], decided.factor, coarse.shape)
    if decided.falloff:
        from lichtbild.packs import lens

        gain[1] += lens.falloff_map(decided.falloff, decided.scene.image.shape[:2], decided.factor, coarse.shape)
    return gain


def linear_target(recipe: Recipe, report: Report) -> Target:
    """The target of a look that has no white of its own: there is nothing above it, and sRGB unless asked otherwise."""
    if recipe.hdr in ("on", "hlg"):
        report.notice(
            f"the look {recipe.look} has no white, and nothing above it, so --hdr {recipe.hdr} does nothing to it"
        )
    return Target("srgb" if recipe.space == "auto" else recipe.space, recipe.depth or "8")


def linear_picture(scene: Scene, recipe: Recipe, target: Target, report: Report) -> Picture:
    """The scene itself in the chosen primaries; integers are encoded, and clip."""
    report.decide("look", look=recipe.look)
    kind, dtype = KINDS[target.depth]
    scene = resize.smaller(scene, recipe.size)
    view = orient.turned(scene.image, scene.metadata.orientation)
    image = np.empty(view.shape, dtype)
    matrix = convert("rec2020", target.space).astype(np.float32)
    native.call(f"look_linear_{kind}", view, matrix, TRANSFER[target.space].to_array(0.0), image)
    return Picture(image, target.space, replace(scene.metadata, orientation=1))


def restoring(amount: float) -> float:
    """Share of what the blur 1 2 1 takes that is to be given back to undo `amount` of the blur `BLUR`, at half of the
    finest frequency, where 1 2 1 takes half."""
    return 2.0 * float(np.expm1(amount * 2 * (np.pi * BLUR / 4) ** 2))


def matrices(chosen: Look, space: str) -> tuple[Array, Array, Array]:
    """Scene to linear output primaries (through the grey mix of a black-and-white look), output primaries to Oklab cone
    responses, and back."""
    to_primaries = convert("rec2020", space)
    if chosen.mono:
        to_primaries = np.tile(chosen.mono.weights(), (3, 1))
    cones = oklab.cones_from_rgb(space)
    return oklab.neutral(to_primaries), oklab.neutral(cones), oklab.neutral(np.linalg.inv(cones))
