"""The finished picture in one pass: scene planes -> local gain -> tone -> colour -> sharpening -> gamut -> encoding.

Colour works in Oklab (Ottosson 2020), whose hue lines are straight for the eye. The tone curve acts on the cube roots
of its three overlapping cone responses, which lets bright colours run into white as on film; then the hue of the scene
is put back, so that nothing turns yellow, cyan or magenta on its way to white. All per-picture numbers come in as small
arrays, laid out by `lichtbild/look/render.py`; see there for their meaning.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import halide as hl

from kernel import kernel
from look_color import LAB, TINY, in_gamut, inside, series, tone_curve
from look_math import cube_root, exp2, log2, matrix_rows
from look_output import encode, encode_8bit, interleaved, scene_planes, to_integer

Expr = Any
# A tile with its border of a pixel is 64 rows of six vectors, and its scene lies in the second-level cache.
ROWS, COLUMNS, LANES, BLOCK = 62, 190, 32, 16

MOST_OVER = 0.008  # lightness by which even the highest edge may leave its neighbours

x, y, c = hl.Var("x"), hl.Var("y"), hl.Var("c")


@dataclass
class Inputs:
    """The arguments of the kernel, in call order."""

    scene: Any  # (c, x, y) linear Rec. 2020, any strides
    gain: Any  # (x, y, 3) slope and offset of log2 gain against log2 guide, and trust in colour, on a coarse grid
    place: Any  # grid cells per pixel, then the pixel's offset in x and y
    guide: Any  # weights of the guide luminance, its floor, noise scale, noise offset
    to_primaries: Any  # 3x3: scene to linear output primaries
    to_cones: Any  # 3x3: linear output primaries to Oklab cone responses
    to_out: Any  # 3x3: Oklab cone responses to linear output primaries
    tone: Any  # toe, pivot, gain, softness, scale
    hue: Any  # (4, 9) Fourier series over hue: rotation, chroma, vibrance, lightness
    color: Any  # 1 / chroma at which vibrance ends, bleach, density
    sharpen: Any  # amount, allowance, coring
    gamut: Any  # threshold, room, strength of the soft limit
    transfer: Any  # cut, slope, scale, exponent, offset, quartic of the fourth root (5), dither

    @classmethod
    def make(cls) -> Inputs:
        f = hl.Float(32)
        small = {n: hl.ImageParam(f, 1, n) for n in ("place", "guide", "tone", "color", "sharpen", "gamut", "transfer")}
        tables = {n: hl.ImageParam(f, 2, n) for n in ("to_primaries", "to_cones", "to_out", "hue")}
        return cls(scene=scene_planes(), gain=hl.ImageParam(f, 3, "gain"), **small, **tables)


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
    x0, x1, fx = cell(x, p.scene.dim(1).extent(), p.place[1], width)
    wide[x, y, c] = hl.lerp(p.gain[x0, y, c], p.gain[x1, y, c], fx)
    y0, y1, fy = cell(y, p.scene.dim(2).extent(), p.place[2], height)
    at[x, y] = tuple(hl.lerp(wide[x, y0, i], wide[x, y1, i], fy) for i in range(3))
    return wide, at


def lab(p: Any, padded: Any, gain_at: Any, order: int = 4, glow: Any = None, shaded: Any = None) -> Any:
    """Oklab L, a, b of the toned picture and the relative variance of the guide.

    order: of the series over hue. glow: light that is added to the scene's, three expressions. shaded: from lightness
    to another lightness, a factor of chroma and offsets of a and b.
    """
    rgb = [padded[x, y, i] for i in range(3)]
    if glow:
        rgb = [v + g for v, g in zip(rgb, glow, strict=True)]
    guide = p.guide[0] * rgb[0] + p.guide[1] * rgb[1] + p.guide[2] * rgb[2]
    guide = hl.max(guide, p.guide[3])
    per_guide = hl.fast_inverse(guide)
    noise = (p.guide[5] * per_guide + p.guide[4]) * per_guide  # relative variance
    # Where a colour drowns in noise, its negative half would be clipped and the rest would tint the shadows.
    trust = gain_at[x, y][2]
    primaries = inside([guide + (v - guide) * trust for v in matrix_rows(p.to_primaries, rgb)])
    cones = matrix_rows(p.to_cones, primaries)
    root_gain = exp2((gain_at[x, y][0] * log2(guide) + gain_at[x, y][1]) * hl.f32(1 / 3))
    roots = [hl.min(cube_root(hl.max(v, TINY)) * root_gain, 16.0) for v in cones]

    def opponent(row: int, of: list[Expr]) -> Expr:
        return sum(hl.f32(m) * v for m, v in zip(LAB[row], of, strict=True))

    L0, a0, b0 = (opponent(i, roots) for i in range(3))
    L1, a1, b1 = (opponent(i, [tone_curve(u, p.tone) for u in roots]) for i in range(3))
    square = a0 * a0 + b0 * b0 + TINY * TINY
    direction = hl.fast_inverse_sqrt(square)
    cos1, sin1 = a0 * direction, b0 * direction
    # Chroma as film gives it, which fades towards white, and as the scene has it at this lightness.
    film = a1 * cos1 + b1 * sin1
    scene = square * direction * L1 * hl.fast_inverse(L0)
    chroma = hl.lerp(scene, film, p.color[1])
    muted = hl.max(1.0 - chroma * p.color[0], 0.0)

    waves = [cos1, sin1]
    for _ in range(order - 1):
        u, v = waves[-2:]
        waves += [u * cos1 - v * sin1, v * cos1 + u * sin1]
    turn = series(p.hue, 0, waves)
    factor = series(p.hue, 1, waves) + series(p.hue, 2, waves) * muted * muted
    chroma *= hl.max(factor, 0.0)
    cos_t, sin_t = 1.0 - 0.5 * turn * turn, turn - turn * turn * turn * hl.f32(1.0 / 6.0)
    # Bright colours as dye gives them: denser, where else they would have to run into white. Film's chroma, which fades
    # there, keeps brighter light brighter.
    lightness = L1 * (1.0 + series(p.hue, 3, waves) * hl.min(chroma, hl.f32(0.3)))
    lightness -= p.color[2] * hl.max(film, 0.0) * (L1 * L1 * L1)
    more_a, more_b = None, None
    if shaded:
        lightness, factor, more_a, more_b = shaded(lightness)
        chroma *= factor
    a, b = chroma * (cos1 * cos_t - sin1 * sin_t), chroma * (sin1 * cos_t + cos1 * sin_t)
    out = hl.Func("lab")
    out[x, y] = (lightness, a if more_a is None else a + more_a, b if more_b is None else b + more_b, noise)
    return out


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
    detail *= square * hl.fast_inverse(square + core + TINY)
    allowance = hl.min((high - low) * p.sharpen[1], hl.f32(MOST_OVER))
    out = hl.Func("sharp")
    out[x, y] = hl.clamp(L + p.sharpen[0] * detail, low - allowance, high + allowance)
    return out, [rows]


def build(kind: str) -> tuple[hl.Pipeline, list[Any]]:
    out, p = hl.Func(f"lichtbild_look_render_{kind}"), Inputs.make()
    padded = hl.Func("padded")
    width, height = p.scene.dim(1).extent(), p.scene.dim(2).extent()
    # `likely` lets the compiler take the rows' ends apart, so that their middle is copied without questions.
    padded[x, y, c] = p.scene[c, hl.clamp(hl.likely(x), 0, width - 1), hl.clamp(hl.likely(y), 0, height - 1)]
    gain_wide, gain_at = grid_gain(p)
    color = lab(p, padded, gain_at)
    sharp, stencils = sharpened(p, color)
    rgb = in_gamut(p.to_out, p.gamut, sharp[x, y], color[x, y][1], color[x, y][2])

    if kind != "f32":
        encoded = [(encode_8bit if kind == "u8" else encode)(p.transfer, v) for v in rgb]
        rgb = to_integer(kind, encoded, p.transfer[10], x, y)
    finished = hl.Func("finished")
    finished[x, y] = tuple(rgb)
    out[c, x, y] = hl.mux(c, [finished[x, y][i] for i in range(3)])

    xo, yo, xi, yi = (hl.Var(n) for n in ("xo", "yo", "xi", "yi"))
    interleaved(out, c)
    out.tile(x, y, xo, yo, xi, yi, COLUMNS, ROWS, hl.TailStrategy.GuardWithIf)
    out.reorder(c, xi, yi, xo, yo).parallel(yo).unroll(c).vectorize(xi, LANES, hl.TailStrategy.GuardWithIf)
    finished.compute_at(out, yi).vectorize(x, LANES)
    for stage in stencils:
        stage.compute_at(out, yi).vectorize(x, LANES)
    color.store_at(out, xo).compute_at(out, yi).vectorize(x, LANES)
    gain_wide.compute_at(out, xo).vectorize(x, LANES)
    padded.compute_at(out, xo).bound(c, 0, 3)
    for stage in (out, finished, color, gain_wide, *stencils):
        stage.never_partition_all()
    for step in (1, -1):
        padded.specialize(p.scene.dim(1).stride() == step).reorder(x, y, c).vectorize(x, LANES)
    for step in (1, -1):
        padded.specialize(p.scene.dim(2).stride() == step).reorder(y, x, c).vectorize(y, BLOCK)
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
