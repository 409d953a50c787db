"""The finest band of the denoiser without planes in memory: from the mosaic, and back to a mosaic.

The same as `denoise_split`, `denoise_halve` of its planes, `denoise_band` and `denoise_join` one after the other, whose
planes are as large as the mosaic, and are written and read again here in a cache only.
"""

from __future__ import annotations

from typing import Any

import halide as hl

from develop_denoise import LANES, Sites, c, halved, joined, kept, unbounded, x, y
from develop_denoise_band import Inputs, band_of, h
from develop_denoise_gains import lane, r
from kernel import kernel

HOP = 4  # quads between windows
TILE = (500, 128)  # columns, rows of quads; with a hop on each side, 127 windows and the one before them fill vectors
ROWS = 32  # of halved planes, that a thread makes at a time


@kernel("denoise_halve_mosaic")
def denoise_halve_mosaic() -> tuple[hl.Pipeline, list[Any]]:
    """mosaic (h, w) uint16 -> (4, h', w') int16, planes of its quads halved once.

    The same as `denoise_split` and `denoise_halve`, whose arguments it takes.
    """
    mosaic, sites = hl.ImageParam(hl.UInt(16), 2, "mosaic"), Sites.named()
    held = unbounded(mosaic)
    fine, out = hl.Func("fine"), hl.Func("lichtbild_denoise_halve_mosaic")
    made = sites.planes(held)
    fine[x, y, c] = made.level
    down, half = halved(fine)
    out[x, y, c] = kept(half)

    yo, yi = hl.Var("yo"), hl.Var("yi")
    buffer = out.output_buffer()
    buffer.dim(1).set_bounds(0, (buffer.height() / 8) * 8)
    out.bound(c, 0, 4).split(y, yo, yi, ROWS, hl.TailStrategy.ShiftInwards)
    out.reorder(x, c, yi, yo).vectorize(x, LANES).parallel(yo).never_partition_all()
    held.store_at(out, yo).compute_at(out, yi).vectorize(x, 32)
    fine.store_at(out, yo).compute_at(out, yi).reorder(x, c, y).vectorize(x, LANES)
    made.slope.compute_at(fine, y).vectorize(x, LANES)
    made.turned.store_at(out, yo).compute_at(out, yi).reorder(x, c, y).vectorize(x, LANES)
    made.burnt.compute_at(made.turned, y).vectorize(x, LANES)
    made.stable.compute_at(made.turned, y).bound(c, 0, 4).vectorize(x, LANES)
    down.compute_at(out, yi).vectorize(x, LANES)
    return hl.Pipeline([out]), [mosaic, *sites.arguments()]


@kernel("denoise_finest")
def denoise_finest() -> tuple[hl.Pipeline, list[Any]]:
    """mosaic (h, w) uint16 -> (h', w') uint16 = black_out + x * scale_out, in whole tiles, not less than h and w.

    coarse, clean, take, share, excess, rich: as of `denoise_band`; removed, black_out, scale_out: as of `denoise_join`.
    """
    mosaic, sites = hl.ImageParam(hl.UInt(16), 2, "mosaic"), Sites.named()
    removed, black_out, scale_out = (hl.Param(hl.Float(32), n) for n in ("removed", "black_out", "scale_out"))
    held = unbounded(mosaic)
    fine, planes = hl.Func("fine"), hl.Func("planes")
    made = sites.planes(held)
    fine[x, y, c] = made.level
    inputs = Inputs.named(fine, guided=False)
    band = band_of(inputs, hl.i32(0), HOP)
    planes[x, y, c] = kept(band.value)
    held_again = unbounded(mosaic)
    again, slope, site, out = joined("denoise_finest", held_again, planes, sites, (removed, black_out, scale_out))

    xo, yo, xi, yi, ys, xa, xr, ya = (hl.Var(n) for n in ("xo", "yo", "xi", "yi", "ys", "xa", "xr", "ya"))
    shift = hl.TailStrategy.ShiftInwards
    buffer, width, height = out.output_buffer(), 2 * TILE[0], 2 * TILE[1]
    buffer.dim(0).set_bounds(0, (buffer.width() / width) * width)
    buffer.dim(1).set_bounds(0, (buffer.height() / height) * height)
    out.tile(x, y, xo, yo, xi, yi, width, height, hl.TailStrategy.RoundUp).split(yi, ys, yi, 2 * HOP)
    out.split(yi, yi, y, 2).split(xi, xi, x, 2).split(xi, xa, xi, LANES, shift).reorder(x, xi, y, xa, yi, ys, xo, yo)
    out.unroll(x).vectorize(xi).unroll(y).parallel(yo).never_partition_all()
    held_again.compute_at(out, ys).vectorize(x, 32)
    again.compute_at(out, yi).vectorize(x, LANES)
    slope.compute_at(out, yi).vectorize(x, LANES)
    site.compute_at(out, yi).bound(c, 0, 4).vectorize(x, LANES)
    # A tile of planes with a hop around it, since luma's slopes need their neighbours.
    planes.compute_at(out, xo).bound(c, 0, 4).align_bounds(x, HOP).align_bounds(y, HOP)
    planes.split(x, xa, xr, HOP).split(xa, xa, xi, LANES, shift).split(y, ya, y, HOP).reorder(xr, xi, xa, y, c, ya)
    planes.unroll(xr).vectorize(xi).unroll(y)
    band.schedule(out, xo, ya, planes)
    source = band.known[0][1]
    source.reorder(lane, r, c, h, y)  # the four roots of a quad are for all planes
    held.store_at(out, xo).compute_at(planes, ya).vectorize(x, 32)
    made.slope.compute_at(source, y).vectorize(x, LANES)
    made.turned.store_at(out, xo).compute_at(planes, ya).reorder(x, c, y).vectorize(x, LANES)
    made.burnt.compute_at(made.turned, y).vectorize(x, LANES)
    made.stable.compute_at(made.turned, y).bound(c, 0, 4).vectorize(x, LANES)
    arguments = [*inputs.arguments(), removed, black_out, scale_out]
    return hl.Pipeline([out]), [mosaic, *sites.arguments(), *arguments]
