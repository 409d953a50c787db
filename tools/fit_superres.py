"""The gains of super-resolution (`develop/fine_waves.py`), fitted to scenes that are known.

    python tools/fit_superres.py [--size 256x192]

Bursts of the benchmark's scenes and of slanted edges are merged and gathered; for each frequency of a window the wave
of the true grey is told, by least squares, from those of the merged picture and of the same with all that the frames
say beyond it, weighed by their shares as in `kernels/superres_waves.py`. Prints the gains, a few minutes later.
"""

# ruff: noqa: E402
from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "benchmarks"), str(ROOT / "src")]
from lichtbild.burst.merge import merge_burst
from lichtbild.carriers import Burst
from lichtbild.develop import superres
from lichtbild.develop.denoise_plan import cosines
from lichtbild.develop.fine_waves import FITTED, waves_of_noise
from lichtbild.develop.gather import SHARED, balanced_noise
from lichtbild.recipe import Recipe
from lichtbild.report import Report
from reference.superres import PAD, beyond_noise, enlarged
from superres import SCENES, edge, picture
from superres_scene import poses, shoot
from test_burst_scene import Camera

Array = npt.NDArray[np.float64]
CASES = (8, 1600), (15, 3200), (15, 100), (8, 100), (8, 400)
EDGES = 4.0  # weight of edges beside a scene's
RIDGE = 3e-3  # of the mean energy of what a wave is told from
COSINES = cosines()


def waves(image: Array) -> Array:
    """(n, 8, 8) of windows, every 4 pixels."""
    windows = np.lib.stride_tricks.sliding_window_view(image, (8, 8))[::4, ::4][4:-4, 4:-4]
    return np.asarray(COSINES @ windows.reshape(-1, 8, 8) @ COSINES.T)


def pooled(energy: Array) -> Array:
    """Around each frequency."""
    wide = np.pad(energy, [(0, 0), (1, 1), (1, 1)], mode="edge")
    wide = wide[:, :-2] / 4 + wide[:, 1:-1] / 2 + wide[:, 2:] / 4
    return np.asarray(wide[:, :, :-2] / 4 + wide[:, :, 1:-1] / 2 + wide[:, :, 2:] / 4)


def equations(fine: Array, shape: tuple[int, int], count: int, iso: float) -> tuple[Array, Array]:
    """(8, 8, 3, 3) and (8, 8, 3) normal equations, in units of the error that is there now."""
    recipe, report = Recipe(reference=1, scale=FITTED), Report()
    frames = shoot(fine, FITTED, shape, poses(count, 4.0, 0.1), Camera(iso))
    frame = merge_burst(Burst.of(frames), recipe, report)
    neutral = superres.neutral_of(frame, recipe, report)
    image, sums, _ = superres.gathered(frame, neutral, recipe, report)
    _, phases, _, high, wide = sums.shape
    told = sums.transpose(0, 3, 1, 4, 2).reshape(8, high * phases, wide * phases)[:, : fine.shape[0], : fine.shape[1]]
    mean, weight = (
        np.pad(a, [(0, 0), (PAD, PAD), (PAD, PAD)], mode="edge")
        for a in ((told[0::2] - 32768.0) / 16384, told[1::2] / 1024)
    )
    base = np.stack([enlarged(plane.astype(np.float64), FITTED, fine.shape[:2]) for plane in image])
    noise, windows = balanced_noise(frame.aligned[0].frame, neutral), superres.windows(FITTED).astype(np.float64)
    variance = noise[:, 0, None, None] * np.maximum(base, 0) + noise[:, 1, None, None]
    beyond, left, keep = beyond_noise(mean, weight, windows, variance, superres.DOUBT, superres.SHRINK, 1.5)
    detail = beyond.mean(0) * weight[0] / (weight[0] + 0.6 * (1 - keep[0]))
    known, true = waves(base.mean(0)), waves(np.pad(fine.mean(axis=2), PAD, mode="edge"))
    full = waves(base.mean(0) + detail)
    around = np.lib.stride_tricks.sliding_window_view(left, (8, 8))[::4, ::4][4:-4, 4:-4, 3:5, 3:5].mean((2, 3))
    unwanted = around.reshape(-1, 1, 1) * waves_of_noise(FITTED, SHARED).T * superres.TAKE
    energy = full**2
    energy[:, 0, 0] = 0
    energy = pooled(energy)
    share = energy**2 / np.maximum(energy**2 + unwanted**2, 1e-20)
    each = np.stack([share * full, share * known, (1 - share) * known], axis=-1)
    error = (full - true) ** 2
    error[:, 0, 0] = 0
    unit = error.sum()
    return np.einsum("nijp,nijq->ijpq", each, each) / unit, np.einsum("nijp,nij->ijp", each, true) / unit


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", default="256x192")
    width, height = map(int, parser.parse_args().size.split("x"))
    shape = (height, width)
    scenes = [(1.0, picture(scene, shape)) for scene in SCENES] + [(EDGES, edge(shape))]
    left, right = np.zeros((8, 8, 3, 3)), np.zeros((8, 8, 3))
    for weight, fine in scenes:
        for count, iso in CASES:
            a, b = equations(fine, shape, count, iso)
            left, right = left + weight * a, right + weight * b
    left, right = left + left.swapaxes(0, 1), right + right.swapaxes(0, 1)
    left += RIDGE * np.trace(left, axis1=2, axis2=3)[..., None, None] * np.eye(3) / 3
    gains = np.clip(np.moveaxis(np.linalg.solve(left, right[..., None])[..., 0], -1, 0), -6, 8)
    gains[:, 0, 0] = 1, 0, 1
    for row in gains.reshape(24, 8):
        print("    (" + ", ".join(f"{gain:.2f}" for gain in row) + "),")


if __name__ == "__main__":
    main()
