"""The merged mosaic refined by what its frames say beyond it: a second pass over a burst of many frames.

Each frame of a burst is interpolated before it is averaged, and what interpolation cannot know stays as an error when
noise has gone. Here the differences between the frames' own samples and what the merged picture says of them (see
superres_samples.py) are gathered on the grid of the mosaic itself and added, as far as they exceed the noise.
"""

from __future__ import annotations

from typing import Any

import halide as hl

from kernel import kernel
from superres_detail import Fine

TILE = 128, 64


@kernel("superres_refine", rare=True)
def superres_refine() -> tuple[hl.Pipeline, list[Any]]:
    """mosaic (h, w) uint16, sums as from superres_gather with two phases -> (h, w) uint16.

    windows, doubt, noise: as of superres_finish; times: how often the noise is taken from the energy of differences.
    black: digital number of no light; unit: (3,) balanced light of one number, of R, G, B; phase_y, phase_x: of red.
    """
    mosaic = hl.ImageParam(hl.UInt(16), 2, "mosaic")
    sums = hl.ImageParam(hl.UInt(16), 5, "sums")
    windows, noise = hl.ImageParam(hl.Float(32), 2, "windows"), hl.ImageParam(hl.Float(32), 2, "noise")
    doubt, unit = hl.ImageParam(hl.Float(32), 1, "doubt"), hl.ImageParam(hl.Float(32), 1, "unit")
    times, black = hl.Param(hl.Float(32), "times"), hl.Param(hl.Float(32), "black")
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
    keep, keep_color, _ = fine.kept(detail, told, variance, times)
    d = detail()
    more = (keep * d[0] + keep_color * of_color(d[1:])) / of_color([unit[n] for n in range(3)])
    out = hl.Func("lichtbild_superres_refine")
    out[x, y] = hl.u16(hl.clamp(old + more + 0.5, 0.0, 65535.0))

    xi, yi, xo, yo = (hl.Var(n) for n in ("xi", "yi", "xo", "yo"))
    out.tile(x, y, xo, yo, xi, yi, *TILE, hl.TailStrategy.GuardWithIf)
    out.vectorize(xi, 8, hl.TailStrategy.GuardWithIf).parallel(yo).never_partition_all()
    for func in fine.made:
        func.compute_at(out, xo).vectorize(x, 8).never_partition_all()
    return hl.Pipeline([out]), [
        mosaic, sums, windows, noise, doubt, unit, times, black, phase_y, phase_x,
    ]  # fmt: skip
