"""The scene itself in other primaries: one matrix, then encoding for integers. No exposure, no tone, no sharpening."""

from __future__ import annotations

from typing import Any

import halide as hl

from kernel import kernel
from look_math import matrix_rows
from look_output import encode, interleaved, scene_planes, to_integer

LANES = 16
x, y, c = hl.Var("x"), hl.Var("y"), hl.Var("c")


def build(name: str, kind: str, scene: Any) -> tuple[hl.Pipeline, list[Any]]:
    out = hl.Func(f"lichtbild_{name}")
    matrix = hl.ImageParam(hl.Float(32), 2, "matrix")
    transfer = hl.ImageParam(hl.Float(32), 1, "transfer")
    planes, finished = hl.Func("planes"), hl.Func("finished")
    planes[x, y, c] = hl.f32(scene[c, x, y])
    rgb = matrix_rows(matrix, [planes[x, y, i] for i in range(3)])
    if kind != "f32":
        rgb = to_integer(kind, [encode(transfer, hl.clamp(v, 0.0, 1.0)) for v in rgb], hl.f32(0.0), x, y)
    finished[x, y] = tuple(rgb)
    out[c, x, y] = hl.mux(c, [finished[x, y][i] for i in range(3)])

    xo, xi, yo = hl.Var("xo"), hl.Var("xi"), hl.Var("yo")
    interleaved(out, c)
    out.split(y, yo, y, 16, hl.TailStrategy.GuardWithIf).split(x, xo, xi, 256, hl.TailStrategy.GuardWithIf)
    out.reorder(c, xi, y, xo, yo).parallel(yo).unroll(c).vectorize(xi, LANES, hl.TailStrategy.GuardWithIf)
    finished.compute_at(out, y).vectorize(x, LANES, hl.TailStrategy.GuardWithIf)
    planes.compute_at(out, y).bound(c, 0, 3).unroll(c)
    for stage in (out, finished, planes):
        stage.never_partition_all()
    planes.specialize(scene.dim(1).stride() == 1).vectorize(x, LANES, hl.TailStrategy.GuardWithIf)
    return hl.Pipeline([out]), [scene, matrix, transfer]


@kernel("look_linear_u8", rare=True)
def look_linear_u8() -> tuple[hl.Pipeline, list[Any]]:
    """(h, w, 3) uint8, encoded, clipped to 0..1."""
    return build("look_linear_u8", "u8", scene_planes())


@kernel("look_linear_u16", rare=True)
def look_linear_u16() -> tuple[hl.Pipeline, list[Any]]:
    """(h, w, 3) uint16, encoded, clipped to 0..1."""
    return build("look_linear_u16", "u16", scene_planes())


@kernel("look_linear_f32", rare=True)
def look_linear_f32() -> tuple[hl.Pipeline, list[Any]]:
    """(h, w, 3) float32, linear, with what lies below 0 and above 1."""
    return build("look_linear_f32", "f32", scene_planes())


@kernel("look_encode_u16", rare=True)
def look_encode_u16() -> tuple[hl.Pipeline, list[Any]]:
    """The same of a finished picture in linear light, (h, w, 3) float32."""
    light = hl.ImageParam(hl.Float(32), 3, "light")
    light.dim(0).set_stride(hl.Expr())
    return build("look_encode_u16", "u16", light)
