"""Stored numbers to linear ones: a lookup table per CFA site, less the black of single rows and columns."""

from __future__ import annotations

import halide as hl

from kernel import kernel


@kernel("raw_linearize", rare=True)
def raw_linearize() -> tuple[hl.Pipeline, list[object]]:
    """stored (h, w) uint16, table (sy, sx, 65536) uint16 that repeats over the image, black beyond the site's mean by
    row (h), column (w) and repeating pattern (py, px), all float32 -> (h, w) uint16, rounded and cut to 0..65535.
    """
    stored = hl.ImageParam(hl.UInt(16), 2, "stored")
    table = hl.ImageParam(hl.UInt(16), 3, "table")
    down = hl.ImageParam(hl.Float(32), 1, "down")
    across = hl.ImageParam(hl.Float(32), 1, "across")
    rest = hl.ImageParam(hl.Float(32), 2, "rest")
    x, y = hl.Var("x"), hl.Var("y")
    value = table[hl.i32(stored[x, y]), x % table.dim(1).extent(), y % table.dim(2).extent()]
    black = down[y] + across[x] + rest[x % rest.dim(0).extent(), y % rest.dim(1).extent()]
    out = hl.Func("lichtbild_raw_linearize")
    out[x, y] = hl.u16(hl.clamp(hl.f32(value) - black + 0.5, 0.0, 65535.0))
    out.vectorize(x, 8, hl.TailStrategy.GuardWithIf).parallel(y, 32, hl.TailStrategy.GuardWithIf)
    plain = (table.dim(1).extent() == 1) & (table.dim(2).extent() == 1)
    out.specialize(plain & (rest.dim(0).extent() == 1) & (rest.dim(1).extent() == 1))
    return hl.Pipeline([out]), [stored, table, down, across, rest]
