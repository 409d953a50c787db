"""The merged mosaic refined by what its frames say beyond it: a second pass over a burst of many frames.

Each frame of a burst is interpolated before it is averaged, and what interpolation cannot know stays as an error when
noise has gone. Here the differences between the frames' own samples and what the merged picture says of them (see
superres_samples.py) are gathered on the grid of the mosaic itself and added, as far as they exceed the noise, each
frequency by itself (see superres_windows.py).
"""

from __future__ import annotations

from typing import Any

import halide as hl

from burst_evidence import between
from burst_interpolate import MARGIN, PEDESTAL, RISE
from half import half_image
from kernel import kernel
from superres_detail import FLOOR, Fine
from superres_waves import kept
from taps import sum_of

TILE = 128, 64
SHARE = 0.25, 0.5, 0.25  # of the sites, of R, G, B
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

    windows, doubt, noise: as of superres_finish; worth, more: as of `kept`, of grey, of green beyond it, and of half of
    what red has beyond blue. black: digital number of no light; unit: (3,) balanced light of one number, of R, G, B;
    phase_y, phase_x: of red.
    """
    mosaic = hl.ImageParam(hl.UInt(16), 2, "mosaic")
    sums = hl.ImageParam(hl.UInt(16), 5, "sums")
    windows, noise = hl.ImageParam(hl.Float(32), 2, "windows"), hl.ImageParam(hl.Float(32), 2, "noise")
    doubt, unit = hl.ImageParam(hl.Float(32), 1, "doubt"), hl.ImageParam(hl.Float(32), 1, "unit")
    worth, more = hl.ImageParam(hl.Float(32), 3, "worth"), hl.ImageParam(hl.Float(32), 3, "more")
    black = hl.Param(hl.Float(32), "black")
    phase_y, phase_x = hl.Param(hl.Int(32), "phase_y"), hl.Param(hl.Int(32), "phase_x")
    fine = Fine(windows)
    x, y = fine.x, fine.y
    width, height = mosaic.width(), mosaic.height()
    px, py = hl.clamp(x, 0, width - 1), hl.clamp(y, 0, height - 1)
    color = (px + phase_x) % 2 + (py + phase_y) % 2

    def of_color(values: list[Any]) -> Any:
        return hl.select(color == 0, values[0], color == 1, values[1], values[2])

    own_unit, old = of_color([unit[n] for n in range(3)]), hl.f32(mosaic[px, py])
    light = hl.max((old - black) * own_unit, 0.0)
    told = fine.told(sums, 2, width, height)
    says = fine.says(told, doubt)
    # Grey as all sites together show it, so that what one colour has more is no part of it.
    gray = says[0] * SHARE[0] + says[1] * SHARE[1] + says[2] * SHARE[2]
    fine.stage("parts", gray, says[1] - gray, (says[0] - says[2]) * 0.5)
    parts = fine.made[-1]
    # The light of one colour stands for all: balanced, they are alike as a rule.
    v, variance = told(), [noise[0, n] * light + noise[1, n] for n in range(3)]
    own = [variance[n] / (2.0 * v[3 + 2 * n] + FLOOR) for n in range(3)]
    shared = sum_of(variance[n] * SHARE[n] for n in range(3)) / (2.0 * v[1] + FLOOR)
    fine.stage("left", shared, own[1], (own[0] + own[2]) * 0.25)
    told = kept(fine, 3, parts, fine.made[-1], worth, more)
    gray, green, apart = (told[x, y, n] for n in range(3))
    out = hl.Func("lichtbild_superres_refine")
    added = gray + of_color([apart - green, green, -apart - green])
    out[x, y] = hl.u16(hl.clamp(old + added / own_unit + 0.5, 0.0, 65535.0))

    xi, yi, xo, yo = (hl.Var(n) for n in ("xi", "yi", "xo", "yo"))
    out.tile(x, y, xo, yo, xi, yi, *TILE, hl.TailStrategy.GuardWithIf)
    out.vectorize(xi, 8, hl.TailStrategy.GuardWithIf).parallel(yo)
    for func in fine.made:
        func.vectorize(x, 8)
    for func in fine.made + fine.scheduled:
        func.compute_at(out, xo)
    for func in (out, *fine.made, *fine.scheduled, *fine.inner):
        func.never_partition_all()
    return hl.Pipeline([out]), [
        mosaic, sums, windows, noise, doubt, unit, worth, more, black, phase_y, phase_x,
    ]  # fmt: skip


@kernel("superres_blend", rare=True)
def superres_blend() -> tuple[hl.Pipeline, list[Any]]:
    """The merged mosaic, and as much of what the refined one changes as cells allow: (h, w) uint16, twice -> the same.

    share: (rows, columns) of cells of 8x8 pixels, 0..1, with a border as `between` reads it.
    """
    merged, refined = (hl.ImageParam(hl.UInt(16), 2, n) for n in ("merged", "refined"))
    share = hl.ImageParam(hl.Float(32), 2, "share")
    x, y = hl.Var("x"), hl.Var("y")
    row, here = between(share, x, y, "share")
    before, out = hl.f32(merged[x, y]), hl.Func("lichtbild_superres_blend")
    out[x, y] = hl.u16(before + (hl.f32(refined[x, y]) - before) * here + 0.5)
    out.vectorize(x, 16, hl.TailStrategy.GuardWithIf).parallel(y, 16, hl.TailStrategy.GuardWithIf)
    row.compute_at(out, y)
    for func in (out, row):
        func.never_partition_all()
    return hl.Pipeline([out]), [merged, refined, share]


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
