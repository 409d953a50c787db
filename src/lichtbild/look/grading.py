"""What looks beyond the kernel of `natural` need: light that spreads, grain, tables of lightness and of colours."""

from __future__ import annotations

from typing import Any

import numpy as np

from lichtbild.look import glow, grain, lut, orient, shade
from lichtbild.look.decide import Decided
from lichtbild.look.numbers import Color


def grading(decided: Decided, space: str, shape: tuple[int, int]) -> list[Any]:
    """What `look_graded` takes beyond `look_render`, for an upright picture of that shape."""
    chosen, scene = decided.look, decided.scene
    glows = np.zeros((3, 1, 1), np.float32)
    if chosen.halation.strength or chosen.bloom.strength:
        glows = glow.grid(scene.image, decided.factor, decided.ev, scene.clip, chosen.halation, chosen.bloom)
        glows = orient.upright(scene.image, glows, decided.factor, scene.metadata.orientation)[1]
    grains, level, apart = grain.none(shape), 0.0, 0
    if chosen.grain.strength:
        grains, level, apart = grain.field(shape, chosen.grain, grain.seed_of(scene.metadata.capture_time))
    levels = np.array([level, level * grain.TINTED * chosen.grain.color], np.float32)
    shades = shade.table(chosen.tone, chosen.color if chosen.mono is None else Color(), chosen.toning)
    return [glows, shades, grains, levels, apart, *lut.arguments(chosen, space)]
