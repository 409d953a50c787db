"""Super-resolution, last part: from the merged picture and the gathered differences to a larger linear raw.

What the differences say beyond the picture is added; then the blur of optics and pixels is undone by two steps of
Van Cittert's iteration, as far as noise allows, and kept near the range of the neighbours.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import halide as hl

from burst_align import catmull_rom, sum_of
from half import half_image
from kernel import kernel
from superres_detail import AROUND, BLUR, THIRD, Fine, wiener

TILE = 128, 64
TEXTURE = hl.f32(0.11)  # of the range around, what sharpening adds at most beside an edge; more is texture
SPARSE = hl.f32(0.5)  # square of the weight of samples at which sharpening is halved
STEEP = hl.f32(1.8)  # weight of the second step of sharpening


@kernel("superres_finish", rare=True)
def superres_finish() -> tuple[hl.Pipeline, list[Any]]:
    """image (3, h, w) float16, the merged picture in balanced colour, and sums as from superres_gather ->
    (H, W, 3) uint16 = black + x * scale of camera colour.

    step: mosaic pixels between fine ones; phases: P; windows: (5, RADIUS + 1) half windows, each of sum 1, of the
    kernels for green, red and blue, of the energies, of the blur; doubt: (2,) weights of no difference, shared and of a
    colour; noise: (3, 2) scale and offset of the frames' noise; shrink: (2,) how many times the noise is taken from the
    energy of differences, and of sharpening; sharpen: 0..1; overshoot: beyond the neighbours' range, in parts of it;
    neutral: (3,) camera colour of white.
    """
    image = half_image("image")
    sums = hl.ImageParam(hl.UInt(16), 5, "sums")
    windows = hl.ImageParam(hl.Float(32), 2, "windows")
    noise = hl.ImageParam(hl.Float(32), 2, "noise")
    doubt, shrink, neutral = (hl.ImageParam(hl.Float(32), 1, n) for n in ("doubt", "shrink", "neutral"))
    step, sharpen, overshoot, black, scale = (
        hl.Param(hl.Float(32), n) for n in ("step", "sharpen", "overshoot", "black", "scale")
    )
    phases = hl.Param(hl.Int(32), "phases")
    width, height = hl.Param(hl.Int(32), "width"), hl.Param(hl.Int(32), "height")
    c, k = hl.Var("c"), hl.Var("k")
    fine = Fine(windows)
    x, y, stage, window = fine.x, fine.y, fine.stage, fine.window

    # The merged picture at the fine pixels, by Catmull-Rom interpolation, rows first.
    def place(v: hl.Var) -> tuple[hl.Expr, hl.Expr]:
        at = (hl.f32(v) + 0.5) * step - 0.5
        whole = hl.floor(at)
        return hl.i32(whole), at - whole

    (iy, ty), (ix, tx) = place(y), place(x)
    line = hl.Func("line")
    edge = hl.BoundaryConditions.repeat_edge(image, [(0, image.width())])
    rows = [hl.clamp(iy + m - 1, 0, image.height() - 1) for m in range(4)]
    line[k, y] = hl.Tuple(
        [sum_of(catmull_rom(ty, m) * hl.f32(edge[k, rows[m], color]) for m in range(4)) for color in range(3)]
    )
    columns = [hl.clamp(ix + m - 1, -1, image.width()) for m in range(4)]
    across = [catmull_rom(tx, m) for m in range(4)]
    base = stage(
        "base",
        *(sum_of(across[m] * line[columns[m], y][n] for m in range(4)) for n in range(3)),
    )

    told = fine.told(sums, phases, width, height)
    v, detail = told(), fine.detail(told, doubt)
    d = detail()
    variance = [noise[0, n] * hl.max(base()[n], 0.0) + noise[1, n] for n in range(3)]
    *keep, left = fine.kept(detail, told, variance, shrink[0])
    merged = stage("merged", *(base()[n] + keep[0] * d[0] + keep[1] * d[1 + n] for n in range(3)))

    # The blur undone, of brightness: two steps of Van Cittert's iteration, the second one overrelaxed, add
    # e + STEEP (e - blurred e), where e is the difference from the blurred picture. Colours keep their hue.
    blurred = window(merged, BLUR, "blurred")()
    gray_blurred = sum_of(blurred) * THIRD
    hue = [hl.clamp(b / hl.max(gray_blurred, hl.f32(1e-4)), 0.0, 3.0) for b in blurred]
    rest = stage("rest", sum_of(merged()) * THIRD - gray_blurred)
    again = window(rest, BLUR, "again")
    sharp = stage("sharp", rest()[0] + STEEP * (rest()[0] - again()[0]))
    power = window(stage("powers", sharp()[0] * sharp()[0]), AROUND, "power")()[0]
    # Where few samples speak, demosaicing guessed, and its errors would be sharpened.
    amount = sharpen * wiener(power, left()[0], shrink[1]) * v[1] * v[1] / (v[1] * v[1] + SPARSE)

    def extremes(which: Any, name: str) -> list[Any]:
        around = range(-2, 3)

        def over(get: Callable[[int], list[Any]]) -> list[Any]:
            found = get(-2)
            for offset in list(around)[1:]:
                found = [which(a, b) for a, b in zip(found, get(offset), strict=True)]
            return found

        down = stage(f"{name}_down", *over(lambda o: merged(0, o)))
        return over(lambda o: down(o, 0))

    low, high = extremes(hl.min, "low"), extremes(hl.max, "high")
    result = []
    for n in range(3):
        span = high[n] - low[n]
        slack = span * overshoot + 2.0 * hl.max(hl.abs(rest()[0]) * hue[n] - span * TEXTURE, 0.0)
        value = hl.clamp(merged()[n] + amount * sharp()[0] * hue[n], low[n] - slack, high[n] + slack)
        result.append(value * neutral[n] * scale + (black + 0.5))
    final = stage("final", *result)
    out = hl.Func("lichtbild_superres_finish")
    out[c, x, y] = hl.u16(hl.clamp(hl.mux(c, final()), 0.0, 65535.0))

    xi, yi, xo, yo = (hl.Var(n) for n in ("xi", "yi", "xo", "yo"))
    out.bound(c, 0, 3).tile(x, y, xo, yo, xi, yi, *TILE, hl.TailStrategy.GuardWithIf)
    out.reorder(c, xi, yi, xo, yo).unroll(c).vectorize(xi, 8, hl.TailStrategy.GuardWithIf).parallel(yo)
    out.never_partition_all()
    line.compute_at(out, xo).vectorize(k, 8).never_partition_all()
    for func in fine.made:
        func.compute_at(out, xo).vectorize(x, 8).never_partition_all()
    return hl.Pipeline([out]), [
        image, sums, windows, noise, doubt, shrink, neutral, step, sharpen, overshoot, black, scale,
        phases, width, height,
    ]  # fmt: skip
