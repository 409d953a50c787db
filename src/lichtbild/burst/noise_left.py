"""How much noise a merge leaves: what interpolation does to an alternate's noise, measured in each burst.

An alternate that is displaced by whole quads keeps its noise; between them interpolation averages neighbours, of its
own colour and, through the colour differences, of the others. How much depends on the displacements and on how noise is
shared out between the colours. So two small frames of nothing but noise go the way of the alternates, through the same
kernels, with each one's displacements: one of shot noise, for the profile's scale, and one of read noise, for its
offset.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lichtbild.burst.interpolate import BLOCK_X, BLOCK_Y, PEDESTAL, UNIT, show_blocks
from lichtbild.carriers import FloatImage, Frame, NoiseProfile
from lichtbild.record import replace

SHAPE = (160, 480)  # of the frames of noise: its variance is known to 1.5 % for each colour
BLACK, LEVEL, DEVIATION = 8192.0, 0.2, 0.02  # of its digital numbers; light and noise, in 0..1 of white minus black
Colors = npt.NDArray[np.float64]


class NoiseLeft:
    """The variance that is left of the alternates' noise, of shot and of read noise and for each colour R, G, B; 1 is
    all of it."""

    def __init__(self, reference: Frame) -> None:
        sites = np.array(["RGB".index(c) for c in reference.cfa])
        self.site = np.tile(sites.reshape(2, 2), (SHAPE[0] // 2, SHAPE[1] // 2))
        profile = reference.noise_profile
        shot = np.maximum(np.array(profile.scale) * _mean_color(reference, sites), 1e-12)
        read = np.maximum(np.array(profile.offset), 1e-12)
        self.variances = [v / v.max() * DEVIATION**2 for v in (shot, read)]
        noise = np.random.default_rng(1).standard_normal(SHAPE, dtype=np.float32)
        self.noisy = [self._noisy(reference, noise, variance) for variance in self.variances]
        self.total, self.weight = np.zeros((2, 3)), 0.0

    def _noisy(self, reference: Frame, noise: FloatImage, variance: Colors) -> Frame:
        light = LEVEL + np.sqrt(variance).astype(np.float32)[self.site] * noise
        mosaic = np.rint(BLACK + np.clip(light, 0, 1) * np.float32(65535 - BLACK)).astype(np.uint16)
        return replace(reference, mosaic=mosaic, black_level=(BLACK,) * 4, white_level=65535.0, clip_level=65535.0)

    def add(self, flow: FloatImage, weight: float) -> None:
        """Note an alternate: its (2, rows, columns) displacements in mosaic pixels, and how much it counts."""
        shape = (SHAPE[0] // BLOCK_Y, SHAPE[1] // BLOCK_X)
        chosen = np.linspace(0, flow[0].size - 1, shape[0] * shape[1]).astype(int)
        moves = np.mod(flow.reshape(2, -1)[:, chosen], 2.0)  # an odd one lands on sites of other colours
        blocks = np.ascontiguousarray(moves.reshape(2, *shape), np.float32)
        warped = np.empty(SHAPE, np.uint16)
        for kind, (frame, variance) in enumerate(zip(self.noisy, self.variances, strict=True)):
            show_blocks(frame, blocks, tuple(side + 8 for side in SHAPE), warped)
            light = (warped - np.float32(PEDESTAL)) / np.float32(UNIT)
            seen = [light[self.site == c].var(dtype=np.float64) for c in range(3)]
            self.total[kind] += weight * np.array(seen) / variance
        self.weight += weight

    def profile(self, before: NoiseProfile, count: float) -> NoiseProfile:
        """The profile where `count` frames count: the reference, which is whole, and count - 1 that were
        interpolated."""
        left = (1.0 + (count - 1.0) * self.total / max(self.weight, 1e-9)) / count**2
        scale, offset = (np.array(before.scale) * left[0]).tolist(), (np.array(before.offset) * left[1]).tolist()
        return replace(before, scale=tuple(scale), offset=tuple(offset))


def _mean_color(frame: Frame, sites: npt.NDArray[np.int_]) -> Colors:
    """R, G, B of the frame as a whole, of the camera; 1 is the brightest of them."""
    total = np.zeros(3)
    for i, color in enumerate(sites):
        total[color] += frame.mosaic[i // 2 :: 16, i % 2 :: 16].mean() - frame.black_level[i]
    total[1] /= 2
    return np.maximum(total, 0.05 * max(float(total.max()), 1.0)) / max(float(total.max()), 1.0)
