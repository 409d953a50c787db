"""What estimators of the light look at: means of small blocks of the mosaic, and how far each can be trusted.

A block in the dark is mostly noise and what is left of the black level; its colour says nothing, and taken at its word
it turns pictures of the night magenta. So each block has a weight, which falls with its relative error.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lichtbild import native
from lichtbild.carriers import Frame, Triple
from lichtbild.color import Floats
from lichtbild.light_value import light_value
from lichtbild.record import record

PIXELS = 64  # of each site of the mosaic that a block is the mean of
BLACK_ERROR = 2e-4  # of white: what a black level is usually wrong by
NOISE, BIAS = 0.10, 0.03  # relative errors of a channel, by noise and by the black level, at which a block counts half

Mask = npt.NDArray[np.bool_]


@record
class Samples:
    """grid: (h, w, 3) linear camera RGB, 1.0 = white; what clipped or is not positive holds 0.
    weight: (h, w) 0..1, how far each is to be trusted.
    light_value: EV at ISO 100 of the scene's mean, by the camera's settings; None where the file does not say.
    as_shot: (3,) neutral that the camera was set to; None where nothing plausible is known of it."""

    grid: Floats
    weight: Floats
    light_value: float | None = None
    as_shot: Floats | None = None

    @property
    def colours(self) -> Floats:
        """(n, 3) of the blocks that count at all."""
        return np.asarray(self.grid[self.weight > 0.02], np.float64)

    @property
    def weights(self) -> Floats:
        """(n,) of `colours`."""
        return np.asarray(self.weight[self.weight > 0.02], np.float64)

    @classmethod
    def of_grid(
        cls, grid: Floats, usable: Mask, scale: Triple, offset: Triple, light_value: float | None = None
    ) -> Samples:
        """From block means (h, w, 3) of `PIXELS` pixels with that noise profile. usable: (h, w), not clipped."""
        variance = (np.maximum(grid, 0) * np.array(scale) + np.array(offset)) / PIXELS / NOISE**2
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            error2 = ((variance + (BLACK_ERROR / BIAS) ** 2) / np.maximum(grid, 1e-9) ** 2).max(-1)
        good = usable & (grid > 0).all(-1) & np.isfinite(error2)
        weight = np.where(good, 1 / (1 + error2**2), 0.0)
        return cls(np.where(good[..., None], grid, 0.0), weight, light_value)

    @classmethod
    def of_colours(cls, colours: Floats, light_value: float | None = None) -> Samples:
        """From (n, 3) colours without noise, in no order."""
        colours = np.asarray(colours, np.float64).reshape(1, -1, 3)
        return cls.of_grid(colours, np.ones(colours.shape[:2], bool), (0.0,) * 3, (0.0,) * 3, light_value)

    @classmethod
    def of_frame(cls, frame: Frame) -> Samples:
        """From a frame's mosaic: blocks of 16 x 16 pixels."""
        black, noise = np.array(frame.black_level), frame.noise_profile
        if frame.is_linear:
            h, w = (n // 8 * 8 for n in frame.mosaic.shape[:2])
            blocks = frame.mosaic[:h, :w].reshape(h // 8, 8, w // 8, 8, 3)
            mean = (blocks.mean(axis=(1, 3)) - black[:3]) / (frame.white_level - black[:3])
            unclipped = np.asarray(~(blocks >= frame.clip_level).any(axis=(1, 3, 4)), np.bool_)
            return cls.of_grid(mean, unclipped, noise.scale, noise.offset, light_value_of(frame, mean))
        h, w = frame.mosaic.shape
        statistics = np.empty((8, h // 16, w // 16), np.float32)
        if statistics.size:
            native.call("mosaic_statistics", frame.mosaic, min(round(frame.clip_level), 65535), statistics)
        order = site_order(frame)
        mean = (statistics[order] - black[order, None, None]) / (frame.white_level - black[order, None, None])
        if frame.shading is not None:
            gh, gw = frame.shading.shape[:2]
            rows = np.linspace(0, gh - 1, mean.shape[1]).round().astype(int)
            columns = np.linspace(0, gw - 1, mean.shape[2]).round().astype(int)
            mean = mean * frame.shading[rows[:, None], columns[None]].transpose(2, 0, 1)[order]
        rgb = np.stack([mean[0], (mean[1] + mean[2]) / 2, mean[3]], axis=-1).astype(np.float64)
        unclipped = statistics[4:].max(axis=0) < 0.02
        return cls.of_grid(rgb, unclipped, noise.scale, noise.offset, light_value_of(frame, rgb))


def light_value_of(frame: Frame, mean: Floats) -> float | None:
    """EV at ISO 100 of the mean light of the scene."""
    level = float(np.mean(np.clip(mean[..., 1], 0, 1))) if mean.size else 0.0
    return light_value(frame.metadata, float(np.log2(max(level, 1e-5))))


def site_order(frame: Frame) -> list[int]:
    """Positions, in the frame's own 2x2 order, of R, the green in its row, the green in blue's row, B."""
    dy, dx = frame.color_phase
    return [2 * ((dy + j) % 2) + (dx + i) % 2 for j in (0, 1) for i in (0, 1)]
