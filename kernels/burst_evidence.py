"""Evidence pooled over cells: whether two frames show the same, where noise hides it in single quads.

What moves may differ from what is behind it by less than the noise of a quad. Pooled over n quads the noise of a
difference falls by the root of n, and the difference stays. So differences are summed over cells, each colour by
itself, and judged in two windows, a small and a large one, by the chi square of the three colours.
"""

from __future__ import annotations

from typing import Any

import halide as hl

from kernel import kernel
from taps import sum_of

CELL = 8  # quads of a side
PLANES = 7  # differences and light of three kinds of sites, and how many quads tell
BEYOND = 4  # cells after those of the frame, where trust is read
NEAR, FAR = 1, 3  # cells on each side that windows reach
PLAIN = 2.0  # mean square of a quad's differences, in units of the noise, that needs no evidence beside itself
LEAST = 1e-4  # quads; so few tell nothing


def between(cells: Any, x: hl.Var, y: hl.Var, name: str, size: int = CELL, *rest: hl.Var) -> tuple[hl.Func, hl.Expr]:
    """Values of cells of `size` quads, bilinear at quads: what is to be computed for each row of quads, and the value.
    cells: one more row and column go before those of the frame, and BEYOND after them, so that no bounds need be looked
    after."""

    def place(v: hl.Var) -> tuple[hl.Expr, hl.Expr]:
        at = 2 * v + 1 + size
        return at / (2 * size), hl.f32(at % (2 * size)) / hl.f32(2 * size)

    cell, row = hl.Var("cell"), hl.Func(f"{name}_row")
    j, part = place(y)
    row[(cell, y, *rest)] = cells[(cell, j, *rest)] + (cells[(cell, j + 1, *rest)] - cells[(cell, j, *rest)]) * part
    i, part = place(x)
    return row, row[(i, y, *rest)] + (row[(i + 1, y, *rest)] - row[(i, y, *rest)]) * part


def kinds_of(green: Any, four: list[Any]) -> list[Any]:
    """What the sites of a quad hold, by the three kinds of sites. green: the first one that is, 0 or 1."""
    a, b, d, e = four
    return [hl.select(green == 0, b, a), hl.select(green == 0, a + e, b + d), hl.select(green == 0, d, e)]


@kernel("burst_evidence", rare=True)
def burst_evidence() -> tuple[hl.Pipeline, list[Any]]:
    """Differences of two mosaics, summed over cells: (2h, 2w) uint16, twice -> (7, h // 8, w // 8) float32.

    Planes: alternate minus reference at the first site that is not green, at both green ones and at the last; the light
    of both frames there; and the number of quads. A quad that differs plainly by itself counts little, and one with
    light from `limit` on nothing. black: (4,), unit: 1 / (white - black) of the reference; pedestal, gain: of the
    alternate's numbers, to the reference's units; 0 where it does not tell; rows: (h,) factor of its light in each row
    of quads; noise: (4, 2) scale and offset of the difference at each site; green: the first of the green sites, 0 or
    1.
    """
    reference, alternate = hl.ImageParam(hl.UInt(16), 2, "reference"), hl.ImageParam(hl.UInt(16), 2, "alternate")
    black, rows = hl.ImageParam(hl.Float(32), 1, "black"), hl.ImageParam(hl.Float(32), 1, "rows")
    noise = hl.ImageParam(hl.Float(32), 2, "noise")
    green = hl.Param(hl.Int(32), "green")
    unit, pedestal, gain, limit = (hl.Param(hl.Float(32), n) for n in ("unit", "pedestal", "gain", "limit"))
    x, y, c = hl.Var("x"), hl.Var("y"), hl.Var("c")
    quad = range(4)
    mine, its, there = [], [], []
    for i in quad:
        sx, sy = 2 * x + i % 2, 2 * y + i // 2
        mine.append((hl.f32(reference[sx, sy]) - black[i]) * unit)
        its.append((hl.f32(alternate[sx, sy]) - pedestal) * (rows[y] * gain))
        there.append((alternate[sx, sy] > 0) & (hl.max(mine[i], its[i]) < limit))
    both = [(p + q) * 0.5 for p, q in zip(mine, its, strict=True)]
    apart = [q - p for p, q in zip(mine, its, strict=True)]
    variance = sum_of(noise[0, i] * hl.max(both[i], 0.0) + noise[1, i] for i in quad)
    plain = hl.max(sum_of(d * d for d in apart) / variance - PLAIN, 0.0)
    counts = hl.select(there[0] & there[1] & there[2] & there[3], 1.0 / (1.0 + plain * plain), hl.f32(0.0))
    share, down, cells = hl.Func("share"), hl.Func("down"), hl.Func("cells")
    values = [*apart, *both, hl.f32(1.0)]
    sums = range(len(values))
    share[x, y] = hl.Tuple([v * counts for v in values])
    r, s = hl.RDom([(0, CELL)], "r"), hl.RDom([(0, CELL)], "s")
    down[x, y] = hl.Tuple([hl.f32(0.0)] * len(values))
    down[x, y] = hl.Tuple([down[x, y][k] + share[x, y * CELL + r][k] for k in sums])
    cells[x, y] = hl.Tuple([hl.f32(0.0)] * len(values))
    cells[x, y] = hl.Tuple([cells[x, y][k] + down[x * CELL + s, y][k] for k in sums])
    total = [cells[x, y][k] for k in sums]
    out = hl.Func("lichtbild_burst_evidence")
    colors = []
    for four in (total[:4], total[4:8]):
        colors += kinds_of(green, four)
    out[x, y, c] = hl.mux(c, [*colors, total[8]])
    xo, xi, strip = hl.Var("xo"), hl.Var("xi"), hl.Var("strip")
    out.bound(c, 0, PLANES).reorder(c, x, y).unroll(c).parallel(y)
    down.compute_at(out, y).vectorize(x, CELL)
    # A strip of some cells at a time: its sums stay near, and rows are read one after the other.
    down.update().split(x, xo, xi, CELL).split(xo, strip, xo, 8, hl.TailStrategy.GuardWithIf)
    down.update().reorder(xi, xo, r, strip).vectorize(xi)
    cells.compute_at(out, x)
    cells.update().unscheduled()
    for func in (out, down, cells):
        func.never_partition_all()
    return hl.Pipeline([out]), [reference, alternate, black, rows, noise, green, unit, pedestal, gain, limit]


@kernel("burst_trust", rare=True)
def burst_trust() -> tuple[hl.Pipeline, list[Any]]:
    """How far cells are trusted to show the same: (7, rows, columns) as from burst_evidence -> (rows, columns), 0..1.

    windows: (2, FAR + 1) half of the windows, of sum 1; noise: (3, 2) scale and offset of a difference at the three
    kinds of sites; tone: share of the light that may differ; slip: pixels, over those of a cell, that edges may lie
    apart; allowed: chi square that is no evidence; steep: how fast trust falls with the square of what is more.
    """
    sums = hl.ImageParam(hl.Float(32), 3, "sums")
    windows, noise = hl.ImageParam(hl.Float(32), 2, "windows"), hl.ImageParam(hl.Float(32), 2, "noise")
    tone, slip, allowed, steep = (hl.Param(hl.Float(32), n) for n in ("tone", "slip", "allowed", "steep"))
    x, y, k = hl.Var("x"), hl.Var("y"), hl.Var("k")
    made: list[hl.Func] = []

    def named(name: str, value: hl.Expr, *dims: hl.Var) -> hl.Func:
        func = hl.Func(name)
        func[(x, y, *dims)] = value
        made.append(func)
        return func

    def judged(source: hl.Func, window: int, reach: int) -> hl.Expr:
        """Trust by one window of the cells' sums."""
        taps = [(i, windows[abs(i), window]) for i in range(-reach, reach + 1)]
        down = named(f"down_{window}", sum_of(source[x, y + i, k] * w for i, w in taps), k)
        pooled = named(f"pooled_{window}", sum_of(down[x + i, y, k] * w for i, w in taps), k)
        sites = hl.select(k == 1, hl.f32(2.0), hl.f32(1.0))

        def light(dx: int, dy: int) -> hl.Expr:
            return pooled[x + dx, y + dy, k + 3] / (sites * pooled[x + dx, y + dy, 6] + hl.f32(LEAST))

        across, steepness = light(1, 0) - light(-1, 0), light(0, 1) - light(0, -1)
        count, level = sites * pooled[x, y, 6], hl.max(pooled[x, y, k + 3], 0.0)
        norm = sum_of(w * w for _, w in taps)
        variance = norm * norm * (noise[0, k] * level + noise[1, k] * count)
        gradient = (across * across + steepness * steepness) * 0.25
        allowance = tone * tone * level * level + slip * slip * count * count * gradient
        chi = named(f"chi_{window}", pooled[x, y, k] * pooled[x, y, k] / (variance + allowance + hl.f32(1e-20)), k)
        beyond = hl.max(chi[x, y, 0] + chi[x, y, 1] + chi[x, y, 2] - allowed, 0.0)
        return 1.0 / (1.0 + steep * beyond * beyond)

    edge = hl.BoundaryConditions.repeat_edge(sums)
    known = named("known", edge[x, y, k], k)
    near = named("near", judged(known, 0, NEAR))
    counted = named("counted", known[x, y, k] * near[x, y], k)
    out = hl.Func("lichtbild_burst_trust")
    out[x, y] = hl.min(judged(counted, 1, FAR), near[x, y])
    guard = hl.TailStrategy.GuardWithIf
    for func in made:
        func.compute_root()
    for func in (*made, out):
        func.vectorize(x, 4, guard).never_partition_all()
    return hl.Pipeline([out]), [sums, windows, noise, tone, slip, allowed, steep]
