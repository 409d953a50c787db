"""Opcode list 3 in plain numpy, straight from the DNG specification: every pixel's own position, no grid."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lichtbild.raw.opcodes import FixVignetteRadial, GainMap, Opcode, WarpFisheye, WarpRectilinear, WarpRectilinear2


def normal(
    y: np.ndarray, x: np.ndarray, center: tuple[float, float], shape: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray, float, float, float]:
    """Position relative to the centre over the distance of the farthest corner, then that distance and the centre."""
    y1, x1 = shape[0] - 1, shape[1] - 1
    cx, cy = center[0] * x1, center[1] * y1
    m = max(np.hypot(px - cx, py - cy) for px in (0, x1) for py in (0, y1))
    return (y - cy) / m, (x - cx) / m, m, cy, cx


def source(
    opcode: WarpRectilinear | WarpRectilinear2 | WarpFisheye,
    plane: int,
    y: np.ndarray,
    x: np.ndarray,
    shape: tuple[int, int],
) -> tuple[np.ndarray, np.ndarray]:
    """Where a pixel of the corrected picture lies in the picture before the opcode."""
    k = opcode.coefficients[plane if plane < len(opcode.coefficients) else 0]
    dy, dx, m, cy, cx = normal(y, x, opcode.center, shape)
    r = np.hypot(dx, dy)
    if isinstance(opcode, WarpFisheye):
        theta = np.arctan(r)
        f = k[0] * theta + k[1] * theta**3 + k[2] * theta**5 + k[3] * theta**7
        ratio = np.where(r > 0, f / np.where(r > 0, r, 1), k[0])
        return cy + m * ratio * dy, cx + m * ratio * dx
    if isinstance(opcode, WarpRectilinear2):
        held = np.clip(r, *opcode.valid[plane if plane < len(opcode.valid) else 0])
        f = sum(k[i] * held**i for i in range(15))
        f, k = (1 / f if opcode.reciprocal else f), (0, 0, 0, 0, *k[15:])
    else:
        f = k[0] + k[1] * r**2 + k[2] * r**4 + k[3] * r**6
    tangential_x = k[4] * (2 * dx * dy) + k[5] * (r**2 + 2 * dx**2)
    tangential_y = k[5] * (2 * dx * dy) + k[4] * (r**2 + 2 * dy**2)
    return cy + m * (f * dy + tangential_y), cx + m * (f * dx + tangential_x)


def gain(
    opcode: FixVignetteRadial | GainMap, plane: int, y: np.ndarray, x: np.ndarray, shape: tuple[int, int]
) -> np.ndarray:
    if isinstance(opcode, FixVignetteRadial):
        dy, dx, *_ = normal(y, x, opcode.center, shape)
        r = np.hypot(dx, dy)
        return 1 + sum(k * r ** (2 * i + 2) for i, k in enumerate(opcode.coefficients))
    if not opcode.area.plane <= plane < opcode.area.plane + opcode.area.planes:
        return np.ones_like(y)
    values = opcode.gains[..., min(plane - opcode.area.plane, opcode.gains.shape[2] - 1)]
    v = ((y + 0.5) / shape[0] - opcode.origin[0]) / opcode.spacing[0]
    h = ((x + 0.5) / shape[1] - opcode.origin[1]) / opcode.spacing[1]
    rows, columns = np.arange(values.shape[0]), np.arange(values.shape[1])
    out = np.zeros_like(y)
    for i in rows:
        for j in columns:
            tent = [np.maximum(0, 1 - np.abs(np.clip(a, 0, b[-1]) - n)) for a, b, n in ((v, rows, i), (h, columns, j))]
            out += values[i, j] * tent[0] * tent[1]
    return out


def positions(
    opcodes: Sequence[Opcode], plane: int, y: np.ndarray, x: np.ndarray, shape: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Source row, source column and gain of pixels (y, x) of the corrected picture."""
    y, x = np.asarray(y, float), np.asarray(x, float)
    total = np.ones(np.broadcast(y, x).shape)
    for opcode in reversed(opcodes):
        if isinstance(opcode, (WarpRectilinear, WarpRectilinear2, WarpFisheye)):
            y, x = source(opcode, plane, y, x, shape)
        elif isinstance(opcode, (FixVignetteRadial, GainMap)):
            total = total * gain(opcode, plane, y, x, shape)
    return y, x, total


def interpolated(image: np.ndarray, y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Catmull-Rom's bicubic interpolation of a plane at (y, x); outside, its edge is repeated."""

    def kernel(d: np.ndarray) -> np.ndarray:
        d = np.abs(d)
        return np.where(d < 1, 1.5 * d**3 - 2.5 * d**2 + 1, np.where(d < 2, -0.5 * d**3 + 2.5 * d**2 - 4 * d + 2, 0))

    h, w = image.shape
    out = np.zeros(y.shape)
    y0, x0 = np.floor(y).astype(int), np.floor(x).astype(int)
    for j in range(-1, 3):
        for i in range(-1, 3):
            weight = kernel(y - (y0 + j)) * kernel(x - (x0 + i))
            out += weight * image[np.clip(y0 + j, 0, h - 1), np.clip(x0 + i, 0, w - 1)]
    return out


def corrected(
    image: np.ndarray,
    opcodes: Sequence[Opcode],
    crop: tuple[int, int, int, int],
    camera_to_image: np.ndarray | None = None,
) -> np.ndarray:
    """(3, h, w) -> the crop of the corrected picture, float64; the opcodes act on the camera's planes."""
    matrix = np.eye(3) if camera_to_image is None else np.asarray(camera_to_image)
    camera = np.einsum("ij,jyx->iyx", np.linalg.inv(matrix), image)
    top, left, height, width = crop
    y, x = np.mgrid[top : top + height, left : left + width].astype(float)
    planes = []
    for p in range(3):
        sy, sx, factor = positions(opcodes, p, y, x, image.shape[1:])
        planes.append(interpolated(camera[p], sy, sx) * factor)
    return np.einsum("ij,jyx->iyx", matrix, np.stack(planes))
