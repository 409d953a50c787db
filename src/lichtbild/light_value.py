"""How bright a scene was, by the camera's settings."""

from __future__ import annotations

import math

from lichtbild.carriers import Metadata

MIDDLE_GREY = 0.18  # as in look/tone.py
MOST_BASELINE = 4.0  # stops of BaselineExposure that are believed


def light_value(metadata: Metadata, log_luminance: float) -> float | None:
    """EV at ISO 100 of a luminance (log2, 0 = white of the frame), None when the file does not say.

    A saturation-based ISO puts middle grey (18 %) about 2.5 stops below the white level; a file whose white is farther
    above, such as a merged bracket, says so by its BaselineExposure.
    """
    t, n, iso = metadata.exposure_time, metadata.f_number, metadata.iso
    if not t or not iso or t <= 0 or iso <= 0:
        return None
    n = n if n and n > 0 else 2.0  # phones often leave it out
    baseline = min(max(metadata.color.baseline_exposure, -MOST_BASELINE), MOST_BASELINE)
    return math.log2(n * n / t) - math.log2(iso / 100) + log_luminance + baseline - math.log2(MIDDLE_GREY)
