"""Demosaicing of a Bayer mosaic: directional colour differences whose detail follows how alike the colours are.

1. Along rows and along columns, green minus colour is estimated at every pixel, once trusting that colours share
   their detail (Hamilton and Adams 1997) and once not (4-tap interpolation).
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
import math
import operator
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import halide as hl

R, GR, GB, B = 0, 1, 2, 3  # the pixel at (2 X + kind % 2, 2 Y + kind // 2)
EVERY, COLOURED, GREEN = (R, GR, GB, B), (R, B), (GR, GB)
SIGN = {R: -1.0, GR: 1.0, GB: 1.0, B: -1.0}  # of a pixel's own sample in green minus colour
ROWS, COLUMNS = (1, 0), (0, 1)  # steps (dx, dy) along which is interpolated

SHARED_DETAIL = 1.6  # ratio of energies at which half of the detail is taken as shared
SHORT_SMOOTHING = 0.8  # ratio at which half of the smoothing is the short one
LONG_SIGMA, SHORT_SIGMA, BROAD_SIGMA = 2.5, 0.85, 2.0  # pixels
EASE = 0.4  # share of the four neighbours in the smoothed difference where detail is shared
ENERGY_FLOOR = 4e-6  # energies below it (0.2 % of white, squared) are noise
SIDE_FLOOR = 1.5e-6
GAIN_PRIOR = 1e-2  # pulls the gain of red and blue over green to 1
GAIN_FLOOR = 1.5e-4

X, Y = hl.Var("X"), hl.Var("Y")


def f(value: float) -> hl.Expr:
    return hl.f32(value)


def total(terms: Iterable[hl.Expr]) -> hl.Expr:
    return functools.reduce(operator.add, terms)


def square(e: hl.Expr) -> hl.Expr:
    return e * e


def gaussian(sigma: float, taps: int, *, two_sided: bool = False) -> list[float]:
    """Weights at 0, 1, ... pixels that sum to 1 over one side, or over both."""
    w = [math.exp(-0.5 * (k / sigma) ** 2) for k in range(taps)]
    whole = sum(w) + (sum(w[1:]) if two_sided else 0.0)
    return [v / whole for v in w]


LANES = 16


@dataclass
class Stage:
    """Values at some of the kinds of pixels of each quad."""

    func: hl.Func
    kinds: tuple[int, ...]
    reads: list[tuple[Stage, int]]  # for the stage that is being written: what it reads, how many quad rows below

    def at(self, kind: int, dx: int = 0, dy: int = 0) -> hl.Expr:
        """The value at the pixel (dx, dy) away from the quad's pixel of that kind."""
        px, py = kind % 2 + dx, kind // 2 + dy
        self.reads.append((self, py // 2))
        value = self.func[X + px // 2, Y + py // 2]
        return value if len(self.kinds) == 1 else value[self.kinds.index(2 * (py % 2) + px % 2)]

    def along(self, kind: int, step: tuple[int, int], n: int) -> hl.Expr:
        return self.at(kind, n * step[0], n * step[1])


@dataclass
class Stages:
    """All stages of a demosaicing, in the order in which they are computed, for the schedule."""

    made: list[Stage] = field(default_factory=list)
    reads: list[tuple[Stage, int]] = field(default_factory=list)  # by what is being written
    read_by: list[list[tuple[Stage, int]]] = field(default_factory=list)  # by each stage

    def add(self, name: str, kinds: tuple[int, ...], value: Callable[[int], hl.Expr]) -> Stage:
        func = hl.Func(name)
        values = [value(k) for k in kinds]
        func[X, Y] = hl.Tuple(values) if len(values) > 1 else values[0]
        self.made.append(Stage(func, kinds, self.reads))
        self.read_by.append(list(self.reads))
        self.reads.clear()
        return self.made[-1]

    def rows_kept(self) -> list[int]:
        """Quad rows that each stage must keep while all slide down, each as far ahead as others need it."""
        newest, oldest = {}, {}
        readers = [(None, self.reads), *zip(reversed(self.made), reversed(self.read_by), strict=True)]
        for reader, reads in readers:
            ahead = newest[id(reader)] if reader else 0
            for stage, below in reads:
                newest[id(stage)] = max(newest.get(id(stage), -99), ahead + below)
                oldest[id(stage)] = min(oldest.get(id(stage), 99), ahead + below)
        return [newest[id(s)] - oldest[id(s)] + 1 for s in self.made]


def demosaic(raw: hl.Func) -> tuple[list[list[hl.Expr]], Stages]:
    """Interpolate `raw`(x, y): about 0..1, gamma-like, red at even x and even y.

    Gives [kind][colour], the three colours of each of the four pixels of quad (X, Y), and the stages behind them.
    """
    s = Stages()
    mosaic = s.add("mosaic", EVERY, lambda k: raw[2 * X + k % 2, 2 * Y + k // 2])
    difference = green_minus_colour(s, mosaic)
    green = s.add("green", COLOURED, lambda k: mosaic.at(k) + difference.at(k))
    red = follow_green(s, R, mosaic, green)
    blue = follow_green(s, B, mosaic, green)
    greens = [green.at(R), mosaic.at(GR), mosaic.at(GB), green.at(B)]
    return [[red[k], greens[k], blue[k]] for k in EVERY], s


def green_minus_colour(s: Stages, m: Stage) -> Stage:
    """Green minus the pixel's own colour, at red and blue pixels."""

    def near(k: int, step: tuple[int, int], n: int) -> hl.Expr:
        return m.along(k, step, n) + m.along(k, step, -n)

    def trust(k: int, step: tuple[int, int]) -> hl.Expr:
        return f(SIGN[k]) * (f(0.5) * (m.at(k) - near(k, step, 1)) + f(0.25) * near(k, step, 2))

    def plain(k: int, step: tuple[int, int]) -> hl.Expr:
        return f(SIGN[k]) * (m.at(k) - f(9 / 16) * near(k, step, 1) + f(1 / 16) * near(k, step, 3))

    trusting = {step: s.add("trusting", EVERY, lambda k, step=step: trust(k, step)) for step in (ROWS, COLUMNS)}
    share, short = likeness(s, m, trusting)
    long, brief = gaussian(LONG_SIGMA, 5), gaussian(SHORT_SIGMA, 3)

    def sides(k: int) -> hl.Expr:
        weighted, weights = [], []
        for step in (ROWS, COLUMNS):
            for sense in (-1, 1):
                smooth = total(f(w) * difference[step].along(k, step, sense * n) for n, w in enumerate(long))
                quick = total(f(w) * difference[step].along(k, step, sense * n) for n, w in enumerate(brief))
                weights.append(side[step].along(k, step, 2 * sense))
                weighted.append(weights[-1] * (smooth + short.at(k) * (quick - smooth)))
        return total(weighted) / total(weights)

    difference, side = {}, {}
    for step in (ROWS, COLUMNS):
        t = trusting[step]
        e = difference[step] = s.add(
            "difference", EVERY, lambda k, t=t, step=step: (p := plain(k, step)) + share.at(k) * (t.at(k) - p)
        )
        slope = s.add("slope", EVERY, lambda k, e=e, step=step: hl.abs(e.along(k, step, 1) - e.along(k, step, -1)))
        row = s.add("row", EVERY, lambda k, q=slope: total(q.at(k, n, 0) for n in range(-2, 3)))
        side[step] = s.add(
            "side",
            COLOURED,
            lambda k, q=row: 1 / (square(total(q.at(k, 0, n) for n in range(-2, 3)) * f(1 / 25)) + f(SIDE_FLOOR)),
        )
    fused = s.add("fused", COLOURED, sides)

    def eased(k: int) -> hl.Expr:
        around = f(0.25) * total(fused.at(k, dx, dy) for dx, dy in ((2, 0), (-2, 0), (0, 2), (0, -2)))
        return fused.at(k) + f(EASE) * (1 - short.at(k)) * (around - fused.at(k))

    return s.add("eased", COLOURED, eased)


def likeness(s: Stages, m: Stage, trusting: dict[tuple[int, int], Stage]) -> tuple[Stage, Stage]:
    """How much detail the colours share (everywhere), and how short their difference is smoothed (at R, B); 0..1."""
    taps = gaussian(BROAD_SIGMA, 5, two_sided=True)

    def smooth(k: int, step: tuple[int, int]) -> hl.Expr:
        t = trusting[step]
        pairs = (f(w) * (t.along(k, step, n) + t.along(k, step, -n)) for n, w in enumerate(taps) if n)
        return total([f(taps[0]) * t.at(k), *pairs])

    broad = {step: s.add("broad", COLOURED, lambda k, step=step: smooth(k, step)) for step in (ROWS, COLUMNS)}

    def colour(k: int) -> hl.Expr:
        # Across the direction of interpolation, where brightness does not leak into the difference.
        across = ((broad[ROWS], COLUMNS), (broad[COLUMNS], ROWS))
        return total(square(b.along(k, step, 2) - b.along(k, step, -2)) for b, step in across)

    def bright(k: int) -> hl.Expr:
        return total(
            square(f(0.5) * m.at(k) - f(0.25) * (m.along(k, step, 2) + m.along(k, step, -2)))
            for step in (ROWS, COLUMNS)
        )

    p, q = window(s, "colour", colour), window(s, "bright", bright)
    pp = s.add("pp", COLOURED, lambda k: square(p(k)))
    qq = s.add("qq", COLOURED, lambda k: square(q(k) + f(ENERGY_FLOOR)))
    half = {name: f(v**2) for name, v in (("shared", SHARED_DETAIL), ("short", SHORT_SMOOTHING))}
    short = s.add("short", COLOURED, lambda k: pp.at(k) / (pp.at(k) + half["short"] * qq.at(k)))
    own = s.add("own", COLOURED, lambda k: half["shared"] * qq.at(k) / (pp.at(k) + half["shared"] * qq.at(k)))

    def everywhere(k: int) -> hl.Expr:
        if k in COLOURED:
            return own.at(k)
        return f(0.25) * (own.at(k, 1, 0) + own.at(k, -1, 0) + own.at(k, 0, 1) + own.at(k, 0, -1))

    return s.add("share", EVERY, everywhere), short


def window(s: Stages, name: str, energy: Callable[[int], hl.Expr]) -> Callable[[int], hl.Expr]:
    """Mean of an energy over the 41 red and blue pixels of a 9x9 window around one of them."""
    e = s.add(f"{name}_energy", COLOURED, energy)
    # A row has five of them where the middle is one, and four where the middle is green.
    row = s.add(
        f"{name}_row", EVERY, lambda k: total(e.at(k, n, 0) for n in range(-4, 5) if (n % 2 == 0) == (k in COLOURED))
    )
    return lambda k: f(1 / 41) * total(row.at(k, 0, n) for n in range(-4, 5))


def follow_green(s: Stages, kind: int, mosaic: Stage, green: Stage) -> list[hl.Expr]:
    """A colour, sampled at pixels of that kind, at all four pixels of a quad."""
    lattice = (kind,)
    own = s.add("own", lattice, mosaic.at)
    base = s.add("base", lattice, green.at)

    def laplacian(z: Stage) -> hl.Expr:
        return f(4) * z.at(kind) - z.at(kind, 2, 0) - z.at(kind, -2, 0) - z.at(kind, 0, 2) - z.at(kind, 0, -2)

    def box(z: Stage) -> Callable[[int], hl.Expr]:
        row = s.add("box_row", lattice, lambda k: z.at(k, -2, 0) + z.at(k) + z.at(k, 2, 0))
        return lambda k: (row.at(k, 0, -2) + row.at(k) + row.at(k, 0, 2)) * f(1 / 9)

    lap = s.add("lap", lattice, lambda k: laplacian(base))
    both = box(s.add("both", lattice, lambda k: laplacian(own) * lap.at(k)))
    alone = box(s.add("alone", lattice, lambda k: square(lap.at(k))))
    ratio = s.add("ratio", lattice, lambda k: (both(k) + f(GAIN_PRIOR)) / (alone(k) + f(GAIN_PRIOR + GAIN_FLOOR)))
    gain = s.add("gain", lattice, box(ratio))

    def half(z: Stage, step: tuple[int, int]) -> hl.Expr:
        """Catmull-Rom, half a lattice step towards the inside of the quad."""
        t = (2 if kind == R else -2) * step[0], (2 if kind == R else -2) * step[1]
        near = z.at(kind) + z.at(kind, *t)
        far = z.at(kind, -t[0], -t[1]) + z.at(kind, 2 * t[0], 2 * t[1])
        return f(9 / 16) * near - f(1 / 16) * far

    def middle(z: Stage, step: tuple[int, int]) -> hl.Expr:
        t = (2 if kind == R else -2) * step[0], (2 if kind == R else -2) * step[1]
        return f(0.5) * (z.at(kind) + z.at(kind, *t))

    own_down = s.add("own_down", lattice, lambda k: half(own, COLUMNS))
    base_down = s.add("base_down", lattice, lambda k: half(base, COLUMNS))
    gain_down = s.add("gain_down", lattice, lambda k: middle(gain, COLUMNS))

    def colour(k: int) -> hl.Expr:
        in_row, in_column = k // 2 == kind // 2, k % 2 == kind % 2
        if in_row and in_column:
            return own.at(kind)
        g = mosaic.at(k) if k in GREEN else green.at(k)
        if in_row:
            return half(own, ROWS) + middle(gain, ROWS) * (g - half(base, ROWS))
        if in_column:
            return own_down.at(kind) + gain_down.at(kind) * (g - base_down.at(kind))
        return half(own_down, ROWS) + middle(gain_down, ROWS) * (g - half(base_down, ROWS))

    return [colour(k) for k in EVERY]


def schedule(
    out: hl.Func,
    x: hl.Var,
    y: hl.Var,
    c: hl.Var,
    quad: hl.Func,
    stages: Stages,
    tile_height: hl.Expr,
    tile_width: hl.Expr,
) -> tuple[hl.Var, hl.Var]:
    """Tiles of quads; inside a tile the stages slide down quad row by quad row, each keeping only what is read again.

    Tails must be whole, else Halide does not let the stages slide; loops are not partitioned, else it compiles for
    minutes. Returns the variables of the quad row, and of the tile.
    """
    strip, column, xi, row, r = (hl.Var(n) for n in ("strip", "column", "xi", "row", "r"))
    whole = hl.TailStrategy.RoundUp
    for axis in (0, 1):
        out.output_buffer().dim(axis).set_min(0)
    out.bound(c, 0, 3).split(y, row, r, 2, whole).split(row, strip, row, tile_height, whole)
    out.split(x, column, xi, 2 * LANES * tile_width, whole).reorder(xi, c, r, row, column, strip)
    out.vectorize(xi, 2 * LANES, whole).unroll(c).unroll(r).parallel(strip).parallel(column).never_partition_all()
    quad.compute_at(out, row).vectorize(X, LANES)
    for stage, kept in zip(stages.made, stages.rows_kept(), strict=True):
        stage.func.store_at(out, column).compute_at(out, row).vectorize(X, LANES).fold_storage(Y, kept)
    for stage in stages.made[1:]:
        stage.func.never_partition_all()
    return row, column
