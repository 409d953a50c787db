"""Defringing of bright edges: the coloured rim that a lens draws on the dark side of what is much brighter.

No lens focuses all colours in one plane; blue and red light of something bright spread beyond its edge, as violet,
where green does not. Developers know fringes by their hue, and take all violet near edges. Here a rim is what its
own surroundings cannot explain: more blue, and with it red, beside green than both the bright side and the dark
side a little farther away show.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import halide as hl

from develop_highlights import BLOCK, Stages, mixed, square, step, write_blocks
from half import half_image
from kernel import kernel

Expr = Any

REACH = 14  # pixels that light spreads
SHINE = 0.5, 1.0  # of clip: green light that begins to make a rim; does so fully
SHARE = 0.3  # of the bright side's light, the most that spreads
OWN = 0.6, 0.95  # of clip, its green: where a pixel begins to be the bright side itself; is it
WITH_RED = 2.0  # red that is taken, at most, for each part of blue


@kernel("defringe", rare=True)
def defringe() -> tuple[hl.Pipeline, list[Any]]:
    """Take the rims of the listed blocks of a working-space image, in place.

    image: (3, h, w) float16; the output is the same array. blocks: (n, 2) int32, (y, x) of blocks of 16x16 pixels,
    of which no two touch. nodes: (3, h', w') float32 at every 16th pixel from (0, 0) on, one more than there are
    blocks: clip of G, the largest R/G and B/G that the surroundings explain. to_camera, from_camera: (3, 3) of
    working space to white-balanced camera RGB, and back. floor: light that counts as noise.
    """
    image = half_image("image")
    blocks = hl.ImageParam(hl.Int(32), 2, "blocks")
    nodes = hl.ImageParam(hl.Float(32), 3, "nodes")
    to_camera, from_camera = (hl.ImageParam(hl.Float(32), 2, n) for n in ("to_camera", "from_camera"))
    floor = hl.Param(hl.Float(32), "floor")
    c, i, j, n = (hl.Var(v) for v in ("c", "i", "j", "n"))
    width, height = image.dim(0).extent(), image.dim(1).extent()
    by = hl.clamp(blocks[0, n], 0, nodes.dim(1).extent() - 2)
    bx = hl.clamp(blocks[1, n], 0, nodes.dim(0).extent() - 2)

    # Light of the bright side, as far as it spreads, on squares of two pixels: the largest, each weighted by a parabola
    # of the distance.
    green = nodes[bx, by, 0]
    across = hl.clamp(hl.likely(bx * BLOCK + i), 0, width - 1)
    here = across, hl.clamp(by * BLOCK + j, 0, height - 1)
    light, shine, rows, glow = (hl.Func(v) for v in ("light", "shine", "rows", "glow"))
    light[i, j, n] = mixed(to_camera, [hl.f32(image[here[0], here[1], k]) for k in range(3)], 1)
    most = hl.max(*(light[2 * i + u, 2 * j + v, n] for v in (0, 1) for u in (0, 1)))
    shine[i, j, n] = most * step((most / green - SHINE[0]) * (1 / (SHINE[1] - SHINE[0])))
    rows[i, j, n] = spread([shine[i, j + d, n] for d in range(-REACH // 2, REACH // 2 + 1)])
    glow[i, j, n] = spread([rows[i + d, j, n] for d in range(-REACH // 2, REACH // 2 + 1)])
    beside, beyond = (e / 2 + 2 * (e % 2) - 1 for e in (i, j))
    near = 0.75 * glow[i / 2, j / 2, n] + 0.25 * glow[beside, j / 2, n]
    far = 0.75 * glow[i / 2, beyond, n] + 0.25 * glow[beside, beyond, n]

    stage = Stages(i, j, n)
    down, along = hl.f32(j) * (1 / BLOCK), hl.f32(i) * (1 / BLOCK)
    at = []
    for k in range(3):
        corners = [nodes[bx + u, by + v, k] for v in (0, 1) for u in (0, 1)]
        left, right = corners[0] + down * (corners[2] - corners[0]), corners[1] + down * (corners[3] - corners[1])
        at.append(left + along * (right - left))
    at = stage("at", *at)
    old = stage("old", *(hl.f32(image[here[0], here[1], k]) for k in range(3)))
    camera = stage("camera", *(mixed(to_camera, old, k) for k in range(3)))
    taken = stage("taken", *rim(camera, at[0], at[1:], hl.f32(SHARE) * (0.75 * near + 0.25 * far), floor))
    changed = hl.Func("changed")
    loss = [taken[0], hl.f32(0), taken[1]]
    changed[i, j, n, c] = hl.mux(c, [old[k] - mixed(from_camera, loss, k) for k in range(3)])

    out = hl.Func("lichtbild_defringe")
    # No block touches another one: what is read of a neighbour is not written meanwhile.
    r = write_blocks(out, changed, image, blocks, stage)
    light.compute_at(out, r.z).vectorize(i, 8).never_partition([j])
    shine.compute_at(out, r.z).vectorize(i, 8)
    rows.compute_at(out, r.z).vectorize(i, 8)
    glow.compute_at(out, r.z).vectorize(i, 8)
    return hl.Pipeline([out]), [image, blocks, nodes, to_camera, from_camera, floor]


def spread(values: Sequence[Expr]) -> Expr:
    """The largest of values along a line, two pixels apart, weighted by a parabola that is 1 in its middle."""
    middle = len(values) // 2
    return hl.max(*(v * hl.f32(1.0 - (2 * (d - middle) / (REACH + 1)) ** 2) for d, v in enumerate(values)))


def rim(rgb: Sequence[Expr], clip: Expr, most: Sequence[Expr], limit: Expr, floor: Expr) -> list[Expr]:
    """Red and blue that are taken from a pixel. clip: of green. most: R/G and B/G that are explained. limit: the most
    light that may spread."""
    dark = 1.0 - step((rgb[1] / clip - hl.f32(OWN[0])) * hl.f32(1 / (OWN[1] - OWN[0])))
    base = hl.max(rgb[1], 0.0)
    red, blue = (hl.max(rgb[k] - most[m] * base - floor, 0.0) for k, m in ((0, 0), (2, 1)))
    blue = held(blue, dark * limit)
    return [hl.min(held(red, dark * limit), WITH_RED * blue), blue]


def held(excess: Expr, limit: Expr) -> Expr:
    """The excess, smoothly held below `limit`."""
    ratio = excess / (limit + hl.f32(1e-9))
    return excess / hl.sqrt(hl.sqrt(1.0 + square(square(ratio))))
