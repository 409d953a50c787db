"""Pictures in overlapping windows of 8 x 8 or 16 x 16 pixels: to cosine waves, each of them weighed, and back.

After Yu and Sapiro, *DCT Image Denoising* (IPOL 2011). How waves are weighed is told by `superres_waves.py`. Windows
count least at their edges, beyond which they know nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import cos, pi, sin
from typing import Any

import halide as hl

from cosines import SIDE, backward, forward
from superres_detail import Fine
from taps import sum_of

Expr = Any
LANES = 4  # more make older processors shuffle: the compiler takes minutes for it, and no processor gains
FADE = 0.2  # of windows' weight, what is left at their edges, where what lies beyond them is not known


def odd(i: int, k: int) -> Expr:
    """Of sample i of sixteen, what it weighs in the odd wave k."""
    return hl.f32(8**-0.5 * cos((2 * i + 1) * k * pi / 32))


def waves_of(x: list[Expr]) -> list[Expr]:
    """Orthonormal DCT-II of eight or sixteen numbers: of sixteen, even waves are those of eight sums."""
    if len(x) == SIDE:
        return forward(x)
    pairs = list(zip(x[:SIDE], x[: SIDE - 1 : -1], strict=True))
    even = forward([(a + b) * hl.f32(0.5**0.5) for a, b in pairs])
    apart = [a - b for a, b in pairs]
    return [sum_of(apart[i] * odd(i, k) for i in range(SIDE)) if k % 2 else even[k // 2] for k in range(2 * SIDE)]


def samples_of(c: list[Expr]) -> list[Expr]:
    """The inverse of `waves_of`."""
    if len(c) == SIDE:
        return backward(c)
    even = [a * hl.f32(0.5**0.5) for a in backward(c[::2])]
    rest = [sum_of(c[k] * odd(i, k) for k in range(1, 2 * SIDE, 2)) for i in range(SIDE)]
    pairs = list(zip(even, rest, strict=True))
    return [a + b for a, b in pairs] + [a - b for a, b in reversed(pairs)]


class Windows:
    """Windows (p, q) of some planes c of one or more pictures, `down` rows and half a side from each to the next.

    pictures: values at x, y, c; side: 8 or 16, of a window.
    """

    def __init__(
        self,
        fine: Fine,
        name: str,
        planes: int,
        pictures: Sequence[Callable[..., Expr]],
        side: int = SIDE,
        down: int = SIDE // 2,
    ) -> None:
        self.fine, self.name, self.planes, self.down, self.side = fine, name, planes, down, side
        self.hop = side // 2  # window 0 begins so far before column 0, too
        self.count = len(pictures)
        x, self.c = fine.x, hl.Var("c")
        self.p, self.q, self.k = (hl.Var(n) for n in ("p", "q", "k"))
        self.column, self.columns, self.wave = (self.func(n) for n in ("column", "columns", "wave"))
        self.rows_of: list[tuple[hl.Func, int]] = [(self.wave, self.count * side)]
        self.single: list[hl.Func] = []
        p, q, k, c, above = self.p, self.q, self.k, self.c, side - down
        waves: list[Expr] = []  # 0 to the last down of the first picture, then those of the next
        for each in pictures:
            waves += waves_of([hl.Expr(each(x, q * down - above + n, c)) for n in range(side)])
        self.column[x, q, c] = hl.Tuple(waves)
        self.columns[x, q, k, c] = hl.mux(k, [self.column[x, q, c][n] for n in range(self.count * side)])
        across = [hl.Expr(self.columns[(p - 1) * self.hop + n, q, k, c]) for n in range(side)]
        self.wave[p, q, k, c] = hl.Tuple(waves_of(across))

    def func(self, name: str) -> hl.Func:
        return hl.Func(f"{self.name}_{name}")

    def waves(self, picture: int = 0) -> list[Expr]:
        """The waves across of one picture's wave k down."""
        return [self.wave[self.p, self.q, self.k + picture * self.side, self.c][j] for j in range(self.side)]

    def each(self, name: str, values: list[Expr]) -> Callable[[Expr], list[Expr]]:
        """Values of each wave of a window, told for wave k down; called with another k it gives those."""
        func = self.func(name)
        func[self.p, self.q, self.k, self.c] = hl.Tuple(values) if len(values) > 1 else values[0]
        self.rows_of.append((func, self.side))
        if len(values) == 1:
            return lambda k: [hl.Expr(func[self.p, self.q, k, self.c])]
        return lambda k: [func[self.p, self.q, k, self.c][j] for j in range(len(values))]

    def one(self, name: str, value: Expr) -> Expr:
        """A value of the window."""
        func = self.func(name)
        func[self.p, self.q, self.c] = value
        self.single.append(func)
        return func[self.p, self.q, self.c]

    def middle(self, left: Callable[..., Expr]) -> Expr:
        """The mean of a plane in the middle of the window."""
        at = [(self.p * self.hop + n - 1, (self.q + 1) * self.down - self.hop + m - 1) for n in (0, 1) for m in (0, 1)]
        return sum_of(left(*each, self.c) for each in at) * 0.25

    def back(self, weighed: list[Expr], far: bool, heavy: Expr = None) -> hl.Func:
        """(x, y, c) from the waves across of wave k down. far: one plane after the other, in memory of the caller's;
        heavy: how much a window counts where it overlaps others."""
        x, y, p, q, k, c = self.fine.x, self.fine.y, self.p, self.q, self.k, self.c
        r, i, po, xo, xi, yi = (hl.Var(n) for n in ("r", "i", "po", "xo", "xi", "yi"))
        window, windows, joined, strip, rows, out = (
            self.func(n) for n in ("window", "windows", "joined", "strip", "rows", "all")
        )
        shrunk, down, side, hop = self.each("shrunk", weighed), self.down, self.side, self.hop
        soft = [hl.f32((FADE + sin(pi * (n + 0.5) / side) ** 2) / (1 + 2 * FADE)) for n in range(side)]
        # Windows of a row, put together along it, then columns, then rows of windows.
        window[p, q, k, c] = hl.Tuple([value * soft[n] for n, value in enumerate(samples_of(shrunk(k)))])
        each = [window[p, q, k, c][n] for n in range(side)]
        if heavy is not None:  # told beside them
            each = [*(heavy * value for value in each), heavy]
        windows[p, q, k, i, c] = hl.mux(i, each)
        joined[p, q, r, k, c] = hl.mux(
            r, [windows[p, q, k, n + hop, c] + windows[p + 1, q, k, n, c] for n in range(hop)]
        )
        strip[p, q, r, c] = hl.Tuple(samples_of([hl.Expr(joined[p, q, r, n, c]) for n in range(side)]))
        one, over, above = hl.f32(down / hop), range(side // down), side - down
        lines = [strip[p, q, r, c][n] * (soft[n] * one) for n in range(side)]
        if heavy is not None:
            ends = [(windows[p + m, q, 0, side, c], (1 - m) * hop) for m in (0, 1)]
            lines.append(
                hl.mux(r, [sum_of(value * (soft[n + first] * one) for value, first in ends) for n in range(hop)])
            )
        rows[p, q, r, i, c] = hl.mux(i, lines)

        def of_rows(m: int, n: int) -> Expr:
            return rows[x / hop, y / down + m, x % hop, n, c]

        here = [sum_of(of_rows(m, n + above - m * down) for m in over) for n in range(down)]
        if heavy is not None:
            counted = [sum_of(of_rows(m, side) * soft[n + above - m * down] for m in over) for n in range(down)]
            here = [value / count for value, count in zip(here, counted, strict=True)]
        out[x, y, c] = hl.mux(y % down, here)

        # What is computed in inner loops is of known size and needs no memory of its own.
        out.bound(c, 0, self.planes).align_bounds(x, hop).align_bounds(y, down).split(x, xo, x, hop)
        out.split(xo, xo, xi, LANES).split(y, y, yi, down).reorder(x, xi, yi, xo, y, c)
        out.unroll(x).vectorize(xi).unroll(yi)
        rows.bound(r, 0, hop).bound(i, 0, len(lines)).split(p, po, p, LANES).reorder(p, i, r, po, q).unroll(
            i
        ).vectorize(p)
        strip.compute_at(rows, r).vectorize(p, LANES)
        joined.compute_at(rows, po).bound(r, 0, hop).bound(k, 0, side).reorder(r, p, k).unroll(r).vectorize(p, LANES)
        windows.bound(k, 0, side).bound(i, 0, len(each)).split(p, po, p, LANES).reorder(p, i, k, po, q)
        windows.unroll(i).vectorize(p)
        window.compute_at(windows, k).vectorize(p, LANES)
        for func, count in self.rows_of:
            func.compute_at(windows, po).bound(k, 0, count).reorder(p, k).vectorize(p, LANES)
        for func in self.single:
            func.compute_at(windows, po).vectorize(p, LANES)
        self.columns.bound(k, 0, self.count * side).split(x, xo, x, LANES).reorder(x, k, xo, q).unroll(k).vectorize(x)
        self.column.compute_at(self.columns, xo).vectorize(x, LANES)
        for func in (rows, windows, self.columns):
            if far:
                func.compute_at(out, c)
        inner = [strip, joined, window, *(func for func, _ in self.rows_of), *self.single, self.column]
        wide = [rows, windows, self.columns]
        self.fine.scheduled += [out] if far else [out, *wide]
        self.fine.inner += inner + wide if far else inner
        return out
