"""Light between the legs is kept in half floats (IEEE 754 binary16), as films keep it (OpenEXR): a relative error of at
most 1/2048, far below the noise of any sensor, in half of the memory. Kernels compute in float32."""

from __future__ import annotations

from typing import Any

import halide as hl

LARGEST = 65504.0


def half_image(name: str) -> hl.ImageParam:
    """An argument of three planes or channels."""
    return hl.ImageParam(hl.Float(16), 3, name)


def half(value: Any) -> hl.Expr:
    """What is stored of a float32."""
    return hl.cast(hl.Float(16), hl.clamp(value, -LARGEST, LARGEST))
