"""Which listed blocks of a developed image hold what highlight reconstruction, or defringing, would change.

Blocks are listed with those around them, from the mosaic; half of them hold nothing, and are told by bounds that hold
for all of a block, at a fifth of the costs (`kernels/develop_candidates.py`). The picture is the same with and without.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lichtbild import native
from lichtbild.carriers import FloatImage, HalfImage

Blocks = npt.NDArray[np.int32]
OWN = 0.95  # of clip, its green: from where on a pixel is the bright side itself; as in kernels/develop_defringe.py


def clipping(image: HalfImage, blocks: Blocks, clip: FloatImage, onset: float, to_camera: FloatImage) -> Blocks:
    """Those of the blocks (n, 2), (y, x), with a pixel of which a channel is beyond `onset` of its clip.

    image: as for `highlights.recover_highlights`. clip: (3, h', w') at the corners of all blocks. to_camera: (3, 3) of
    working space to white-balanced camera RGB.
    """
    limits = np.zeros((5, len(blocks)), np.float32)
    limits[:3] = onset * bound(clip, blocks, np.minimum)
    return found_in(image, blocks, limits, to_camera, 0.0, 0)


def rimmed(image: HalfImage, blocks: Blocks, nodes: FloatImage, floor: float, to_camera: FloatImage) -> Blocks:
    """Those of the blocks with a pixel, not bright itself, that has more blue than is explained. nodes, floor: as in
    `defringe.FringePlan`."""
    limits = np.zeros((5, len(blocks)), np.float32)
    limits[3] = bound(nodes[2:3], blocks, np.minimum)[0]
    limits[4] = OWN * bound(nodes[:1], blocks, np.maximum)[0]
    return found_in(image, blocks, limits, to_camera, floor, 1)


def bound(nodes: FloatImage, blocks: Blocks, extreme: np.ufunc) -> FloatImage:
    """(k, n) least or largest value at the four corners of each block; what is interpolated between lies within."""
    y, x = blocks.T
    rows = extreme(nodes[:, :-1], nodes[:, 1:])
    found: FloatImage = extreme(rows[:, y, x], rows[:, y, x + 1])
    return found


def found_in(
    image: HalfImage, blocks: Blocks, limits: FloatImage, to_camera: FloatImage, floor: float, plane: int
) -> Blocks:
    """Those of the blocks in which the kernel finds a pixel above the limits: plane 0 of light, 1 of blue."""
    found = np.empty((2, len(blocks)), np.float32)
    if len(blocks):
        native.call("highlight_candidates", image, blocks, limits, to_camera, floor, found)
    return np.ascontiguousarray(blocks[found[plane] > 0])
