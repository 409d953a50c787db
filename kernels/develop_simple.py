"""Mosaic to working space in one pass (bilinear colour differences, until the real demosaicing lands)."""

from __future__ import annotations

import halide as hl

from kernel import kernel


@kernel("develop_simple")
def develop_simple() -> tuple[hl.Pipeline, list[object]]:
    """(h, w) uint16 -> (3, h', w') float32 linear Rec. 2020, cut at (oy, ox)."""
    mosaic = hl.ImageParam(hl.UInt(16), 2, "mosaic")
    shading = hl.ImageParam(hl.Float(32), 3, "shading")  # (4, gh, gw), order R Gr Gb B
    black = hl.ImageParam(hl.Float(32), 1, "black")  # R Gr Gb B
    gain = hl.ImageParam(hl.Float(32), 1, "gain")
    matrix = hl.ImageParam(hl.Float(32), 2, "matrix")  # (row, column)
    phase_y, phase_x, oy, ox = (hl.Param(hl.Int(32), n) for n in ("phase_y", "phase_x", "oy", "ox"))
    x, y, c = hl.Var("x"), hl.Var("y"), hl.Var("c")
    out = hl.Func("lichtbild_develop_simple")

    w, h = mosaic.width(), mosaic.height()
    safe = hl.BoundaryConditions.mirror_interior(mosaic, [(0, w), (0, h)])
    # x, y count from the first red site on.
    mx, my = x + phase_x, y + phase_y
    k = (x & 1) + 2 * (y & 1)
    gw, gh = shading.dim(0).extent(), shading.dim(1).extent()
    gx = hl.clamp(hl.f32(mx) * hl.f32(gw - 1) / hl.f32(hl.max(w - 1, 1)), 0.0, hl.f32(gw - 1))
    gy = hl.clamp(hl.f32(my) * hl.f32(gh - 1) / hl.f32(hl.max(h - 1, 1)), 0.0, hl.f32(gh - 1))
    ix = hl.clamp(hl.i32(gx), 0, hl.max(gw - 2, 0))
    iy = hl.clamp(hl.i32(gy), 0, hl.max(gh - 2, 0))
    jx, jy = hl.min(ix + 1, gw - 1), hl.min(iy + 1, gh - 1)
    lens = hl.lerp(
        hl.lerp(shading[ix, iy, k], shading[jx, iy, k], gx - ix),
        hl.lerp(shading[ix, jy, k], shading[jx, jy, k], gx - ix),
        gy - iy,
    )
    raw, green, difference, rgb = hl.Func("raw"), hl.Func("green"), hl.Func("difference"), hl.Func("rgb")
    raw[x, y] = (hl.f32(safe[mx, my]) - black[k]) * gain[k] * hl.select(gw > 1, lens, 1.0)
    is_green = (x + y) % 2 == 1
    along_x = (raw[x - 1, y] + raw[x + 1, y]) / 2 + (2 * raw[x, y] - raw[x - 2, y] - raw[x + 2, y]) / 4
    along_y = (raw[x, y - 1] + raw[x, y + 1]) / 2 + (2 * raw[x, y] - raw[x, y - 2] - raw[x, y + 2]) / 4
    dx = hl.abs(raw[x - 1, y] - raw[x + 1, y]) + hl.abs(2 * raw[x, y] - raw[x - 2, y] - raw[x + 2, y]) + hl.f32(1e-4)
    dy = hl.abs(raw[x, y - 1] - raw[x, y + 1]) + hl.abs(2 * raw[x, y] - raw[x, y - 2] - raw[x, y + 2]) + hl.f32(1e-4)
    green[x, y] = hl.select(is_green, raw[x, y], (along_x * dy + along_y * dx) / (dx + dy))
    difference[x, y] = raw[x, y] - green[x, y]
    d = difference
    own, side = d[x, y], (d[x - 1, y] + d[x + 1, y]) / 2
    over, across = (
        (d[x, y - 1] + d[x, y + 1]) / 2,
        (d[x - 1, y - 1] + d[x + 1, y - 1] + d[x - 1, y + 1] + d[x + 1, y + 1]) / 4,
    )
    even_x, even_y = (x & 1) == 0, (y & 1) == 0
    red = hl.select(even_y, hl.select(even_x, own, side), hl.select(even_x, over, across))
    blue = hl.select(even_y, hl.select(even_x, across, over), hl.select(even_x, side, own))
    rgb[x, y, c] = green[x, y] + hl.mux(c, [red, hl.f32(0), blue])
    sx, sy = x + ox - phase_x, y + oy - phase_y
    out[x, y, c] = sum(matrix[i, c] * rgb[sx, sy, i] for i in range(3))

    yo, yi = hl.Var("yo"), hl.Var("yi")
    out.bound(c, 0, 3).reorder(x, c, y).split(y, yo, yi, 32, hl.TailStrategy.GuardWithIf).parallel(yo)
    out.vectorize(x, 16, hl.TailStrategy.GuardWithIf)
    rgb.compute_at(out, yi).vectorize(x, 16).reorder(c, x, y).bound(c, 0, 3).unroll(c)
    green.store_at(out, yo).compute_at(out, yi).vectorize(x, 16)
    raw.store_at(out, yo).compute_at(out, yi).vectorize(x, 16)
    return hl.Pipeline([out]), [mosaic, shading, black, gain, matrix, phase_y, phase_x, oy, ox]
