"""Super-resolution, second part: samples of all frames are gathered around each pixel of the fine grid.

Kernel regression as in Wronski et al. (Handheld Multi-Frame Super-Resolution, 2019), of what the samples add to the
merged picture. The fine grid is kept by its phase within a quad: along a row of quads one phase lies everywhere
alike to the samples of a block, so that weights are numbers of a block and samples are read as dense vectors.
"""

from __future__ import annotations

from typing import Any

import halide as hl

from kernel import kernel
from superres_samples import ONE, PAD_X, PAD_Y
from taps import sum_of

BLOCK_X, BLOCK_Y = 8, 4  # quads that share one displacement, as in burst_blocks
MEAN, MIDDLE = 16384.0, 32768.0  # of means in 16 bits
WEIGHT = 1024.0  # of weights in 16 bits


@kernel("superres_gather", rare=True)
def superres_gather() -> tuple[hl.Pipeline, list[Any]]:
    """Add frames to the running means: (8, P, P, h, w) uint16, read and written in place.

    Planes: mean and weight of what all colours share, then of R, G, B; phases (y, x) of the P x P fine pixels of a
    quad; quads, in whole blocks. samples: (n, 5, h + 2 PAD_Y, w + 2 PAD_X) as from superres_samples; blocks:
    (n, 2, rows, columns) displacement (dy, dx) in mosaic pixels of blocks of 4x8 quads; step: mosaic pixels between
    fine ones; sharpness: (3,) 1 / (2 sigma^2) per mosaic pixel^2 of the kernels for the shared part, green, red and
    blue; worth: (3,) how much R, G and B count in the shared part; (red_y, red_x): first red site.
    """
    samples = hl.ImageParam(hl.Int(16), 4, "samples")
    blocks = hl.ImageParam(hl.Float(32), 4, "blocks")
    sums = hl.ImageParam(hl.UInt(16), 5, "sums")
    sharpness, worth = (hl.ImageParam(hl.Float(32), 1, n) for n in ("sharpness", "worth"))
    step = hl.Param(hl.Float(32), "step")
    red_y, red_x = hl.Param(hl.Int(32), "red_y"), hl.Param(hl.Int(32), "red_x")
    x, y, u, v, i, j = (hl.Var(n) for n in ("x", "y", "u", "v", "i", "j"))
    c, k, f, b, bx, by = (hl.Var(n) for n in ("c", "k", "f", "b", "bx", "by"))
    quads_x, quads_y = samples.dim(0).extent() - 2 * PAD_X, samples.dim(1).extent() - 2 * PAD_Y
    taps = range(3)

    # Where phase p of a block's quads lies in the frame, from the quad's first site: the nearest sample, and how
    # heavily it and its neighbours weigh, for each of the kernels.
    def along(axis: int, phase: hl.Var, name: str) -> tuple[hl.Func, hl.Func]:
        near, weigh = hl.Func(f"near_{name}"), hl.Func(f"weigh_{name}")
        moved = blocks[hl.clamp(bx, 0, blocks.dim(0).extent() - 1), by, axis, f]
        at = (hl.f32(phase) + 0.5) * step - 0.5 + moved
        near[bx, phase, f, by] = hl.i32(hl.floor(at + 0.5))
        off = at - hl.f32(near[bx, phase, f, by])
        distance = hl.f32(k) - 1.0 - off
        weigh[bx, k, b, phase, f, by] = hl.exp(-distance * distance * sharpness[b])
        return near, weigh

    near_y, weigh_y = along(0, j, "y")
    near_x, weigh_x = along(1, i, "x")

    r = hl.RDom([(0, samples.dim(3).extent())], "r")
    n = r.x
    ny, nx = near_y[bx, j, n, by], near_x[bx, i, n, by]
    terms: dict[tuple[int, int], list[tuple[Any, Any, Any, Any]]] = {}
    # The group's colour: site rows and columns alternate from the nearest sample on.
    for down in taps:
        for right in taps:
            row, column = ny + (down - 1), nx + (right - 1)
            qy = hl.clamp(by * BLOCK_Y + (row >> 1), -PAD_Y, quads_y + PAD_Y - BLOCK_Y) + PAD_Y
            qx = hl.clamp(bx * BLOCK_X + (column >> 1), -PAD_X, quads_x + PAD_X - BLOCK_X) + PAD_X
            site = 2 * (row & 1) + (column & 1)
            value, trust = (hl.f32(samples[qx + u, qy + v, plane, n]) for plane in (site, 4))
            terms.setdefault(((down - 1) % 2, (right - 1) % 2), []).append((down, right, value, trust))

    gathered = hl.Func("gathered")
    at = (u, v, i, j, bx, by)
    gathered[at] = hl.Tuple([hl.f32(0)] * 8)
    before = gathered[at]
    add: list[Any] = [None] * 8

    def join(slot: int, value: Any) -> None:
        add[slot] = value if add[slot] is None else add[slot] + value

    for (a, e), members in terms.items():
        red_row = ((ny + a - red_y) & 1) == 0
        red_column = ((nx + e - red_x) & 1) == 0
        green = red_row != red_column
        kernel_index = hl.select(green, 1, 2)

        def weight(which: Any, row: int, column: int) -> Any:
            return weigh_y[bx, row, which, j, n, by] * weigh_x[bx, column, which, i, n, by]

        is_color = [red_row & red_column, green, ~red_row & ~red_column]
        its_worth = hl.select(is_color[0], worth[0], green, worth[1], worth[2])
        for slot, index in ((0, 2), (1, 3)):
            join(slot, sum_of(weight(0, m[0], m[1]) * its_worth * m[index] for m in members))
        total = [sum_of(weight(kernel_index, m[0], m[1]) * m[index] for m in members) for index in (2, 3)]
        for color, condition in enumerate(is_color):
            share = hl.select(condition, hl.f32(1), hl.f32(0))
            for part in (0, 1):
                join(2 + 2 * color + part, share * total[part])
    gathered[at] = hl.Tuple([before[m] + add[m] for m in range(8)])

    new, out = hl.Func("new"), hl.Func("lichtbild_superres_gather")
    results: list[Any] = []
    for part in range(4):
        mean, before_it = (sums[bx * BLOCK_X + u, by * BLOCK_Y + v, i, j, 2 * part + m] for m in (0, 1))
        mean, weight_before = (hl.f32(mean) - MIDDLE) * (1 / MEAN), hl.f32(before_it) * (1 / WEIGHT)
        total, weight_new = (gathered[at][2 * part + m] * (1 / ONE) for m in (0, 1))
        after = weight_before + weight_new
        mean = mean + (total - weight_new * mean) / hl.max(after, hl.f32(1e-6))
        results.append(hl.u16(hl.clamp(mean * MEAN + (MIDDLE + 0.5), 0.0, 65535.0)))
        results.append(hl.u16(hl.clamp(after * WEIGHT + 0.5, 0.0, 65535.0)))
    new[at] = hl.Tuple(results)
    out[x, y, i, j, c] = hl.mux(c, [new[x % BLOCK_X, y % BLOCK_Y, i, j, x / BLOCK_X, y / BLOCK_Y][m] for m in range(8)])

    whole = hl.TailStrategy.RoundUp
    out.bound(c, 0, 8).tile(x, y, bx, by, u, v, BLOCK_X, BLOCK_Y, whole)
    out.reorder(u, v, c, i, j, bx, by).unroll(c).vectorize(u, BLOCK_X).parallel(by)
    new.compute_at(out, i).reorder(u, v).vectorize(u, BLOCK_X)
    gathered.compute_at(out, i).bound(u, 0, BLOCK_X).bound(v, 0, BLOCK_Y).vectorize(u, BLOCK_X)
    gathered.update().reorder(u, v, r.x).vectorize(u, BLOCK_X)
    for func in (near_y, near_x, weigh_y, weigh_x):
        func.compute_at(out, by)
    for func in (weigh_y, weigh_x):
        func.vectorize(bx, 8).bound(k, 0, 3).bound(b, 0, 3)
    for func in (out, new, gathered):
        func.never_partition_all()
    return hl.Pipeline([out]), [samples, blocks, sums, sharpness, worth, step, red_y, red_x]
