"""The gains of super-resolution (`develop/fine_waves.py`), fitted to scenes that are known.

    python tools/fit_superres.py [--size 256x192]

Bursts of the benchmark's scenes and of slanted edges are merged and gathered; for each frequency of a window the wave
of the true grey is told, by least squares, from those of the merged picture and of the same with all that the frames
say beyond it, weighed by their shares as in `kernels/superres_waves.py`. Gains run evenly between nodes. Prints those
of the nodes, a few minutes later.
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
from lichtbild.develop.fine_waves import FITTED, NODES, SIDE, nodes, waves_of_noise
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
RIDGE = 1e-2  # of the mean energy of what a wave is told from
HOP = SIDE // 2
COSINES = cosines(SIDE)
NEAR = 0.1, 0.2, 0.4, 0.2, 0.1  # shares of the energies around a frequency
BOUNDS = np.array([[[[-6.0]], [[-6.0]], [[0.0]]], [[[8.0]], [[8.0]], [[2.0]]]])  # of gains
PLAIN = np.array([1.0, 0.0, 1.0])  # gains of the mean


def windows_of(image: Array) -> Array:
    """(n, SIDE, SIDE), every HOP pixels, away from the border."""
    windows = np.lib.stride_tricks.sliding_window_view(image, (SIDE, SIDE))[::HOP, ::HOP][3:-3, 3:-3]
    return windows.reshape(-1, SIDE, SIDE)


def waves(image: Array) -> Array:
    return np.asarray(COSINES @ windows_of(image) @ COSINES.T)


def pooled(energy: Array) -> Array:
    """Around each frequency."""
    wide = np.pad(energy, [(0, 0), (2, 2), (2, 2)], mode="edge")
    wide = sum(wide[:, n : n + SIDE] * f for n, f in enumerate(NEAR))
    return np.asarray(sum(wide[:, :, n : n + SIDE] * f for n, f in enumerate(NEAR)))


def equations(fine: Array, shape: tuple[int, int], count: int, iso: float) -> tuple[Array, Array]:
    """(SIDE, SIDE, 3, 3) and (SIDE, SIDE, 3) normal equations, in units of the error that is there now."""
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
    around = windows_of(left)[:, HOP - 1 : HOP + 1, HOP - 1 : HOP + 1].mean((1, 2), keepdims=True)
    unwanted = around * waves_of_noise(FITTED, SHARED).T * superres.TAKE[0]
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
    left, right = np.zeros((SIDE, SIDE, 3, 3)), np.zeros((SIDE, SIDE, 3))
    for weight, fine in scenes:
        for count, iso in CASES:
            a, b = equations(fine, shape, count, iso)
            left, right = left + weight * a, right + weight * b
    for row in solved(left, right).reshape(3 * NODES, NODES):
        print("    (" + ", ".join(f"{gain:.2f}" for gain in row) + "),")


def solved(left: Array, right: Array) -> Array:
    """(3, NODES, NODES) gains, alike along and down."""
    left, right = left + left.swapaxes(0, 1), right + right.swapaxes(0, 1)
    left[0, 0] = right[0, 0] = 0  # the mean's are known
    ridge = RIDGE * np.trace(left, axis1=2, axis2=3)[..., None] / 3  # towards a picture of which nothing is raised
    left, right = left + ridge[..., None] * np.eye(3), right + ridge * PLAIN
    along = nodes(FITTED)
    each = np.einsum("ia,jb->ijab", along, along).reshape(SIDE**2, NODES**2)
    whole = np.einsum("na,nb,npq->apbq", each, each, left.reshape(-1, 3, 3))
    known = np.einsum("na,np->ap", each, right.reshape(-1, 3)) - whole[:, :, 0] @ PLAIN
    count = 3 * NODES**2 - 3
    found = np.linalg.solve(whole[1:, :, 1:].reshape(count, count), known[1:].ravel()).reshape(-1, 3)
    gains = np.concatenate([PLAIN[None], found]).reshape(NODES, NODES, 3)
    return np.clip(np.moveaxis((gains + gains.swapaxes(0, 1)) / 2, -1, 0), *BOUNDS)


if __name__ == "__main__":
    main()
