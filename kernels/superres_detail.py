"""What the gathered differences say beyond the merged picture, as far as it exceeds the noise.

What all colours share comes first, then what each colour has beyond it (Hamilton and Adams, 1997, on the fine grid).
Both shrink to what their local energy exceeds the noise (Wiener).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import halide as hl

from superres_gather import MEAN, MIDDLE, WEIGHT
from taps import sum_of

Expr = Any
Stage = Callable[..., list[Expr]]
RADIUS = 4  # of all windows, fine pixels
THIRD = hl.f32(1 / 3)
FLOOR = hl.f32(0.2)  # of weights, below which noise does not grow
SHARED, GREEN, COLOR, AROUND, BLUR, NEAR = range(6)  # rows of `windows`; SHARED is not used as one


class Fine:
    """Stages over the fine pixels (x, y), scheduled together, and means over windows of them."""

    def __init__(self, windows: hl.ImageParam) -> None:
        self.windows = windows
        self.x, self.y = hl.Var("x"), hl.Var("y")
        self.made: list[hl.Func] = []
        self.scheduled: list[hl.Func] = []  # those that are vectorized already
        self.inner: list[hl.Func] = []  # those that are computed in loops of other stages

    def stage(self, name: str, *values: Expr) -> Stage:
        """A named step of one or more values; called with (dx, dy) it gives those of another pixel, and of `at`."""
        x, y, c, func, n = self.x, self.y, hl.Var("c"), hl.Func(name), len(values)
        if n > 1:  # one piece of memory for all: each piece costs code
            func[x, y, c] = hl.mux(c, list(values))
            func.bound(c, 0, n).reorder(c, x, y).unroll(c)
        else:
            func[x, y] = values[0]
        self.made.append(func)

        def values_at(dx: Expr = 0, dy: Expr = 0, at: tuple[Expr, Expr] = (x, y)) -> list[Expr]:
            there = at[0] + dx, at[1] + dy
            return [hl.Expr(func[(*there, i)]) for i in range(n)] if n > 1 else [func[there]]

        return values_at

    def window(self, source: Stage, row: int, name: str) -> Stage:
        """Each value of a stage, averaged over a window."""
        n = len(source())

        def over(get: Callable[[int], list[Expr]]) -> list[Expr]:
            middle = get(0)
            sides = [(get(-d), get(d), self.windows[d, row]) for d in range(1, RADIUS + 1)]
            return [middle[i] * self.windows[0, row] + sum_of((a[i] + b[i]) * w for a, b, w in sides) for i in range(n)]

        down = self.stage(f"{name}_down", *over(lambda d: source(0, d)))
        return self.stage(name, *over(lambda d: down(d, 0)))

    def means(self, row: int, name: str, *values: Expr) -> list[Expr]:
        """Many values, averaged over a window one after the other by the same code."""
        x, y, c = self.x, self.y, hl.Var("c")
        func, down, out = hl.Func(f"{name}_of"), hl.Func(f"{name}_down"), hl.Func(name)

        def over(get: Callable[[int], Expr]) -> Expr:
            taps = range(1, RADIUS + 1)
            return get(0) * self.windows[0, row] + sum_of((get(-d) + get(d)) * self.windows[d, row] for d in taps)

        func[x, y, c] = hl.mux(c, list(values))
        down[x, y, c] = over(lambda d: func[x, y + d, c])
        out[x, y, c] = over(lambda d: down[x + d, y, c])
        func.bound(c, 0, len(values)).reorder(c, x, y).unroll(c)
        self.made += [func, down, out]
        return [out[x, y, i] for i in range(len(values))]

    def told(self, sums: hl.ImageParam, phases: Expr, width: Expr, height: Expr) -> Stage:
        """The gathered means and weights: shared, R, G, B; beyond the picture its edge is repeated."""
        px, py = hl.clamp(self.x, 0, width - 1), hl.clamp(self.y, 0, height - 1)
        places = [px / phases, py / phases, px % phases, py % phases]
        places = [hl.unsafe_promise_clamped(p, 0, sums.dim(n).extent() - 1) for n, p in enumerate(places)]
        at = [sums[(*places, m)] for m in range(8)]
        values = []
        for m in range(4):
            weight = hl.f32(at[2 * m + 1]) * (1 / WEIGHT)
            values += [(hl.f32(at[2 * m]) - MIDDLE) * (1 / MEAN), weight]
        return self.stage("told", *values)

    def says(self, told: Stage, doubt: hl.ImageParam) -> list[Expr]:
        """R, G and B."""
        v = told()
        shared = self.stage("shared", v[0] * v[1] / (v[1] + doubt[0]))
        soft_green, soft_color = self.window(shared, GREEN, "soft_green"), self.window(shared, COLOR, "soft_color")
        beyond = []
        for color in range(3):
            mean, weight = v[2 + 2 * color], v[3 + 2 * color]
            soft = soft_green() if color == 1 else soft_color()
            beyond.append(shared()[0] + (mean - soft[0]) * weight / (weight + doubt[1]))
        return beyond

    def detail(self, told: Stage, doubt: hl.ImageParam) -> Stage:
        """Of grey, and of R, G and B beyond it."""
        beyond = self.says(told, doubt)
        gray = sum_of(beyond) * THIRD
        return self.stage("detail", gray, *(b - gray for b in beyond))

    def kept(
        self, detail: Stage, told: Stage, variance: Sequence[Expr], times: hl.ImageParam, apart: Expr
    ) -> tuple[Expr, Expr, Stage]:
        """Shares of grey's and of the colours' detail that stay, and the noise that is left in grey.

        variance: of R, G and B of one frame; times: (2,) how often noise is taken from the energy; apart: how much of
        what colours say apart from each other counts as noise of what they share, since each pixel of it has more
        samples of one colour.
        """
        d, v = detail(), told()
        noise = sum_of(variance) * THIRD / (2.0 * v[1] + FLOOR)
        left_color = sum_of(variance[n] / (2.0 * v[3 + 2 * n] + FLOOR) for n in range(3)) * THIRD
        energies = self.stage("energies", d[0] * d[0], sum_of(e * e for e in d[1:]) * THIRD)
        energy = self.window(energies, AROUND, "energy")()
        noise += apart * hl.max(energy[1] - left_color, 0.0) / (v[1] + FLOOR)
        left = self.stage("left", noise)
        return wiener(energy[0], left()[0], times[0]), wiener(energy[1], left_color, times[1]), left


def wiener(power: Expr, noise_power: Expr, times: Expr) -> Expr:
    """Steeper than Wiener's own share, so that chance in flat parts keeps nothing."""
    share = times * noise_power / hl.max(power, hl.f32(1e-12))
    return hl.max(1.0 - share * share, 0.0)
