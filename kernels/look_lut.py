"""A 3D table of colours in the look kernels: tetrahedral interpolation, in the encoded colours that it was made for.

A cell of the table is cut into six tetrahedra along its grey diagonal (Kasson, Plouffe, Nin, "Tetrahedral interpolation
technique for color space conversion", Proc. SPIE 1909, 1993): four nodes per colour, and a grey axis of the table stays
grey between its nodes. A colour outside of the table's space is looked up at the edge; what it lies beyond is put back,
as far as the table keeps colours colourful.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import halide as hl

from look_math import exp2, log2, matrix_rows
from look_output import TINY, encode, encode_8bit

Expr = Any
NODE = 65535.0

x, y, c = hl.Var("x"), hl.Var("y"), hl.Var("c")


@dataclass
class Table:
    """The arguments of a table, in call order."""

    tabled: Any  # 0 for no table, 1 for one, 2 for one behind curves
    space: Any  # 1 where the table's colour space is not the picture's
    nodes: Any  # (node, 4) uint16: red, green, blue, nothing; blue's place changes slowest
    shaper: Any  # (entries, 3): node coordinate of each channel over its encoded value 0..1
    # nodes per edge, strength, then the transfer function: cut, slope, scale, exponent, offset, quartic of the fourth
    # root (5); then the same backwards: cut, 1 / slope, 1 / scale, 1 / exponent, sextic of the square root (7)
    lut: Any
    to_lut: Any  # 3x3: linear output primaries to those of the table
    from_lut: Any  # 3x3: back

    @classmethod
    def make(cls) -> Table:
        nodes = hl.ImageParam(hl.UInt(16), 2, "nodes")
        nodes.dim(0).set_bounds(0, 4).set_stride(1)
        nodes.dim(1).set_stride(4)
        f = hl.Float(32)
        shaper = hl.ImageParam(f, 2, "shaper")
        shaper.dim(0).set_bounds(0, 3).set_stride(1)
        shaper.dim(1).set_stride(3)
        matrices = (hl.ImageParam(f, 2, n) for n in ("to_lut", "from_lut"))
        states = (hl.Param(hl.Int(32), n) for n in ("tabled", "space"))
        return cls(*states, nodes, shaper, hl.ImageParam(f, 1, "lut"), *matrices)


@dataclass
class Lookup:
    """The stages of a lookup, to be scheduled by the row.

    A vector of lanes that each load from a place of their own is slow. So the places and weights of the four nodes are
    computed for many pixels at once, and the nodes are fetched pixel by pixel, all colours of one at a time.
    """

    coded: Any  # (x, y): encoded colours
    places: Any  # (x, y): indices of four nodes, then their weights
    found: Any  # (c, x, y): the table's code
    same: list[Expr]  # codes at (x, y), where the picture's space is the table's
    other: list[Expr]  # linear output RGB at (x, y), where it is another


def lookup(t: Table, rgb: Any, kind: str) -> Lookup:
    """The table's colour of `rgb`, a function of (x, y) that gives linear output RGB, 0..1."""
    plain = [rgb[x, y][i] for i in range(3)]
    transfer, back = [t.lut[i + 2] for i in range(10)], [t.lut[i + 12] for i in range(11)]
    inside = [hl.select(t.space == 0, v, m) for v, m in zip(plain, matrix_rows(t.to_lut, plain), strict=True)]
    clipped = [hl.clamp(v, 0.0, 1.0) for v in inside]
    coded, places, found = hl.Func("coded"), hl.Func("places"), hl.Func("found")
    coded[x, y] = tuple((encode_8bit if kind == "u8" else encode)(transfer, v) for v in clipped)
    codes = [coded[x, y][i] for i in range(3)]
    places[x, y] = tuple(tetrahedron(t, codes))
    node = [hl.unsafe_promise_clamped(places[x, y][i], 0, t.nodes.dim(1).extent() - 1) for i in range(4)]
    found[c, x, y] = sum(hl.f32(t.nodes[c, n]) * places[x, y][4 + i] for i, n in enumerate(node))
    moved = [e + (found[i, x, y] * hl.f32(1 / NODE) - e) * t.lut[1] for i, e in enumerate(codes)]
    light = [(decode_8bit if kind == "u8" else decode)(back, transfer[4], v) for v in moved]
    spread = hl.max(span(clipped), hl.f32(1e-4))
    kept = hl.min(span(light) * hl.fast_inverse(spread), 1.0)
    beyond = [v + (i - k) * kept for v, i, k in zip(light, inside, clipped, strict=True)]
    other = [hl.clamp(v, 0.0, 1.0) for v in matrix_rows(t.from_lut, beyond)]
    return Lookup(coded, places, found, light if kind == "f32" else moved, other)


def span(rgb: list[Expr]) -> Expr:
    return hl.max(hl.max(rgb[0], rgb[1]), rgb[2]) - hl.min(hl.min(rgb[0], rgb[1]), rgb[2])


def decode(back: list[Expr], offset: Expr, v: Expr) -> Expr:
    """Linear light of an encoded value: the inverse of `look_output.encode`."""
    power = exp2(log2(hl.max((v + offset) * back[2], TINY)) * back[3])
    return hl.select(v <= back[0], v * back[1], power)


def decode_8bit(back: list[Expr], offset: Expr, v: Expr) -> Expr:
    """The same to 1/25 of an 8-bit step: the square of a sextic."""
    root = back[10]
    for i in range(9, 3, -1):
        root = root * v + back[i]
    return hl.select(v <= back[0], v * back[1], root * root)


def coordinate(t: Table, channel: int, code: Expr) -> Expr:
    """Where on the table's edge an encoded value lies, 0 to nodes - 1."""
    last = t.shaper.dim(1).extent() - 1
    straight = t.shaper[channel, 0] + code * (t.shaper[channel, 1] - t.shaper[channel, 0])
    u = code * hl.f32(last)
    low = hl.clamp(hl.i32(u), 0, last - 1)
    bent = hl.lerp(t.shaper[channel, low], t.shaper[channel, low + 1], hl.min(u - hl.f32(low), 1.0))
    return hl.clamp(hl.select(t.tabled == 2, bent, straight), 0.0, t.lut[0] - 1.0)


def tetrahedron(t: Table, codes: list[Expr]) -> list[Expr]:
    """The four nodes around an encoded colour, and their weights, which add up to 1."""
    edge = hl.i32(t.lut[0])
    places = [coordinate(t, i, v) for i, v in enumerate(codes)]
    cells = [hl.clamp(hl.i32(v), 0, edge - 2) for v in places]
    r, g, b = (v - hl.f32(c) for v, c in zip(places, cells, strict=True))
    steps = [hl.i32(1), edge, edge * edge]
    first = cells[0] + edge * (cells[1] + edge * cells[2])
    top, low = hl.max(hl.max(r, g), b), hl.min(hl.min(r, g), b)
    middle = hl.max(hl.min(r, g), hl.min(hl.max(r, g), b))
    along = hl.select((r >= g) & (r >= b), steps[0], hl.select(g >= b, steps[1], steps[2]))
    across = hl.select((b <= r) & (b <= g), steps[2], hl.select(g <= r, steps[1], steps[0]))
    last = first + steps[0] + steps[1] + steps[2]
    return [first, first + along, last - across, last, 1.0 - top, top - middle, middle - low, low]
