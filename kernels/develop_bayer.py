"""Demosaicing of a Bayer mosaic: directional colour differences whose detail follows how alike the colours are.

1. Along rows and along columns, green minus colour is estimated at red and blue pixels, once trusting that colours
   share their detail (Hamilton and Adams 1997) and once not (4-tap interpolation).
2. How much they share is measured locally: energy of the smooth colour difference against energy of brightness
   detail, as both compete for the same frequencies. It mixes the two estimates and the length of their smoothing.
3. Estimates from left, right, above and below are averaged by how smooth the difference is on that side (after
   Pekkucuksen and Altunbasak, "Gradient based threshold free color filter array interpolation", 2010).
4. Red and blue follow green with a local gain from Laplacian energies (after Kiku et al., "Minimized-Laplacian
   residual interpolation", 2014); the remainder is interpolated bicubically.

Everything is computed on the four planes of quads (X, Y), with red at even x and even y: vectors are dense and nothing
is computed twice. The method is symmetric under flips and independent of the phase.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import halide as hl
import numpy as np

R, GR, GB, B = 0, 1, 2, 3  # the pixel at (2 X + kind % 2, 2 Y + kind // 2)
EVERY, COLOURED, GREEN = (R, GR, GB, B), (R, B), (GR, GB)
ROWS, COLUMNS = (1, 0), (0, 1)  # steps (dx, dy) along which is interpolated

SHARED_DETAIL = 2.5  # ratio of energies at which half of the detail is taken as shared
LONG, SHORT = (0.36, 0.42, 0.22), (0.885, 0.175, -0.06)  # weights at 0, 2 and 4 pixels, of sum 1
BROAD = 0.346, 0.327  # weights at 0, and at 2 pixels on both sides
EASE = 0.45  # share of the four neighbours in the smoothed difference where detail is shared
ENERGY_FLOOR = 2e-5  # energies below it (0.45 % of white, squared) are noise
SIDE_FLOOR = 5e-7
GAIN_PRIOR = 6e-3  # pulls the gain of red and blue over green to 1
GAIN_FLOOR = 1.4e-3  # and weak detail, which noise makes, to less

EVERY_SECOND = range(-4, 5, 2)  # pixels of one colour in a window of 9

X, Y = hl.Var("X"), hl.Var("Y")


def f(value: float) -> hl.Expr:
    return hl.f32(value)


def total(terms: Iterable[hl.Expr]) -> hl.Expr:
    return functools.reduce(operator.add, terms)


def square(e: hl.Expr) -> hl.Expr:
    return e * e


LANES = 16


@dataclass
class Stage:
    """Values at some of the kinds of pixels of each quad; `first` of those of its Func is the one of the first kind."""

    func: hl.Func
    kinds: tuple[int, ...]
    first: int
    reads: list[tuple[str, int]]  # of the stage that is being written: what it reads, how many quad rows below

    def at(self, kind: int, dx: int = 0, dy: int = 0) -> hl.Expr:
        """The value at the pixel (dx, dy) away from the quad's pixel of that kind."""
        px, py = kind % 2 + dx, kind // 2 + dy
        self.reads.append((self.func.name(), py // 2))
        return self.func[X + px // 2, Y + py // 2][self.first + self.kinds.index(2 * (py % 2) + px % 2)]

    def along(self, kind: int, step: tuple[int, int], n: int) -> hl.Expr:
        return self.at(kind, n * step[0], n * step[1])

    def near(self, kind: int, step: tuple[int, int], n: int) -> hl.Expr:
        """The sum of both values n pixels away."""
        return self.along(kind, step, n) + self.along(kind, step, -n)


@dataclass
class Stages:
    """All stages of a demosaicing, in the order in which they are computed, for the schedule."""

    made: list[tuple[hl.Func, list[tuple[str, int]]]] = field(default_factory=list)  # and what each reads
    reads: list[tuple[str, int]] = field(default_factory=list)  # by what is being written

    def add(self, name: str, kinds: tuple[int, ...], *values: Callable[[int], hl.Expr]) -> list[Stage]:
        """Stages that are computed together, one for each of `values`, which tell what it is at a kind."""
        func = hl.Func(name)
        func[X, Y] = hl.Tuple([value(k) for value in values for k in kinds])
        self.made.append((func, list(self.reads)))
        self.reads.clear()
        return [Stage(func, kinds, i * len(kinds), self.reads) for i in range(len(values))]

    def rows_kept(self) -> list[int]:
        """How many quad rows of each stage are read again, while all slide down, each as far ahead as others need."""
        newest: dict[str, int] = {}
        oldest: dict[str, int] = {}
        for reader, reads in [("", self.reads), *((func.name(), reads) for func, reads in reversed(self.made))]:
            for name, below in reads:
                row = newest.get(reader, 0) + below
                newest[name], oldest[name] = max(newest.get(name, row), row), min(oldest.get(name, row), row)
        return [newest[func.name()] - oldest[func.name()] + 1 for func, _ in self.made]


def demosaic(raw: Callable[[int], hl.Expr]) -> tuple[list[list[hl.Expr]], Stages]:
    """Interpolate a mosaic, `raw`(kind) in terms of X and Y: about 0..1, gamma-like, red at even x and even y.

    Gives [kind][colour], the three colours of each of the four pixels of quad (X, Y), and the stages behind them.
    """
    s = Stages()
    [mosaic] = s.add("mosaic", EVERY, raw)
    difference = green_minus_colour(s, mosaic)
    [green] = s.add("green", COLOURED, lambda k: mosaic.at(k) + difference(k))
    red, blue = follow_green(s, mosaic, green)
    greens = [green.at(R), mosaic.at(GR), mosaic.at(GB), green.at(B)]
    return [[red[k], greens[k], blue[k]] for k in EVERY], s


def trusting(k: int, m: Stage, step: tuple[int, int]) -> hl.Expr:
    """Green minus colour at a red or blue pixel, if both share their detail."""
    return f(0.5) * (m.near(k, step, 1) - m.at(k)) - f(0.25) * m.near(k, step, 2)


def plain(k: int, m: Stage, step: tuple[int, int]) -> hl.Expr:
    """Green minus colour, if they do not."""
    return f(9 / 16) * m.near(k, step, 1) - f(1 / 16) * m.near(k, step, 3) - m.at(k)


def green_minus_colour(s: Stages, m: Stage) -> Callable[[int], hl.Expr]:
    """Green minus the pixel's own colour, at red and blue pixels."""
    share = likeness(s, m)
    difference, side = {}, {}

    def long(k: int) -> hl.Expr:
        """How far the difference is smoothed: much only where nearly all detail is shared."""
        return square(square(share.at(k)))

    def sides(k: int) -> hl.Expr:
        weighted, weights = [], []
        taps = [f(v) + long(k) * f(w - v) for w, v in zip(LONG, SHORT, strict=True)]
        for step in (ROWS, COLUMNS):
            for sense in (-1, 1):
                weights.append(side[step].along(k, step, 2 * sense))
                smooth = total(w * difference[step].along(k, step, 2 * sense * n) for n, w in enumerate(taps))
                weighted.append(weights[-1] * smooth)
        return total(weighted) / total(weights)

    for step in (ROWS, COLUMNS):
        [e] = s.add(
            "difference",
            COLOURED,
            lambda k, step=step: (p := plain(k, m, step)) + share.at(k) * (trusting(k, m, step) - p),
        )

        def slope(k: int, n: int, e: Stage = e, step: tuple[int, int] = step) -> hl.Expr:
            return hl.abs(e.at(k, n + step[0], step[1]) - e.at(k, n - step[0], -step[1]))

        # At the 12 green pixels of a 5x5 window: they lie between differences.
        [row] = s.add(
            "slope_row",
            EVERY,
            lambda k, slope=slope: total(slope(k, n) for n in ((-1, 1) if k in COLOURED else (-2, 0, 2))),
        )
        [side[step]] = s.add(
            "side",
            COLOURED,
            lambda k, q=row: 1 / (square(total(q.at(k, 0, n) for n in range(-2, 3))) + f(144 * SIDE_FLOOR)),
        )
        difference[step] = e
    [fused] = s.add("fused", COLOURED, sides)

    def eased(k: int) -> hl.Expr:
        around = f(0.25) * (fused.near(k, ROWS, 2) + fused.near(k, COLUMNS, 2))
        return fused.at(k) + f(EASE) * long(k) * (around - fused.at(k))

    return eased


def likeness(s: Stages, m: Stage) -> Stage:
    """How much of their detail the colours share, 0..1, at red and blue pixels."""
    # `trusting`, smoothed over three pixels of one colour.
    taps = np.convolve([BROAD[1], 0, BROAD[0], 0, BROAD[1]], [-0.25, 0.5, -0.5, 0.5, -0.25])[4:]

    def broad(k: int, step: tuple[int, int]) -> hl.Expr:
        pairs = (f(w) * m.near(k, step, n) for n, w in enumerate(taps) if n)
        return total([f(taps[0]) * m.at(k), *pairs])

    # Across the direction of interpolation, where brightness does not leak into the difference.
    across = [
        (s.add("broad", COLOURED, lambda k, step=step: broad(k, step))[0], other)
        for step, other in ((ROWS, COLUMNS), (COLUMNS, ROWS))
    ]

    def colour(k: int) -> hl.Expr:
        return total(square(b.along(k, step, 2) - b.along(k, step, -2)) for b, step in across)

    def bright(k: int) -> hl.Expr:
        return total(square(f(0.5) * m.at(k) - f(0.25) * m.near(k, step, 2)) for step in (ROWS, COLUMNS))

    # Mean over the 25 pixels of the same colour in a 9x9 window.
    energies = s.add("energy", COLOURED, colour, bright)
    rows = s.add("energy_row", COLOURED, *(lambda k, e=e: total(e.at(k, n, 0) for n in EVERY_SECOND) for e in energies))

    def shared(k: int) -> hl.Expr:
        p, q = (f(1 / 25) * total(row.at(k, 0, n) for n in EVERY_SECOND) for row in rows)
        qq = f(SHARED_DETAIL**2) * square(q + f(ENERGY_FLOOR))
        return qq / (square(p) + qq)

    return s.add("share", COLOURED, shared)[0]


def follow_green(s: Stages, mosaic: Stage, green: Stage) -> list[list[hl.Expr]]:
    """Red, and blue, each at all four pixels of a quad."""

    def laplacian(z: Stage, k: int) -> hl.Expr:
        return f(4) * z.at(k) - z.near(k, ROWS, 2) - z.near(k, COLUMNS, 2)

    def box(name: str, stages: list[Stage]) -> list[Callable[[int], hl.Expr]]:
        rows = s.add(name, COLOURED, *(lambda k, z=z: z.at(k) + z.near(k, ROWS, 2) for z in stages))
        return [lambda k, z=z: (z.at(k) + z.near(k, COLUMNS, 2)) * f(1 / 9) for z in rows]

    energies = s.add(
        "detail",
        COLOURED,
        lambda k: laplacian(mosaic, k) * laplacian(green, k),
        lambda k: square(laplacian(green, k)),
    )
    both, alone = box("detail_row", energies)
    ratio = s.add("ratio", COLOURED, lambda k: (both(k) + f(GAIN_PRIOR)) / (alone(k) + f(GAIN_PRIOR + GAIN_FLOOR)))
    [gain] = s.add("gain", COLOURED, *box("ratio_row", ratio))

    def inside(k: int, step: tuple[int, int], n: int = 2) -> tuple[int, int]:
        """The step from a sample towards, and through, the inside of its quad."""
        return (n * step[0], n * step[1]) if k == R else (-n * step[0], -n * step[1])

    def half(z: Stage, k: int, step: tuple[int, int]) -> hl.Expr:
        """Catmull-Rom, half a lattice step towards the inside of the quad."""
        near = z.at(k) + z.at(k, *inside(k, step))
        far = z.at(k, *inside(k, step, -2)) + z.at(k, *inside(k, step, 4))
        return f(9 / 16) * near - f(1 / 16) * far

    def middle(z: Stage, k: int, step: tuple[int, int]) -> hl.Expr:
        return f(0.5) * (z.at(k) + z.at(k, *inside(k, step)))

    own_down, green_down, gain_down = s.add(
        "down",
        COLOURED,
        lambda k: half(mosaic, k, COLUMNS),
        lambda k: half(green, k, COLUMNS),
        lambda k: middle(gain, k, COLUMNS),
    )

    def colour(kind: int, k: int) -> hl.Expr:
        """That of the pixels of a kind, at one of another."""
        in_row, in_column = k // 2 == kind // 2, k % 2 == kind % 2
        if in_row and in_column:
            return mosaic.at(kind)
        g = mosaic.at(k) if k in GREEN else green.at(k)
        if in_row:
            return half(mosaic, kind, ROWS) + middle(gain, kind, ROWS) * (g - half(green, kind, ROWS))
        if in_column:
            return own_down.at(kind) + gain_down.at(kind) * (g - green_down.at(kind))
        return half(own_down, kind, ROWS) + middle(gain_down, kind, ROWS) * (g - half(green_down, kind, ROWS))

    return [[colour(kind, k) for k in EVERY] for kind in COLOURED]


def schedule(
    out: hl.Func,
    x: hl.Var,
    y: hl.Var,
    c: hl.Var,
    quad: hl.Func,
    stages: Stages,
    tile_height: hl.Expr,
    tile_width: hl.Expr,
) -> tuple[hl.Var, hl.Var, hl.Var]:
    """Tiles of quads; inside a tile the stages slide down quad row by quad row, each keeping only what is read again.

    Tails must be whole, else Halide does not let the stages slide; loops are not partitioned, else it compiles for
    minutes. Returns the variables of the tile, of its quad rows and of the vectors in them.
    """
    strip, column, xo, xi, row, r = (hl.Var(n) for n in ("strip", "column", "xo", "xi", "row", "r"))
    whole = hl.TailStrategy.RoundUp
    for axis in (0, 1):
        out.output_buffer().dim(axis).set_min(0)
    out.bound(c, 0, 3).split(y, row, r, 2, whole).split(row, strip, row, tile_height, whole)
    out.split(x, column, xo, 2 * LANES * tile_width, whole).split(xo, xo, xi, 2 * LANES, whole)
    out.reorder(xi, c, r, xo, row, column, strip).vectorize(xi).unroll(c).unroll(r)
    out.parallel(strip).parallel(column).never_partition_all()
    quad.compute_at(out, xo).vectorize(X)
    for (func, _), kept in zip(stages.made, stages.rows_kept(), strict=True):
        func.store_at(out, column).compute_at(out, row).vectorize(X, LANES).fold_storage(Y, kept)
    for func, _ in stages.made[1:]:
        func.never_partition_all()
    return column, row, xo
