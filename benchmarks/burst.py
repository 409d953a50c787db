"""The merge, measured against truth: hand-held bursts of the virtual camera's own scenes.

    python benchmarks/burst.py [--size 1600x1200] [--frames 8] [SCENE ...]
    python benchmarks/burst.py --sweep          # 2 to 30 frames
    python benchmarks/burst.py --robust         # what goes wrong in real bursts
    python benchmarks/burst.py --all            # the three of them

What clips, and four pixels around it, is left out. Behind: dB by which the merged mosaic is behind a perfect
average of as many frames without any motion; below zero it is better, since interpolation also smooths noise.
Flat: the same where the scene is flat. Moving: dB by which the parts that move are better than the reference frame
alone. Sweep: behind, by the number of frames, at 800x600. Robust: what one frame that is wrong, or what is wrong with
all, costs: dB over the still parts, against the same burst without it.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from lichtbild.api import merge
from lichtbild.carriers import Burst, FloatImage, Frame
from lichtbild.measure.similarity import decibels
from lichtbild.virtual.scenes.catalogue import SCENES
from lichtbild.virtual.shoot import Shot, shoot

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
    return figures_of(shots, [shot.frame for shot in shots])


def figures_of(shots: list[Shot], given: list[Frame], light: FloatImage | None = None) -> dict[str, float]:
    """The three figures for frames that were shot, and may have been changed. light: the truth of the first."""
    reference, frames = shots[0], len(shots)
    light = reference.light if light is None else light
    truth = np.minimum(light, 1.0)
    noise = variance(given[0], truth)
    merged = merge(Burst.of(given), reference=1)
    inside = np.zeros(truth.shape, bool)
    inside[BORDER:-BORDER, BORDER:-BORDER] = True
    inside &= ~near_clipping(light)
    moving = reference.moving()
    error = (normalised(merged) - truth) ** 2
    alone = (normalised(given[0]) - truth) ** 2
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


def sweep(scenes: list[str]) -> None:
    """Behind a perfect average, by the number of frames."""
    counts = (2, 4, 8, 15, 30)
    print(f"\n{'behind, dB':18} {'ISO':>6} " + " ".join(f"{n:>6}" for n in counts) + "   frames")
    for scene in scenes:
        for iso in (400, 1600, 6400):
            row = (measure(scene, iso, "800x600", n)["behind"] for n in counts)
            print(f"{scene:18} {iso:6} " + " ".join(f"{value:6.2f}" for value in row), flush=True)


def exposed(frame: Frame, light: FloatImage, seed: int) -> Frame:
    """Another exposure of the frame's kind, of this light."""
    rng = np.random.default_rng(seed)
    seen = np.maximum(light, 0) + np.sqrt(variance(frame, light)) * rng.standard_normal(light.shape, np.float32)
    black = frame.black_level[0]
    numbers = np.clip(np.rint(black + seen * (frame.white_level - black)), 0, frame.clip_level)
    return replace(frame, mosaic=numbers.astype(np.uint16))


def smeared(light: FloatImage, sites: int) -> FloatImage:
    """Blurred along rows by so many sites of each colour."""
    return sum(np.roll(light, 2 * i, axis=1) for i in range(sites)) / np.float32(sites)


def flash(light: FloatImage) -> FloatImage:
    """Twice the light in the middle, little more at the rim."""
    y, x = (np.linspace(-2, 2, n, dtype=np.float32) for n in light.shape)
    return light * (1 + 1.2 * np.exp(-(y[:, None] ** 2 + x**2)))


def robust(scenes: list[str]) -> None:
    """What bursts cost in which something is wrong."""
    one: dict[str, Callable[[FloatImage], FloatImage]] = {
        "one frame blurred by 6 px": lambda light: smeared(light, 3),
        "one frame blurred by 12 px": lambda light: smeared(light, 6),
        "one frame lit by a flash": flash,
        "one frame 1.8 times as bright": lambda light: light * np.float32(1.8),
    }
    print(f"\n{'cost, dB':38} {'ISO':>6} " + " ".join(f"{scene:>20}" for scene in scenes))
    for iso in (400, 6400):
        table: dict[str, list[float]] = {}
        for scene in scenes:
            shots = shoot(scene, iso=iso, size="800x600", frames=8, shading=0.0)
            frames = [exposed(s.frame, s.light, n) for n, s in enumerate(shots)]
            usual = figures_of(shots, frames)["behind"]
            cases = {
                name: [*frames[:4], exposed(frames[4], spoil(shots[4].light), 4), *frames[5:]]
                for name, spoil in one.items()
            }
            for name, given in cases.items():
                table.setdefault(name, []).append(figures_of(shots, given)["behind"] - usual)
            table.setdefault("a frame less", []).append(figures_of(shots, frames[:-1])["behind"] - usual)
            for swing in (0.03, 0.1):
                bands = [banded(s.light, swing, n) for n, s in enumerate(shots)]
                given = [exposed(s.frame, light, n) for n, (s, light) in enumerate(zip(shots, bands, strict=True))]
                cost = figures_of(shots, given, bands[0])["behind"] - usual
                table.setdefault(f"all flicker in bands of {swing:.0%}", []).append(cost)
            turned = measure(scene, iso, "800x600", 8, rotation=1.0)["behind"]
            table.setdefault("turned by up to 1 degree", []).append(turned - usual)
        for name, costs in table.items():
            print(f"{name:38} {iso:6} " + " ".join(f"{cost:20.2f}" for cost in costs), flush=True)


def banded(light: FloatImage, swing: float, n: int) -> FloatImage:
    """What a rolling shutter sees of pulsing lamps in frame n: two waves and a half down the frame."""
    rows = np.linspace(0, 5 * np.pi, len(light), dtype=np.float32)
    return light * (1 + swing * np.sin(rows + 1.9 * n))[:, None].astype(np.float32)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scenes", nargs="*")
    parser.add_argument("--size", default="1600x1200")
    parser.add_argument("--frames", type=int, default=8)
    parser.add_argument("--sweep", action="store_true")
    parser.add_argument("--robust", action="store_true")
    parser.add_argument("--all", action="store_true")
    args = parser.parse_args()
    scenes = args.scenes or list(SCENES)
    if args.all or not (args.sweep or args.robust):
        table(scenes, args.size, args.frames)
    if args.all or args.sweep:
        sweep(scenes)
    if args.all or args.robust:
        robust(scenes)


def table(scenes: list[str], size: str, frames: int) -> None:
    """All scenes, and what becomes of moving parts."""
    print(f"{'scene':18} {'ISO':>6} {'behind':>8} {'flat':>8} {'moving':>8}   dB")
    for scene in scenes:
        for iso in (400, 1600, 6400):
            figures = measure(scene, iso, size, frames)
            print(f"{scene:18} {iso:6} " + " ".join(f"{figures[k]:8.2f}" for k in figures), flush=True)
    for motion in (0.5, 2.0, 8.0, 24.0, 60.0):
        figures = measure(scenes[0], 1600, size, frames, motion=motion)
        print(f"moving, {motion:4} px a frame: {figures['moving']:.2f} dB", flush=True)


if __name__ == "__main__":
    main()
