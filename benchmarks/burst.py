"""The merge, measured against truth: hand-held bursts of the virtual camera's own scenes.

    python benchmarks/burst.py [--size 1600x1200] [--frames 8] [SCENE ...]

What clips, and four pixels around it, is left out. Behind: dB by which the merged mosaic is behind a perfect
average of as many frames without any motion; below zero it is better, since interpolation also smooths noise.
Flat: the same where the scene is flat. Moving: dB by which the parts that move are better than the reference frame
alone.
"""

from __future__ import annotations

import argparse

import numpy as np

from lichtbild.burst.merge import merge_burst
from lichtbild.carriers import Burst, FloatImage, Frame
from lichtbild.measure.similarity import decibels
from lichtbild.recipe import Recipe
from lichtbild.report import Report
from lichtbild.virtual.scenes.catalogue import SCENES
from lichtbild.virtual.shoot import shoot

BORDER = 24


def normalised(frame: Frame) -> FloatImage:
    """(h, w): 0 is black, 1 the reference's white."""
    black = np.asarray(frame.black_level, np.float32).reshape(2, 2)
    rows, columns = frame.mosaic.shape
    floor = np.tile(black, (rows // 2 + 1, columns // 2 + 1))[:rows, :columns]
    return (frame.mosaic - floor) / np.float32(frame.white_level - black.mean())


def variance(frame: Frame, light: FloatImage) -> FloatImage:
    """Noise variance of each site by the frame's profile."""
    planes = np.array(["RGB".index(c) for c in frame.cfa]).reshape(2, 2)
    rows, columns = light.shape
    site = np.tile(planes, (rows // 2 + 1, columns // 2 + 1))[:rows, :columns]
    scale, offset = np.array(frame.noise_profile.scale), np.array(frame.noise_profile.offset)
    return (scale[site] * np.maximum(light, 0) + offset[site]).astype(np.float32)


def flat_parts(light: FloatImage, noise: FloatImage) -> np.ndarray:
    """Where 11x11 same-colour neighbourhoods vary by less than a tenth of the noise."""
    mask = np.zeros(light.shape, bool)
    for dy in (0, 1):
        for dx in (0, 1):
            plane = light[dy::2, dx::2].astype(np.float64)
            total = np.pad(plane, ((6, 5), (6, 5)), mode="edge").cumsum(0).cumsum(1)
            square = np.pad(plane**2, ((6, 5), (6, 5)), mode="edge").cumsum(0).cumsum(1)
            box = [t[11:, 11:] - t[:-11, 11:] - t[11:, :-11] + t[:-11, :-11] for t in (total, square)]
            spread = box[1] / 121 - (box[0] / 121) ** 2
            mask[dy::2, dx::2] = spread < 0.1 * noise[dy::2, dx::2]
    return mask


def near_clipping(light: FloatImage, reach: int = 4) -> np.ndarray:
    """Where the sensor clips or could not tell how steep the light is: within `reach` pixels of clipped ones."""
    mask = light >= 0.95
    for axis in (0, 1):
        grown = mask.copy()
        for step in range(1, reach + 1):
            grown |= np.roll(mask, step, axis) | np.roll(mask, -step, axis)
        mask = grown
    return mask


def measure(scene: str, iso: int, size: str, frames: int, **settings: float) -> dict[str, float]:
    """The three figures for one burst."""
    shots = shoot(scene, iso=iso, size=size, frames=frames, shading=0.0, **settings)
    reference = shots[0]
    truth = np.minimum(reference.light, 1.0)
    noise = variance(reference.frame, truth)
    merged = merge_burst(Burst.of(s.frame for s in shots), Recipe(reference=1), Report())
    inside = np.zeros(truth.shape, bool)
    inside[BORDER:-BORDER, BORDER:-BORDER] = True
    inside &= ~near_clipping(reference.light)
    moving = reference.moving()
    error = (normalised(merged) - truth) ** 2
    alone = (normalised(reference.frame) - truth) ** 2
    static = inside & ~moving
    for shot in shots[1:]:
        static &= ~shot.moving()
    flat = static & flat_parts(truth, noise)

    def mean(values: FloatImage, mask: np.ndarray) -> float:
        return float(values[mask].mean(dtype=np.float64)) if np.count_nonzero(mask) > 400 else float("nan")

    return {
        "behind": decibels(mean(error, static), mean(noise, static) / frames),
        "flat": decibels(mean(error, flat), mean(noise, flat) / frames),
        "moving": decibels(mean(alone, moving & inside), mean(error, moving & inside)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scenes", nargs="*")
    parser.add_argument("--size", default="1600x1200")
    parser.add_argument("--frames", type=int, default=8)
    args = parser.parse_args()
    print(f"{'scene':18} {'ISO':>6} {'behind':>8} {'flat':>8} {'moving':>8}   dB")
    for scene in args.scenes or SCENES:
        for iso in (400, 1600, 6400):
            figures = measure(scene, iso, args.size, args.frames)
            print(f"{scene:18} {iso:6} " + " ".join(f"{figures[k]:8.2f}" for k in figures), flush=True)
    for motion in (0.5, 2.0, 8.0, 24.0, 60.0):
        figures = measure((args.scenes or ["street-night"])[0], 1600, args.size, args.frames, motion=motion)
        print(f"moving, {motion:4} px a frame: {figures['moving']:.2f} dB", flush=True)


if __name__ == "__main__":
    main()
