"""From a linear raw, demosaiced already, to the working space in one pass: levels, shading, balance, colour."""

from __future__ import annotations

import halide as hl

from half import half
from kernel import kernel
from taps import sum_of


@kernel("develop_linear", rare=True)
def develop_linear() -> tuple[hl.Pipeline, list[object]]:
    """(h, w, 3) uint16 -> (3, h', w') float16 linear Rec. 2020 of the part that begins at (top, left).

    shading: (3, gh, gw) gains on a grid that spans the image; black, gain: (3,) of the colours; matrix: (3, 3).
    """
    image = hl.ImageParam(hl.UInt(16), 3, "image")
    shading = hl.ImageParam(hl.Float(32), 3, "shading")
    black, gain = hl.ImageParam(hl.Float(32), 1, "black"), hl.ImageParam(hl.Float(32), 1, "gain")
    matrix = hl.ImageParam(hl.Float(32), 2, "matrix")
    top, left = hl.Param(hl.Int(32), "top"), hl.Param(hl.Int(32), "left")
    x, y, c, i = hl.Var("x"), hl.Var("y"), hl.Var("c"), hl.Var("i")
    image.dim(0).set_bounds(0, 3)
    w, h = image.dim(1).extent(), image.dim(2).extent()

    # Lens shading, bilinear on its grid: first down to the row, then along it.
    gw, gh = shading.dim(0).extent(), shading.dim(1).extent()

    def place(at: hl.Expr, size: hl.Expr, nodes: hl.Expr) -> tuple[hl.Expr, hl.Expr]:
        position = hl.clamp(hl.f32(at) * hl.f32(nodes - 1) / hl.f32(hl.max(size - 1, 1)), 0.0, hl.f32(nodes - 1))
        first = hl.clamp(hl.i32(position), 0, hl.max(nodes - 2, 0))
        return first, position - hl.f32(first)

    iy, ty = place(y + top, h, gh)
    ix, tx = place(x + left, w, gw)
    line, light = hl.Func("line"), hl.Func("light")
    line[i, y, c] = hl.lerp(shading[i, iy, c], shading[i, hl.min(iy + 1, gh - 1), c], ty)
    lens = hl.lerp(line[ix, y, c], line[hl.min(ix + 1, gw - 1), y, c], tx)
    value = (hl.f32(image[c, x + left, y + top]) - black[c]) * gain[c]
    light[x, y, c] = value * hl.select(gw > 1, lens, hl.f32(1.0))
    out = hl.Func("lichtbild_develop_linear")
    out[x, y, c] = half(sum_of(matrix[k, c] * light[x, y, k] for k in range(3)))

    xo, xi = hl.Var("xo"), hl.Var("xi")
    guard = hl.TailStrategy.GuardWithIf
    out.bound(c, 0, 3).split(x, xo, xi, 64, guard).reorder(xi, c, xo, y).vectorize(xi, 16, guard).unroll(c)
    out.parallel(y, 8, guard)
    light.compute_at(out, xo).reorder(c, x, y).bound(c, 0, 3).unroll(c).vectorize(x, 8, guard)
    line.compute_at(out, y).bound(c, 0, 3)
    for func in (out, light, line):
        func.never_partition_all()
    return hl.Pipeline([out]), [image, shading, black, gain, matrix, top, left]
