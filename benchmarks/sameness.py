"""The same look on every device: one spectral scene through many cameras' measured sensitivities.

    python benchmarks/sameness.py [--looks natural,chrome] [--cameras 20] [--wb as-shot] [--matrices] [--html FILE]

The scene is a sheet of the 24 patches of the classic chart and the 99 colour evaluation samples of IES TM-30 (leaves,
skin, fabrics, paints, plastics, prints), under D65, A and a white LED. The cameras are every n-th of all that are
measured in `ssf/data/camera`, by alphabet. Each has a profile that was calibrated from its sensitivities with other
reflectances (the 190 training patches), takes a raw frame of the sheet, and is developed by the real path. Differences
are CIEDE2000 between finished pictures: of all pairs, and to the mean of all cameras. Wanted: mean 1.5, p95 4.
"""

from __future__ import annotations

import argparse
import functools
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from lichtbild import color
from lichtbild.calibrate import spectra_file, spectral
from lichtbild.calibrate.sensitivities import calibrate
from lichtbild.carriers import CameraColor, Frame
from lichtbild.look.catalog import names
from lichtbild.measure.page import Page, picture
from lichtbild.measure.sameness import Sameness, compare, shoot, summary
from lichtbild.measure.table import table

LIGHTS = {"D65": "D65", "A": "A", "LED": "LED-B3"}


def data() -> Path:
    root = Path(os.environ.get("LICHTBILD_DATA", Path(__file__).resolve().parents[2] / "shared"))
    return root / "ssf" / "data"


def every(count: int) -> list[Path]:
    """That many cameras, evenly spaced in the alphabet."""
    files = sorted((data() / "camera").glob("*.json"))
    return [files[i * len(files) // count] for i in range(min(count, len(files)))]


@functools.cache
def camera(file: Path, tables: bool) -> tuple[str, Any, CameraColor]:
    """Name, sensitivities and calibrated profile of a camera; tables: beyond its matrices, too."""
    sensors = spectra_file.read_sensitivities(file)
    train = spectra_file.read_spectra(data() / "training" / "training_spectral.json").values.T
    profile = calibrate(sensors, train, test=False)
    if not tables:
        profile = replace(profile, lights=tuple(replace(light, hue_sat_map=None) for light in profile.lights))
    return file.stem.removesuffix("_380_780_5").replace("_", " "), sensors.values, CameraColor(profile=profile)


def sheet() -> tuple[list[str], Any]:
    """Names and (patches, 81) reflectances: the chart, and the 99 colour evaluation samples."""
    parts = [spectral.reflectances(name) for name in ("chart", "ces")]
    return [name for _, names in parts for name in names], np.clip(np.concatenate([r for r, _ in parts]), 0, 1)


def frames(files: list[Path], lit: str, tables: bool) -> tuple[list[str], dict[str, Frame]]:
    """Names of the patches, and every camera's raw frame of them in that light."""
    patches, reflectance = sheet()
    light, out = spectral.light(LIGHTS[lit]), {}
    for file in files:
        name, sensors, tags = camera(file, tables)
        seen = spectral.seen(sensors, light, reflectance)
        out[name] = shoot(seen, spectral.seen(sensors, light)[None].reshape(3), tags, name)
    return patches, out


def measured(
    looks: list[str], files: list[Path], wb: str, tables: bool
) -> dict[tuple[str, str], tuple[Sameness, dict[str, Any]]]:
    found = {}
    for lit in LIGHTS:
        patches, shots = frames(files, lit, tables)
        for look in looks:
            found[look, lit] = compare(shots, patches, look=look, wb=wb, space="srgb")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--looks", default="", help="names with commas; all that are installed, unless given")
    parser.add_argument("--cameras", type=int, default=20)
    parser.add_argument("--wb", default="as-shot")
    parser.add_argument("--matrices", action="store_true", help="profiles of matrices alone, without their tables")
    parser.add_argument("--html", type=Path, help="a page with the patches of every camera")
    asked = parser.parse_args()
    if not data().is_dir():
        raise SystemExit(f"{data()}: not there; LICHTBILD_DATA names the folder that holds ssf/")
    looks = asked.looks.split(",") if asked.looks else list(names())
    files = every(asked.cameras)
    found = measured(looks, files, asked.wb, not asked.matrices)
    head = ("look", "light", "pairs: mean", "p95", "largest", "to mean: mean", "p95")
    lines = []
    for look in looks:
        for lit in (*LIGHTS, "all"):
            some = [found[look, one][0] for one in (LIGHTS if lit == "all" else (lit,))]
            pairs, centre = (
                summary(np.concatenate([np.ravel(getattr(s, k)) for s in some])) for k in ("pairs", "to_centre")
            )
            lines.append(
                [
                    look,
                    lit,
                    *(f"{pairs[k]:.2f}" for k in ("mean", "p95", "largest")),
                    f"{centre['mean']:.2f}",
                    f"{centre['p95']:.2f}",
                ]
            )
    print(table(head, lines))
    cameras = []
    for i, name in enumerate(found[looks[0], "D65"][0].cameras):
        by_light = [
            summary(np.concatenate([np.ravel(found[look, lit][0].of_camera(i)) for look in looks])) for lit in LIGHTS
        ]
        cameras.append([name, *(f"{s[k]:.2f}" for s in by_light for k in ("mean", "p95"))])
    camera_head = ("camera, to all others, all looks", *(f"{lit}: {k}" for lit in LIGHTS for k in ("mean", "p95")))
    print("\n" + table(camera_head, cameras))
    if asked.html:
        asked.html.write_text(page(found, looks, head, lines, camera_head, cameras).html, encoding="utf-8")


def page(found: Any, looks: list[str], head: Any, lines: Any, camera_head: Any, cameras: Any) -> Page:
    made = Page(
        "The same look on every device",
        "One spectral scene through measured sensitivities; CIEDE2000 between finished pictures",
    )
    made.table(head, lines)
    made.heading("Cameras")
    made.table(camera_head, cameras)
    for look in looks:
        for lit in LIGHTS:
            made.heading(f"{look}, {lit}")
            same = found[look, lit][0]
            made.text("One row for each camera, one column for each patch; the widest differences first.", True)
            made.parts.append(f"<figure>{picture(stripes(same), f'{look} in {lit}', lossless=True)}</figure>")
    return made


def stripes(same: Sameness, size: tuple[int, int] = (14, 10)) -> Any:
    """(h, w, 3) uint8: each camera's patches in a row, columns ordered by how much cameras differ."""
    order = np.argsort(-same.pairs.mean(0))
    f = (same.lab[..., 0] + 16) / 116
    xyz = np.stack([f + same.lab[..., 1] / 500, f, f - same.lab[..., 2] / 200], -1)
    xyz = np.where(xyz > 6 / 29, xyz**3, 3 * (6 / 29) ** 2 * (xyz - 4 / 29)) * color.xyz_from_xy(color.D65)
    rgb = color.encode_srgb(np.clip(xyz @ color.xyz_to_rgb("srgb").T, 0, 1))[:, order]
    return np.repeat(np.repeat((rgb * 255 + 0.5).astype(np.uint8), size[0], 0), size[1], 1)


if __name__ == "__main__":
    main()
