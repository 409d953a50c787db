"""Tables of hue, saturation and value on a scene, in linear ProPhoto RGB, in place (DNG 1.7, ProfileHueSatMapData).

Nothing is cut off: a colour outside ProPhoto RGB, or above white, takes the nearest entry. Saturation is chroma (the
largest channel less the smallest) by value, so it is chroma that is scaled, which also holds at black and below.

Reading from a table is what costs time. So the table of most cameras, without divisions of value, is packed: an entry
is one word of 32 bits, and four reads make a pixel.
"""

from __future__ import annotations

from typing import Any

import halide as hl

from half import half, half_image
from kernel import kernel
from look_math import exp2, log2

Expr = Any
LANES, FEW, BLOCK = 16, 4, 64  # few lanes make a rare kernel small

x, y, c = hl.Var("x"), hl.Var("y"), hl.Var("c")
xo, xi = hl.Var("xo"), hl.Var("xi")


def unit(t: Expr) -> Expr:
    return hl.clamp(t, 0.0, 1.0)


def lerp(a: list[Expr], b: list[Expr], t: Expr) -> list[Expr]:
    return [p + t * (q - p) for p, q in zip(a, b, strict=True)]


def row(matrix: hl.ImageParam, k: Any, v: list[Expr]) -> Expr:
    return matrix[0, k] * v[0] + matrix[1, k] * v[1] + matrix[2, k] * v[2]


def taken_apart(rgb: list[Expr]) -> tuple[Expr, Expr, Expr, Expr]:
    """Hue 0..6, chroma, value, and saturation, which is 1 where it would be more; grey below black is grey."""
    r, g, b = rgb
    value = hl.max(r, g, b)
    chroma = value - hl.min(r, g, b)
    inverse = hl.f32(1.0) / hl.max(chroma, hl.f32(1e-20))
    hue = hl.select(
        value == r, (g - b) * inverse, hl.select(value == g, 2.0 + (b - r) * inverse, 4.0 + (r - g) * inverse)
    )
    saturation = hl.min(chroma / hl.max(hl.abs(value), hl.f32(1e-20)), 1.0)
    return hl.select(hue < 0.0, hue + 6.0, hue), chroma, value, saturation


def put_together(hue: Expr, chroma: Expr, value: Expr) -> list[Expr]:
    """The colour of a hue of -6..12."""
    h = hue - 6.0 * hl.floor(hue * hl.f32(1 / 6))
    below = [1.0 - unit(hl.abs(h - 3.0) - 1.0), 1.0 - unit(2.0 - hl.abs(h - 2.0)), 1.0 - unit(2.0 - hl.abs(h - 4.0))]
    return [value - chroma * part for part in below]


def changed(hue: Expr, chroma: Expr, value: Expr, entry: list[Expr], new: Expr, gain: Expr) -> list[Expr]:
    """The colour with its hue turned by entry[0] (in sixths), saturation scaled by entry[1], and value `new`."""
    wide = chroma * entry[1] * gain
    inside = hl.select(chroma <= value, hl.min(wide, hl.max(new, 0.0)), wide)
    return put_together(hue + entry[0], inside, new)


def scheduled(out: hl.Func, colour: hl.Func, lanes: int) -> None:
    guard = hl.TailStrategy.GuardWithIf
    out.bound(c, 0, 3).split(x, xo, xi, BLOCK, guard).reorder(xi, c, xo, y)
    out.vectorize(xi, lanes, guard).unroll(c).parallel(y, 8, guard)
    colour.compute_at(out, xo).vectorize(x, lanes, guard)
    for func in (out, colour):
        func.never_partition_all()


@kernel("hue_sat")
def hue_sat() -> tuple[hl.Pipeline, list[object]]:
    """(3, h, w) float16 -> the same, which may be the same memory.

    table: (hues + 1) * saturations words, the first hue repeated at the end: from the top 11 bits for hue, 11 for
    saturation, 10 for value, each a number of steps, half of them below what changes nothing.
    numbers: entries per sixth of hue, entries of saturation less one, steps of hue (in sixths), saturation, value.
    before, after: (3, 3) from the image's primaries to those of the table, and back.
    """
    image = half_image("image")
    table = hl.ImageParam(hl.UInt(32), 1, "table")
    numbers = hl.ImageParam(hl.Float(32), 1, "numbers")
    before, after = hl.ImageParam(hl.Float(32), 2, "before"), hl.ImageParam(hl.Float(32), 2, "after")
    saturations, last = hl.Param(hl.Int(32), "saturations"), hl.Param(hl.Int(32), "last_hue")

    rgb = [row(before, k, [hl.f32(image[x, y, i]) for i in range(3)]) for k in range(3)]
    apart = hl.Func("apart")
    hue, chroma, value, saturation = taken_apart(rgb)
    apart[x, y] = hl.Tuple([hue, chroma, value, saturation])
    hue, chroma, value, saturation = (hl.Expr(apart[x, y][i]) for i in range(4))
    along, across = hue * numbers[0], saturation * numbers[1]
    i, j = hl.clamp(hl.i32(along), 0, last), hl.clamp(hl.i32(across), 0, saturations - 2)
    along, across = along - hl.f32(i), across - hl.f32(j)

    def entry(offset: Expr) -> list[Expr]:
        word = table[i * saturations + j + offset]
        return [hl.f32(hl.i32(n)) for n in (word >> 21, (word >> 10) & 2047, word & 1023)]

    near, far = lerp(entry(0), entry(1), across), lerp(entry(saturations), entry(saturations + 1), across)
    steps = lerp(near, far, along)
    steps = [s - middle for s, middle in zip(steps, (1024.0, 1024.0, 512.0), strict=True)]
    turn, scale, gain = steps[0] * numbers[2], 1.0 + steps[1] * numbers[3], 1.0 + steps[2] * numbers[4]
    colour = hl.Func("colour")
    colour[x, y] = hl.Tuple(changed(hue, chroma, value, [turn, scale], value * gain, gain))
    out = hl.Func("lichtbild_hue_sat")
    out[x, y, c] = half(row(after, c, [hl.Expr(colour[x, y][k]) for k in range(3)]))
    scheduled(out, colour, LANES)
    return hl.Pipeline([out]), [image, table, numbers, before, after, saturations, last]


def encoded(v: Expr) -> Expr:
    """IEC 61966-2-1, goes on as it does above 1."""
    curve = hl.f32(1.055) * exp2(log2(hl.max(v, hl.f32(0.0031308))) * hl.f32(1 / 2.4)) - hl.f32(0.055)
    return hl.select(v <= hl.f32(0.0031308), v * hl.f32(12.92), curve)


def decoded(v: Expr) -> Expr:
    curve = exp2(log2((hl.max(v, hl.f32(0.04045)) + hl.f32(0.055)) * hl.f32(1 / 1.055)) * hl.f32(2.4))
    return hl.select(v <= hl.f32(0.04045), v * hl.f32(1 / 12.92), curve)


@kernel("hue_sat_value", rare=True)
def hue_sat_value() -> tuple[hl.Pipeline, list[object]]:
    """The same for tables with divisions of value, with an encoded value, or with entries too far apart to be packed.

    table: (values, hues + 1, saturations, 3) float32, the first hue repeated at the end: turn of hue in sixths, factor
    of saturation, factor of value.   encode: value is encoded as sRGB is, both for the place and to be scaled.
    """
    image = half_image("image")
    table = hl.ImageParam(hl.Float(32), 4, "table")
    before, after = hl.ImageParam(hl.Float(32), 2, "before"), hl.ImageParam(hl.Float(32), 2, "after")
    encode = hl.Param(hl.Int(32), "encode")

    rgb = [row(before, k, [hl.f32(image[x, y, i]) for i in range(3)]) for k in range(3)]
    apart = hl.Func("apart")
    hue, chroma, value, saturation = taken_apart(rgb)
    apart[x, y] = hl.Tuple([hue, chroma, value, saturation])
    hue, chroma, value, saturation = (hl.Expr(apart[x, y][i]) for i in range(4))
    level = hl.select(encode != 0, encoded(value), value)
    extents = [table.dim(1).extent(), table.dim(2).extent(), table.dim(3).extent()]  # saturations, hues, values

    def place(at: Expr, last: Expr) -> tuple[Expr, Expr]:
        first = hl.clamp(hl.i32(at), 0, hl.max(last - 1, 0))
        return first, at - hl.f32(first)

    i, along = place(hue * hl.f32(extents[1] - 1) * hl.f32(1 / 6), extents[1] - 1)
    j, across = place(saturation * hl.f32(extents[0] - 1), extents[0] - 1)
    k, up = place(unit(level) * hl.f32(extents[2] - 1), extents[2] - 1)
    above = hl.min(k + 1, extents[2] - 1)

    def plane(v: Expr) -> list[Expr]:
        near, far = ([table[n, j, h, v] for n in range(3)] for h in (i, i + 1))
        near_1, far_1 = ([table[n, j + 1, h, v] for n in range(3)] for h in (i, i + 1))
        return lerp(lerp(near, near_1, across), lerp(far, far_1, across), along)

    entry = lerp(plane(k), plane(above), up)
    scaled = level * entry[2]
    # What a factor of 1 leaves alone must not go through the curve and back.
    new = hl.select((encode != 0) & (entry[2] != 1.0), decoded(scaled), value * entry[2])
    plain = hl.abs(value) < hl.f32(1e-9)
    gain = hl.select(plain, entry[2], new / hl.select(plain, hl.f32(1.0), value))
    colour = hl.Func("colour")
    colour[x, y] = hl.Tuple(changed(hue, chroma, value, entry, new, gain))
    out = hl.Func("lichtbild_hue_sat_value")
    out[x, y, c] = half(row(after, c, [hl.Expr(colour[x, y][n]) for n in range(3)]))
    scheduled(out, colour, FEW)
    return hl.Pipeline([out]), [image, table, before, after, encode]


@kernel("profile_tone", rare=True)
def profile_tone() -> tuple[hl.Pipeline, list[object]]:
    """A tone curve that keeps hue, as DNG's reference applies ProfileToneCurve: the largest and the smallest channel go
    through it, and the middle one keeps its place between them.

    (3, h, w) float16 -> the same, which may be the same memory. curve: (n,) of 0..1, evenly spaced; what is outside
    takes its ends. before, after: (3, 3) as above.
    """
    image = half_image("image")
    curve = hl.ImageParam(hl.Float(32), 1, "curve")
    before, after = hl.ImageParam(hl.Float(32), 2, "before"), hl.ImageParam(hl.Float(32), 2, "after")
    last = curve.dim(0).extent() - 1

    r, g, b = (unit(row(before, k, [hl.f32(image[x, y, i]) for i in range(3)])) for k in range(3))
    rgb = hl.Func("rgb")
    rgb[x, y] = hl.Tuple([r, g, b])
    r, g, b = (hl.Expr(rgb[x, y][i]) for i in range(3))

    def through(v: Expr) -> Expr:
        at = v * hl.f32(last)
        first = hl.clamp(hl.i32(at), 0, last - 1)
        return hl.lerp(curve[first], curve[first + 1], at - hl.f32(first))

    high, low = hl.max(r, g, b), hl.min(r, g, b)
    top, bottom = through(high), through(low)
    slope = (top - bottom) / hl.max(high - low, hl.f32(1e-9))
    colour = hl.Func("colour")
    colour[x, y] = hl.Tuple([bottom + (v - low) * slope for v in (r, g, b)])
    out = hl.Func("lichtbild_profile_tone")
    out[x, y, c] = half(row(after, c, [hl.Expr(colour[x, y][n]) for n in range(3)]))
    scheduled(out, colour, FEW)
    return hl.Pipeline([out]), [image, curve, before, after]
