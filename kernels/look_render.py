"""The finished picture in one pass: scene planes -> local gain -> tone -> colour -> sharpening -> gamut -> encoding.

Colour works in Oklab (Ottosson 2020), whose hue lines are straight for the eye. The tone curve acts on the cube roots
of its three overlapping cone responses, which lets bright colours run into white as on film; then the hue of the scene
is put back, so that nothing turns yellow, cyan or magenta on its way to white. All per-picture numbers come in as small
arrays, laid out by `lichtbild/look/render.py`; see there for their meaning.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import halide as hl

from kernel import kernel
from look_color import LAB, OUTSIDE, TINY, fourth_order, harmonics, inside, series, tone_curve
from look_gamut import mapped
from look_math import cube_root, exp2, inverse_root, log2, matrix_rows, ratio
from look_output import coded, interleaved, scene_planes

Expr = Any
# A strip with its border is 64 rows. Long rows hide how long memory takes, and of each only a chunk is read at a time,
# which goes through a few short loops: of a long one the processor cannot see enough turns at once. Arrays whose length
# is no power of two do not get into each other's way in the cache.
ROWS, COLUMNS, CHUNK = 62, 4032, 112
LANES = 16

MOST_OVER = 0.008  # lightness by which even the highest edge may leave its neighbours

x, y, c, xc = hl.Var("x"), hl.Var("y"), hl.Var("c"), hl.Var("xc")
ROUND_UP = hl.TailStrategy.RoundUp


@dataclass
class Inputs:
    """The arguments of the kernel, in call order."""

    scene: Any  # (c, x, y) linear Rec. 2020, any strides
    gain: Any  # (x, y, 3) slope and offset of log2 gain against log2 guide, and trust in colour, on a coarse grid
    cell: Any  # pixels from cell to cell of the grid
    place: Any  # grid cells per pixel, then the pixel's offset in x and y
    guide: Any  # weights of the guide luminance, its floor, noise scale, noise offset
    to_primaries: Any  # 3x3: scene to linear output primaries
    to_cones: Any  # 3x3: linear output primaries to Oklab cone responses
    to_out: Any  # 3x3: Oklab cone responses to linear output primaries
    tone: Any  # toe, pivot, gain, softness, scale
    hue: Any  # (4, 9) Fourier series over hue: rotation, chroma, vibrance, lightness; here of vibrance, and mean chroma
    color: Any  # 1 / chroma at which vibrance ends, bleach, density
    sharpen: Any  # amount, allowance, coring
    gamut: Any  # threshold, room, strength of the soft limit
    transfer: Any  # cut, slope, scale, exponent, offset, quartic of the fourth root (5), dither

    @classmethod
    def make(cls) -> Inputs:
        f = hl.Float(32)
        small = {n: hl.ImageParam(f, 1, n) for n in ("place", "guide", "tone", "color", "sharpen", "gamut", "transfer")}
        tables = {n: hl.ImageParam(f, 2, n) for n in ("to_primaries", "to_cones", "to_out", "hue")}
        gain, cell = hl.ImageParam(f, 3, "gain"), hl.Param(hl.Int(32), "cell")
        return cls(scene=scene_planes(), gain=gain, cell=cell, **small, **tables)


def columns(out: Any, chunk: int) -> Any:
    """Of a tile: no more than there are, in whole chunks."""
    return hl.min(COLUMNS, (out.output_buffer().dim(1).extent() + (chunk - 1)) / chunk * chunk)


def edges_repeated(scene: Any) -> Any:
    """The scene's planes with their outermost pixels going on."""
    padded = hl.Func("padded")
    width, height = scene.dim(1).extent(), scene.dim(2).extent()
    # `likely` lets the compiler take the rows' ends apart, so that their middle is copied without questions.
    padded[x, y, c] = hl.f32(scene[c, hl.clamp(hl.likely(x), 0, width - 1), hl.clamp(y, 0, height - 1)])
    return padded


def grid_gain(p: Any) -> tuple[Any, Any]:
    """The grid's three values at a pixel: interpolated along its rows once for many pixels, then between rows."""
    width, height = p.gain.dim(0).extent(), p.gain.dim(1).extent()

    def cell(position: Expr, size: Expr, offset: Expr, extent: Expr) -> tuple[Expr, Expr, Expr]:
        u = hl.clamp(
            (hl.f32(hl.clamp(position, 0, size - 1)) + 0.5 + offset) * p.place[0] - 0.5, 0.0, hl.f32(extent - 1)
        )
        low = hl.i32(u)
        return hl.clamp(low, 0, extent - 1), hl.clamp(low + 1, 0, extent - 1), u - hl.f32(low)

    wide, at = hl.Func("gain_wide"), hl.Func("gain_at")
    # From the middle of each cell to that of the next, in whole vectors: what goes too far is written again.
    r = hl.RDom([(0, LANES), (0, (p.cell + (LANES - 1)) / LANES), (-1, width + 2)], "r")
    middle = r.z * p.cell + p.cell / 2 - hl.i32(p.place[1])
    at_x = middle + r.y * LANES + r.x
    share = (hl.f32(hl.clamp(at_x, 0, p.scene.dim(1).extent() - 1)) + 0.5 + p.place[1]) * p.place[0] - 0.5 - hl.f32(r.z)
    near = [hl.clamp(r.z + k, 0, width - 1) for k in (0, 1)]
    wide[x, y] = tuple(p.gain[width - 1, y, i] for i in range(3))
    wide[at_x, y] = tuple(hl.lerp(p.gain[near[0], y, i], p.gain[near[1], y, i], share) for i in range(3))
    wide.vectorize(x, LANES, ROUND_UP).update().reorder(r.x, r.y, r.z, y).allow_race_conditions().vectorize(r.x)
    y0, y1, fy = cell(y, p.scene.dim(2).extent(), p.place[2], height)
    at[x, y] = tuple(hl.lerp(wide[x, y0][i], wide[x, y1][i], fy) for i in range(3))
    return wide, at


def lab(p: Any, padded: Any, gain_at: Any, order: int = 0, glow: Any = None, unlit: Any = None) -> Any:
    """Oklab L, a, b of the toned picture and the relative variance of the guide; and the steps on the way there, as
    functions that may be computed by the chunk: the last two pay where there is an `order`.

    order: of the series over hue but for that of vibrance; 0 where that alone follows it. glow: light that is added to
    the scene's, three expressions; none where `unlit`.
    """
    rgb = [padded[x, y, i] for i in range(3)]
    if glow:
        rgb = [hl.select(unlit, v, v + g) for v, g in zip(rgb, glow, strict=True)]
    guide = p.guide[0] * rgb[0] + p.guide[1] * rgb[1] + p.guide[2] * rgb[2]
    guide = hl.max(guide, p.guide[3])
    per_guide = ratio(hl.f32(1.0), guide)
    noise = (p.guide[5] * per_guide + p.guide[4]) * per_guide  # relative variance
    # Where a colour drowns in noise, its negative half would be clipped and the rest would tint the shadows.
    trust = gain_at[x, y][2]
    primaries = inside([guide + (v - guide) * trust for v in matrix_rows(p.to_primaries, rgb)])
    lit, rooted, toned, polar, hues = (hl.Func(n) for n in ("lit", "rooted", "toned", "polar", "hues"))
    lit[x, y] = (*matrix_rows(p.to_cones, primaries), guide, noise)
    cones, guide = [lit[x, y][i] for i in range(3)], lit[x, y][3]
    log_gain = gain_at[x, y][0] * log2(guide) + gain_at[x, y][1]
    root_gain = exp2(log_gain * hl.f32(1 / 3) - hl.f32(math.log2(OUTSIDE) / 3))
    rooted[x, y] = tuple(hl.min(cube_root(hl.max(v, TINY)) * root_gain, 16.0) for v in cones)
    roots = [rooted[x, y][i] for i in range(3)]
    toned[x, y] = tuple(tone_curve(u, p.tone) for u in roots)

    def opponent(row: int, of: list[Expr]) -> Expr:
        return sum(hl.f32(m) * v for m, v in zip(LAB[row], of, strict=True))

    L0, a0, b0 = (opponent(i, roots) for i in range(3))
    L1, a1, b1 = (opponent(i, [toned[x, y][k] for k in range(3)]) for i in range(3))
    square = a0 * a0 + b0 * b0 + TINY * TINY
    direction = inverse_root(square)
    cos1, sin1 = a0 * direction, b0 * direction
    # Chroma as film gives it, which fades towards white, and as the scene has it at this lightness.
    film = a1 * cos1 + b1 * sin1
    polar[x, y] = (L1, film, ratio(square * direction * L1, L0), cos1, sin1)
    L1, film, scene, cos1, sin1 = (polar[x, y][i] for i in range(5))
    chroma = hl.lerp(scene, film, p.color[1])
    muted = hl.max(1.0 - chroma * p.color[0], 0.0)

    vivid, waves = fourth_order(p.hue, 2, cos1, sin1), harmonics(order, cos1, sin1)
    hues[x, y] = tuple(series(p.hue, row, waves) for row in (1, 3, 0))
    plain, light, turn = (hues[x, y][i] if order else p.hue[0, row] for i, row in enumerate((1, 3, 0)))
    factor = plain + vivid * (muted * muted)
    chroma *= hl.max(factor, 0.0)
    # Bright colours as dye gives them: denser, where else they would have to run into white. Film's chroma, which fades
    # there, keeps brighter light brighter.
    lightness = L1
    if order:
        lightness *= 1.0 + light * hl.min(chroma, hl.f32(0.3))
    lightness -= p.color[2] * hl.max(film, 0.0) * (L1 * L1 * L1)
    if order:
        cos_t, sin_t = 1.0 - 0.5 * turn * turn, turn - turn * turn * turn * hl.f32(1.0 / 6.0)
        cos1, sin1 = cos1 * cos_t - sin1 * sin_t, sin1 * cos_t + cos1 * sin_t
    a, b = chroma * cos1, chroma * sin1
    out = hl.Func("lab")
    out[x, y] = (lightness, a, b, lit[x, y][4])
    return out, [lit, rooted, toned, polar, hues]


def sharpened(p: Any, of: Any) -> tuple[Any, list[Any]]:
    """Lightness with the blur of the optics undone, kept between the neighbours' darkest and brightest.

    One step of Van Cittert's deconvolution (1931) with the narrow blur 1 2 1: as much of what it takes is given back as
    undoes the assumed blur at half of the finest frequency. Detail that noise may have made is left as it is.
    """
    rows = hl.Func("rows")
    near = [of[x, y + k][0] for k in (-1, 0, 1)]
    rows[x, y] = (
        (near[0] + near[2]) * (1 / 4) + near[1] * (1 / 2),
        hl.min(hl.min(near[0], near[1]), near[2]),
        hl.max(hl.max(near[0], near[1]), near[2]),
    )
    at = [rows[x + k, y] for k in (-1, 0, 1)]
    blur = (at[0][0] + at[2][0]) * (1 / 4) + at[1][0] * (1 / 2)
    low = hl.min(hl.min(at[0][1], at[1][1]), at[2][1])
    high = hl.max(hl.max(at[0][2], at[1][2]), at[2][2])
    L, noise = of[x, y][0], of[x, y][3]
    detail = L - blur
    core = noise * L * L * p.sharpen[2]
    square = detail * detail
    detail *= ratio(square, square + core + TINY)
    allowance = hl.min((high - low) * p.sharpen[1], hl.f32(MOST_OVER))
    out = hl.Func("sharp")
    out[x, y] = hl.clamp(L + p.sharpen[0] * detail, low - allowance, high + allowance)
    return out, [rows]


def build(kind: str) -> tuple[hl.Pipeline, list[Any]]:
    out, p = hl.Func(f"lichtbild_look_render_{kind}"), Inputs.make()
    padded = edges_repeated(p.scene)
    gain_wide, gain_at = grid_gain(p)
    color, steps = lab(p, padded, gain_at)
    sharp, stencils = sharpened(p, color)
    finished, crisp = hl.Func("finished"), hl.Func("crisp")
    crisp[x, y] = (sharp[x, y], color[x, y][1], color[x, y][2])
    shown = mapped(p.to_out, p.gamut, crisp, LANES)
    finished[x, y] = tuple(coded(kind, p.transfer, shown.rgb(), x, y))
    out[c, x, y] = hl.mux(c, [finished[x, y][k] for k in range(3)])

    xo, yo, xi, yi = (hl.Var(n) for n in ("xo", "yo", "xi", "yi"))
    interleaved(out, c)
    out.tile(x, y, xo, yo, xi, yi, columns(out, CHUNK), ROWS, hl.TailStrategy.GuardWithIf)
    out.reorder(c, xi, yi, xo, yo).parallel(yo).unroll(c).vectorize(xi, LANES, hl.TailStrategy.GuardWithIf)
    finished.compute_at(out, yi).align_bounds(x, CHUNK).split(x, xc, x, CHUNK, ROUND_UP).vectorize(x, LANES)
    shown.schedule(finished, xc)
    sharp.compute_at(finished, xc).vectorize(x, LANES, ROUND_UP)
    for stage in stencils:
        stage.compute_at(out, yi).vectorize(x, LANES, ROUND_UP)
    color.store_at(out, xo).compute_at(out, yi).split(x, xc, x, CHUNK, ROUND_UP).vectorize(x, LANES)
    gain_wide.compute_at(out, xo)
    for stage in (out, finished, color, gain_wide, *stencils):
        stage.never_partition_all()
    for stage in steps[:3]:
        stage.compute_at(color, xc).vectorize(x, LANES, ROUND_UP)
    padded.compute_at(color, xc).bound(c, 0, 3).unroll(c)
    for step in (1, -1):
        padded.specialize(p.scene.dim(1).stride() == step).vectorize(x, LANES, ROUND_UP)
    return hl.Pipeline([out]), [getattr(p, n) for n in Inputs.__dataclass_fields__]


@kernel("look_render_u8")
def look_render_u8() -> tuple[hl.Pipeline, list[Any]]:
    """(h, w, 3) uint8, encoded."""
    return build("u8")


@kernel("look_render_u16", rare=True)
def look_render_u16() -> tuple[hl.Pipeline, list[Any]]:
    """(h, w, 3) uint16, encoded."""
    return build("u16")


@kernel("look_render_f32", rare=True)
def look_render_f32() -> tuple[hl.Pipeline, list[Any]]:
    """(h, w, 3) float32, linear."""
    return build("f32")
