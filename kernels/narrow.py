"""16 bits to 8, dithered: for a picture that was developed with more depth than its file holds."""

from __future__ import annotations

import halide as hl

from kernel import kernel


@kernel("narrow", rare=True)
def narrow() -> tuple[hl.Pipeline, list[object]]:
    """(h, 3 w) uint16 -> (h, 3 w) uint8: v / 257, rounded down or up so that smooth skies show no steps.

    Thresholds are Roberts' R2 sequence, one for the three channels of a pixel, so that grey stays grey. Values that
    8 bits hold exactly are kept.
    """
    wide = hl.ImageParam(hl.UInt(16), 2, "wide")
    x, y = hl.Var("x"), hl.Var("y")
    place = hl.f32(x / 3) * hl.f32(0.7548776662) + hl.f32(y) * hl.f32(0.5698402910)
    threshold = hl.i32((place - hl.floor(place)) * 256.0)
    out = hl.Func("lichtbild_narrow")
    out[x, y] = hl.u8((hl.i32(wide[x, y]) + threshold) / 257)
    out.parallel(y, 16, hl.TailStrategy.GuardWithIf).vectorize(x, 32, hl.TailStrategy.GuardWithIf)
    return hl.Pipeline([out]), [wide]
