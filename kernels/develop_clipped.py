"""Clipped channels follow those that still measure, so that burnt parts turn white and never magenta."""

from __future__ import annotations

import halide as hl

from burst_align import sum_of

ONSET, FULL = 0.93, 0.99  # of clip: where a channel begins to count as clipped, and does so entirely
LAST = 0.02  # weight of the brightest channel where nothing measures any more


def recover(rgb: list[hl.Expr], clip: list[hl.Expr]) -> list[hl.Expr]:
    """White-balanced linear camera RGB of a pixel -> the same, clipped channels estimated, never darker than measured.

    clip: level at which each channel clips, in the same units. What clipped is taken to be as bright as the mean of
    what did not; where everything clips, as the highest channel. It is continuous in every channel.
    """
    clipped = []
    for value, level in zip(rgb, clip, strict=True):
        t = hl.clamp((value / level - hl.f32(ONSET)) * hl.f32(1 / (FULL - ONSET)), 0.0, 1.0)
        clipped.append(t * t * (3.0 - 2.0 * t))
    top = hl.max(hl.max(rgb[0], rgb[1]), rgb[2])
    known = [1.0 - w for w in clipped]
    level = (sum_of(k * v for k, v in zip(known, rgb, strict=True)) + hl.f32(LAST) * top) / (
        sum_of(known) + hl.f32(LAST)
    )
    return [v + w * hl.max(level - v, 0.0) for v, w in zip(rgb, clipped, strict=True)]
