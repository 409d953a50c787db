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

x, y, c = hl.Var("x"), hl.Var("y"), hl.Var("c")


@dataclass
class Table:
    """The arguments of a table, in call order."""

    tabled: Any  # 0 for no table, 1 for one, 2 for one behind curves
    space: Any  # 1 where the table's colour space is not the picture's
    nodes: Any  # (node, 4): red, green, blue, nothing; blue's place changes slowest
    shaper: Any  # (entries, 3): node coordinate of each channel over its encoded value 0..1
    # nodes per edge, strength, then the transfer function: cut, slope, scale, exponent, offset, quartic of the fourth
    # root (5); then the same backwards: cut, 1 / slope, 1 / scale, 1 / exponent, sextic of the square root (7)
    lut: Any
    to_lut: Any  # 3x3: linear output primaries to those of the table
    from_lut: Any  # 3x3: back

    @classmethod
    def make(cls) -> Table:
        f = hl.Float(32)
        nodes = hl.ImageParam(f, 2, "nodes")
        nodes.dim(0).set_bounds(0, 4).set_stride(1)
        nodes.dim(1).set_min(0).set_stride(4)
        shaper = hl.ImageParam(f, 2, "shaper")
        shaper.dim(0).set_bounds(0, 3).set_stride(1)
        shaper.dim(1).set_stride(3)
        matrices = (hl.ImageParam(f, 2, n) for n in ("to_lut", "from_lut"))
        states = (hl.Param(hl.Int(32), n) for n in ("tabled", "space"))
        return cls(*states, nodes, shaper, hl.ImageParam(f, 1, "lut"), *matrices)


@dataclass
class Lookup:
    """The stages of a lookup and the codes it gives.

    A vector of lanes that each load from a place of their own is slow. So the places and weights of the four nodes are
    computed for many pixels at once, and the nodes are fetched pixel by pixel, all colours of one at a time; a curve
    before the table is looked up likewise, a pixel at a time.
    """

    table: Table
    inside: Any  # (x, y): linear light in the table's space
    coded: Any  # the same encoded, at the edge of the space where it lies beyond
    at: Any  # where on the table's edges that is
    places: Any  # indices of four nodes, then their weights
    found: Any  # (c, x, y): the table's code
    light: Any  # (x, y): the table's linear light, and how far what was beyond is to be put back
    same: list[Expr]  # codes, or for floats light, at (x, y), where the picture's space is the table's
    other: list[Expr]  # linear output RGB at (x, y), where it is another

    def schedule(self, stage: Any, chunk: Any, lanes: int) -> None:
        """By the chunk of `stage`."""
        rows = (self.inside, self.coded, self.at, self.places, self.light)
        for made in (*rows, self.found):
            made.compute_at(stage, chunk).never_partition_all()
        for made in (*rows[:2], *rows[3:]):
            made.vectorize(x, lanes, hl.TailStrategy.RoundUp)
        self.at.specialize(self.table.tabled == 1).vectorize(x, lanes, hl.TailStrategy.RoundUp)
        self.found.bound(c, 0, 4).vectorize(c).unroll(x, 8)


def lookup(t: Table, rgb: Any, kind: str) -> Lookup:
    """The table's colour of `rgb`, a function of (x, y) that gives linear output RGB, 0..1."""
    names = ("inside", "coded", "at", "places", "found", "light")
    inside, coded, at, places, found, light = (hl.Func(n) for n in names)
    plain = [rgb[x, y][i] for i in range(3)]
    transfer, back = [t.lut[i + 2] for i in range(10)], [t.lut[i + 12] for i in range(11)]
    turned = zip(plain, matrix_rows(t.to_lut, plain), strict=True)
    inside[x, y] = tuple(hl.select(t.space == 0, v, m) for v, m in turned)
    beyond = [inside[x, y][i] for i in range(3)]
    clipped = [hl.clamp(v, 0.0, 1.0) for v in beyond]
    coded[x, y] = tuple((encode_8bit if kind == "u8" else encode)(transfer, v) for v in clipped)
    codes = [coded[x, y][i] for i in range(3)]
    at[x, y] = tuple(coordinate(t, i, v) for i, v in enumerate(codes))
    places[x, y] = tuple(tetrahedron(t, [at[x, y][i] for i in range(3)]))
    node = [hl.unsafe_promise_clamped(places[x, y][i], 0, t.nodes.dim(1).extent() - 1) for i in range(4)]
    found[c, x, y] = sum(t.nodes[c, n] * places[x, y][4 + i] for i, n in enumerate(node))
    moved = [e + (found[i, x, y] - e) * t.lut[1] for i, e in enumerate(codes)]
    lit = [(decode_8bit if kind == "u8" else decode)(back, transfer[4], v) for v in moved]
    kept = hl.min(span(lit) * hl.fast_inverse(hl.max(span(clipped), hl.f32(1e-4))), 1.0)
    light[x, y] = (*lit, kept)
    seen = [light[x, y][i] for i in range(4)]
    put_back = [v + (i - k) * seen[3] for v, i, k in zip(seen, beyond, clipped, strict=False)]
    other = [hl.clamp(v, 0.0, 1.0) for v in matrix_rows(t.from_lut, put_back)]
    return Lookup(t, inside, coded, at, places, found, light, seen[:3] if kind == "f32" else moved, other)


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


def tetrahedron(t: Table, places: list[Expr]) -> list[Expr]:
    """The four nodes around a place in the table, and their weights, which add up to 1."""
    edge = hl.i32(t.lut[0])
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
