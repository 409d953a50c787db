"""Halation and bloom: light above white, spread over its neighbourhood on the coarse grid and added to the scene.

Halation is light that went through a film's layers and came back from its base: it has the colour of the layers that
see it first from behind, red and then green. Bloom is scattered before it reaches the film, in its own colour. Both
reach as far as a share of the picture's diagonal, and so do not depend on its size.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from lichtbild import native
from lichtbild.carriers import HalfImage
from lichtbild.look import oklab
from lichtbild.look.numbers import Bloom, Halation

Array = npt.NDArray[np.float32]
Half = npt.NDArray[np.float16]
MOST = 16.0  # times diffuse white: what is brighter counts no more
UNKNOWN = 4.0  # how much more light counts that the sensor could not measure
SEEN = 0.45, 0.45, 0.10  # by the layers, of red, green and blue light
NEAR, NEAR_SHARE = 0.35, 0.6  # of the reach: a bright core, and what it holds
MIST = 0.3  # share of the light above white that bloom of strength 1 scatters
FINE = 2.5  # cells for a standard deviation, beyond which the grid is made coarser first


def grid(
    image: HalfImage, factor: int, ev: float, clip: float, halation: Halation, bloom: Bloom
) -> npt.NDArray[np.float32]:
    """(3, rows, columns) light to be added to the scene at each cell of `factor` pixels.

    image: (h, w, 3) scene, planar. ev: its exposure. clip: luminance of white where the sensor clips.
    """
    height, width = image.shape[:2]
    gain = 2.0**ev
    light = np.empty((4, -(-height // factor), -(-width // factor)), np.float16)
    step = 2 if factor >= 4 and factor % 2 == 0 else 1  # no lamp is so small that it lies between two rows
    numbers = np.array([gain, MOST, clip * gain, UNKNOWN, *SEEN], np.float32)
    native.call("look_glow", image, numbers, factor, step, light)
    diagonal = math.hypot(height, width) / factor / 100  # cells per percent
    total = np.zeros((3, *light.shape[1:]), np.float32)
    if halation.strength:
        reach, strength = halation.radius * diagonal, halation.strength / gain
        spread = blurred(light[3:], NEAR * reach) * np.float32(NEAR_SHARE * strength)
        spread += blurred(light[3:], reach) * np.float32((1 - NEAR_SHARE) * strength)
        np.multiply(tint(halation.hue)[:, None, None], spread, out=total)
    if bloom.strength:
        total += blurred(light[:3], bloom.radius * diagonal) * np.float32(MIST * bloom.strength / gain)
    return total


def tint(hue: float) -> Array:
    """Linear Rec. 2020 of a saturated light of that hue, its brightest primary 1."""
    angle = math.radians(hue)
    rgb = np.maximum(oklab.rgb_from_lab([0.7, 0.19 * math.cos(angle), 0.19 * math.sin(angle)], "rec2020"), 0.0)
    return np.asarray(rgb / rgb.max(), np.float32)


def blurred(planes: Half, sigma: float) -> Half:
    """Planes (n, h, w) convolved with a Gaussian of that standard deviation in cells; the edge goes on outside."""
    coarser = max(1.0, sigma / FINE)
    height, width = planes.shape[1:]
    small = tuple(max(1, round(n / coarser)) for n in (height, width))
    # What B-splines add on the way back, and the cells themselves.
    left = math.sqrt(max(sigma**2 - (coarser**2 / 3 if coarser > 1 else 0.0), 0.01))
    reduced = resampled(planes, small, left)
    return reduced if small == (height, width) else resampled(reduced, (height, width), None)


def resampled(planes: Half, shape: tuple[int, ...], sigma: float | None) -> Half:
    """Planes in another size, by Gaussians of `sigma` source cells or, where None, by cubic B-splines."""
    out = np.empty((len(planes), *shape), np.float16)
    (row, rows), (column, columns) = (
        gaussian_windows(n, m, sigma) for n, m in zip(planes.shape[1:], shape, strict=True)
    )
    native.call("look_resize", planes, rows, columns, row, column, out)
    return out


def gaussian_windows(source: int, target: int, sigma: float | None) -> tuple[npt.NDArray[np.int32], Array]:
    """As `resize.windows`: (target,) where each window begins, and (taps, target) weights that sum to 1."""
    centre = (np.arange(target) + 0.5) * source / target - 0.5
    reach = 2.0 if sigma is None else 3.5 * sigma
    first = np.ceil(centre - reach).astype(np.int32)
    distance = np.abs(first + np.arange(int(2 * reach) + 1)[:, None] - centre)
    if sigma is None:
        near, far = 2 / 3 - distance**2 + distance**3 / 2, np.maximum(2 - distance, 0) ** 3 / 6
        weights = np.where(distance < 1, near, far)
    else:
        weights = np.exp(-0.5 * (distance / sigma) ** 2)
    return first, np.ascontiguousarray(weights / weights.sum(0), np.float32)
