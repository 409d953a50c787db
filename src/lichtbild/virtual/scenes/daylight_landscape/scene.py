"""The landscape put together from far to near, and the balloon that drifts through it."""

from __future__ import annotations

import numpy as np

from lichtbild import color
from lichtbild.virtual.draw import Sheet, inside, mix, rgb, segment, smooth
from lichtbild.virtual.field import Field
from lichtbild.virtual.scene import Mover, VirtualScene
from lichtbild.virtual.scenes.daylight_landscape import buildings, land, sky, trees
from lichtbild.virtual.scenes.daylight_landscape.trees import Tree

FAR_TREES = tuple(
    Tree(X, Z, h, r, 0.17, "#86a050", "#3e582e", seed, slim)
    for X, Z, h, r, seed, slim in (
        (-38, 105, 13, 5.5, 1, 1.0), (-30, 100, 11, 5.0, 2, 1.0), (-21, 92, 14, 5.4, 3, 1.0),
        (-12, 98, 10, 4.6, 4, 1.0), (-4, 110, 13, 5.2, 5, 1.0), (34, 95, 12, 5.4, 6, 1.0),
        (43, 90, 14, 6.0, 7, 1.0), (27, 88, 16, 3.0, 8, 0.42), (23.5, 90, 14, 2.6, 9, 0.42),
        (-15, 62, 8.5, 4.0, 10, 1.0), (-22.5, 58, 9.5, 4.4, 11, 1.0),
    )
)  # fmt: skip
NEAR_TREES = (
    Tree(19.5, 36.0, 10.5, 4.6, 0.105, "#90a456", "#445e32", 21),
    Tree(3.4, 38.0, 8.0, 3.2, 0.10, "#9caa62", "#4a6434", 22),
    Tree(-6.3, 14.5, 9.4, 4.3, 0.058, "#98ae56", "#3f5a2c", 23),
)
BALLOON = (-0.255, -0.02, 0.062)  # y, x, radius


def scene() -> VirtualScene:
    """A landscape under a high sun; sunlit clouds reach the sensor's white and beyond."""
    return VirtualScene(
        "daylight-landscape",
        paint,
        color.daylight_xy(5600.0),
        exposure=0.85,
        light_value=14.5,
        movers=(Mover("balloon", _balloon, (-0.36, -0.11, -0.12, 0.07), (-0.25, 1.0), 1.0),),
    )


def paint(y: Field, x: Field, pixel: float, /) -> Field:
    """All but the balloon."""
    sheet = Sheet(y, x, pixel)
    sky.heaven(sheet)
    sky.hills(sheet)
    shadows = [
        (t.X + 0.75 * t.height * 0.62, t.Z + 0.3 * t.height, t.radius * 1.15, t.radius * 1.0)
        for t in (*FAR_TREES, *NEAR_TREES)
    ]
    land.meadow(sheet, [*shadows, (buildings.HOUSE[0] + 8.0, buildings.HOUSE[1] + 2.0, 8.0, 3.0)])
    for tree in sorted(FAR_TREES, key=lambda t: -t.Z):
        trees.plant(sheet, tree)
    trees.plant(sheet, NEAR_TREES[1])
    trees.plant(sheet, NEAR_TREES[0])
    buildings.house(sheet)
    trees.plant(sheet, NEAR_TREES[2])
    buildings.stone_wall(sheet)
    buildings.wall_shadow_and_fringe(sheet)
    land.tall_grass(sheet)
    return sheet.finished()


def _balloon(y: Field, x: Field, pixel: float, /) -> Field:
    """A hot-air balloon: coloured gores, sunlit from the left, basket and ropes."""
    sheet = Sheet(y, x, pixel, bare=True)
    assert sheet.cover is not None
    cy, cx, r = BALLOON
    v, u = (y - cy) / r + 0 * x, (x - cx) / r + 0 * y
    # An onion: a ball above, drawn in to the mouth below.
    half = np.where(
        v < 0.15, np.sqrt(np.maximum(1 - np.minimum(v, 0.15) ** 2, 0)), 0.9887 * (1 - smooth(0.15, 1.95, v) * 0.86)
    )
    inside_envelope = inside(np.maximum(np.abs(u) - half, np.maximum(-1 - v, v - 1.28)) * r, pixel)
    across = np.clip(u / np.maximum(half, 1e-3), -1, 1)
    longitude = np.arcsin(across)
    gore = np.floor((longitude + np.pi / 2) / (np.pi / 9))
    tones = [np.array(rgb(c), np.float32) for c in ("#d8341f", "#f0b428", "#f4ead0")]
    colour = np.where((gore % 3 == 0)[..., None], tones[0], np.where((gore % 3 == 1)[..., None], tones[1], tones[2]))
    belt = inside(np.abs(v - 0.02) - 0.16, pixel / r)
    zigzag = inside(np.abs(v - 0.02 - 0.07 * np.sign(np.sin(longitude * 9)) * 0.9) - 0.05, pixel / r)
    colour = mix(colour, np.array(rgb("#1f3f86"), np.float32), belt)
    colour = mix(colour, tones[1], belt * zigzag)
    nz = np.cos(longitude) * np.sqrt(np.maximum(1 - np.clip(v, -1, 1) ** 2, 0.02))
    sun = np.clip(
        across * np.sqrt(np.maximum(1 - np.clip(v, -1, 1) ** 2, 0)) * sky.SUN[0] - v * sky.SUN[1] - nz * sky.SUN[2],
        0,
        1,
    )
    seam = 1 - 0.30 * np.exp(-np.abs(((longitude + np.pi / 2) / (np.pi / 9)) % 1 - 0.0) / 0.05)
    glow = 0.14 + 0.10 * smooth(0.2, 1.2, v)
    light = colour * ((sun * 0.95 + glow) * seam)[..., None] * sky.SUNLIGHT + colour * sky.SKYLIGHT * 0.7
    sheet.light = mix(sheet.light, light, inside_envelope)
    sheet.cover[:] = inside_envelope
    for side in (-1.0, -0.3, 0.3, 1.0):
        a, b = (cy + 1.26 * r, cx + 0.13 * side * r), (cy + 1.62 * r, cx + 0.10 * side * r)
        near = segment(y, x, a, b) - 0.006 * r
        sheet.cover[:] = np.maximum(sheet.cover, inside(near, pixel) * min(1.0, 0.012 * r / pixel))
    basket = np.maximum(np.abs(u) - 0.115 + 0.06 * (v - 1.7), np.abs(v - 1.70) - 0.085)
    part = inside(basket * r, pixel)
    weave = 0.85 + 0.15 * np.sin(v * 160) * np.sin(u * 160)
    sheet.light = mix(
        sheet.light, (weave * np.clip(0.6 - 2.2 * u, 0.2, 1))[..., None] * np.array(rgb("#8a5a30"), np.float32), part
    )
    sheet.cover[:] = np.maximum(sheet.cover, part)
    for place in (-0.05, 0.04):
        head = inside((np.hypot(u - place, v - 1.585) - 0.030) * r, pixel)
        sheet.light = mix(sheet.light, np.array(rgb("#b07a5a"), np.float32) * 0.6, head)
        sheet.cover[:] = np.maximum(sheet.cover, head)
    return sheet.finished()
