"""Clipped samples of the mosaic before demosaicing: clipped white beside something dark is no edge of colour.

After white balance the colours clip at different levels, and clipped white is magenta. Beside something dark that is an
edge of colour, which demosaicing cannot tell from a real one. Here a clipped sample is lifted until it is no longer
darker than both other colours around it; what the highlight really was is estimated from the developed image.
"""

from __future__ import annotations

import numpy as np

from lichtbild import native
from lichtbild.carriers import Frame
from lichtbild.color import Floats
from lichtbild.develop.highlights import HighlightPlan
from lichtbild.record import replace

LIFT_BLACK = 1024.0  # number of black, with room for its noise, in the frame with lifted samples


def lift(
    frame: Frame, crop: tuple[int, int, int, int], plan: HighlightPlan, neutral: Floats, *, in_place: bool = False
) -> Frame:
    """The frame, in a scale with room above clip, with clipped samples lifted. Linear raw comes back as it is.

    crop, neutral: those for which `plan` was decided. in_place: the mosaic may be overwritten; new memory costs as much
    time as the rest.
    """
    if frame.is_linear:
        return frame
    balance = (1.0 / np.asarray(neutral, np.float64))[["RGB".index(c) for c in frame.cfa]]
    black = np.array(frame.black_level, np.float64)
    # Nothing is lifted beyond the clip of the second colour.
    room = np.sort(balance)[-1] / np.sort(balance)[0]
    scale = (65535.0 - LIFT_BLACK) / (room * (frame.clip_level - black.min()))
    dy, dx = frame.color_phase
    out = frame.mosaic if in_place else np.empty_like(frame.mosaic)
    native.call(
        "highlight_lift",
        frame.mosaic, plan.blocks, black.astype(np.float32), balance.astype(np.float32), *crop[:2],
        (dy + dx + 1) % 2, frame.clip_level, plan.onset, plan.full, LIFT_BLACK, scale, out,
    )  # fmt: skip

    def level(number: float) -> float:
        return float(LIFT_BLACK + scale * (number - black.mean()))

    return replace(
        frame,
        mosaic=out,
        black_level=(LIFT_BLACK,) * 4,
        white_level=level(frame.white_level),
        clip_level=level(frame.clip_level),
    )
