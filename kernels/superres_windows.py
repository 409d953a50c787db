"""Pictures in overlapping windows of 8 x 8 pixels: to cosine waves, each of them weighed, and back.

After Yu and Sapiro, *DCT Image Denoising* (IPOL 2011). How waves are weighed is told by `superres_waves.py`. Windows
count least at their edges, beyond which they know nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import pi, sin
from typing import Any

import halide as hl

from cosines import SIDE, backward, forward
from superres_detail import Fine
from taps import sum_of

Expr = Any
HOP = 4  # pixels between windows
BACK = SIDE - HOP  # window 0 begins so far before column 0
LANES = 8
FADE = 0.2  # of windows' weight, what is left at their edges, where what lies beyond them is not known
SOFT = [hl.f32((FADE + sin(pi * (n + 0.5) / SIDE) ** 2) / (1 + 2 * FADE)) for n in range(SIDE)]


class Windows:
    """Windows (p, q) of some planes c of one or more pictures, `down` rows and HOP columns from each to the next.

    pictures: values at x, y, c.
    """

    def __init__(
        self, fine: Fine, name: str, planes: int, pictures: Sequence[Callable[..., Expr]], down: int = HOP
    ) -> None:
        self.fine, self.name, self.planes, self.down = fine, name, planes, down
        self.count = len(pictures)
        x, self.c = fine.x, hl.Var("c")
        self.p, self.q, self.k = (hl.Var(n) for n in ("p", "q", "k"))
        self.column, self.columns, self.wave = (self.func(n) for n in ("column", "columns", "wave"))
        self.rows_of: list[tuple[hl.Func, int]] = [(self.wave, self.count * SIDE)]
        self.single: list[hl.Func] = []
        p, q, k, c, above = self.p, self.q, self.k, self.c, SIDE - down
        waves: list[Expr] = []  # 0 to 7 down of the first picture, then those of the next
        for each in pictures:
            waves += forward([hl.Expr(each(x, q * down - above + n, c)) for n in range(SIDE)])
        self.column[x, q, c] = hl.Tuple(waves)
        self.columns[x, q, k, c] = hl.mux(k, [self.column[x, q, c][n] for n in range(self.count * SIDE)])
        across = [hl.Expr(self.columns[p * HOP - BACK + n, q, k, c]) for n in range(SIDE)]
        self.wave[p, q, k, c] = hl.Tuple(forward(across))

    def func(self, name: str) -> hl.Func:
        return hl.Func(f"{self.name}_{name}")

    def waves(self, picture: int = 0) -> list[Expr]:
        """The waves across of one picture's wave k down."""
        return [self.wave[self.p, self.q, self.k + picture * SIDE, self.c][j] for j in range(SIDE)]

    def each(self, name: str, values: list[Expr]) -> Callable[[Expr], list[Expr]]:
        """Values of each wave of a window, told for wave k down; called with another k it gives those."""
        func = self.func(name)
        func[self.p, self.q, self.k, self.c] = hl.Tuple(values)
        self.rows_of.append((func, SIDE))
        return lambda k: [func[self.p, self.q, k, self.c][j] for j in range(SIDE)]

    def one(self, name: str, value: Expr) -> Expr:
        """A value of the window."""
        func = self.func(name)
        func[self.p, self.q, self.c] = value
        self.single.append(func)
        return func[self.p, self.q, self.c]

    def middle(self, left: Callable[..., Expr]) -> Expr:
        """The mean of a plane in the middle of the window."""
        at = [
            (self.p * HOP + n - 1, self.q * self.down - (SIDE - self.down) + HOP + m - 1)
            for n in (0, 1)
            for m in (0, 1)
        ]
        return sum_of(left(*each, self.c) for each in at) * 0.25

    def back(self, weighed: list[Expr], far: bool) -> hl.Func:
        """(x, y, c) from the waves across of wave k down. far: one plane after the other, in memory of the caller's."""
        x, y, p, q, k, c = self.fine.x, self.fine.y, self.p, self.q, self.k, self.c
        r, i, po, xo, xi, yi = (hl.Var(n) for n in ("r", "i", "po", "xo", "xi", "yi"))
        window, windows, joined, strip, rows, out = (
            self.func(n) for n in ("window", "windows", "joined", "strip", "rows", "all")
        )
        shrunk, down = self.each("shrunk", weighed), self.down
        # Windows of a row, put together along it, then columns, then rows of windows.
        window[p, q, k, c] = hl.Tuple([value * SOFT[n] for n, value in enumerate(backward(shrunk(k)))])
        windows[p, q, k, i, c] = hl.mux(i, [window[p, q, k, c][n] for n in range(SIDE)])
        joined[p, q, r, k, c] = hl.mux(
            r, [windows[p, q, k, n + BACK, c] + windows[p + 1, q, k, n, c] for n in range(HOP)]
        )
        strip[p, q, r, c] = hl.Tuple(backward([hl.Expr(joined[p, q, r, n, c]) for n in range(SIDE)]))
        rows[p, q, r, i, c] = hl.mux(i, [strip[p, q, r, c][n] * (SOFT[n] * hl.f32(down / HOP)) for n in range(SIDE)])
        at, part, over, above = (x / HOP, y / down), x % HOP, range(SIDE // down), SIDE - down
        here = [sum_of(rows[at[0], at[1] + m, part, n + above - m * down, c] for m in over) for n in range(down)]
        out[x, y, c] = hl.mux(y % down, here)

        # What is computed in inner loops is of known size and needs no memory of its own.
        out.bound(c, 0, self.planes).align_bounds(x, HOP * LANES).align_bounds(y, down).split(x, xo, x, HOP)
        out.split(xo, xo, xi, LANES).split(y, y, yi, down).reorder(x, xi, yi, xo, y, c)
        out.unroll(x).vectorize(xi).unroll(yi)
        rows.bound(r, 0, HOP).bound(i, 0, SIDE).split(p, po, p, LANES).reorder(p, i, r, po, q).unroll(i).vectorize(p)
        strip.compute_at(rows, r).vectorize(p, LANES)
        joined.compute_at(rows, po).bound(r, 0, HOP).bound(k, 0, SIDE).reorder(r, p, k).unroll(r).vectorize(p, LANES)
        windows.bound(k, 0, SIDE).bound(i, 0, SIDE).split(p, po, p, LANES).reorder(p, i, k, po, q)
        windows.unroll(i).vectorize(p)
        window.compute_at(windows, k).vectorize(p, LANES)
        for func, count in self.rows_of:
            func.compute_at(windows, po).bound(k, 0, count).reorder(p, k).vectorize(p, LANES)
        for func in self.single:
            func.compute_at(windows, po).vectorize(p, LANES)
        self.columns.bound(k, 0, self.count * SIDE).split(x, xo, x, LANES).reorder(x, k, xo, q).unroll(k).vectorize(x)
        self.column.compute_at(self.columns, xo).vectorize(x, LANES)
        for func in (rows, windows, self.columns):
            if far:
                func.compute_at(out, c)
        inner = [strip, joined, window, *(func for func, _ in self.rows_of), *self.single, self.column]
        wide = [rows, windows, self.columns]
        self.fine.scheduled += [out] if far else [out, *wide]
        self.fine.inner += inner + wide if far else inner
        return out
