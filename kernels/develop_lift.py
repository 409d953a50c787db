"""Clipped samples of the mosaic, before demosaicing: none stays darker than both other colours around it.

After white balance the colours clip at different levels, and clipped white is magenta. Beside something dark that
would be an edge of colour, which demosaicing cannot tell from a real one; lifted to the lesser of its neighbours, the
sample leaves an edge of brightness alone. What the highlights were is estimated later, from the developed image.
"""

from __future__ import annotations

import halide as hl

from borders import reflected
from kernel import kernel

BLOCK = 16
PEAK = 0.5  # share of the brightest neighbour in what a colour counts around a sample, beside their mean


@kernel("highlight_lift", rare=True)
def highlight_lift() -> tuple[hl.Pipeline, list[object]]:
    """(h, w) uint16 -> the same in a scale with room above clip, clipped samples of the listed blocks lifted; the
    output may be the mosaic itself.

    blocks: (n, 2) int32, (y, x) of blocks of 16x16 pixels, each once, counted from the pixel (top, left). black,
    balance: (4,) of the sites (0,0) (0,1) (1,0) (1,1), level of black, and what makes white of one level in all sites.
    green: parity of x + y of green sites. clip: number at which the sensor clips. onset, full: parts of clip from which
    a sample counts as clipped. black_out, scale: a number is black_out + scale * (number - black) in the result.
    """
    mosaic, blocks = hl.ImageParam(hl.UInt(16), 2, "mosaic"), hl.ImageParam(hl.Int(32), 2, "blocks")
    black, balance = hl.ImageParam(hl.Float(32), 1, "black"), hl.ImageParam(hl.Float(32), 1, "balance")
    top, left, green = (hl.Param(hl.Int(32), n) for n in ("top", "left", "green"))
    clip, onset, full = (hl.Param(hl.Float(32), n) for n in ("clip", "onset", "full"))
    black_out, scale = hl.Param(hl.Float(32), "black_out"), hl.Param(hl.Float(32), "scale")
    x, y, i, j, n = (hl.Var(v) for v in ("x", "y", "i", "j", "n"))
    width, height = mosaic.width(), mosaic.height()

    def inside(at: hl.Expr, extent: hl.Expr) -> hl.Expr:
        """Mirrored at the border; written so that vectors inside are read as such."""
        within = hl.select((at >= 0) & (at < extent), hl.likely(at), reflected(at, extent))
        return hl.unsafe_promise_clamped(within, 0, extent - 1)

    def at(values: hl.ImageParam, px: hl.Expr, py: hl.Expr) -> hl.Expr:
        row = (py % 2) * 2
        return hl.select(px % 2 == 0, values[row], values[row + 1])

    def number(level: hl.Expr) -> hl.Expr:
        return hl.u16(hl.clamp(level * scale + (black_out + 0.5), 0.0, 65535.0))

    # One pixel of a block, of the mosaic at (px, py).
    px, py = left + blocks[1, n] * BLOCK + i, top + blocks[0, n] * BLOCK + j
    light, lifted = hl.Func("light"), hl.Func("lifted")
    light[i, j, n] = (hl.f32(mosaic[inside(px, width), inside(py, height)]) - at(black, px, py)) * at(balance, px, py)

    def around(*places: tuple[int, int]) -> hl.Expr:
        values = [light[i + u, j + v, n] for u, v in places]
        most, total = values[0], values[0]
        for v in values[1:]:
            most, total = hl.max(most, v), total + v
        return total * ((1 - PEAK) / len(places)) + most * PEAK

    # On a green site the pairs beside and above are the other two colours; on the others those are all green, and the
    # diagonal ones are the third colour.
    beside, above = around((-1, 0), (1, 0)), around((0, -1), (0, 1))
    diagonal = around((-1, -1), (1, -1), (-1, 1), (1, 1))
    other = hl.select((px + py) % 2 == green, hl.min(beside, above), hl.min((beside + above) * 0.5, diagonal))
    own = hl.Expr(light[i, j, n])
    level = (clip - at(black, px, py)) * at(balance, px, py)
    part = hl.clamp((own - onset * level) / ((full - onset) * level), 0.0, 1.0)
    lifted[i, j, n] = number((own + part * hl.max(other - own, 0.0)) / at(balance, px, py))

    # What is lifted is known before anything is written: the mosaic itself may be the output.
    out = hl.Func("lichtbild_highlight_lift")
    out[x, y] = hl.undef(hl.UInt(16))
    every = hl.RDom([(0, width), (0, height)], "every")
    out[every.x, every.y] = number(hl.f32(mosaic[every.x, every.y]) - at(black, every.x, every.y))
    r = hl.RDom([(0, BLOCK), (0, BLOCK), (0, blocks.dim(1).extent())], "r")
    rx, ry = left + blocks[1, r.z] * BLOCK + r.x, top + blocks[0, r.z] * BLOCK + r.y
    r.where((rx < width) & (ry < height))
    out[hl.unsafe_promise_clamped(rx, 0, width - 1), hl.unsafe_promise_clamped(ry, 0, height - 1)] = lifted[
        r.x, r.y, r.z
    ]

    guard, yo, yi = hl.TailStrategy.GuardWithIf, hl.RVar("yo"), hl.RVar("yi")
    whole = out.update(0)
    whole.split(every.y, yo, yi, 32, guard).parallel(yo).vectorize(every.x, 64, guard)
    out.never_partition_all()
    # Each block is listed once.
    change = out.update(1)
    change.allow_race_conditions().reorder(r.x, r.y, r.z).vectorize(r.x).parallel(r.z)
    lifted.compute_root().vectorize(i).parallel(n)
    lifted.never_partition_all()
    light.compute_at(lifted, n).vectorize(i, BLOCK // 2).never_partition([j])
    return hl.Pipeline([out]), [
        mosaic, blocks, black, balance, top, left, green, clip, onset, full, black_out, scale,
    ]  # fmt: skip
