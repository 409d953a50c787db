"""How look kernels read a turned scene and write a finished picture; shared by `look_render` and `look_linear`."""

from __future__ import annotations

from typing import Any

import halide as hl

from half import half_image
from look_math import exp2, fourth_root, log2

Expr = Any
TINY = hl.f32(1e-9)
TOP = {"u8": 255.0, "u16": 65535.0}
INTEGER = {"u8": hl.UInt(8), "u16": hl.UInt(16)}


def scene_planes() -> Any:
    """The scene as a (c, x, y) argument with any strides: an upright view is as good as the stored order."""
    scene = half_image("scene")
    scene.dim(0).set_stride(hl.Expr())
    return scene


def encode(transfer: Any, v: Expr) -> Expr:
    """Linear 0..1 through a transfer function given by cut, slope, scale, exponent and offset."""
    curve = transfer[2] * exp2(transfer[3] * log2(hl.max(v, TINY))) - transfer[4]
    return hl.select(v <= transfer[0], v * transfer[1], curve)


def encode_8bit(transfer: Any, v: Expr) -> Expr:
    """The same to 1/100 of an 8-bit step: a quartic of the fourth root, whose coefficients follow the offset."""
    q = fourth_root(v)
    curve = transfer[9]
    for i in (8, 7, 6, 5):
        curve = curve * q + transfer[i]
    return hl.select(v <= transfer[0], v * transfer[1], curve)


def to_integer(kind: str, encoded: list[Expr], dither: Expr, x: Expr, y: Expr) -> list[Expr]:
    """Rounded integers. dither 1 spreads the rounding thresholds evenly over neighbours (Roberts' R2 sequence), with
    one threshold for the three channels so that grey stays grey; 0 rounds to the nearest."""
    spread = hl.f32(x) * hl.f32(0.7548776662) + hl.f32(y) * hl.f32(0.5698402910)
    spread = hl.lerp(hl.f32(0.5), spread - hl.floor(spread), dither)
    top = TOP[kind]
    return [hl.cast(INTEGER[kind], hl.i32(hl.min(v * top + spread, top + 0.5))) for v in encoded]


def coded(kind: str, transfer: Any, rgb: list[Expr], x: Expr, y: Expr) -> list[Expr]:
    """What is written of linear light that may lie a little outside of 0..1: encoded, dithered integers, or floats."""
    if kind == "u8":
        return to_integer(kind, [encode_8bit(transfer, hl.max(v, TINY)) for v in rgb], transfer[10], x, y)
    rgb = [hl.clamp(v, 0.0, 1.0) for v in rgb]
    return rgb if kind == "f32" else to_integer(kind, [encode(transfer, v) for v in rgb], transfer[10], x, y)


def interleaved(out: Any, c: Any) -> None:
    """The output is (h, w, 3), contiguous along its rows."""
    buffer = out.output_buffer()
    buffer.dim(0).set_bounds(0, 3).set_stride(1)
    buffer.dim(1).set_stride(3)
    out.bound(c, 0, 3)
