"""The finished picture of a look with more than `natural` needs: see `look_render.py`, whose stages these are, and then
light that glows around lamps, moves of narrower hues, what depends on lightness alone (a drawn curve, chroma,
toning), grain, and a 3D table. Without them the picture is that of `look_render`; they are apart so that
it stays as quick.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import halide as hl

from kernel import kernel
from look_gamut import mapped
from look_lut import Table, lookup
from look_output import encode_8bit, interleaved, scene_planes, to_integer
from look_render import ROUND_UP, ROWS, columns, edges_repeated, grid_gain, lab, sharpened

Expr = Any
HUE_ORDER = 8
LANES, LUT_LANES = {"u8": 32, "f32": 8}, {"u8": 16, "f32": 8}  # the second is rarely asked for: small, not quick
LAB_LANES = 16
CHUNK = 96
BORDER = 2 * CHUNK  # what rounding up to vectors and chunks may reach for

x, y, c, xc, xs = (hl.Var(n) for n in ("x", "y", "c", "xc", "xs"))


@dataclass
class Inputs:
    """The arguments of the kernel, in call order; up to `transfer` those of `look_render`."""

    scene: Any
    gain: Any
    cell: Any
    place: Any
    guide: Any
    to_primaries: Any
    to_cones: Any
    to_out: Any
    tone: Any
    hue: Any  # (4, 17)
    color: Any
    sharpen: Any
    gamut: Any
    transfer: Any
    glow: Any  # (x, y, 3) light that is added to the scene's, on the grid of `gain`
    shade: Any  # (entries, 4) over lightness 0..1: its change, factor of chroma, offset of a, offset of b
    # (x, y) int8, from `BORDER` columns before the picture to as many behind it: grain of lightness; `apart` and twice
    # that to the right that of a and of b
    grain: Any
    grain_gain: Any  # of lightness, of a and b
    apart: Any  # pixels

    @classmethod
    def make(cls) -> Inputs:
        f = hl.Float(32)
        one = ("place", "guide", "tone", "color", "sharpen", "gamut", "transfer", "grain_gain")
        two = ("to_primaries", "to_cones", "to_out", "hue", "shade")
        small = {n: hl.ImageParam(f, 1, n) for n in one}
        tables = {n: hl.ImageParam(f, 2, n) for n in two}
        tables["shade"].dim(0).set_bounds(0, 4).set_stride(1)
        tables["shade"].dim(1).set_min(0).set_stride(4)
        grids = {n: hl.ImageParam(f, 3, n) for n in ("gain", "glow")}
        grain = hl.ImageParam(hl.Int(8), 2, "grain")
        whole = {n: hl.Param(hl.Int(32), n) for n in ("cell", "apart")}
        return cls(scene=scene_planes(), grain=grain, **whole, **grids, **small, **tables)


def grid_glow(p: Inputs) -> tuple[Any, list[Expr]]:
    """The glow at a pixel, as `look_render.grid_gain` has the gain."""

    @dataclass
    class Glow:
        scene: Any
        gain: Any
        cell: Any
        place: Any

    wide, at = grid_gain(Glow(p.scene, p.glow, p.cell, p.place))
    return wide, [at[x, y][i] for i in range(3)]


def build(kind: str) -> tuple[hl.Pipeline, list[Any]]:
    out, p, table, lanes = hl.Func(f"lichtbild_look_graded_{kind}"), Inputs.make(), Table.make(), LANES[kind]
    padded = edges_repeated(p.scene)
    gain_wide, gain_at = grid_gain(p)
    glow_wide, glow = grid_glow(p)
    unlit = p.glow.dim(0).extent() == 1
    color, steps = lab(p, padded, gain_at, HUE_ORDER, glow, unlit)
    inlined, stencils = sharpened(p, color)

    # What depends on lightness: an entry of the table, whole, for each pixel; the nearest one for 8 bits.
    entry, shades, sharp = hl.Func("entry"), hl.Func("shades"), hl.Func("sharp_row")
    sharp[x, y] = inlined[x, y]
    last = p.shade.dim(1).extent() - 1
    place = hl.clamp(sharp[x, y], 0.0, 1.0) * hl.f32(last)
    entry[x, y] = hl.i32(place + 0.5) if kind == "u8" else hl.min(hl.i32(place), last - 1)
    low = hl.unsafe_promise_clamped(entry[x, y], 0, last - (kind != "u8"))
    near = p.shade[c, low]
    shades[c, x, y] = near if kind == "u8" else hl.lerp(near, p.shade[c, low + 1], place - hl.f32(low))
    L = sharp[x, y] + shades[0, x, y]
    a, b = (color[x, y][i] * shades[1, x, y] + shades[i + 1, x, y] for i in (1, 2))

    # Grain is strongest in middle densities, and leaves black and white alone.
    dense = hl.max(4.0 * L * (1.0 - L), 0.0)
    # Where a picture has several tiles, the compiler cannot see that the last one ends with the picture.
    at = [hl.unsafe_promise_clamped(x + BORDER + i * p.apart, 0, p.grain.dim(0).extent() - 1) for i in range(3)]
    specks = [hl.f32(p.grain[at[i], y]) * dense * p.grain_gain[min(i, 1)] for i in range(3)]
    mixed, rgb = hl.Func("mixed"), hl.Func("rgb")
    mixed[x, y] = (L + specks[0], a + specks[1], b + specks[2])
    shown = mapped(p.to_out, p.gamut, mixed, lanes)
    rgb[x, y] = tuple(hl.clamp(v, 0.0, 1.0) for v in shown.rgb())

    looked, moved, finished = lookup(table, rgb, kind), hl.Func("moved"), hl.Func("finished")

    def codes(light: list[Expr]) -> list[Expr]:
        return light if kind == "f32" else [encode_8bit(p.transfer, v) for v in light]

    plain, other = codes([rgb[x, y][i] for i in range(3)]), codes(looked.other)
    moved[x, y] = tuple(
        hl.select(table.tabled == 0, v, hl.select(table.space == 0, s, o))
        for v, s, o in zip(plain, looked.same, other, strict=True)
    )
    done = [moved[x, y][i] for i in range(3)]
    finished[x, y] = tuple(done if kind == "f32" else to_integer(kind, done, p.transfer[10], x, y))
    out[c, x, y] = hl.mux(c, [finished[x, y][i] for i in range(3)])

    xo, yo, xi, yi = (hl.Var(n) for n in ("xo", "yo", "xi", "yi"))
    interleaved(out, c)
    out.tile(x, y, xo, yo, xi, yi, columns(out, CHUNK), ROWS, hl.TailStrategy.GuardWithIf)
    out.reorder(c, xi, yi, xo, yo).parallel(yo).unroll(c).vectorize(xi, lanes, hl.TailStrategy.GuardWithIf)
    # By the chunk: what is stored pixel by pixel has arrived when vectors of it are loaded.
    finished.compute_at(out, yi).align_bounds(x, CHUNK).split(x, xc, x, CHUNK, ROUND_UP).vectorize(x, lanes)
    moved.compute_at(finished, xc).split(x, xs, x, CHUNK, ROUND_UP).vectorize(x, LUT_LANES[kind])
    moved.specialize(table.tabled == 0)
    moved.specialize(table.space == 0)
    looked.schedule(moved, xs, LUT_LANES[kind])
    shown.schedule(finished, xc)
    mixed.compute_at(finished, xc).vectorize(x, lanes, ROUND_UP).never_partition_all()
    entry.compute_at(finished, xc).vectorize(x, lanes, ROUND_UP)
    shades.compute_at(finished, xc).bound(c, 0, 4).vectorize(c).unroll(x, 4)
    sharp.compute_at(out, yi).vectorize(x, lanes, ROUND_UP)
    for stage in stencils:
        stage.compute_at(out, yi).vectorize(x, lanes, ROUND_UP)
    color.store_at(out, xo).compute_at(out, yi).split(x, xc, x, CHUNK, ROUND_UP).vectorize(x, LAB_LANES)
    for grid in (gain_wide, glow_wide):
        grid.compute_at(out, xo)
    by_row = (finished, moved, entry, shades, sharp, color, gain_wide, glow_wide)
    for stage in (out, *by_row, *stencils):
        stage.never_partition_all()
    for stage in steps:
        stage.compute_at(color, xc).vectorize(x, LAB_LANES, ROUND_UP)
    steps[0].specialize(unlit)
    padded.compute_at(color, xc).bound(c, 0, 3).unroll(c)
    for step in (1, -1):
        padded.specialize(p.scene.dim(1).stride() == step).vectorize(x, lanes, ROUND_UP)
    given = [getattr(p, n) for n in Inputs.__dataclass_fields__]
    return hl.Pipeline([out]), [*given, *(getattr(table, n) for n in Table.__dataclass_fields__)]


@kernel("look_graded_u8")
def look_graded_u8() -> tuple[hl.Pipeline, list[Any]]:
    """(h, w, 3) uint8, encoded."""
    return build("u8")


@kernel("look_graded_f32", rare=True)
def look_graded_f32() -> tuple[hl.Pipeline, list[Any]]:
    """(h, w, 3) float32, linear."""
    return build("f32")
