"""Which bright edges may have a coloured rim, and how much colour their surroundings explain.

Decided on the blocks of the highlight statistics; `kernels/develop_defringe.py` says what is done to the pixels.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lichtbild import native
from lichtbild.carriers import FloatImage, HalfImage, NoiseProfile
from lichtbild.color import Floats
from lichtbild.develop import candidates
from lichtbild.develop.block_fields import BLOCK, on_image, pull_push, sample, smooth, widest
from lichtbild.develop.highlights import HighlightPlan
from lichtbild.record import record

AROUND = 2  # blocks on each side in which the dark side shows its own colour
EASE = 1.08  # times what the surroundings show, colours are not yet a rim
DEVIATIONS = 3.0  # of the noise in the dark, light that is not yet a rim
WIDEST = 8.0  # ratio of channels that is told of
KNOWN = 100.0  # beyond it, a block has no colour of its own
SCARCE = 0.05  # of a block: less is no evidence


@record
class FringePlan:
    """blocks: four lists (n, 2) int32 of (y, x), in none of which two blocks touch. nodes: (3, h', w') at their
    corners: clip of G, the largest R/G and B/G. floor: light that counts as noise."""

    blocks: tuple[npt.NDArray[np.int32], ...]
    nodes: FloatImage
    floor: float


def decide(plan: HighlightPlan, noise: NoiseProfile, neutral: Floats) -> FringePlan | None:
    """The rims beside the highlights of `plan`; None where there are none. noise: of the frame, neutral: its white."""
    cells = plan.cells
    bright = widest(cells[10] > 0, 1)
    blocks = bright & (cells[9] < 1)
    # Blocks that are mostly bright have little left but their rim: they hardly count, by the third power of their rest.
    dull = 1 - cells[11]
    weight = np.where(cells[15] < KNOWN, dull * dull * dull, 0)
    ratio = np.log(np.clip(cells[15:17] * (plan.clip[[0, 2]] / plan.clip[1]), 1 / WIDEST, WIDEST))
    near = smooth(np.concatenate([weight * ratio, weight[None]]).astype(np.float32), 1)
    shown = np.where(near[2] > SCARCE, near[:2] / np.maximum(near[2], SCARCE), -np.log(WIDEST))
    found = widest(near[2:] > SCARCE, AROUND).astype(np.float32)
    dark = pull_push(widest(shown, AROUND).astype(np.float32) * found, np.repeat(found, 2, axis=0))
    corners = zip(plan.nodes.shape[1:], plan.origin, strict=True)
    rows, columns = (first + BLOCK * np.arange(n, dtype=np.float64) for n, first in corners)
    at = sample(dark, (rows - (BLOCK - 1) / 2) / BLOCK, (columns - (BLOCK - 1) / 2) / BLOCK)
    # The bright side: local colour of highlights, as half tangents of the log ratios of G/R and G/B.
    light = np.clip(plan.nodes[3:5], -0.999, 0.999)
    nodes = np.concatenate([plan.nodes[1:2], EASE * np.maximum(np.exp(at), (1 - light) / (1 + light))])

    listed = []
    touched = on_image(blocks, rows, columns)
    for j, i in ((0, 0), (0, 1), (1, 0), (1, 1)):
        part = np.argwhere(touched[j::2, i::2]) * 2 + (j, i)
        listed.append(np.ascontiguousarray(part, np.int32))
    if not any(len(part) for part in listed):
        return None
    variance = max(o / n**2 for o, n in zip(noise.offset, neutral, strict=True))
    return FringePlan(tuple(listed), np.ascontiguousarray(nodes), DEVIATIONS * float(np.sqrt(max(variance, 0.0))))


def defringe(image: HalfImage, plan: FringePlan, matrix: Floats) -> None:
    """Take the rims of `plan` from a developed image, in place. image, matrix: as for `recover_highlights`."""
    to_camera, from_camera = np.linalg.inv(matrix).astype(np.float32), matrix.astype(np.float32)
    for listed in plan.blocks:
        blocks = candidates.rimmed(image, listed, plan.nodes, plan.floor, to_camera)
        if len(blocks):
            native.call("defringe", image, blocks, plan.nodes, to_camera, from_camera, plan.floor, image)
