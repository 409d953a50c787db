"""Where a pixel stands out from all its neighbours of the same colour by more than noise can."""

from __future__ import annotations

import halide as hl

from kernel import kernel


@kernel("raw_outliers")
def raw_outliers() -> tuple[hl.Pipeline, list[object]]:
    """mosaic (h, w) uint16; variance of a pixel of value v: gain * max(v - black, 0) + floor, in squared numbers;
    limit: how many standard deviations above the largest, or below the smallest, of the eight neighbours two pixels
    away. -> (ceil((h - 4) / 8), w - 4) uint8: bit i of (y, x) stands for pixel (2 + 8 y + i, 2 + x); rows that do not
    exist repeat the last one.
    """
    mosaic = hl.ImageParam(hl.UInt(16), 2, "mosaic")
    black, gain = hl.Param(hl.Float(32), "black"), hl.Param(hl.Float(32), "gain")
    floor, limit = hl.Param(hl.Float(32), "floor"), hl.Param(hl.Float(32), "limit")
    x, y, xo = hl.Var("x"), hl.Var("y"), hl.Var("xo")
    row = hl.min(y, mosaic.dim(1).extent() - 5)
    ring = [mosaic[x + dx, row + dy] for dy in (0, 2, 4) for dx in (0, 2, 4) if (dy, dx) != (2, 2)]
    top, bottom = ring[0], ring[0]
    for neighbour in ring[1:]:
        top, bottom = hl.max(top, neighbour), hl.min(bottom, neighbour)
    value = mosaic[x + 2, row + 2]
    over = hl.f32(hl.max(hl.saturating_sub(value, top), hl.saturating_sub(bottom, value)))
    variance = gain * hl.max(hl.f32(top) - black, 0.0) + floor
    stands_out = hl.Func("stands_out")
    stands_out[x, y] = hl.select(over * over > limit * limit * variance, hl.u8(1), hl.u8(0))
    bits = stands_out[x, 8 * y]
    for n in range(1, 8):
        bits = bits | (stands_out[x, 8 * y + n] << n)
    out = hl.Func("lichtbild_raw_outliers")
    out[x, y] = bits
    out.parallel(y, 8, hl.TailStrategy.GuardWithIf)
    out.split(x, xo, x, 256, hl.TailStrategy.GuardWithIf).vectorize(x, 64)
    stands_out.compute_at(out, xo).vectorize(x, 64, hl.TailStrategy.GuardWithIf)
    out.never_partition_all()
    stands_out.never_partition_all()
    return hl.Pipeline([out]), [mosaic, black, gain, floor, limit]
