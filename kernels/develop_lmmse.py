"""Demosaicing by directional linear minimum mean square error estimation (Zhang and Wu 2005).

Green minus red or blue is estimated along the row and along the column at every pixel; each estimate is taken for
a smooth signal in noise whose variances are measured around the pixel, and the two are joined by how much each
can be trusted. Red and blue follow by interpolating the differences. It works best where noise is even: the caller
hands over the square root of light.
"""

from __future__ import annotations

import halide as hl

from burst_align import sum_of
from kernel import kernel

SMOOTH = (4.0, 9.0, 15.0, 23.0, 26.0, 23.0, 15.0, 9.0, 4.0)  # / 128, the low-pass of the paper
SPAN = range(-4, 5)
FLOOR = 1e-7  # variance that is always there, so that nothing is divided by zero
LINES = 32  # of each stage that are kept; a power of two above the tallest window
STRIP = 512, 128  # least size of the output (x, y)


def lmmse(m: hl.Func, x: hl.Var, y: hl.Var, green: hl.Expr, red_row: hl.Expr) -> tuple[list[hl.Expr], list[hl.Func]]:
    """Red, green and blue at (x, y) of the mosaic m, and the stages to be scheduled.

    green, red_row: whether (x, y) is a green site, and whether its row holds red ones.
    """
    sign = hl.select(green, hl.f32(-1.0), hl.f32(1.0))
    stages: list[hl.Func] = []

    def along(dx: int, dy: int, name: str) -> tuple[hl.Expr, hl.Expr]:
        """Estimate of the difference along one direction, and the variance of its error."""
        raw, low = hl.Func(f"{name}_raw"), hl.Func(f"{name}_low")
        near = m[x + dx, y + dy] + m[x - dx, y - dy]
        far = m[x + 2 * dx, y + 2 * dy] + m[x - 2 * dx, y - 2 * dy]
        raw[x, y] = sign * (near * 0.5 - m[x, y] * 0.5 - far * 0.25)
        low[x, y] = sum_of(w / 128 * raw[x + i * dx, y + i * dy] for i, w in zip(SPAN, SMOOTH, strict=True))
        around = [hl.Expr(low[x + i * dx, y + i * dy]) for i in SPAN]
        missed = [hl.Expr(raw[x + i * dx, y + i * dy]) - low[x + i * dx, y + i * dy] for i in SPAN]
        mean = sum_of(around) / 9.0
        signal = hl.max(sum_of(a * a for a in around) / 9.0 - mean * mean, 0.0) + hl.f32(FLOOR)
        noise = sum_of(d * d for d in missed) / 9.0 + hl.f32(FLOOR)
        estimate, error = hl.Func(f"{name}_estimate"), hl.Func(f"{name}_error")
        share = signal / (signal + noise)
        estimate[x, y] = mean + share * (raw[x, y] - mean)
        error[x, y] = share * noise
        stages.extend([raw, low])
        return hl.Expr(estimate[x, y]), hl.Expr(error[x, y])

    across, across_error = along(1, 0, "across")
    down, down_error = along(0, 1, "down")
    g, chroma = hl.Func("g"), hl.Func("chroma")
    joined = (across * down_error + down * across_error) / (across_error + down_error)
    g[x, y] = m[x, y] + hl.select(green, hl.f32(0.0), joined)
    chroma[x, y] = g[x, y] - m[x, y]  # at red and blue sites: green minus colour
    stages.append(g)
    side = (chroma[x - 1, y] + chroma[x + 1, y]) * 0.5
    over = (chroma[x, y - 1] + chroma[x, y + 1]) * 0.5
    corners = chroma[x - 1, y - 1] + chroma[x + 1, y - 1] + chroma[x - 1, y + 1] + chroma[x + 1, y + 1]
    mine = hl.select(green, side, hl.Expr(chroma[x, y]))
    other = hl.select(green, over, corners * 0.25)
    red = g[x, y] - hl.select(red_row, mine, other)
    blue = g[x, y] - hl.select(red_row, other, mine)
    return [red, hl.Expr(g[x, y]), blue], stages


def schedule(out: hl.Func, x: hl.Var, y: hl.Var, c: hl.Var, stages: list[hl.Func]) -> hl.Var:
    """Strips of rows slide down; each stage keeps only the lines that are read again. Returns the row in a strip."""
    xo, yo, xi, yi = hl.Var("xo"), hl.Var("yo"), hl.Var("xi"), hl.Var("yi")
    out.bound(c, 0, 3).tile(x, y, xo, yo, xi, yi, *STRIP, hl.TailStrategy.ShiftInwards)
    out.reorder(xi, c, yi, xo, yo).unroll(c).vectorize(xi, 16).parallel(yo)
    for f in stages:
        f.store_at(out, xo).compute_at(out, yi).fold_storage(y, LINES).vectorize(x, 16)
    return yi


def sites(x: hl.Var, y: hl.Var, red_y: hl.Expr, red_x: hl.Expr) -> tuple[hl.Expr, hl.Expr]:
    """Whether (x, y) is a green site, and whether its row holds red ones."""
    red_row = (y - red_y) % 2 == 0
    return red_row != ((x - red_x) % 2 == 0), red_row


@kernel("demosaic")
def demosaic() -> tuple[hl.Pipeline, list[object]]:
    """(h, w) float32 in any encoding -> (3, max(h, 128), max(w, 512)) float32 in the same.

    (red_y, red_x): first red site.
    """
    mosaic = hl.ImageParam(hl.Float(32), 2, "mosaic")
    red_y, red_x = hl.Param(hl.Int(32), "red_y"), hl.Param(hl.Int(32), "red_x")
    x, y, c = hl.Var("x"), hl.Var("y"), hl.Var("c")
    edge, m = hl.BoundaryConditions.mirror_interior(mosaic), hl.Func("m")
    m[x, y] = edge[x, y]
    rgb, stages = lmmse(m, x, y, *sites(x, y, red_y, red_x))
    out = hl.Func("lichtbild_demosaic")
    out[x, y, c] = hl.mux(c, rgb)
    schedule(out, x, y, c, [m, *stages])
    return hl.Pipeline([out]), [mosaic, red_y, red_x]
