"""Evidence along lines: what the mean of all frames lost of thin things that the reference shows, and its return.

A leg or a wire some pixels wide fills a fifth of the windows of burst_evidence, and hides in them. Summed along itself
it stands out: differences in cells of 4x4 pixels, in units of their noise, are summed along short lines in eight
directions, and judged by the chi square of the three colours (matched filters for lines: Chaudhuri et al., Detection of
Blood Vessels in Retinal Images Using Two-Dimensional Matched Filters, 1989). What a line tells, its mean, is put back:
nearly without noise, which the reference's own pixels would bring.
"""

from __future__ import annotations

from typing import Any

import halide as hl
import numpy as np

from burst_align import sum_of
from burst_evidence import between, kinds_of
from kernel import kernel

CELL = 2  # quads of a side
AGREE = 4.0  # so many times what edges and tones may differ by is taken for noise, as it adds up along an edge
MOST = 6.0  # deviations that one cell may tell
# Steps (x, y) and how many of them a line reaches on each side: all some 36 to 40 pixels long.
LINES = (((2, 0), 2), ((0, 2), 2), ((1, 1), 3), ((1, -1), 3), ((2, 1), 2), ((1, 2), 2), ((2, -1), 2), ((1, -2), 2))


def spread(step: tuple[int, int], reach: int) -> float:
    """Sum of the squared weights of a line of cells, each smoothed by [1 2 1] / 4 in both directions."""
    weights = np.zeros((19, 19))
    for k in range(-reach, reach + 1):
        y, x = 9 + k * step[1], 9 + k * step[0]
        weights[y - 1 : y + 2, x - 1 : x + 2] += np.outer([1, 2, 1], [1, 2, 1]) / 16
    return float((weights**2).sum())


@kernel("burst_lines_seen", baseline=True)
def burst_lines_seen() -> tuple[hl.Pipeline, list[Any]]:
    """Differences of two mosaics in units of their noise: (2h, 2w) uint16, twice -> (3, h // 2, w // 2) float32.

    Of cells of 4x4 pixels; planes as burst_evidence has them, and so are the arguments; noise: (3, 2) scale and offset
    at the three kinds of sites; tone, slip: as in burst_trust.
    """
    reference, merged = hl.ImageParam(hl.UInt(16), 2, "reference"), hl.ImageParam(hl.UInt(16), 2, "merged")
    black, noise = hl.ImageParam(hl.Float(32), 1, "black"), hl.ImageParam(hl.Float(32), 2, "noise")
    green = hl.Param(hl.Int(32), "green")
    unit, pedestal, gain, limit, tone, slip = (
        hl.Param(hl.Float(32), n) for n in ("unit", "pedestal", "gain", "limit", "tone", "slip")
    )
    x, y, k = hl.Var("x"), hl.Var("y"), hl.Var("k")
    quads, sums = hl.Func("quads"), hl.Func("sums")
    mine, its = [], []
    for i in range(4):
        sx, sy = 2 * x + i % 2, 2 * y + i // 2
        mine.append((hl.f32(reference[sx, sy]) - black[i]) * unit)
        its.append((hl.f32(merged[sx, sy]) - pedestal) * gain)
    highest = mine[0]
    for v in (*mine[1:], *its):
        highest = hl.max(highest, v)
    told = hl.select(highest < limit, hl.f32(1.0), hl.f32(0.0))
    colors = []
    for four in ([q - p for p, q in zip(mine, its, strict=True)], its):
        colors += kinds_of(green, four)
    quads[x, y] = hl.Tuple([*(v * told for v in colors), told])
    four = [quads[CELL * x + i % 2, CELL * y + i // 2] for i in range(4)]
    sums[x, y] = hl.Tuple([sum_of(each[n] for each in four) for n in range(7)])
    width, height = reference.width() / (2 * CELL), reference.height() / (2 * CELL)

    def held(dx: int, dy: int) -> Any:
        return sums[hl.clamp(x + dx, 0, width - 1), hl.clamp(y + dy, 0, height - 1)]

    here, right, left, below, above = held(0, 0), held(1, 0), held(-1, 0), held(0, 1), held(0, -1)
    values = []
    for c in range(3):
        across, down = right[3 + c] - left[3 + c], below[3 + c] - above[3 + c]
        level = hl.max(here[3 + c], 0.0)
        off = tone * tone * level * level + slip * slip * 0.25 * (across * across + down * down)
        sites = hl.f32(2.0 if c == 1 else 1.0) * here[6]
        variance = noise[0, c] * level + noise[1, c] * sites + hl.f32(AGREE) * off
        values.append(hl.clamp(here[c] * hl.fast_inverse_sqrt(variance + hl.f32(1e-20)), -MOST, MOST))
    out = hl.Func("lichtbild_burst_lines_seen")
    out[x, y, k] = hl.mux(k, values)
    yo, yi = hl.Var("yo"), hl.Var("yi")
    guard = hl.TailStrategy.GuardWithIf
    out.bound(k, 0, 3).split(y, yo, yi, 16, guard).reorder(k, x, yi, yo).unroll(k).vectorize(x, 8, guard).parallel(yo)
    sums.store_at(out, yo).compute_at(out, yi).vectorize(x, 8, hl.TailStrategy.ShiftInwards)
    quads.store_at(out, yo).compute_at(out, yi).vectorize(x, 8, hl.TailStrategy.ShiftInwards)
    for func in (out, sums, quads):
        func.never_partition_all()
    return hl.Pipeline([out]), [reference, merged, black, noise, green, unit, pedestal, gain, limit, tone, slip]


@kernel("burst_lines", baseline=True)
def burst_lines() -> tuple[hl.Pipeline, list[Any]]:
    """What lines tell that was lost: (3, h, w) as from burst_lines_seen -> (3, h, w), its mean along the best of the
    lines where that is no noise, else 0.

    allowed, plain: chi square up to which nothing counts as lost, and from which on all of it does.
    """
    seen = hl.ImageParam(hl.Float(32), 3, "seen")
    allowed, plain = (hl.Param(hl.Float(32), n) for n in ("allowed", "plain"))
    x, y, k = hl.Var("x"), hl.Var("y"), hl.Var("k")
    edge = hl.BoundaryConditions.repeat_edge(seen)
    across, soft, line, tall = (hl.Func(n) for n in ("across", "soft", "line", "tall"))
    across[x, y, k] = (edge[x - 1, y, k] + 2 * edge[x, y, k] + edge[x + 1, y, k]) * 0.25
    soft[x, y, k] = (across[x, y - 1, k] + 2 * across[x, y, k] + across[x, y + 1, k]) * 0.25
    best, means = hl.f32(0.0), [hl.f32(0.0)] * 3
    for (sx, sy), reach in LINES:
        taps = range(-reach, reach + 1)
        along = [sum_of(soft[x + t * sx, y + t * sy, c] for t in taps) for c in range(3)]
        chi = sum_of(v * v for v in along) * hl.f32(1 / spread((sx, sy), reach))
        means = [hl.select(chi > best, v * hl.f32(1 / len(taps)), m) for v, m in zip(along, means, strict=True)]
        best = hl.max(best, chi)
    line[x, y] = hl.Tuple([hl.clamp((best - allowed) / (plain - allowed), 0.0, 1.0), *means])
    tall[x, y] = hl.max(line[x, y - 1][0], line[x, y][0], line[x, y + 1][0])
    lost = hl.max(tall[x - 1, y], tall[x, y], tall[x + 1, y])
    out = hl.Func("lichtbild_burst_lines")
    out[x, y, k] = hl.mux(k, [line[x, y][c] * lost for c in range(1, 4)])
    yo, yi = hl.Var("yo"), hl.Var("yi")
    guard = hl.TailStrategy.GuardWithIf
    out.bound(k, 0, 3).split(y, yo, yi, 32, guard).reorder(k, x, yi, yo).unroll(k).vectorize(x, 8, guard).parallel(yo)
    for func in (soft, line):
        func.store_at(out, yo).compute_at(out, yi).vectorize(x, 8)
    tall.compute_at(out, yi).vectorize(x, 8)
    for func in (out, soft, line, tall):
        func.never_partition_all()
    return hl.Pipeline([out]), [seen, allowed, plain]


@kernel("burst_restore", baseline=True)
def burst_restore() -> tuple[hl.Pipeline, list[Any]]:
    """A mosaic with what lines tell put back: (2h, 2w) uint16, in place.

    lost: (3, rows, columns) as from burst_lines, bordered; noise: (4, 2) scale and offset at each site; green,
    pedestal, gain: as in burst_evidence.
    """
    merged, lost = hl.ImageParam(hl.UInt(16), 2, "merged"), hl.ImageParam(hl.Float(32), 3, "lost")
    noise = hl.ImageParam(hl.Float(32), 2, "noise")
    green = hl.Param(hl.Int(32), "green")
    pedestal, gain = hl.Param(hl.Float(32), "pedestal"), hl.Param(hl.Float(32), "gain")
    x, y, qx, qy, k = (hl.Var(n) for n in ("x", "y", "qx", "qy", "k"))
    at = hl.Func("at")
    row, value = between(lost, qx, qy, "lost", CELL, k)
    at[qx, qy, k] = value
    site = x % 2 + 2 * (y % 2)
    kinds = [hl.select(green == 0, a, b) for a, b in ((1, 0), (0, 1), (2, 1), (1, 2))]
    kind = hl.mux(site, kinds)
    light = (hl.f32(merged[x, y]) - pedestal) * gain
    sites = hl.select(kind == 1, hl.f32(2 * CELL * CELL), hl.f32(CELL * CELL))  # of the kind, in a cell
    deviation = hl.sqrt((noise[0, site] * hl.max(light, 0.0) + noise[1, site]) / sites)
    out = hl.Func("lichtbild_burst_restore")
    back = hl.mux(kind, [at[x / 2, y / 2, c] for c in range(3)]) * deviation / gain
    out[x, y] = hl.u16(hl.clamp(hl.f32(merged[x, y]) - back + hl.f32(0.5), 0.0, 65535.0))
    out.align_bounds(x, 2).align_bounds(y, 2)
    xi, yi, xo, yo = hl.Var("xi"), hl.Var("yi"), hl.Var("xo"), hl.Var("yo")
    out.tile(x, y, xo, yo, xi, yi, 2, 2, hl.TailStrategy.RoundUp).unroll(xi).unroll(yi)
    guard = hl.TailStrategy.GuardWithIf  # nothing is done twice: it is done in place
    out.vectorize(xo, 8, guard).parallel(yo, 16, guard)
    row.compute_at(out, yo).never_partition_all()
    out.never_partition_all()
    return hl.Pipeline([out]), [merged, lost, noise, green, pedestal, gain]
