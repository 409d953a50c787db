"""Highlight reconstruction: channels that clipped are estimated from those that did not and from the local colour.

Known from other developers: propagation of local colour (RawTherapee) and the opposed channels as a guide (darktable).
Here the local colour is a smooth field of three channel ratios, gathered where light is bright and not clipped; each
pixel follows it as far as its own values do not contradict it, else it is taken as nearer to neutral.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import halide as hl

from half import half, half_image
from kernel import kernel

Expr = Any

BLOCK = 16
R, G, B = 0, 1, 2
PAIRS = ((G, R), (G, B), (B, R))
CONSISTENT = 0.01  # squared difference of ratios that does not count as a contradiction
LEVERAGE = 1.0  # how much less a pair of alike channels tells about one that is far from both
NEARLY = 0.7  # of clip: where the last channel begins to count as clipped
FARTHEST = 8.0  # times clip, the most that is added


def square(e: Expr) -> Expr:
    return e * e


def step(e: Expr) -> Expr:
    """Smooth step of 0..1."""
    s = hl.clamp(e, 0.0, 1.0)
    return s * s * (3.0 - 2.0 * s)


class Stages:
    """Named intermediate values; without them expressions that use each other grow beyond bounds."""

    def __init__(self, *variables: Expr) -> None:
        self.variables = variables
        self.made: list[hl.Func] = []

    def __call__(self, name: str, *values: Expr) -> list[Expr]:
        func = hl.Func(name)
        func[self.variables] = hl.Tuple(list(values))
        self.made.append(func)
        return [func[self.variables][i] for i in range(len(values))]


def recover(
    stage: Stages,
    rgb: Sequence[Expr],
    clip: Sequence[Expr],
    local: Sequence[Expr],
    deep: Expr,
    doubt: Expr,
    onset: Expr,
    full: Expr,
) -> list[Expr]:
    """White-balanced linear camera RGB of one pixel, with clipped channels estimated; never darker than measured.

    clip: level of each channel at which it clips, in the same units. local: tanh of half the log ratio of each of
    `PAIRS` in the local colour of highlights. deep: 0..1, how far inside an area without any measurement the pixel
    is. doubt: 0..1, how improbable the local colour is where all channels clip. onset, full: parts of clip at which a
    channel begins to count as clipped and does so entirely.
    """
    # Demosaicing got lifted samples, see develop_lift.py; here they count as what they measured.
    rgb = stage("measurable", *(hl.min(e, c) for e, c in zip(rgb, clip, strict=True)))
    v = [hl.max(e, hl.f32(1e-3)) for e in rgb]
    part = stage("part", *(e / c for e, c in zip(v, clip, strict=True)))
    w = stage("clipped", *(step((e - onset) / (full - onset)) for e in part))
    spread = square(local[0]) + square(local[1]) + square(local[2])

    # How far the pixel follows the local colour: as far as what is known of its ratios allows. A clipped channel
    # may be brighter than it says, so it only contradicts ratios in which it would be darker.
    trust: Expr = hl.f32(1.0)
    for (a, b), t in zip(PAIRS, local, strict=True):
        beyond = (v[a] - v[b]) - t * (v[a] + v[b])
        beyond *= 1.0 - hl.select(beyond > 0.0, w[b], w[a])
        ease = hl.f32(CONSISTENT) + hl.f32(LEVERAGE) * spread * (1.0 - hl.max(w[a], w[b]))
        trust = hl.min(trust, 1.0 + t * beyond / ((v[a] + v[b]) * (t * t + ease)))
    least = hl.min(part[0], part[1], part[2])
    last = hl.clamp((least - hl.f32(NEARLY)) / (full - hl.f32(NEARLY)), 0.0, 1.0)
    trust = stage("trust", hl.max(trust, 0.0) * (1.0 - last * doubt), last)[0]

    ratios = []
    for t in local:
        up, down = 1.0 + trust * t, 1.0 - trust * t
        scale = 1.0 / (up * down)
        ratios += [up * up * scale, down * down * scale]
    ratio = dict(zip([p for a, b in PAIRS for p in ((a, b), (b, a))], stage("ratio", *ratios), strict=True))

    others = {R: (G, B), G: (B, R), B: (R, G)}
    first = stage(
        "first", *(v[c] + w[c] * hl.max(hl.max(*(ratio[c, o] * v[o] for o in others[c])) - v[c], 0.0) for c in range(3))
    )
    # A channel that had to be raised tells little about the others.
    measured = stage("measured", *(square(square(e)) for e in v))
    raised = stage("raised", *(square(square(e)) for e in first))
    out = []
    for c in range(3):
        a, b = others[c]
        wa, wb = measured[a] * raised[b] * ratio[a, c], measured[b] * raised[a] * ratio[b, c]
        estimate = (wa * first[a] + wb * first[b]) / (wa * ratio[a, c] + wb * ratio[b, c])
        out.append(rgb[c] + w[c] * hl.clamp(estimate - v[c], 0.0, FARTHEST * clip[c]))
    out = stage("estimated", *out)
    most = hl.max(out[0], out[1], out[2])
    whiten = deep * hl.min(w[0], w[1], w[2])
    return [e + whiten * (most - e) for e in out]


@kernel("highlights", rare=True)
def highlights() -> tuple[hl.Pipeline, list[Any]]:
    """Recover highlights of the listed blocks of a working-space image, in place.

    image: (3, h, w) float16; the output is the same array. blocks: (n, 2) int32, (y, x) of blocks of 16x16 pixels,
    each once. nodes: (8, h', w') float32 at every 16th pixel from (0, 0) on, one more than there are blocks: clip of
    R, G, B, the local colour, `deep`, `doubt` of `recover`. to_camera, from_camera: (3, 3) of working space to
    white-balanced camera RGB, and back.
    """
    image = half_image("image")
    blocks = hl.ImageParam(hl.Int(32), 2, "blocks")
    nodes = hl.ImageParam(hl.Float(32), 3, "nodes")
    to_camera, from_camera = (hl.ImageParam(hl.Float(32), 2, n) for n in ("to_camera", "from_camera"))
    onset, full = hl.Param(hl.Float(32), "onset"), hl.Param(hl.Float(32), "full")
    c, i, j, n = (hl.Var(v) for v in ("c", "i", "j", "n"))
    width, height = image.dim(0).extent(), image.dim(1).extent()

    stage = Stages(i, j, n)
    by = hl.clamp(blocks[0, n], 0, nodes.dim(1).extent() - 2)
    bx = hl.clamp(blocks[1, n], 0, nodes.dim(0).extent() - 2)
    down, along = hl.f32(j) * (1 / BLOCK), hl.f32(i) * (1 / BLOCK)
    at = []
    for k in range(8):
        corners = [nodes[bx + u, by + v, k] for v in (0, 1) for u in (0, 1)]
        left, right = corners[0] + down * (corners[2] - corners[0]), corners[1] + down * (corners[3] - corners[1])
        at.append(left + along * (right - left))
    at = stage("at", *at)
    px, py = hl.clamp(hl.likely(bx * BLOCK + i), 0, width - 1), hl.clamp(by * BLOCK + j, 0, height - 1)
    old = stage("old", *(hl.f32(image[px, py, k]) for k in range(3)))
    camera = stage("camera", *(mixed(to_camera, old, k) for k in range(3)))
    new = recover(stage, camera, at[:3], at[3:6], at[6], at[7], onset, full)
    gain = stage("gain", *(a - b for a, b in zip(new, camera, strict=True)))
    changed = hl.Func("changed")
    changed[i, j, n, c] = hl.mux(c, [old[k] + mixed(from_camera, gain, k) for k in range(3)])

    out = hl.Func("lichtbild_highlights")
    write_blocks(out, changed, image, blocks, stage)
    return hl.Pipeline([out]), [image, blocks, nodes, to_camera, from_camera, onset, full]


def write_blocks(out: hl.Func, changed: hl.Func, image: hl.ImageParam, blocks: hl.ImageParam, stage: Stages) -> hl.RDom:
    """Define and schedule `out`, which is `image` in place: the pixels (i, j, n, c) of `changed` in the listed blocks,
    over which it goes in the order that comes back.

    Each block is listed once and each of its pixels read before it is written.
    """
    width, height = image.dim(0).extent(), image.dim(1).extent()
    x, y, c, i = hl.Var("x"), hl.Var("y"), hl.Var("c"), changed.args()[0]
    out[x, y, c] = hl.undef(hl.Float(16))
    r = hl.RDom([(0, BLOCK), (0, BLOCK), (0, blocks.dim(1).extent())], "r")
    rx, ry = blocks[1, r.z] * BLOCK + r.x, blocks[0, r.z] * BLOCK + r.y
    r.where((rx < width) & (ry < height))
    inside = hl.unsafe_promise_clamped(rx, 0, width - 1), hl.unsafe_promise_clamped(ry, 0, height - 1)
    out[(*inside, c)] = half(changed[r.x, r.y, r.z, c])

    change = out.update()
    change.allow_race_conditions().reorder(c, r.x, r.y, r.z).vectorize(r.x).unroll(c).parallel(r.z)
    out.bound(c, 0, 3)
    changed.compute_at(out, r.y).vectorize(i).bound(changed.args()[3], 0, 3).unroll(changed.args()[3])
    for func in stage.made:
        func.compute_at(out, r.y).vectorize(i, BLOCK // 2)  # not in one: only loops are cut where the border begins
    return r


def mixed(matrix: hl.ImageParam, values: Sequence[Expr], row: int) -> Expr:
    return matrix[0, row] * values[0] + matrix[1, row] * values[1] + matrix[2, row] * values[2]
