"""What each file format costs, and keeps: time to write, size and structural similarity of one developed picture.

    python benchmarks/formats.py [--frame FILE] [--size 4000x3000] [--rounds N] [--qualities 80,92,96]

Similarity is SSIM of luma against the picture of 16 bits, as a reader that we did not write decodes the file; of light
above white, what lies below it. The time is that of `Picture.save`; what a gain map costs the look leg is told apart.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np

import lichtbild
from lichtbild.carriers import Picture
from lichtbild.color import convert
from lichtbild.look.spaces import TRANSFER
from lichtbild.measure.similarity import ssim
from lichtbild.report import Report
from speed import DATA, burst

FILES = ("jpg", "avif", "jxl", "heic", "png", "tif", "exr")
LOSSLESS = {"png", "tif", "exr"}
PQ = (1305 / 8192, 2523 / 32, 107 / 128, 2413 / 128, 2392 / 128)


def luma(image: np.ndarray) -> np.ndarray:
    return np.asarray(image[..., :3] @ np.array([0.2126, 0.7152, 0.0722], np.float32), np.float32)


def decoded(path: Path, space: str, hdr: bool) -> np.ndarray:
    """The file's pixels in the picture's space and encoding, 0..1."""
    if path.suffix == ".heic":
        import pillow_heif

        read = np.asarray(pillow_heif.open_heif(path, convert_hdr_to_8bit=False))
    elif path.suffix == ".exr":
        import OpenEXR

        linear = np.clip(OpenEXR.File(str(path)).channels()["RGB"].pixels.astype(np.float32), 0, 1)
        return TRANSFER[space].encode(linear).astype(np.float32)
    else:
        read = imagecodecs.imread(path)
    top = 1023 if path.suffix == ".avif" or (hdr and path.suffix == ".jxl") else np.iinfo(read.dtype).max
    values = read[..., :3].astype(np.float32) / top
    if not hdr or path.suffix == ".jpg":
        return values
    m1, m2, c1, c2, c3 = PQ
    e = values ** (1 / m2)
    light = (np.maximum(e - c1, 0) / (c2 - c3 * e)) ** (1 / m1) * (10_000 / 203)
    return TRANSFER[space].encode(np.clip(light @ convert("rec2020", space).T, 0, 1)).astype(np.float32)


def with_settings(picture: Picture, **settings: Any) -> Picture:
    told = {**picture.recipe.get("settings", {}), "depth": None, **settings}
    return replace(picture, recipe={**picture.recipe, "settings": told})


def fastest(picture: Picture, path: Path, quality: int, rounds: int) -> tuple[float, float]:
    """Seconds of the clock and of all processors together."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter(), time.process_time()
        picture.save(path, quality=quality, overwrite=True)
        times.append((time.perf_counter() - start[0], time.process_time() - start[1]))
    return min(clock for clock, _ in times), min(busy for _, busy in times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frame", help="a raw frame; without it, one of the virtual camera")
    parser.add_argument("--size", default="4000x3000")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--qualities", default="92")
    args = parser.parse_args()
    DATA.mkdir(parents=True, exist_ok=True)
    frames = lichtbild.read(args.frame or burst(8, args.size)[0])
    legs: dict[str, float] = {}
    for hdr in ("off", "on", "off", "on"):
        report = Report()
        picture = lichtbild.develop(frames, report=report, hdr=hdr)
        legs[hdr] = min(legs.get(hdr, 9.0), report.seconds["look"])
    reference, area = luma(picture.image.astype(np.float32) / 65535), picture.image.shape[0] * picture.image.shape[1]
    more = (legs["on"] - legs["off"]) * 1e3
    stops = picture.gain_map.stops if picture.gain_map else 0.0
    print(f"{area / 1e6:.0f} MP; a gain map of {stops:.2f} stops takes {more:.0f} ms in the look leg\n")
    print(f"| {'format':14} | quality | effort |    s | CPU s |     MB | bits/pixel | 1 - SSIM |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for ending in FILES:
        for hdr in (
            ("off", "auto") if ending == "jpg" else ("off", "on") if ending in ("avif", "jxl", "heic") else ("off",)
        ):
            shown = picture if hdr != "off" else replace(picture, gain_map=None)
            for effort in ("quick",) if ending in ("jpg", "tif", "png") else ("quick", "small"):
                for quality in [92] if ending in LOSSLESS else map(int, args.qualities.split(",")):
                    path = DATA / f"formats.{ending}"
                    asked = with_settings(shown, hdr=hdr, effort=effort)
                    try:
                        seconds, busy = fastest(asked, path, quality, args.rounds if effort == "quick" else 1)
                    except lichtbild.LichtbildError as error:
                        print(f"| {ending} | {error} |")
                        break
                    size = path.stat().st_size
                    loss = 1 - ssim(reference, luma(decoded(path, picture.space, hdr == "on")))
                    kind = f"{ending}{' ' + {'on': 'PQ', 'auto': 'with map', 'off': ''}[hdr]}"
                    told = "" if ending in LOSSLESS else quality
                    print(
                        f"| {kind:14} | {told:7} | {effort:6} | {seconds:4.2f} | {busy:5.2f} | {size / 1e6:6.2f} ",
                        end="",
                    )
                    print(f"| {size * 8 / area:10.2f} | {loss:8.4f} |", flush=True)


if __name__ == "__main__":
    main()
