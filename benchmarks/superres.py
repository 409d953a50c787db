"""Super-resolution, measured against a finer truth, beside the bicubic enlargement of the merged picture.

    python benchmarks/superres.py [--size 384x288] [--time]

The truth is a scene of the virtual camera on a grid twice as fine; a frame is that picture, blurred by lens and pixel
(a Gaussian of 0.48 mosaic pixels) and sampled wherever the hand points the camera, with a sensor's noise. All
pictures are linear, with the default settings; 12 pixels of border are left out. Gain: dB over bicubic. Sharper: ratio
of MTF50 on a slanted edge; overshoot: the higher of both sides of that edge, in per cent. Fringes: rms of false colour
on a grey scene over bicubic's. --time: a burst of 15 x 12 megapixels to 48 as whole processes.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from lichtbild.measure.slanted_edge import fit_edge, response
from lichtbild.virtual.shoot import shoot as simulate
from superres_scene import bicubic, decibels, developed, poses, shoot
from test_burst_scene import Array, Camera

SCALE = 2
SCENES = ("still-life", "daylight-landscape", "street-night", "resolution-chart")


def picture(scene: str, shape: tuple[int, int]) -> Array:
    """(h, w, 3) balanced light of a scene on the fine grid, 0 to 0.9: mosaics of all four phases together."""
    height, width = (n * SCALE for n in shape)
    out = np.empty((height, width, 3))
    for cfa in ("RGGB", "BGGR", "GRBG", "GBRG"):
        shot = simulate(scene, size=f"{width}x{height}", frames=1, noise=0.0, shading=0.0, cfa=cfa)[0]
        for i, color in enumerate(cfa):
            c = "RGB".index(color)
            level = (shot.frame.metadata.color.as_shot_neutral or (1, 1, 1))[c]
            out[i // 2 :: 2, i % 2 :: 2, c] = shot.light[i // 2 :: 2, i % 2 :: 2] / level
    return np.minimum(out, 0.9)


def edge(shape: tuple[int, int]) -> Array:
    """A grey edge, 6 degrees from upright, as sharp as the fine grid can hold."""
    y, x = np.mgrid[0 : shape[0] * SCALE, 0 : shape[1] * SCALE].astype(float)
    turn = np.deg2rad(6.0)
    away = (x - x.mean()) * np.cos(turn) + (y - y.mean()) * np.sin(turn)
    return np.repeat((0.15 + 0.4 * np.clip(away + 0.5, 0, 1))[..., None], 3, axis=2)


def both(fine: Array, shape: tuple[int, int], count: int, iso: float, shake: float) -> tuple[Array, Array]:
    """The super-resolved and the enlarged merged picture."""
    frames = shoot(fine, SCALE, shape, poses(count, shake, 0.1 if shake else 0.0), Camera(iso))
    plain, _ = developed(frames)
    return developed(frames, scale=SCALE)[0], bicubic(plain, SCALE, fine.shape[:2])


def colour(image: Array) -> float:
    """rms of what differs between the channels, away from the border."""
    inside = image[12:-12, 12:-12]
    return float((inside - inside.mean(axis=2, keepdims=True)).std())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", default="384x288")
    parser.add_argument("--time", action="store_true")
    args = parser.parse_args()
    width, height = map(int, args.size.split("x"))
    shape = (height, width)
    cases = [(8, 100, 4.0), (15, 100, 4.0), (8, 400, 4.0), (8, 1600, 4.0), (15, 3200, 4.0), (8, 100, 0.0)]
    names = [f"{n} at {iso}" if shake else f"{n} on tripod" for n, iso, shake in cases]
    print(f"{'gain in dB over bicubic':24}" + "".join(f"{n:>13}" for n in names))
    for scene in SCENES:
        fine = picture(scene, shape)
        gains = []
        for count, iso, shake in cases:
            ours, theirs = both(fine, shape, count, iso, shake)
            gains.append(decibels(ours, fine) - decibels(theirs, fine))
        print(f"{scene:24}" + "".join(f"{g:13.2f}" for g in gains), flush=True)
    for title, figures in (("sharper (MTF50)", 0), ("overshoot, %", 1), ("fringes", 2)):
        row = []
        for count, iso, shake in cases:
            if figures == 2:
                grey = np.repeat(picture("resolution-chart", shape).mean(axis=2, keepdims=True), 3, axis=2)
                row.append(np.divide(*(colour(p) for p in both(grey, shape, count, iso, shake))))
                continue
            ours, theirs = (
                p.mean(axis=2)[60:-60, shape[1] - 60 : shape[1] + 60]
                for p in both(edge(shape), shape, count, iso, shake)
            )
            mine, its = response(ours, fit_edge(ours)), response(theirs, fit_edge(theirs))
            row.append(max(mine.overshoot, mine.undershoot) if figures else mine.mtf50 / its.mtf50)
        print(f"{title:24}" + "".join(f"{g:13.2f}" for g in row), flush=True)
    if args.time:
        timed()


def timed() -> None:
    from process import show, side_by_side
    from speed import DATA, LICHTBILD, burst

    files = burst(15, "4000x3000")
    out = ["-o", str(DATA / "superres.jpg"), "--overwrite", "--scale"]
    commands = {f"--scale {s}": [*LICHTBILD, "develop", *files, *out, s] for s in ("1", "2")}
    print(show("15 x 12 megapixels to JPEG", side_by_side(commands, rounds=2)))


if __name__ == "__main__":
    main()
