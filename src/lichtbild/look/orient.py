"""EXIF orientation as views: the kernels read the scene upright. Only a picture of 8 bits that lies on its side is
turned in memory, once it is finished: that is cheaper than reading its scene across the rows."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from lichtbild import native

Array = npt.NDArray[np.float32]
T = TypeVar("T", np.float16, np.float32)

# Orientation (TIFF 6.0, tag 274): first swap rows and columns, then flip rows, flip columns.
TURNS = {
    1: (False, False, False),
    2: (False, False, True),
    3: (False, True, True),
    4: (False, True, False),
    5: (True, False, False),
    6: (True, False, True),
    7: (True, True, True),
    8: (True, True, False),
}


def turned(image: npt.NDArray[Any], orientation: int) -> npt.NDArray[Any]:
    """(h, w, ...) image as an upright view; an orientation outside 1..8 counts as 1."""
    swap, flip_rows, flip_columns = TURNS.get(orientation, TURNS[1])
    if swap:
        image = image.swapaxes(0, 1)
    return image[:: -1 if flip_rows else 1, :: -1 if flip_columns else 1]


def upright(
    scene: npt.NDArray[T], grid: Array, factor: int, orientation: int
) -> tuple[npt.NDArray[T], Array, tuple[float, float]]:
    """Upright views of a scene (h, w, 3) and of its coarse grid (n, h', w'), and how far (dy, dx) in pixels the first
    pixel lies inside the first cell: after a flip, the cell that the border cut short comes first."""
    _, flip_rows, flip_columns = TURNS.get(orientation, TURNS[1])
    view = turned(scene, orientation)
    cells = np.moveaxis(turned(np.moveaxis(grid, 0, -1), orientation), -1, 0)
    dy = cells.shape[1] * factor - view.shape[0] if flip_rows else 0
    dx = cells.shape[2] * factor - view.shape[1] if flip_columns else 0
    return view, cells.copy(), (float(dy), float(dx))


def upright_picture(image: npt.NDArray[np.uint8], orientation: int) -> npt.NDArray[np.uint8]:
    """A finished (h, w, 3) picture, turned, in the order of its rows."""
    view = turned(image, orientation)
    out = np.empty(view.shape, np.uint8)
    native.call("look_turn", view, out)
    return out


def lies(orientation: int) -> bool:
    """Whether rows and columns are to be swapped."""
    return TURNS.get(orientation, TURNS[1])[0]
