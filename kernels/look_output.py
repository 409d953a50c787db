"""How look kernels read a turned scene and write a finished picture; shared by `look_render` and `look_linear`."""

from __future__ import annotations

from typing import Any

import halide as hl

from look_math import exp2, log2

Expr = Any
TOP = {"u8": 255.0, "u16": 65535.0}
INTEGER = {"u8": hl.UInt(8), "u16": hl.UInt(16)}


def scene_planes() -> Any:
    """The scene as a (c, x, y) argument with any strides: an upright view is as good as the stored order."""
    scene = hl.ImageParam(hl.Float(32), 3, "scene")
    scene.dim(0).set_stride(hl.Expr())
    return scene


def encode(transfer: Any, v: Expr) -> Expr:
    """Linear 0..1 through a transfer function, laid out as in `lichtbild/look/spaces.py`."""
    curve = transfer[2] * exp2(transfer[3] * log2(hl.max(v, hl.f32(1e-9)))) - transfer[4]
    return hl.select(v <= transfer[0], v * transfer[1], curve)


def finish(kind: str, transfer: Any, rgb: list[Expr], x: Expr, y: Expr) -> list[Expr]:
    """Values as written: linear float, or encoded, dithered and rounded integers."""
    if kind == "f32":
        return rgb
    # Roberts' R2 sequence: an even spread of rounding thresholds, one for the three channels so that grey stays grey.
    spread = hl.f32(x) * hl.f32(0.7548776662) + hl.f32(y) * hl.f32(0.5698402910)
    spread = hl.lerp(hl.f32(0.5), spread - hl.floor(spread), transfer[5])
    top = TOP[kind]
    return [
        hl.cast(INTEGER[kind], hl.i32(hl.min(encode(transfer, hl.clamp(v, 0.0, 1.0)) * top + spread, top + 0.5)))
        for v in rgb
    ]


def interleaved(out: Any, c: Any) -> None:
    """The output is (h, w, 3), contiguous along its rows."""
    buffer = out.output_buffer()
    buffer.dim(0).set_bounds(0, 3).set_stride(1)
    buffer.dim(1).set_stride(3)
    out.bound(c, 0, 3)
