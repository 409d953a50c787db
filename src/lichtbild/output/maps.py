"""Maps of what a merge did, as pictures: how many frames count where, how much each one does, and what moved by itself.

All have an eighth of the frame's size, and are as the sensor lay, not turned upright.

- confidence.png: white where all frames count, black where none but the reference does.
- weight_NN_NAME.png, of each other frame: white where it counts fully, black where it was left out; a darker exposure,
  which has more noise, counts for less.
- motion_NN_NAME.png, of each other frame: grey where it follows the camera's motion; where something moves beside that,
  its direction as a hue (red to the right, then yellow, green and cyan downwards, blue to the left) and its speed as
  saturation, full from FULL pixels on.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lichtbild.atomic_file import check_target, write_atomically
from lichtbild.carriers import CELL
from lichtbild.errors import OutputError
from lichtbild.output.png import encode
from lichtbild.report import Report

FULL = 16.0  # pixels between two frames
TILE = 32  # pixels of a side of a tile of the motion
Bytes = npt.NDArray[np.uint8]


def make_folder(folder: Path, *, overwrite: bool) -> None:
    """The folder for maps, made when it is missing. Raises `OutputError` when it cannot be, or holds maps already."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a name"
        raise OutputError(f"{folder}: cannot be made a folder ({reason}); choose another") from None
    check_target(folder / "confidence.png", overwrite=overwrite)


def write_maps(report: Report, folder: Path, *, overwrite: bool = False) -> list[Path]:
    """Write `report.maps` into a folder; returns the files. None when nothing was merged, which a notice says."""
    make_folder(folder, overwrite=overwrite)
    maps = report.maps or {}
    if "confidence" not in maps:
        report.notice("no frames were merged, so there are no maps to write")
        return []
    used = report.decided["burst"]["used"]
    shape = maps["confidence"].shape
    written = []
    for name, values in maps.items():
        if values.ndim == 3:
            picture = motion_picture(values, shape)
        else:
            picture = grey((values - 1) / max(used - 1, 1) if name == "confidence" else values)
        path = folder / f"{name}.png"
        write_atomically(path, [encode(picture)], overwrite=overwrite)
        written.append(path)
    return written


def grey(values: npt.NDArray[np.floating[Any]]) -> Bytes:
    """(h, w) of 0..1 -> (h, w, 3)."""
    level = np.rint(255 * np.clip(values, 0, 1)).astype(np.uint8)
    return np.ascontiguousarray(np.repeat(level[..., None], 3, axis=2))


def motion_picture(motion: npt.NDArray[np.floating[Any]], shape: tuple[int, ...]) -> Bytes:
    """(2, rows, columns) of tiles, (dy, dx) beside the camera's motion -> (h, w, 3)."""
    tiles = [np.minimum(np.arange(n) * CELL // TILE, m - 1) for n, m in zip(shape, motion.shape[1:], strict=True)]
    dy, dx = (plane[np.ix_(*tiles)] for plane in motion)
    angle, speed = np.arctan2(dy, dx), np.minimum(np.hypot(dy, dx) / FULL, 1)
    turns = angle[..., None] - np.deg2rad([0, 120, 240])
    return np.asarray(np.rint(127.5 + 127.5 * speed[..., None] * np.cos(turns)), np.uint8)
