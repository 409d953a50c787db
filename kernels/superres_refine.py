"""The merged mosaic refined by what its frames say beyond it: a second pass over a burst of many frames.

Each frame of a burst is interpolated before it is averaged, and what interpolation cannot know stays as an error when
noise has gone. Here the differences between the frames' own samples and what the merged picture says of them (see
superres_samples.py) are gathered on the grid of the mosaic itself and added, as far as they exceed the noise.
"""

from __future__ import annotations

from typing import Any

import halide as hl

from burst_align import sum_of
from burst_evidence import between
from burst_interpolate import MARGIN, PEDESTAL, RISE
from half import half_image
from kernel import kernel
from superres_detail import AROUND, BLUR, FLOOR, Fine, wiener

TILE = 128, 64
AROUND_COLOR = BLUR  # row of `windows` that is not needed for blur here
REACH = 6  # of the filter of coefficients
STRIP = 256, 64


@kernel("superres_splines", rare=True)
def superres_splines() -> tuple[hl.Pipeline, list[Any]]:
    """Coefficients of cubic B-splines, as burst_warp takes them: (3, h, w) float16 -> (3, h' + 2 MARGIN, w' + 2 MARGIN)
    uint16.

    They hold PEDESTAL + RISE + c * scale; beyond the image its edge is repeated. half: (REACH + 1,) of the symmetric
    filter that finds them.
    """
    image, half = half_image("image"), hl.ImageParam(hl.Float(32), 1, "half")
    scale = hl.Param(hl.Float(32), "scale")
    x, y, c = hl.Var("x"), hl.Var("y"), hl.Var("c")
    edge = hl.BoundaryConditions.repeat_edge(image, [(0, image.width()), (0, image.height())])

    def filtered(at: Any) -> hl.Expr:
        return at(0) * half[0] + sum_of((at(-n) + at(n)) * half[n] for n in range(1, REACH + 1))

    down, out = hl.Func("down"), hl.Func("lichtbild_superres_splines")
    down[x, y, c] = filtered(lambda n: hl.f32(edge[x, y + n, c]))
    both = filtered(lambda n: down[x - MARGIN + n, y - MARGIN, c])
    out[x, y, c] = hl.u16(hl.clamp(both * scale + (PEDESTAL + RISE + 0.5), 1.0, 65535.0))
    xi, yi, xo, yo = (hl.Var(n) for n in ("xi", "yi", "xo", "yo"))
    out.bound(c, 0, 3).tile(x, y, xo, yo, xi, yi, *STRIP, hl.TailStrategy.ShiftInwards)
    out.reorder(xi, yi, xo, c, yo).vectorize(xi, 8).parallel(yo)
    down.compute_at(out, xo).vectorize(x, 8)
    for func in (out, down):
        func.never_partition_all()
    return hl.Pipeline([out]), [image, scale, half]


@kernel("superres_refine", rare=True)
def superres_refine() -> tuple[hl.Pipeline, list[Any]]:
    """mosaic (h, w) uint16, sums as from superres_gather with two phases -> (h, w) uint16.

    windows, doubt, noise: as of superres_finish, but the last two windows are those of the energies of grey and of
    colours; times, times_color: how often the noise is taken from them.
    told: (rows, columns), how far cells of 8x8 pixels are refined, with a border as `between` reads it.
    black: digital number of no light; unit: (3,) balanced light of one number, of R, G, B; phase_y, phase_x: of red.
    """
    mosaic = hl.ImageParam(hl.UInt(16), 2, "mosaic")
    sums = hl.ImageParam(hl.UInt(16), 5, "sums")
    windows, noise = hl.ImageParam(hl.Float(32), 2, "windows"), hl.ImageParam(hl.Float(32), 2, "noise")
    where = hl.ImageParam(hl.Float(32), 2, "told")
    doubt, unit = hl.ImageParam(hl.Float(32), 1, "doubt"), hl.ImageParam(hl.Float(32), 1, "unit")
    times, times_color, black = (hl.Param(hl.Float(32), n) for n in ("times", "times_color", "black"))
    phase_y, phase_x = hl.Param(hl.Int(32), "phase_y"), hl.Param(hl.Int(32), "phase_x")
    fine = Fine(windows)
    x, y = fine.x, fine.y
    width, height = mosaic.width(), mosaic.height()
    color = (x + phase_x) % 2 + (y + phase_y) % 2

    def of_color(values: list[Any]) -> Any:
        return hl.select(color == 0, values[0], color == 1, values[1], values[2])

    old = hl.f32(mosaic[hl.clamp(x, 0, width - 1), hl.clamp(y, 0, height - 1)])
    light = hl.max((old - black) * of_color([unit[n] for n in range(3)]), 0.0)
    told = fine.told(sums, 2, width, height)
    detail = fine.detail(told, doubt)
    # The light of one colour stands for all: balanced, they are alike as a rule.
    variance = [noise[0, n] * light + noise[1, n] for n in range(3)]
    v, d = told(), detail()
    # Grey as all sites together show it, so that what one colour has more is no part of it.
    share = (0.25, 0.5, 0.25)
    beyond = sum_of(d[1 + n] * share[n] for n in range(3))
    gray, *colors = fine.stage("parts", d[0] + beyond, *(d[1 + n] - beyond for n in range(3)))()
    power = fine.window(fine.stage("power", gray * gray), AROUND, "powers")()[0]
    power_color = fine.window(fine.stage("power_color", *(c * c for c in colors)), AROUND_COLOR, "powers_color")()
    left = sum_of(variance[n] * share[n] for n in range(3)) / (2.0 * v[1] + FLOOR)
    own = of_color([colors[n] for n in range(3)])
    left_own = of_color([variance[n] / (2.0 * v[3 + 2 * n] + FLOOR) for n in range(3)])
    keep, keep_color = wiener(power, left, times), wiener(of_color(power_color), left_own, times_color)
    where_row, here = between(where, x, y, "told")
    more = here * (keep * gray + keep_color * own) / of_color([unit[n] for n in range(3)])
    out = hl.Func("lichtbild_superres_refine")
    out[x, y] = hl.u16(hl.clamp(old + more + 0.5, 0.0, 65535.0))

    xi, yi, xo, yo = (hl.Var(n) for n in ("xi", "yi", "xo", "yo"))
    out.tile(x, y, xo, yo, xi, yi, *TILE, hl.TailStrategy.GuardWithIf)
    out.vectorize(xi, 8, hl.TailStrategy.GuardWithIf).parallel(yo).never_partition_all()
    for func in fine.made:
        func.compute_at(out, xo).vectorize(x, 8).never_partition_all()
    where_row.compute_at(out, xo).never_partition_all()
    return hl.Pipeline([out]), [
        mosaic, sums, windows, noise, where, doubt, unit, times, times_color, black, phase_y, phase_x,
    ]  # fmt: skip


@kernel("superres_judge", rare=True)
def superres_judge() -> tuple[hl.Pipeline, list[Any]]:
    """How much farther from the reference the refined mosaic is than the merged one, in cells of 8x8 pixels: (h, w)
    uint16, three times -> (2, h // 8, w // 8) float32.

    Planes: sums of the difference of the two squared distances, and of the squared change, each over the variance of
    the reference's noise. black: (4,) of the reference's sites, unit: 1 / (white - black); black_merged, unit_merged:
    of the other two; noise: (4, 2) scale and offset at the sites; limit: light from which on nothing is told.
    """
    reference, merged, refined = (hl.ImageParam(hl.UInt(16), 2, n) for n in ("reference", "merged", "refined"))
    black, noise = hl.ImageParam(hl.Float(32), 1, "black"), hl.ImageParam(hl.Float(32), 2, "noise")
    unit, black_merged, unit_merged, limit = (
        hl.Param(hl.Float(32), n) for n in ("unit", "black_merged", "unit_merged", "limit")
    )
    x, y, c = hl.Var("x"), hl.Var("y"), hl.Var("c")
    quads = hl.RDom([(0, 4), (0, 4)], "quads")
    farther, change = [], []
    for i in range(4):
        sx, sy = 8 * x + 2 * quads.x + i % 2, 8 * y + 2 * quads.y + i // 2
        before, after = ((hl.f32(m[sx, sy]) - black_merged) * unit_merged for m in (merged, refined))
        seen = (hl.f32(reference[sx, sy]) - black[i]) * unit
        worth = hl.select(seen < limit, 1.0 / (noise[0, i] * hl.max(before, 0.0) + noise[1, i]), hl.f32(0.0))
        farther.append((after - before) * (after + before - 2.0 * seen) * worth)
        change.append((after - before) * (after - before) * worth)
    cells, out = hl.Func("cells"), hl.Func("lichtbild_superres_judge")
    cells[x, y] = hl.Tuple([hl.f32(0.0), hl.f32(0.0)])
    cells[x, y] = hl.Tuple([cells[x, y][0] + sum_of(farther), cells[x, y][1] + sum_of(change)])
    out[x, y, c] = hl.mux(c, [cells[x, y][0], cells[x, y][1]])
    out.bound(c, 0, 2).reorder(c, x, y).unroll(c).parallel(y, 4, hl.TailStrategy.GuardWithIf)
    cells.compute_at(out, y)
    cells.update().reorder(quads.x, quads.y, x, y)
    for func in (cells, out):
        func.never_partition_all()
    return hl.Pipeline([out]), [
        reference, merged, refined, black, noise, unit, black_merged, unit_merged, limit,
    ]  # fmt: skip
