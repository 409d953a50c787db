"""The merge: each alternate joins the reference where the noise model says that they show the same.

A quad of 2x2 sites is judged from the 3x3 quads around it, in two ways: the mean square of the differences
(texture that does not fit, interpolation that failed) and the square of their mean (a smooth shift of tone, such as
the edge of something that moved), each against what noise alone would give. The weight of an alternate falls as
its misfit grows, in the manner of the robust Wiener merge of Hasinoff et al. (2016), in the pixel domain.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Any

import halide as hl

from burst_evidence import between
from burst_interpolate import PEDESTAL, UNIT
from kernel import kernel
from taps import sum_of

TOLD = 1e-6  # weight from where on another frame tells of a quad
CHANNELS = 5  # weighted sums of the four sites of a quad, and the sum of weights


def highest(values: Iterable[hl.Expr]) -> hl.Expr:
    return functools.reduce(hl.max, values)


def below_clip(value: hl.Expr, clip: hl.Expr) -> hl.Expr:
    """1 well below the clip level, 0 at it."""
    return hl.clamp((clip - value) / (hl.f32(0.04) * clip), 0.0, 1.0)


@kernel("burst_accumulate")
def burst_accumulate() -> tuple[hl.Pipeline, list[Any]]:
    """Add one warped alternate to the sums.

    reference (2h, 2w) uint16 digital numbers; warped (2h, 2w) uint16 as from burst_warp; sums (5, h, w) float32, read
    and written in place. black: (4,), unit: 1 / (white - black) of the reference; noise: (4, 2) scale and offset of
    each site of the reference, noise_alt those of the alternate at the reference's exposure; rows: (h,) factor of the
    alternate's light in each row of quads; ratio: exposure of the reference over the alternate's; clip, clip_ref: x at
    which the alternate and the reference clip, in units of the reference's white; strictness: how fast the weight falls
    with misfit; trust: (rows, columns) as from burst_trust, bordered.
    """
    reference, warped = hl.ImageParam(hl.UInt(16), 2, "reference"), hl.ImageParam(hl.UInt(16), 2, "warped")
    sums = hl.ImageParam(hl.Float(32), 3, "sums")
    black = hl.ImageParam(hl.Float(32), 1, "black")
    noise, noise_alt = hl.ImageParam(hl.Float(32), 2, "noise"), hl.ImageParam(hl.Float(32), 2, "noise_alt")
    rows, trust = hl.ImageParam(hl.Float(32), 1, "rows"), hl.ImageParam(hl.Float(32), 2, "trust")
    unit, ratio, clip, clip_ref, strictness = (
        hl.Param(hl.Float(32), n) for n in ("unit", "ratio", "clip", "clip_ref", "strictness")
    )
    x, y, c = hl.Var("x"), hl.Var("y"), hl.Var("c")
    w, h = reference.width() / 2, reference.height() / 2

    ref, alt, usable = hl.Func("ref"), hl.Func("alt"), hl.Func("usable")
    sx, sy = 2 * x + c % 2, 2 * y + c / 2
    ref[x, y, c] = (hl.f32(reference[sx, sy]) - black[c]) * unit
    row = rows[hl.clamp(y, 0, h - 1)]
    alt[x, y, c] = (hl.f32(warped[sx, sy]) - PEDESTAL) * (row * (ratio / UNIT))
    quad = range(4)
    r, a = [hl.Expr(ref[x, y, i]) for i in quad], [hl.Expr(alt[x, y, i]) for i in quad]
    # Where either frame clips, only what both can tell is compared.
    clip_alt = clip * row
    ceiling = hl.min(clip_alt, clip_ref)
    differences = []
    for p, q in zip(a, r, strict=True):
        d = hl.min(p, ceiling) - hl.min(q, ceiling)
        # A site at its clip level says "at least": what the other frame has beyond is no misfit.
        differences.append(d * hl.select(d > 0, below_clip(q, clip_ref), below_clip(p, clip_alt)))
    mean = hl.max(sum_of(p + q for p, q in zip(a, r, strict=True)) * 0.125, 0.0)
    variance = [noise[0, i] * mean + noise[1, i] + noise_alt[0, i] * mean + noise_alt[1, i] for i in quad]
    present = warped[2 * x, 2 * y] > 0
    for i in range(1, 4):
        present = present & (warped[2 * x + i % 2, 2 * y + i // 2] > 0)
    top = highest(a)
    # What a longer exposure shows beside its clipped pixels was interpolated from them.
    tall, wide = hl.Func("tall"), hl.Func("wide")
    bright = hl.Func("bright")
    bright[x, y] = top / row
    held = hl.BoundaryConditions.repeat_edge(bright, [(0, w), (0, h)])
    tall[x, y] = highest(hl.Expr(held[x, y + i]) for i in range(-2, 3))
    wide[x, y] = highest(hl.Expr(tall[x + i, y]) for i in range(-2, 3))
    beside = hl.select(ratio < hl.f32(0.8), hl.Expr(wide[x, y]), hl.Expr(bright[x, y]))
    usable[x, y] = hl.select(present, hl.clamp((clip - beside) / (hl.f32(0.02) * clip), 0.0, 1.0), hl.f32(0.0))

    # Two measures of misfit, in units of the noise; what one frame does not show tells nothing.
    square, shift = hl.Func("square"), hl.Func("shift")
    units = [d * hl.fast_inverse_sqrt(v) for d, v in zip(differences, variance, strict=True)]
    square[x, y] = hl.select(present, sum_of(u * u for u in units) * 0.25, hl.f32(1.0))
    shift[x, y] = hl.select(present, sum_of(units) * 0.25, hl.f32(0.0))
    edge_square = hl.BoundaryConditions.repeat_edge(square, [(0, w), (0, h)])
    edge_shift = hl.BoundaryConditions.repeat_edge(shift, [(0, w), (0, h)])

    def around(f: hl.Func, name: str) -> tuple[hl.Func, hl.Func]:
        """Mean over 3x3 quads with weights 1 2 1."""
        rows, out = hl.Func(f"{name}_rows"), hl.Func(f"{name}_mean")
        rows[x, y] = f[x, y - 1] * 0.25 + f[x, y] * 0.5 + f[x, y + 1] * 0.25
        out[x, y] = rows[x - 1, y] * 0.25 + rows[x, y] * 0.5 + rows[x + 1, y] * 0.25
        return rows, out

    rows_square, mean_square = around(edge_square, "square")
    rows_shift, mean_shift = around(edge_shift, "shift")
    # Noise alone gives mean_square 1 with a deviation near 0.25 and mean_shift^2 near 0.035.
    texture = hl.max(mean_square[x, y] - hl.f32(1.35), 0.0)
    tone = hl.max(mean_shift[x, y] * mean_shift[x, y] - hl.f32(0.15), 0.0) * 4.0
    misfit = texture + tone
    weight = hl.Func("weight")
    base = sum_of((noise[0, i] * mean + noise[1, i]) / (noise_alt[0, i] * mean + noise_alt[1, i]) for i in quad) * 0.25
    trust_row, trusted = between(trust, x, y, "trust")
    weight[x, y] = usable[x, y] * base * trusted / (1.0 + strictness * misfit * misfit)

    out = hl.Func("lichtbild_burst_accumulate")
    out[x, y, c] = sums[x, y, c] + weight[x, y] * hl.mux(c, [*a, hl.f32(1.0)])
    yo, yi = hl.Var("yo"), hl.Var("yi")
    out.bound(c, 0, CHANNELS).split(y, yo, yi, 32, hl.TailStrategy.GuardWithIf).reorder(x, c, yi, yo)
    out.unroll(c).vectorize(x, 16, hl.TailStrategy.GuardWithIf).parallel(yo)
    for f in (square, shift, rows_square, rows_shift, bright, tall):
        f.store_at(out, yo).compute_at(out, yi).vectorize(x, 16)
    weight.compute_at(out, yi).vectorize(x, 16)
    trust_row.compute_at(out, yi).never_partition_all()
    out.never_partition([yi, yo])
    for f in (square, shift, rows_square, rows_shift, bright, tall, weight):
        f.never_partition([y])
    return hl.Pipeline([out]), [
        reference, warped, sums, black, noise, noise_alt, rows, trust, unit, ratio, clip, clip_ref, strictness,
    ]  # fmt: skip


@kernel("burst_finish")
def burst_finish() -> tuple[hl.Pipeline, list[Any]]:
    """The merged mosaic: sums and reference, weighted, in digital numbers of the merged frame.

    reference (2h, 2w) uint16, sums (5, h, w) -> (2h, 2w) uint16 = black_out + x * scale_out, rounded. The
    reference's own weight is 1, and falls to 0 at sites near `clip_ref`, where darker frames can take over (`yields`).
    The others count as far as they are trusted: (rows, columns) as from burst_trust, bordered. A quad that clips in the
    reference and that no other frame tells of is as bright as the merge can say, `highest`: left at `clip_ref` it would
    pass for measured, and its colour for that of the light.
    """
    reference = hl.ImageParam(hl.UInt(16), 2, "reference")
    sums, trust = hl.ImageParam(hl.Float(32), 3, "sums"), hl.ImageParam(hl.Float(32), 2, "trust")
    black = hl.ImageParam(hl.Float(32), 1, "black")
    unit, clip_ref, highest_x, black_out, scale_out = (
        hl.Param(hl.Float(32), n) for n in ("unit", "clip_ref", "highest", "black_out", "scale_out")
    )
    yields = hl.Param(hl.Bool(), "yields")
    x, y, qx, qy = (hl.Var(n) for n in ("x", "y", "qx", "qy"))
    trust_row, at = between(trust, qx, qy, "trust")
    trusted = hl.Func("trusted")
    trusted[qx, qy] = at
    own = (hl.f32(reference[x, y]) - black[x % 2 + 2 * (y % 2)]) * unit
    qx, qy = x / 2, y / 2
    total = hl.mux(x % 2 + 2 * (y % 2), [sums[qx, qy, i] for i in range(4)]) * trusted[qx, qy]
    others = sums[qx, qy, 4] * trusted[qx, qy]

    told = others > hl.f32(TOLD)
    quad = [(hl.f32(reference[2 * qx + i % 2, 2 * qy + i // 2]) - black[i]) * unit for i in range(4)]
    below = [below_clip(v, clip_ref) for v in quad]
    # Each site for itself: beside a lamp what the reference measured is nearer the truth than another frame's edge.
    mine = hl.select(yields & told, below_clip(own, clip_ref), hl.f32(1.0))
    burnt = hl.select(yields & ~told, 1.0 - highest(below), hl.f32(0.0))
    # What clips is at least as bright as it says; how bright, even a frame that hardly counts knows better.
    value = (mine * own + total) / (mine + others)
    value = hl.select(yields & (own >= clip_ref), hl.max(value, own), value)
    value = value + burnt * hl.max(highest_x - value, 0.0)
    out = hl.Func("lichtbild_burst_finish")
    out[x, y] = hl.u16(hl.clamp(value * scale_out + black_out + 0.5, 0.0, 65535.0))
    out.align_bounds(x, 2).align_bounds(y, 2)
    xi, yi, xo, yo = hl.Var("xi"), hl.Var("yi"), hl.Var("xo"), hl.Var("yo")
    out.tile(x, y, xo, yo, xi, yi, 2, 2, hl.TailStrategy.RoundUp).unroll(xi).unroll(yi)
    out.vectorize(xo, 16, hl.TailStrategy.GuardWithIf).parallel(yo, 16)
    trust_row.compute_at(out, yo).never_partition_all()
    out.never_partition_all()
    return hl.Pipeline([out]), [reference, sums, black, trust, unit, clip_ref, highest_x, black_out, scale_out, yields]


@kernel("burst_confidence", rare=True)
def burst_confidence() -> tuple[hl.Pipeline, list[Any]]:
    """Frames that count in cells of 8x8 mosaic pixels: sums (5, h, w) -> (ceil(h / 4), ceil(w / 4)) float32.

    The harmonic mean, so that noise variance is the profile's over it, also where part of a cell saw fewer frames.
    """
    sums = hl.ImageParam(hl.Float(32), 3, "sums")
    x, y = hl.Var("x"), hl.Var("y")
    weights = hl.BoundaryConditions.repeat_edge(sums)
    cell = hl.RDom([(0, 4), (0, 4)])
    share, out = hl.Func("share"), hl.Func("lichtbild_burst_confidence")
    share[x, y] = 0.0
    share[x, y] += 1.0 / (1.0 + weights[x * 4 + cell.x, y * 4 + cell.y, 4])
    out[x, y] = 16.0 / share[x, y]
    out.parallel(y, 8, hl.TailStrategy.GuardWithIf)
    share.compute_at(out, x)
    return hl.Pipeline([out]), [sums]
