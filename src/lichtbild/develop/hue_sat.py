"""Colour beyond the camera's matrix: the table of hue, saturation and value of a profile, on a whole scene.

It acts on linear ProPhoto RGB before exposure (DNG 1.7, ProfileHueSatMapData); `kernels/develop_hue_sat.py` does it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lichtbild import native
from lichtbild.carriers import HalfImage
from lichtbild.color import Floats
from lichtbild.devices.hue_sat import working_to_prophoto
from lichtbild.devices.profile import HueSatMap

COARSEST = 1e-3  # step of saturation or value with which a table may be packed
COARSEST_TURN = 0.1 / 60  # the same of hue, in sixths of the circle


def apply_hue_sat(
    image: HalfImage, found: HueSatMap, before: Floats | None = None, after: Floats | None = None
) -> None:
    """Send the (3, h, w) float16 image through the table, in place.

    before, after: (3, 3) to linear ProPhoto RGB and back; from and to linear Rec. 2020 where left out.
    """
    to = working_to_prophoto() if before is None else before
    back: Floats = np.asarray(np.linalg.inv(working_to_prophoto()), np.float64) if after is None else after
    matrices = np.ascontiguousarray(to, np.float32), np.ascontiguousarray(neutral(back @ to, back), np.float32)
    words = packed(found)
    if words is None:
        table = np.concatenate([found.table, found.table[:, :1]], axis=1)
        table[..., 0] /= 60
        native.call("hue_sat_value", image, np.ascontiguousarray(table), *matrices, int(found.srgb_value), image)
        return
    table, numbers = words
    hues, saturations = found.table.shape[1:3]
    native.call("hue_sat", image, table, numbers, *matrices, saturations, hues - 1, image)


def neutral(round_trip: Floats, back: Floats) -> Floats:
    """`back`, corrected so that there and back again leaves white as it is; where it leads elsewhere, itself."""
    sums = round_trip.sum(axis=1)
    return back / sums[:, None] if np.allclose(sums, 1, atol=1e-3) else back


def packed(found: HueSatMap) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.float32]] | None:
    """Words and numbers for the kernel `hue_sat`; None for a table that does not suit it."""
    values, hues, saturations = found.table.shape[:3]
    if values > 1 or found.srgb_value:
        return None
    table = found.table[0].astype(np.float64) - (0, 1, 1)
    table[..., 0] /= 60
    table = np.concatenate([table, table[:1]])
    most = np.maximum(np.abs(table).max(axis=(0, 1)), 1e-6)
    step = most / (1023, 1023, 511)
    if step[0] > COARSEST_TURN or step[1] > COARSEST or step[2] > COARSEST:
        return None
    steps = np.rint(table / step).astype(np.int64).reshape(-1, 3)
    word = (steps[:, 0] + 1024 << 21) | (steps[:, 1] + 1024 << 10) | (steps[:, 2] + 512)
    numbers = np.array([hues / 6, saturations - 1, *step], np.float32)
    return word.astype(np.uint32), numbers
