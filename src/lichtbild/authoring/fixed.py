"""A look with nothing that is decided from the scene or depends on the place: what it does to single colours.

Automatic exposure, local tone, clarity, sharpening, vignette and whatever else looks at neighbours are left out; middle
grey of the scene has the brightness that the look's own exposure gives it. This is what a LUT can hold.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from lichtbild.carriers import Metadata, NoiseProfile, Picture, Scene
from lichtbild.look.decide import planar
from lichtbild.look.look import SECTIONS, Look
from lichtbild.look.numbers import Local
from lichtbild.look.render import render_picture
from lichtbild.recipe import Recipe
from lichtbild.record import replace
from lichtbild.report import Report

NO_NOISE = NoiseProfile((0.0,) * 3, (0.0,) * 3)
PLACES = ("halation", "bloom", "vignette", "grain")  # sections of a look that depend on the place or on neighbours
WIDTH = 512
FAR = 2.0**12  # clip level that no look's white reaches


def flat(look: Look) -> Look:
    """The look without all that depends on places or neighbours."""
    bare: dict[str, Any] = {name: SECTIONS[name]() for name in PLACES}
    return replace(look, local=Local(shadows=0.0, highlights=0.0, clarity=0.0), **bare)


def scene_of(image: npt.ArrayLike, clip: float = FAR) -> Scene:
    """A scene without noise of (h, w, 3) linear Rec. 2020."""
    return Scene(planar(np.asarray(image)), NO_NOISE, (1.0, 1.0, 1.0), (0.3127, 0.3290), clip, Metadata())


def render(scene: Scene, look: Look, recipe: Recipe) -> Picture:
    """The picture without automatic exposure: a scene's middle grey stays middle grey, but for the look's own bias and
    the recipe's `ev`."""
    if look.linear:
        return render_picture(scene, recipe, Report(), look)
    first = Report()
    render_picture(scene, recipe, first, look)
    bias = look.exposure.bias - float(first.decided["look"]["auto_ev"])
    return render_picture(scene, recipe, Report(), replace(look, exposure=replace(look.exposure, bias=bias)))


def shown(look: Look, colours: npt.ArrayLike, space: str = "srgb") -> npt.NDArray[np.float64]:
    """What the look makes of (n, 3) linear Rec. 2020 scene colours: (n, 3) linear light of `space`, 0..1."""
    given = np.asarray(colours, np.float32).reshape(-1, 3)
    rows = -(-len(given) // WIDTH)
    sheet = np.full((rows * WIDTH, 3), 0.18, np.float32)
    sheet[: len(given)] = given
    recipe = Recipe(sharpen=0.0, depth="32f", space=space, hdr="off")
    picture = render(scene_of(sheet.reshape(rows, WIDTH, 3)), flat(look), recipe)
    return np.clip(np.asarray(picture.image, np.float64).reshape(-1, 3)[: len(given)], 0.0, 1.0)
