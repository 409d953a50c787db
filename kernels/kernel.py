"""How a kernel is declared: a function that returns its pipeline and its arguments, in call order.

    @kernel("mosaic_to_gray")
    def build():
        mosaic = hl.ImageParam(hl.UInt(16), 2, "mosaic")
        gray = hl.Func("lichtbild_mosaic_to_gray")
        ...
        return hl.Pipeline([gray]), [mosaic]

Name the first output `lichtbild_` and the symbol: it is what the function is called in a profile.

Python calls it as `native.call("mosaic_to_gray", mosaic, gray)`: inputs in the order given here, outputs last.
Halide dimension i is numpy axis ndim-1-i, so a (y, x) array is Func(x, y) and a (y, x, c) array is
Func(c, x, y).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import halide as hl

Build = Callable[[], tuple[hl.Pipeline, list[Any]]]
REGISTRY: dict[str, Build] = {}
RARE: set[str] = set()  # those of them that are compiled without AVX-512
BASELINE: set[str] = set()  # those that are compiled for the oldest processors alone


def kernel(symbol: str, *, rare: bool = False, baseline: bool = False) -> Callable[[Build], Build]:
    """Register a kernel under the symbol that it exports, `lichtbild_<symbol>`.

    rare: not on the way of most photographs; code for AVX-512 would not pay for its size there.
    baseline: a small part of what its user waits for; code for any newer processor would not pay.
    """

    def register(build: Build) -> Build:
        REGISTRY[f"lichtbild_{symbol}"] = build
        if rare:
            RARE.add(f"lichtbild_{symbol}")
        if baseline:
            BASELINE.add(f"lichtbild_{symbol}")
        return build

    return register
