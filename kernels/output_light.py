"""A finished picture as other files want it: fewer bits, light in half floats, or with the curves of HDR television.

Where there is a gain map (ISO 21496-1), light is multiplied by it on the way. PQ is SMPTE ST 2084, HLG is ARIB STD-B67,
both as in ITU-R BT.2100-2; HLG's system gamma of 1.2 is undone, so that a display of 1000 cd/m2 shows what was meant.
"""

from __future__ import annotations

from typing import Any

import halide as hl

from kernel import kernel
from look_math import exp2, log2, matrix_rows
from look_output import interleaved

Expr = Any
LANES = 16
TINY = hl.f32(1e-30)
M1, M2 = 1305 / 8192, 2523 / 32
C1, C2, C3 = 107 / 128, 2413 / 128, 2392 / 128
HLG_A, HLG_B, HLG_C = 0.17883277, 0.28466892, 0.55991073
LOG2_E = 1.4426950408889634
BT2020_LUMINANCE = (0.2627, 0.6780, 0.0593)
GAMMA = 1.2

x, y, c = hl.Var("x"), hl.Var("y"), hl.Var("c")


def power(v: Expr, exponent: float) -> Expr:
    return exp2(hl.f32(exponent) * log2(hl.max(v, TINY)))


def pq(v: Expr) -> Expr:
    """0..1 of light in units of 10,000 cd/m2."""
    p = power(v, M1)
    return power((hl.f32(C1) + hl.f32(C2) * p) / (1.0 + hl.f32(C3) * p), M2)


def hlg(rgb: list[Expr]) -> list[Expr]:
    """0..1 of displayed light in units of the display's peak."""
    luminance = sum(hl.f32(w) * v for w, v in zip(BT2020_LUMINANCE, rgb, strict=True))
    system = power(luminance, 1 / GAMMA - 1)

    def encoded(v: Expr) -> Expr:
        e = hl.clamp(v * system, 0.0, 1.0)
        log = hl.f32(HLG_A / LOG2_E) * log2(hl.max(12.0 * e - hl.f32(HLG_B), TINY)) + hl.f32(HLG_C)
        return hl.select(e <= hl.f32(1 / 12), hl.sqrt(3.0 * e), log)

    return [encoded(hl.max(v, 0.0)) for v in rgb]


def half_bits(v: Expr) -> Expr:
    """IEEE 754 binary16, to the nearest; what is below its normal numbers is 0, what is above is its greatest."""
    bits = hl.reinterpret(hl.UInt(32), v)
    sign, size = (bits >> 16) & hl.u32(0x8000), bits & hl.u32(0x7FFFFFFF)
    rounded = size + hl.u32(0xFFF) + ((size >> 13) & hl.u32(1))
    normal = hl.min((rounded - hl.u32(112 << 23)) >> 13, hl.u32(0x7BFF))
    return hl.u16(sign | hl.select(rounded < hl.u32(113 << 23), hl.u32(0), normal))


def build(name: str, source: Any, target: str) -> tuple[hl.Pipeline, list[Any]]:
    """decode: cut, slope, scale, exponent, offset of the picture's transfer function (of an integer source).
    gain: stops that 255 of the map stands for. scale: of the light; top: greatest integer."""
    image = hl.ImageParam(source, 3, "image")
    image.dim(0).set_bounds(0, 3).set_stride(1)
    image.dim(1).set_stride(3)
    decode, matrix = hl.ImageParam(hl.Float(32), 1, "decode"), hl.ImageParam(hl.Float(32), 2, "matrix")
    gain_map, gain = hl.ImageParam(hl.UInt(8), 2, "gain_map"), hl.Param(hl.Float(32), "gain")
    scale, top = hl.Param(hl.Float(32), "scale"), hl.Param(hl.Float(32), "top")

    def light(v: Expr) -> Expr:
        if source == hl.Float(32):
            return v
        v = hl.f32(v) * hl.f32(1 / 65535)
        curve = exp2(log2(hl.max((v + decode[4]) / decode[2], TINY)) / decode[3])
        return hl.select(v <= decode[0] * decode[1], v / decode[1], curve)

    def between(position: Expr, size: Expr, cells: Expr) -> tuple[Expr, Expr, Expr]:
        u = hl.clamp((hl.f32(position) + 0.5) * (hl.f32(cells) / hl.f32(size)) - 0.5, 0.0, hl.f32(cells - 1))
        low = hl.clamp(hl.i32(u), 0, cells - 1)
        return low, hl.min(low + 1, cells - 1), u - hl.f32(low)

    out, rows, factor = hl.Func(f"lichtbild_{name}"), hl.Func("rows"), hl.Func("factor")
    planes, finished = hl.Func("planes"), hl.Func("finished")
    y0, y1, fy = between(y, image.dim(2).extent(), gain_map.dim(1).extent())
    rows[x, y] = hl.lerp(hl.f32(gain_map[x, y0]), hl.f32(gain_map[x, y1]), fy)
    x0, x1, fx = between(x, image.dim(1).extent(), gain_map.dim(0).extent())
    stops = hl.lerp(rows[x0, y], rows[x1, y], fx) * (gain * hl.f32(1 / 255))
    factor[x, y] = exp2(stops) * scale
    planes[c, x, y] = light(image[c, x, y])
    rgb = [v * factor[x, y] for v in matrix_rows(matrix, [planes[i, x, y] for i in range(3)])]
    if target == "half":
        done = [half_bits(v) for v in rgb]
    else:
        curved = [pq(hl.clamp(v, 0.0, 1.0)) for v in rgb] if target == "pq" else hlg(rgb)
        done = [hl.u16(hl.clamp(v * top + 0.5, 0.0, top)) for v in curved]
    finished[x, y] = tuple(done)
    out[c, x, y] = hl.mux(c, [finished[x, y][i] for i in range(3)])

    xo, xi, yo = hl.Var("xo"), hl.Var("xi"), hl.Var("yo")
    guard = hl.TailStrategy.GuardWithIf
    interleaved(out, c)
    out.split(y, yo, y, 16, guard).split(x, xo, xi, 256, guard)
    out.reorder(c, xi, xo, y, yo).parallel(yo).unroll(c).vectorize(xi, LANES, guard)
    finished.compute_at(out, xo).vectorize(x, LANES)
    factor.compute_at(out, xo).vectorize(x, LANES)
    planes.compute_at(out, xo).reorder(c, x).bound(c, 0, 3).unroll(c).vectorize(x, LANES, guard)
    planes.reorder_storage(x, y, c)
    rows.compute_at(out, y).vectorize(x, LANES, guard)
    for stage in (out, finished, factor, planes, rows):
        stage.never_partition_all()
    return hl.Pipeline([out]), [image, decode, matrix, gain_map, gain, scale, top]


@kernel("output_pq", rare=True)
def output_pq() -> tuple[hl.Pipeline, list[Any]]:
    """(h, w, 3) uint16, encoded -> uint16, PQ."""
    return build("output_pq", hl.UInt(16), "pq")


@kernel("output_hlg", rare=True)
def output_hlg() -> tuple[hl.Pipeline, list[Any]]:
    """(h, w, 3) uint16, encoded -> uint16, HLG."""
    return build("output_hlg", hl.UInt(16), "hlg")


@kernel("output_half_u16", rare=True)
def output_half_u16() -> tuple[hl.Pipeline, list[Any]]:
    """(h, w, 3) uint16, encoded -> the bits of half floats, linear."""
    return build("output_half_u16", hl.UInt(16), "half")


@kernel("output_half_f32", rare=True)
def output_half_f32() -> tuple[hl.Pipeline, list[Any]]:
    """(h, w, 3) float32, linear -> the bits of half floats, linear."""
    return build("output_half_f32", hl.Float(32), "half")


@kernel("output_depth", rare=True)
def output_depth() -> tuple[hl.Pipeline, list[Any]]:
    """(h, w) uint16 -> uint16: 0..65535 becomes 0..top, to the nearest."""
    image, top = hl.ImageParam(hl.UInt(16), 2, "image"), hl.Param(hl.UInt(32), "top")
    out = hl.Func("lichtbild_output_depth")
    out[x, y] = hl.u16((hl.u32(image[x, y]) * top + 32767) / hl.u32(65535))
    out.parallel(y, 16, hl.TailStrategy.GuardWithIf).vectorize(x, 32, hl.TailStrategy.GuardWithIf)
    return hl.Pipeline([out]), [image, top]


@kernel("output_widen", rare=True)
def output_widen() -> tuple[hl.Pipeline, list[Any]]:
    """(h, w) uint8 -> uint16: 0..255 becomes 0..65535."""
    image, out = hl.ImageParam(hl.UInt(8), 2, "image"), hl.Func("lichtbild_output_widen")
    out[x, y] = hl.u16(image[x, y]) * hl.u16(257)
    out.parallel(y, 16, hl.TailStrategy.GuardWithIf).vectorize(x, 32, hl.TailStrategy.GuardWithIf)
    return hl.Pipeline([out]), [image]


@kernel("output_exr", rare=True)
def output_exr() -> tuple[hl.Pipeline, list[Any]]:
    """(lines, w, 3) half bits -> (2, lines, 3, w) bytes of a block of an OpenEXR file, as its ZIP compression wants
    them: channels B, G, R of each line, all low bytes before all high ones, each less its predecessor, plus 128."""
    image, out = hl.ImageParam(hl.UInt(16), 3, "image"), hl.Func("lichtbild_output_exr")
    image.dim(0).set_bounds(0, 3).set_stride(1)
    image.dim(1).set_stride(3)
    width, lines = image.dim(1).extent(), image.dim(2).extent()
    plane = hl.Var("plane")

    def byte(x: Expr, c: Expr, y: Expr, plane: Expr) -> Expr:
        v = image[2 - c, x, y]
        return hl.u8(hl.select(plane == 0, v & hl.u16(255), v >> 8))

    first_x, first_c, first_y = x == 0, c == 0, y == 0
    before_x = hl.select(first_x, width - 1, x - 1)
    before_c = hl.select(first_x, hl.select(first_c, 2, c - 1), c)
    before_y = hl.select(first_x & first_c, hl.select(first_y, lines - 1, y - 1), y)
    before_plane = hl.select(first_x & first_c & first_y, 0, plane)
    before = byte(
        hl.clamp(before_x, 0, width - 1), hl.clamp(before_c, 0, 2), hl.clamp(before_y, 0, lines - 1), before_plane
    )
    start = first_x & first_c & first_y & (plane == 0)
    now = byte(x, c, y, plane)
    out[x, c, y, plane] = hl.select(start, now, now - before + hl.u8(128))
    out.output_buffer().dim(1).set_bounds(0, 3)
    out.vectorize(x, 16, hl.TailStrategy.GuardWithIf)
    return hl.Pipeline([out]), [image]
