"""Denoising of the mosaic before demosaicing, where the noise is white and its variance known.

The four sites of each quad are stabilised (generalised Anscombe transform, Starck, Murtagh and Bijaoui 1998), turned
into one luma and three colour differences by an orthonormal matrix that sends grey to luma alone, and split into
the bands of a Laplacian pyramid (Burt and Adelson 1983). Each band shrinks by what its local energy exceeds the
noise (the empirical Wiener rule), so that texture stays and flat parts become clean.
"""

from __future__ import annotations

from typing import Any

import halide as hl

from burst_align import sum_of
from kernel import kernel

LEVELS = 5  # bands; the last low-pass is left alone
CELL = 4  # quads of a cell of the map of excess noise


def shrink(band: hl.Func, threshold: list[hl.Expr], name: str, v: tuple[hl.Var, hl.Var, hl.Var]) -> tuple[hl.Func, ...]:
    """Empirical Wiener gain from the energy of 5x5 coefficients: of luma, of both colour differences, of the greens'.

    Where luma has structure, colour is trusted more: what noise is left there hides, and colours do not bleed.
    """
    x, y, c = v
    square, column, gain = hl.Func(f"{name}_square"), hl.Func(f"{name}_column"), hl.Func(f"{name}_gain")
    power = [hl.Expr(band[x, y, i]) * band[x, y, i] for i in range(4)]
    square[x, y, c] = hl.mux(c, [power[0], (power[1] + power[2]) * 0.5, power[3]])
    column[x, y, c] = sum_of(square[x, y + i, c] for i in range(-2, 3)) / 25.0
    energy = [sum_of(column[x + i, y, k] for i in range(-2, 3)) + hl.f32(1e-6) for k in range(3)]
    luma = hl.max(energy[0] - threshold[0], 0.0) / energy[0]
    trusted = threshold[1] * (1.0 - hl.f32(0.8) * luma)
    chroma, greens = (hl.max(energy[k] - trusted, 0.0) / energy[k] for k in (1, 2))
    gain[x, y, c] = hl.mux(c, [luma, chroma, greens])
    return square, column, gain


@kernel("denoise")
def denoise() -> tuple[hl.Pipeline, list[Any]]:
    """mosaic (h, w) uint16 -> (2 ceil(h/2), 2 ceil(w/2)) uint16 = black_out + x * scale_out.

    black, scale, offset: (4,) black level and noise of each site, unit: 1 / (white - black); basis: (4, 4), rows
    luma and three colour differences; excess: (h/8, w/8) noise variance over what scale and offset say; luma, chroma:
    (LEVELS,) variances to take from each band.
    """
    mosaic = hl.ImageParam(hl.UInt(16), 2, "mosaic")
    black, scale, offset = (hl.ImageParam(hl.Float(32), 1, n) for n in ("black", "scale", "offset"))
    basis = hl.ImageParam(hl.Float(32), 2, "basis")
    excess = hl.ImageParam(hl.Float(32), 2, "excess")
    luma, chroma = hl.ImageParam(hl.Float(32), 1, "luma"), hl.ImageParam(hl.Float(32), 1, "chroma")
    unit, black_out, scale_out = (hl.Param(hl.Float(32), n) for n in ("unit", "black_out", "scale_out"))
    x, y, c = hl.Var("x"), hl.Var("y"), hl.Var("c")
    v = (x, y, c)
    w, h = (mosaic.width() + 1) / 2, (mosaic.height() + 1) / 2

    edge = hl.BoundaryConditions.mirror_interior(mosaic)

    def bend(c: Any) -> hl.Expr:
        """Below this the root goes on as a straight line, so that noise below black is not cut off."""
        return 2.0 * scale[c] * scale[c] + offset[c]

    def transform(name: str) -> tuple[hl.Func, hl.Func]:
        """Stabilised sites of a quad, and the same turned into luma and colour differences."""
        stable, turned = hl.Func(f"{name}_stable"), hl.Func(f"{name}_turned")
        value = (hl.f32(edge[2 * x + c % 2, 2 * y + c / 2]) - black[c]) * unit
        level = scale[c] * value + 0.375 * scale[c] * scale[c] + offset[c]
        root = hl.sqrt(hl.max(level, bend(c)))
        stable[x, y, c] = (root + hl.min(level - bend(c), 0.0) * 0.5 / hl.sqrt(bend(c))) * (2.0 / scale[c])
        turned[x, y, c] = sum_of(basis[i, c] * stable[x, y, i] for i in range(4))
        return stable, turned

    def held(f: hl.Func, side: tuple[hl.Expr, hl.Expr], name: str) -> hl.Func:
        out = hl.Func(name)
        out[x, y, c] = f[hl.clamp(hl.likely(x), 0, side[0] - 1), hl.clamp(hl.likely(y), 0, side[1] - 1), c]
        return out

    stable, turned = transform("fine")
    stable_down, turned_down = transform("down")

    # Down: each level half of the one before.
    kernel5 = (1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16)
    low, sides = [turned], [(w, h)]
    blurred = []
    for n in range(1, LEVELS + 1):
        across, down = hl.Func(f"across{n}"), hl.Func(f"down{n}")
        fine = low[-1] if n > 1 else turned_down
        across[x, y, c] = sum_of(k * fine[2 * x + i - 2, y, c] for i, k in enumerate(kernel5))
        down[x, y, c] = sum_of(k * across[x, 2 * y + i - 2, c] for i, k in enumerate(kernel5))
        sides.append(((sides[-1][0] + 1) / 2, (sides[-1][1] + 1) / 2))
        blurred.append((across, down))
        low.append(held(down, sides[-1], f"held{n}"))

    def expand(coarse: hl.Func, name: str) -> hl.Func:
        wide, tall = hl.Func(f"{name}_wide"), hl.Func(f"{name}_tall")
        left, right = coarse[x / 2, y, c], coarse[x / 2 + 1, y, c]
        even = 0.125 * coarse[x / 2 - 1, y, c] + 0.75 * left + 0.125 * right
        wide[x, y, c] = hl.select(x % 2 == 0, even, 0.5 * (left + right))
        up, below = wide[x, y / 2, c], wide[x, y / 2 + 1, c]
        centre = 0.125 * wide[x, y / 2 - 1, c] + 0.75 * up + 0.125 * below
        tall[x, y, c] = hl.select(y % 2 == 0, centre, 0.5 * (up + below))
        return wide, tall

    # Up: shrink each band and put the levels together again.
    clean = low[LEVELS]
    stages: list[dict[str, hl.Func]] = []
    for n in reversed(range(LEVELS)):
        old_wide, old = expand(low[n + 1], f"old{n}")
        new_wide, new = expand(clean, f"new{n}")
        band, joined = hl.Func(f"band{n}"), hl.Func(f"joined{n}")
        band[x, y, c] = low[n][x, y, c] - old[x, y, c]
        local = excess[
            hl.clamp((x << n) / CELL, 0, excess.width() - 1), hl.clamp((y << n) / CELL, 0, excess.height() - 1)
        ]
        square, column, gain = shrink(band, [luma[n] * local, chroma[n] * local], f"level{n}", v)
        joined[x, y, c] = new[x, y, c] + band[x, y, c] * gain[x, y, hl.select(c == 0, 0, hl.select(c == 3, 2, 1))]
        names = ("old_wide", "new_wide", "band", "square", "column", "gain", "joined")
        stages.append(dict(zip(names, (old_wide, new_wide, band, square, column, gain, joined), strict=True)))
        clean = held(joined, sides[n], f"held_joined{n}")

    joined = stages[-1]["joined"]
    back, site = hl.Func("back"), hl.Func("site")
    back[x, y, c] = sum_of(basis[c, i] * joined[x, y, i] for i in range(4))
    gain = stages[-1]["gain"]
    kept = [hl.Expr(gain[x, y, i]) * gain[x, y, i] for i in range(3)]
    removed = 1.0 - (kept[0] + 2.0 * kept[1] + kept[2]) * 0.25
    t = back[x, y, c] * scale[c] * 0.5
    root = hl.sqrt(bend(c))
    level = hl.select(t < root, bend(c) + (t - root) * 2.0 * root, t * t)
    # The root of noisy light is too small on average; what noise was removed must be given back.
    bias = hl.select(t < root, 0.375, 0.375 - 0.25 * removed) * scale[c]
    linear = (level - offset[c]) / scale[c] - bias
    site[x, y, c] = hl.u16(hl.clamp(linear * scale_out + black_out + 0.5, 0.0, 65535.0))
    out = hl.Func("lichtbild_denoise")
    out[x, y] = hl.mux(x % 2 + 2 * (y % 2), [site[x / 2, y / 2, i] for i in range(4)])

    # The coarse levels are small and stay in memory; the finest is made strip by strip.
    vec = 16
    yo, yi = hl.Var("yo"), hl.Var("yi")
    for across, down in blurred:
        down.compute_root().bound(c, 0, 4).split(y, yo, yi, 8, hl.TailStrategy.GuardWithIf)
        down.reorder(x, c, yi, yo).vectorize(x, vec, hl.TailStrategy.GuardWithIf).parallel(yo)
        across.store_at(down, yo).compute_at(down, yi).vectorize(x, vec)
    turned_down.store_at(blurred[0][1], yo).compute_at(blurred[0][1], yi)
    turned_down.reorder(c, x, y).bound(c, 0, 4).unroll(c).vectorize(x, vec)
    stable_down.compute_at(turned_down, x).vectorize(x, vec).unroll(c)

    for stage in stages[:-1]:
        f = stage["joined"]
        f.compute_root().bound(c, 0, 4).split(y, yo, yi, 8, hl.TailStrategy.GuardWithIf)
        f.reorder(x, c, yi, yo).vectorize(x, vec, hl.TailStrategy.GuardWithIf).parallel(yo)
        for name in ("old_wide", "new_wide", "band", "square", "column"):
            stage[name].store_at(f, yo).compute_at(f, yi).vectorize(x, vec)
        stage["gain"].compute_at(f, yi).vectorize(x, vec)
    stage = stages[-1]
    xo, xi = hl.Var("xo"), hl.Var("xi")
    out.tile(x, y, xo, yo, xi, yi, 512, 128, hl.TailStrategy.GuardWithIf)
    out.vectorize(xi, 32, hl.TailStrategy.GuardWithIf).parallel(yo)
    out.unroll(yi, 2, hl.TailStrategy.GuardWithIf)
    site.compute_at(out, yi).reorder(c, x, y).bound(c, 0, 4).unroll(c).vectorize(x, vec)
    joined.compute_at(out, yi).reorder(c, x, y).bound(c, 0, 4).unroll(c).vectorize(x, vec)
    for name in ("old_wide", "new_wide", "band", "square", "column"):
        stage[name].store_at(out, xo).compute_at(out, yi).vectorize(x, vec)
        stage[name].fold_storage(y, 16)
    stage["gain"].compute_at(out, yi).vectorize(x, vec)
    turned.store_at(out, xo).compute_at(out, yi).fold_storage(y, 16).reorder(c, x, y).bound(c, 0, 4).unroll(
        c
    ).vectorize(x, vec)
    stable.compute_at(turned, x).vectorize(x, vec).unroll(c)
    for stage in stages:  # halved positions are then known to come in pairs
        for name in ("old_wide", "new_wide"):
            stage[name].align_bounds(x, 2)
    return hl.Pipeline([out]), [
        mosaic, black, scale, offset, basis, excess, luma, chroma, unit, black_out, scale_out,
    ]  # fmt: skip
