"""What a raw shot of a 24-patch chart says: the camera RGB of each patch, found and read off the mosaic itself.

Quads of the mosaic are taken as pixels, so that no demosaicing, white balance or matrix is in the numbers. The chart is
found as `measure` finds it, whatever its perspective.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from lichtbild.carriers import FloatImage
from lichtbild.color import Floats, temperature_from_xy
from lichtbild.develop.camera_color import CameraModel
from lichtbild.develop.white_balance import as_shot
from lichtbild.errors import DeviceError, MeasureError
from lichtbild.measure.chart_finder import find_chart, read_chart
from lichtbild.measure.chart_values import NAMES
from lichtbild.measure.image import from_array
from lichtbild.raw.read import read_sensor
from lichtbild.raw.sensor import Sensor
from lichtbild.record import record
from lichtbild.report import Report

CLIPPED = 0.02  # share of a patch's pixels that may clip: dust, glints
FAINT = 0.02  # of white: what the white patch must exceed
SMALL = 6.0  # quads along the side of the smallest patch that is read
UNEVEN = 0.35  # deviation of a patch over its mean, beyond which something lies on it


@record
class ChartShot:
    """camera: (24, 3) linear camera RGB of the patches, 1.0 = white.   make, model: of the camera that shot it."""

    name: str
    camera: Floats
    make: str
    model: str
    unique_camera_model: str
    kelvin: float | None  # of its own white balance
    light_kelvin: float | None = None  # of the chart's white, by the file's own matrices


def read_chart_shot(path: Path, report: Report) -> ChartShot:
    """Find the chart in a raw file and read it. Raises `DeviceError` where there is none, or it cannot be used, and
    `RawError`."""
    sensor = read_sensor(path, report)
    image = quads(sensor)
    grey = np.maximum(np.quantile(image.reshape(-1, 3), 0.9, axis=0), 1e-6)
    seen = np.clip(image / grey * np.float32(0.5), 0, 1)
    try:
        found = find_chart(from_array(np.ascontiguousarray(seen), linear=True))
    except MeasureError as error:
        reason = str(error).partition(": ")[2]
        raise DeviceError(f"{path}: {reason}") from None
    chart = read_chart(from_array(image, linear=True), found.homography, found.likeness)
    centres = np.array([p.centre for p in chart.patches])
    if float(np.min(np.hypot(*(centres[1:] - centres[:-1]).T)[np.arange(23) % 6 != 5])) < SMALL:
        raise DeviceError(f"{path}: the chart is too small in the picture; go nearer")
    burnt = [NAMES[p.number - 1] for p in chart.patches if p.clipped > CLIPPED]
    if burnt:
        few = ", ".join(burnt[:4]) + (f" and {len(burnt) - 4} more" if len(burnt) > 4 else "")
        raise DeviceError(f"{path}: the chart is clipped ({few}); photograph it with less exposure")
    camera = chart.linear
    if camera[18].max() < FAINT or camera.min() <= 0:
        raise DeviceError(f"{path}: the chart is too dark; photograph it with more exposure")
    bright = camera.max(1) > 0.25 * camera.max()
    spread = np.array([max(p.deviation) for p in chart.patches]) / camera.max(1)
    if (spread[bright] > UNEVEN).any():
        worst = NAMES[int(np.argmax(np.where(bright, spread, 0)))]
        raise DeviceError(f"{path}: the patch {worst} is not even; keep glare, shadows and fingers off the chart")
    meta = sensor.metadata
    model = CameraModel.of(meta.color)
    shot = as_shot(meta.color, model)
    kelvin = None if shot is None else temperature_from_xy(shot[1])[0]
    lit = None
    if meta.color.color_matrix_1 is not None:
        lit = temperature_from_xy(model.xy_from_neutral(camera[18] / camera[18].max()))[0]
    return ChartShot(path.name, camera, meta.make, meta.model, meta.unique_camera_model, kelvin, lit)


def quads(sensor: Sensor) -> FloatImage:
    """(h/2, w/2, 3) linear camera RGB of the mosaic's quads, lens shading undone, 1.0 = white; clipped quads exactly 1
    in the channel that clips. Linear raw as it is."""
    black, white = np.array(sensor.black_level, np.float32), sensor.white_level
    if sensor.pixels.ndim == 3:
        out = (sensor.pixels - black[:3]) / (white - black[:3])
        return np.asarray(np.where(sensor.pixels >= white, 1.0, np.minimum(out, 0.99)), np.float32)
    h, w = (n // 2 * 2 for n in sensor.pixels.shape)
    planes: dict[str, list[FloatImage]] = {"R": [], "G": [], "B": []}
    clipped: dict[str, list[FloatImage]] = {"R": [], "G": [], "B": []}
    for i, colour in enumerate(sensor.cfa):
        site = sensor.pixels[i // 2 : h : 2, i % 2 : w : 2]
        level = (site.astype(np.float32) - black[i]) / np.float32(white - black[i])
        if sensor.shading is not None:
            gains = sensor.shading
            rows = np.linspace(0, gains.shape[0] - 1, level.shape[0])
            columns = np.linspace(0, gains.shape[1] - 1, level.shape[1])
            level = level * bilinear(gains[..., i], rows, columns)
        planes[colour].append(level)
        clipped[colour].append(np.asarray(site >= white - 0.5, np.float32))
    image = np.stack([np.mean(planes[c], axis=0) for c in "RGB"], axis=-1)
    burnt = np.stack([np.max(clipped[c], axis=0) for c in "RGB"], axis=-1) > 0
    return np.asarray(np.where(burnt, 1.0, np.minimum(image, 0.99)), np.float32)


def bilinear(grid: FloatImage, rows: Floats, columns: Floats) -> FloatImage:
    """A (r, c) grid at fractional rows and columns, (len(rows), len(columns))."""
    across = np.stack([np.interp(columns, np.arange(grid.shape[1]), line) for line in grid])
    low = np.minimum(rows.astype(int), max(grid.shape[0] - 2, 0))
    part = (rows - low)[:, None]
    high = np.minimum(low + 1, grid.shape[0] - 1)
    return np.asarray(across[low] * (1 - part) + across[high] * part, np.float32)
