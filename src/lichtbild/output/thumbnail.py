"""A small 8-bit picture of a raw frame, for file browsers; quick, not the photograph."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lichtbild.carriers import Frame

_SRGB_TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
_TAPS = 2  # quads averaged along each side of a thumbnail pixel


def thumbnail(frame: Frame, long_edge: int = 256) -> npt.NDArray[np.uint8]:
    """(h, w, 3) uint8, sRGB, not rotated; from a sparse sample of the mosaic, so that it costs next to nothing."""
    camera = _sample(frame, long_edge)
    neutral = np.array(frame.metadata.color.as_shot_neutral or _gray_world(camera))
    neutral = np.where(np.isfinite(neutral) & (neutral > 1e-3), neutral, 1.0)
    balanced = np.minimum(camera / (neutral / neutral.max()), 1.0)
    rgb = np.maximum(balanced @ _camera_to_srgb(frame).T, 0.0)
    luminance = rgb @ _SRGB_TO_XYZ[1]
    key = float(np.exp(np.mean(np.log(luminance + 1e-4))))
    rgb *= np.clip(0.25 / key, 0.5, 16.0)
    rgb = rgb * (1 + rgb / 9) / (1 + rgb)  # Reinhard 2002, white at 3
    encoded = np.where(rgb <= 0.0031308, 12.92 * rgb, 1.055 * np.maximum(rgb, 1e-9) ** (1 / 2.4) - 0.055)
    return np.asarray(np.clip(encoded * 255 + 0.5, 0, 255), np.uint8)


def _sample(frame: Frame, long_edge: int) -> npt.NDArray[np.float64]:
    """Camera RGB in 0..1 of white minus black on a coarse grid."""
    top, left, height, width = frame.default_crop or (0, 0, *frame.mosaic.shape[:2])
    quads = max(height // 2, 1), max(width // 2, 1)
    step = max(quads) / max(1, min(long_edge, max(quads)))
    ys, xs = (
        (np.arange(max(1, round(n / step)))[:, None] * step + (np.arange(_TAPS) + 0.5) * step / _TAPS).astype(int) * 2
        for n in quads
    )
    ys, xs = np.minimum(top + ys, frame.mosaic.shape[0] - 2), np.minimum(left + xs, frame.mosaic.shape[1] - 2)
    ys, xs = np.maximum(ys & ~1, 0), np.maximum(xs & ~1, 0)
    planes: list[list[npt.NDArray[np.float64]]] = [[], [], []]
    if frame.is_linear:
        sites = [(0, 0, plane, frame.black_level[plane]) for plane in range(3)]
    else:
        sites = [(i // 2, i % 2, "RGB".index(c), frame.black_level[i]) for i, c in enumerate(frame.cfa)]
    for dy, dx, plane, black in sites:
        rows = np.minimum(ys + dy, frame.mosaic.shape[0] - 1)[:, None, :, None]
        columns = np.minimum(xs + dx, frame.mosaic.shape[1] - 1)[None, :, None, :]
        taken = frame.mosaic[rows, columns, plane] if frame.is_linear else frame.mosaic[rows, columns]
        planes[plane].append((taken.mean((2, 3)) - black) / max(frame.white_level - black, 1.0))
    return np.stack([np.maximum(np.mean(p, 0), 0.0) for p in planes], -1)


def _gray_world(camera: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    mean = np.maximum(camera.mean((0, 1)), 1e-4)
    return np.asarray(mean / mean.max())


def _camera_to_srgb(frame: Frame) -> npt.NDArray[np.float64]:
    """White-balanced camera RGB to linear sRGB, rows summing to one; the identity when no matrix is usable."""
    color = frame.metadata.color
    matrix = np.array(color.color_matrix_2 or color.color_matrix_1 or np.eye(3), float) @ _SRGB_TO_XYZ
    sums = matrix.sum(1, keepdims=True)
    if not np.isfinite(matrix).all() or (abs(sums) < 1e-3).any() or abs(np.linalg.det(matrix / sums)) < 1e-3:
        return np.eye(3)
    return np.asarray(np.linalg.inv(matrix / sums))
