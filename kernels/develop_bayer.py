"""Demosaicing of a Bayer mosaic: directional colour differences whose detail follows how alike the colours are.

1. Along rows and along columns, green minus colour is estimated at red and blue pixels, once trusting that colours
   share their detail (Hamilton and Adams 1997) and once not (4-tap interpolation).
2. How much they share is measured locally: energy of the smooth colour difference against energy of brightness
   detail, as both compete for the same frequencies. It mixes the two estimates and the length of their smoothing.
3. Estimates from left, right, above and below are averaged by how smooth the difference is on that side (after
   Pekkucuksen and Altunbasak, "Gradient based threshold free color filter array interpolation", 2010).
4. Red and blue follow green with a local gain from Laplacian energies (after Kiku et al., "Minimized-Laplacian
   residual interpolation", 2014); the remainder is interpolated bicubically.

Everything is computed on the four planes of quads, see `develop_quads.py`, with red at even x and even y. The method is
symmetric under flips and independent of the phase.
"""

from __future__ import annotations

from collections.abc import Callable

import halide as hl
import numpy as np

from develop_quads import GB, GR, B, R, Stage, Stages
from taps import sum_of

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


def f(value: float) -> hl.Expr:
    return hl.f32(value)


def square(e: hl.Expr) -> hl.Expr:
    return e * e


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
                smooth = sum_of(w * difference[step].along(k, step, 2 * sense * n) for n, w in enumerate(taps))
                weighted.append(weights[-1] * smooth)
        return sum_of(weighted) / sum_of(weights)

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
            lambda k, slope=slope: sum_of(slope(k, n) for n in ((-1, 1) if k in COLOURED else (-2, 0, 2))),
        )
        [side[step]] = s.add(
            "side",
            COLOURED,
            lambda k, q=row: 1 / (square(sum_of(q.at(k, 0, n) for n in range(-2, 3))) + f(144 * SIDE_FLOOR)),
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
        return sum_of([f(taps[0]) * m.at(k), *pairs])

    # Across the direction of interpolation, where brightness does not leak into the difference.
    across = [
        (s.add("broad", COLOURED, lambda k, step=step: broad(k, step))[0], other)
        for step, other in ((ROWS, COLUMNS), (COLUMNS, ROWS))
    ]

    def colour(k: int) -> hl.Expr:
        return sum_of(square(b.along(k, step, 2) - b.along(k, step, -2)) for b, step in across)

    def bright(k: int) -> hl.Expr:
        return sum_of(square(f(0.5) * m.at(k) - f(0.25) * m.near(k, step, 2)) for step in (ROWS, COLUMNS))

    # Mean over the 25 pixels of the same colour in a 9x9 window.
    energies = s.add("energy", COLOURED, colour, bright)
    rows = s.add(
        "energy_row", COLOURED, *(lambda k, e=e: sum_of(e.at(k, n, 0) for n in EVERY_SECOND) for e in energies)
    )

    def shared(k: int) -> hl.Expr:
        p, q = (f(1 / 25) * sum_of(row.at(k, 0, n) for n in EVERY_SECOND) for row in rows)
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
