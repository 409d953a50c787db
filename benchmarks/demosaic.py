"""Demosaicing quality on a folder of photographs, and its speed.

    python benchmarks/demosaic.py [FOLDER] [--noise SIGMA]

Protocol: GRBG mosaic of the gamma-encoded 8-bit picture, result rounded and clipped, 10 px of border left out,
CPSNR over the three channels, mean over pictures. FOLDER: PNGs, for example the Kodak set; by default bench/kodak24
of the shared data (LICHTBILD_DATA, or the folder `shared` beside the checkout).
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

import imagecodecs
import numpy as np

from lichtbild.develop.demosaic import demosaic
from lichtbild.measure.similarity import psnr

ROOT = Path(__file__).parent.parent
SHARED = Path(os.environ.get("LICHTBILD_DATA", ROOT.parent / "shared"))


def grbg(image: np.ndarray) -> np.ndarray:
    mosaic = image[..., 1].copy()
    mosaic[0::2, 1::2] = image[0::2, 1::2, 0]
    mosaic[1::2, 0::2] = image[1::2, 0::2, 2]
    return mosaic


def cpsnr(image: np.ndarray, sigma: float, seed: int) -> float:
    """dB for one 8-bit picture; sigma: deviation of noise that is added to the mosaic, in 0..1."""
    mosaic = grbg(image / np.float32(255))
    mosaic = mosaic + np.random.default_rng(seed).normal(0, sigma, mosaic.shape) if sigma else mosaic
    result = np.clip(np.rint(demosaic(mosaic, "GRBG") * 255), 0, 255)
    return psnr(result[10:-10, 10:-10], image[10:-10, 10:-10], 255.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=SHARED / "bench" / "kodak24")
    parser.add_argument("--noise", type=float, default=0.0)
    args = parser.parse_args()
    scores = []
    for n, path in enumerate(sorted(args.folder.glob("*.png"))):
        scores.append(cpsnr(np.asarray(imagecodecs.png_decode(path.read_bytes()))[..., :3], args.noise, n))
    if scores:
        print(f"  {args.folder.name}, {len(scores)} pictures: {np.mean(scores):.2f} dB, lowest {min(scores):.2f}")
    else:
        print(f"  {args.folder}: no PNGs here, quality is not measured")
    frame = np.random.default_rng(0).random((3000, 4000), np.float32)
    seconds = []
    for _ in range(7):
        start = time.perf_counter()
        demosaic(frame, "GRBG")
        seconds.append(time.perf_counter() - start)
    print(f"  12 MP: {min(seconds) * 1e3:.0f} ms at best, {sorted(seconds)[3] * 1e3:.0f} ms as a rule")


if __name__ == "__main__":
    main()
