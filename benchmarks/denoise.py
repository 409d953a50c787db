"""Denoising of one frame, against truth: pictures of the virtual camera, ours beside installed raw developers.

    python benchmarks/denoise.py [--size 1200x900] [--iso 800,3200,12800] [--no-peers] [SCENE or IMAGE ...]

A noisy frame and the same frame without noise are developed alike (ours: look `linear`), and the two pictures, encoded
as sRGB with 16 bits, are compared. The frame without noise is developed by the same program with its denoising off,
so that differences of tone, colour and demosaicing between programs cancel.

PSNR: over the three channels. SSIM (Wang et al. 2004): of luma. Texture: how much of the truth's fine texture is
still there, by regression of high frequencies on the truth's, which noise does not change; 1 is all. Grain: deviation
of what is left where the truth is flat, in 8-bit steps, and the part of it that is coarser than 8 pixels (blotches).
Photographs of the Kodak set take part where LICHTBILD_DATA holds them.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import numpy as np

import denoise_peers
import lichtbild
from lichtbild.carriers import Frame
from lichtbild.virtual.shoot import Shot, shoot

ROOT = Path(__file__).parent.parent
SHARED = Path(os.environ.get("LICHTBILD_DATA", ROOT.parent / "shared"))
SCENES = ("street-night", "still-life", "daylight-landscape")
KODAK = ("05", "08", "13", "18")
BORDER = 24
LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)


def blur(plane: np.ndarray, sigma: float) -> np.ndarray:
    """Gaussian, the borders held."""
    reach = int(3 * sigma + 0.5)
    weights = np.exp(-(np.arange(-reach, reach + 1) ** 2) / (2 * sigma**2))
    for axis in (0, 1):
        size = plane.shape[axis]
        padded = np.pad(plane, [(reach, reach) if a == axis else (0, 0) for a in (0, 1)], mode="edge")
        parts = (np.take(padded, range(i, i + size), axis) * w for i, w in enumerate(weights / weights.sum()))
        plane = sum(parts, np.zeros((), np.float32))
    return plane


def ssim(a: np.ndarray, b: np.ndarray) -> float:
    """Structural similarity of two planes of 0..1."""
    mean_a, mean_b = blur(a, 1.5), blur(b, 1.5)
    var_a, var_b = blur(a * a, 1.5) - mean_a**2, blur(b * b, 1.5) - mean_b**2
    both = blur(a * b, 1.5) - mean_a * mean_b
    c1, c2 = 0.01**2, 0.03**2
    value = (2 * mean_a * mean_b + c1) * (2 * both + c2) / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2))
    return float(value[BORDER:-BORDER, BORDER:-BORDER].mean())


def compare(picture: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """The figures of one picture, (h, w, 3) of 0..1, encoded."""
    inside = (slice(BORDER, -BORDER),) * 2
    error = (picture - truth)[inside]
    luma, true = picture @ LUMA, truth @ LUMA
    fine, true_fine = luma - blur(luma, 1.5), true - blur(true, 1.5)
    spread = np.sqrt(blur(true_fine**2, 4.0))
    textured = ((spread > 0.004) & (spread < 0.05) & (blur(np.abs(true_fine), 4.0) > 0.55 * spread))[inside]
    flat = np.sqrt(np.maximum(blur(true**2, 6.0) - blur(true, 6.0) ** 2, 0))[inside] < 0.003
    a, b = fine[inside][textured], true_fine[inside][textured]
    left = (picture - truth) - 0.0
    coarse = np.stack([blur(left[..., c], 4.0) for c in range(3)], -1)
    return {
        "psnr": float(-10 * np.log10(np.mean(error.astype(np.float64) ** 2))),
        "ssim": ssim(luma, true),
        "texture": float((a * b).sum() / (b * b).sum()) if len(b) > 400 else float("nan"),
        "grain": 255 * float(left[inside][flat].std()) if flat.sum() > 400 else float("nan"),
        "blotch": 255 * float(coarse[inside][flat].std()) if flat.sum() > 400 else float("nan"),
    }


def develop(frame: Frame, strength: float) -> np.ndarray:
    picture = lichtbild.develop(lichtbild.read(frame), look="linear", denoise=strength, depth="16")
    return picture.image.astype(np.float32) / np.float32(65535)


def take(scene: str | Path, iso: int, size: str) -> Shot:
    return shoot(scene, iso=iso, size=size, frames=1, shading=0.0, shake=0.0)[0]


def show(name: str, iso: int, who: str, figures: dict[str, float]) -> None:
    text = " ".join(f"{v:8.4f}" if k == "ssim" else f"{v:8.2f}" for k, v in figures.items())
    print(f"{name:20} {iso:6} {who:34} {text}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenes", nargs="*")
    parser.add_argument("--size", default="1200x900")
    parser.add_argument("--iso", default="800,3200,12800")
    parser.add_argument("--no-peers", action="store_true")
    args = parser.parse_args()
    kodak = [str(SHARED / "bench" / "kodak24" / f"{n}.png") for n in KODAK]
    scenes = args.scenes or [*SCENES, *(k for k in kodak if Path(k).exists())]
    print(f"{'scene':20} {'ISO':>6} {'':34} {'PSNR':>8} {'SSIM':>8} {'texture':>8} {'grain':>8} {'blotch':>8}")
    table: dict[tuple[int, str], list[dict[str, float]]] = {}
    for scene in scenes:
        photo = Path(scene) if Path(scene).exists() else None
        size = "768x512" if photo else args.size
        for iso in (int(v) for v in args.iso.split(",")):
            shot = take(photo or scene, iso, size)
            truth = develop(shot.truth(), 0.0)
            rows = {
                "not denoised": compare(develop(shot.frame, 0.0), truth),
                "lichtbild": compare(develop(shot.frame, 1.0), truth),
            }
            if not args.no_peers:
                rows |= denoise_peers.measure(shot, compare)
            for who, figures in rows.items():
                show(photo.stem if photo else scene, iso, who, figures)
                table.setdefault((iso, who.split(",")[0]), []).append(figures)
    print(f"\nmean of {len(scenes)} pictures")
    for (iso, who), found in table.items():
        mean = {k: float(np.nanmean([f[k] for f in found])) for k in found[0]}
        show("", iso, who, mean)


if __name__ == "__main__":
    main()
