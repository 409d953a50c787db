"""The 24 patches of the classic chart: their published colours, as CIE Lab under D50 (2 degree observer).

Row by row from the dark skin at the top left to the black at the bottom right. "classic": the averages that have been
published for charts made until 2014; "2014": those for charts made since; "srgb": the 8-bit sRGB numbers that are
published beside them, which the virtual camera's chart is painted with. A chart of one's own can be given as a file.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from lichtbild.color import (
    D50,
    D65,
    Floats,
    adaptation,
    decode_srgb,
    lab_from_xyz,
    rgb_to_xyz,
    xyz_from_xy,
    xyz_to_rgb,
)
from lichtbild.errors import MeasureError
from lichtbild.plain_file import read_plain

ROWS, COLUMNS = 4, 6
CENTRES = np.array([(c, r) for r in range(ROWS) for c in range(COLUMNS)], np.float64)  # (column, row), dark skin first
NEUTRAL = slice(18, 24)
NAMES = (
    *("dark skin", "light skin", "blue sky", "foliage", "blue flower", "bluish green"),
    *("orange", "purplish blue", "moderate red", "purple", "yellow green", "orange yellow"),
    *("blue", "green", "red", "yellow", "magenta", "cyan"),
    *("white", "neutral 8", "neutral 6.5", "neutral 5", "neutral 3.5", "black"),
)
CLASSIC = (
    (37.986, 13.555, 14.059), (65.711, 18.130, 17.810), (49.927, -4.880, -21.925),
    (43.139, -13.095, 21.905), (55.112, 8.844, -25.399), (70.719, -33.397, -0.199),
    (62.661, 36.067, 57.096), (40.020, 10.410, -45.964), (51.124, 48.239, 16.248),
    (30.325, 22.976, -21.587), (72.532, -23.709, 57.255), (71.941, 19.363, 67.857),
    (28.778, 14.179, -50.297), (55.261, -38.342, 31.370), (42.101, 53.378, 28.190),
    (81.733, 4.039, 79.819), (51.935, 49.986, -14.574), (51.038, -28.631, -28.638),
    (96.539, -0.425, 1.186), (81.257, -0.638, -0.335), (66.766, -0.734, -0.504),
    (50.867, -0.153, -0.270), (35.656, -0.421, -1.231), (20.461, -0.079, -0.973),
)  # fmt: skip
SINCE_2014 = (
    (37.54, 14.37, 14.92), (64.66, 19.27, 17.50), (49.32, -3.82, -22.54),
    (43.46, -12.74, 22.72), (54.94, 9.61, -24.79), (70.48, -32.26, -0.37),
    (62.73, 35.83, 56.50), (39.43, 10.75, -45.17), (50.57, 48.64, 16.67),
    (30.10, 22.54, -20.87), (71.77, -24.13, 58.19), (71.51, 18.24, 67.37),
    (28.37, 15.42, -49.80), (54.38, -39.72, 32.27), (42.43, 51.05, 28.62),
    (81.80, 2.67, 80.41), (50.63, 51.28, -14.12), (49.57, -29.71, -28.32),
    (95.19, -1.03, 2.93), (81.29, -0.57, 0.44), (66.89, -0.75, -0.06),
    (50.76, -0.13, 0.14), (35.63, -0.46, -0.48), (20.64, 0.07, -0.46),
)  # fmt: skip
SETS = ("classic", "2014", "srgb")


def reference(name: str = "classic") -> Floats:
    """(24, 3) Lab D50 of a set by its name, or from a text file: 24 lines that end in L, a, b. Raises
    `MeasureError`."""
    if name == "classic":
        return np.array(CLASSIC)
    if name == "2014":
        return np.array(SINCE_2014)
    if name == "srgb":
        from lichtbild.virtual.scenes.still_life.chart import PATCHES

        return lab_from_xyz(decode_srgb(np.array(PATCHES) / 255) @ (adaptation(D65, D50) @ rgb_to_xyz("srgb")).T)
    path = Path(name)
    try:
        text = read_plain(path, 1 << 16).decode("utf-8-sig")
        lines = [line for line in text.splitlines() if line.strip()]
    except FileNotFoundError:
        known = ", ".join(SETS)
        raise MeasureError(f"{name}: is neither a file nor one of {known}; name one of them or a file") from None
    except (OSError, UnicodeDecodeError):
        raise MeasureError(f"{name}: cannot be read as text; write 24 lines of L, a, b") from None
    rows = []
    for line in lines:
        numbers = re.findall(r"[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?", line)
        if len(numbers) >= 3 and not line.lstrip().startswith("#"):
            rows.append([float(v) for v in numbers[-3:]])
    lab = np.array(rows)
    if lab.shape != (24, 3) or not (lab[:, 0].min() >= 0 and lab[:, 0].max() <= 110 and np.abs(lab).max() < 200):
        raise MeasureError(f"{name}: holds {len(rows)} colours; write 24 lines of L, a, b under D50, dark skin first")
    return lab


def xyz_from_lab(lab: Floats) -> Floats:
    """XYZ of (..., 3) Lab under D50 (CIE 15)."""
    fy = (lab[..., 0] + 16) / 116
    f = np.stack([fy + lab[..., 1] / 500, fy, fy - lab[..., 2] / 200], -1)
    ratio = np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29))
    return np.asarray(ratio * xyz_from_xy(D50), np.float64)


def linear_srgb(lab: Floats) -> Floats:
    """Linear sRGB of (..., 3) Lab under D50; the cyan patch lies outside of it."""
    return np.asarray(xyz_from_lab(lab) @ (xyz_to_rgb("srgb") @ adaptation(D50, D65)).T, np.float64)
