"""Super-resolution, first part: what each sample of a frame adds to what is known, and how far it is trusted.

The merged, demosaiced picture says what a frame should have measured at each of its sites. The difference is what
the frame knows beyond it: detail that one grid of pixels cannot hold, and noise. The trust follows the robustness
model of Wronski et al. (Handheld Multi-Frame Super-Resolution, 2019): a difference beyond what noise and the local
detail explain is motion.
"""

from __future__ import annotations

from typing import Any

import halide as hl

from burst_interpolate import MARGIN, PEDESTAL
from half import half_image
from kernel import kernel
from taps import sum_of

PAD_X, PAD_Y = 16, 8  # quads around the samples that hold nothing
ONE = 16384.0  # of differences and trust
TONE_NOISE = hl.f32(0.2)  # share of a quad's noise that is left of the mean of 3x3 quads


@kernel("superres_planes", rare=True)
def superres_planes() -> tuple[hl.Pipeline, list[Any]]:
    """Colour planes as burst_warp takes them: (3, h, w) float16 -> (3, h' + 2 MARGIN, w' + 2 MARGIN) uint16.

    They hold PEDESTAL + x * unit; beyond the image its edge is repeated.
    """
    image = half_image("image")
    unit = hl.Param(hl.Float(32), "unit")
    x, y, c = hl.Var("x"), hl.Var("y"), hl.Var("c")
    edge = hl.BoundaryConditions.repeat_edge(image, [(0, image.width()), (0, image.height())])
    out = hl.Func("lichtbild_superres_planes")
    out[x, y, c] = hl.u16(hl.clamp(hl.f32(edge[x - MARGIN, y - MARGIN, c]) * unit + (PEDESTAL + 0.5), 1.0, 65535.0))
    guard = hl.TailStrategy.GuardWithIf
    out.bound(c, 0, 3).parallel(y, 16, guard).vectorize(x, 16, guard)
    return hl.Pipeline([out]), [image, unit]


@kernel("superres_samples", rare=True)
def superres_samples() -> tuple[hl.Pipeline, list[Any]]:
    """mosaic, expected (2h, 2w) uint16 -> (5, h + 2 PAD_Y, w + 2 PAD_X) int16: trusted differences of the four sites
    of each quad, and the trust, in units of 1 / ONE.

    expected: as from burst_warp, in units of 1 / expected_unit; 0 where it is not known. black, gain: (4,) of the
    sites, to balanced light of the reference's exposure; noise: (4, 2) its scale and offset; limit: (4,) digital
    numbers from which on a site clips. tolerance: (7,) shares of the local variance that a mean over quads, a quad and
    a site may differ by; misfit, in units of what is expected, that is none; and the same three shares of what varies
    within quads: patterns so fine alias, and look different in each frame. worth: noise of the reference over that of
    this frame. still: (rows, columns) 0..1 for tiles of 16x16 quads: how far aliasing is more likely than motion.
    """
    mosaic, expected = hl.ImageParam(hl.UInt(16), 2, "mosaic"), hl.ImageParam(hl.UInt(16), 2, "expected")
    black, gain, limit, tolerance = (hl.ImageParam(hl.Float(32), 1, n) for n in ("black", "gain", "limit", "tolerance"))
    noise = hl.ImageParam(hl.Float(32), 2, "noise")
    expected_unit, worth = hl.Param(hl.Float(32), "expected_unit"), hl.Param(hl.Float(32), "worth")
    still = hl.ImageParam(hl.Float(32), 2, "still")
    x, y, c = hl.Var("x"), hl.Var("y"), hl.Var("c")
    w, h = mosaic.width() / 2, mosaic.height() / 2
    quad = range(4)

    def at(i: int) -> tuple[hl.Expr, hl.Expr]:
        return 2 * x + i % 2, 2 * y + i // 2

    known, told = hl.Func("known"), hl.Func("told")
    p = [(hl.f32(expected[at(i)]) - PEDESTAL) * expected_unit for i in quad]
    r = [(hl.f32(mosaic[at(i)]) - black[i]) * gain[i] - p[i] for i in quad]
    fits = [(expected[at(i)] > 0) & (hl.f32(mosaic[at(i)]) < limit[i]) for i in quad]
    usable = hl.select(fits[0] & fits[1] & fits[2] & fits[3], hl.f32(1.0), hl.f32(0.0))
    told[x, y] = hl.Tuple([*r, *p, usable])
    values = told[x, y]
    r, p, usable = [values[i] for i in quad], [values[4 + i] for i in quad], values[8]
    mean, level = sum_of(r) * 0.25, sum_of(p) * 0.25
    local = [mean, mean * mean, level, level * level]
    local += [sum_of(v * v for v in r), sum_of(v * v for v in p), *p]
    variance = [noise[0, i] * hl.max(p[i], 0.0) + noise[1, i] for i in quad]
    known[x, y] = hl.Tuple([v * usable for v in local] + [sum_of(variance) * usable, usable])
    count = len(local) + 2
    edge = hl.BoundaryConditions.repeat_edge(known, [(0, w), (0, h)])

    rows, soft = hl.Func("rows"), hl.Func("soft")
    above, here, below = (edge[x, y + i] for i in (-1, 0, 1))
    rows[x, y] = hl.Tuple([above[k] * 0.25 + here[k] * 0.5 + below[k] * 0.25 for k in range(count)])
    left, here, right = (rows[x + i, y] for i in (-1, 0, 1))
    soft[x, y] = hl.Tuple([left[k] * 0.25 + here[k] * 0.5 + right[k] * 0.25 for k in range(count)])
    s = soft[x, y]
    share = hl.max(s[count - 1], hl.f32(1e-3))
    m = [s[k] / share for k in range(count - 1)]
    tone, texture, gray_mean, gray_square, square, light, sites, noises = *m[:6], m[6:10], m[10]
    gray_spread = hl.max(gray_square - gray_mean * gray_mean, 0.0)
    spread = hl.max(light - sum_of(v * v for v in sites), 0.0)
    noises = hl.max(noises, hl.f32(1e-12))  # where nothing is known
    quad_noise = noises / 16
    tile = [hl.clamp(v / 16, 0, still.dim(i).extent() - 1) for i, v in enumerate((x, y))]
    within = hl.max(spread * 0.25 - gray_spread, 0.0) * still[tile[0], tile[1]]
    misfits = [
        hl.max(
            tone * tone / (TONE_NOISE * quad_noise + tolerance[0] * gray_spread + tolerance[4] * within) * 0.5 - 1.0,
            0.0,
        ),
        hl.max(texture / (quad_noise + tolerance[1] * gray_spread + tolerance[5] * within) - tolerance[3], 0.0),
        hl.max(square / (noises + 4 * (tolerance[2] * spread + tolerance[6] * within)) - tolerance[3], 0.0),
    ]
    misfit = sum_of(misfits)
    trust = hl.Func("trust")
    trust[x, y] = told[x, y][8] * worth / (1.0 + 4.0 * misfit * misfit)

    inside = (x >= PAD_X) & (x < w + PAD_X) & (y >= PAD_Y) & (y < h + PAD_Y)
    sx, sy = hl.clamp(x - PAD_X, 0, w - 1), hl.clamp(y - PAD_Y, 0, h - 1)
    final, out = hl.Func("final"), hl.Func("lichtbild_superres_samples")
    scaled = [told[x, y][i] * trust[x, y] for i in quad]
    final[x, y, c] = hl.i16(hl.clamp(hl.round(hl.mux(c, [*scaled, hl.Expr(trust[x, y])]) * ONE), -32768.0, 32767.0))
    out[x, y, c] = hl.select(inside, final[sx, sy, c], hl.i16(0))

    yo, yi = hl.Var("yo"), hl.Var("yi")
    guard = hl.TailStrategy.GuardWithIf
    out.bound(c, 0, 5).split(y, yo, yi, 32, guard).reorder(x, c, yi, yo).vectorize(x, 16, guard).parallel(yo)
    final.compute_at(out, yi).reorder(x, c, y).bound(c, 0, 5).unroll(c).vectorize(x, 8)
    trust.compute_at(final, y).vectorize(x, 8)
    rows.compute_at(out, yi).vectorize(x, 8)
    told.store_at(out, yo).compute_at(out, yi).vectorize(x, 8)
    known.store_at(out, yo).compute_at(out, yi).vectorize(x, 8)
    for func in (out, final, trust, rows, told, known):
        func.never_partition_all()
    return hl.Pipeline([out]), [
        mosaic, expected, black, gain, noise, limit, tolerance, expected_unit, worth, still,
    ]  # fmt: skip
