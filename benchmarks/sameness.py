"""The same look on every device: one spectral scene through many cameras' measured sensitivities.

    python benchmarks/sameness.py [--looks natural,chrome] [--cameras 20] [--wb as-shot] [--html sameness.html]

The scene is a sheet of the 24 patches of the classic chart and the 99 colour evaluation samples of IES TM-30 (leaves,
skin, fabrics, paints, plastics, prints), under D65, A and a white LED. The cameras are every n-th of all that are
measured in `ssf/data/camera`, by alphabet. Each has a profile that was calibrated from its sensitivities with other
reflectances (the 190 training patches), takes a raw frame of the sheet, and is developed by the real path. Differences
are CIEDE2000 between finished pictures: of all pairs, and to the mean of all cameras. Wanted: mean 1.5, p95 4.
"""

from __future__ import annotations

import argparse
import json
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from lichtbild import color
from lichtbild.carriers import CameraColor, Frame, Matrix
from lichtbild.look.catalog import names
from lichtbild.measure.page import Page, picture
from lichtbild.measure.sameness import Sameness, compare, shoot, summary
from lichtbild.measure.table import table

WAVELENGTHS = np.arange(380, 785, 5)
LIGHTS = {"D65": "D65", "A": "A", "LED": "LED-B3"}
Floats = color.Floats


def data() -> Path:
    root = Path(os.environ.get("LICHTBILD_DATA", Path(__file__).resolve().parents[2] / "shared"))
    return root / "ssf" / "data"


def spectral(path: Path) -> Floats:
    """(81, n) of a file of the repository of spectral data."""
    main = json.loads(path.read_text(encoding="utf-8"))["spectral_data"]["data"]["main"]
    found = np.array([[float(k), *v] for k, v in main.items()])
    return np.stack([np.interp(WAVELENGTHS, found[:, 0], column) for column in found[:, 1:].T], 1)


def every(count: int) -> list[Path]:
    """That many cameras, evenly spaced in the alphabet."""
    files = sorted((data() / "camera").glob("*.json"))
    return [files[i * len(files) // count] for i in range(min(count, len(files)))]


@contextmanager
def quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def sheet() -> tuple[list[str], Floats]:
    """Names and (patches, 81) reflectances: the chart, and the 99 colour evaluation samples (CIE 224:2017)."""
    with quiet():
        from colour import SDS_COLOURCHECKERS, SpectralShape
        from colour.quality.cfi2017 import load_TCS_CIE2017

        shape = SpectralShape(380, 780, 5)
        chart = SDS_COLOURCHECKERS["ISO 17321-1"]
        patches = [chart[name].copy().align(shape).values for name in chart]
        samples = load_TCS_CIE2017(shape).values.T
    named = [*(str(name) for name in chart), *(f"CES{i:02d}" for i in range(1, len(samples) + 1))]
    return named, np.clip(np.concatenate([patches, samples]), 0, 1)


def light(name: str) -> Floats:
    """(81,) power of a light by its name in `LIGHTS`."""
    with quiet():
        from colour import SDS_ILLUMINANTS, SpectralShape

        power = SDS_ILLUMINANTS[LIGHTS[name]].copy().align(SpectralShape(380, 780, 5)).values
    return np.asarray(power / power.mean(), np.float64)


def matrices(sensitivities: Floats) -> CameraColor:
    """Best 3x3 matrices for A and D65: least squares over the training patches, white exact."""
    train, observer = (
        spectral(data() / "training" / "training_spectral.json").T,
        spectral(data() / "cmf" / "cmf_1931.json"),
    )
    found: dict[str, Any] = {}
    for i, (name, code) in enumerate((("A", 17), ("D65", 21)), 1):
        power = light(name)
        weighted = power[:, None] * sensitivities
        camera = train @ weighted / weighted.sum(0)
        xyz = train @ (power[:, None] * observer) / (power @ observer[:, 1])
        white = power @ observer / (power @ observer[:, 1])
        d50 = xyz @ color.adaptation(color.xy_from_xyz(white), color.D50).T
        # f = X+ (y - w 1) + w spread: rows that map (1, 1, 1) to D50 exactly
        basis = np.array([[1, 0, -1], [0, 1, -1.0]])
        weight = 1 / np.sqrt(d50[:, 1:2] + 0.02)
        start = np.outer(color.xyz_from_xy(color.D50), np.ones(3)) / 3
        rest = np.linalg.lstsq(weight * (camera @ basis.T), weight * (d50 - camera @ start.T), rcond=None)[0]
        forward = start + rest.T @ basis
        to_camera = np.linalg.inv(color.adaptation(color.D50, color.xy_from_xyz(white)) @ forward)
        to_camera = (weighted.sum(0) / weighted.sum(0).max())[:, None] * to_camera
        found[f"forward_matrix_{i}"], found[f"color_matrix_{i}"] = rows(forward), rows(to_camera)
        found[f"calibration_illuminant_{i}"] = code
    return CameraColor(**found)


def rows(matrix: Floats) -> Matrix:
    a, b, c = ((float(r[0]), float(r[1]), float(r[2])) for r in matrix)
    return a, b, c


def frames(files: list[Path], lit: str) -> tuple[list[str], dict[str, Frame]]:
    """Names of the patches, and every camera's raw frame of them in that light."""
    patches, reflectance = sheet()
    out = {}
    for file in files:
        sensitivities = spectral(file)
        weighted = light(lit)[:, None] * sensitivities
        name = file.stem.removesuffix("_380_780_5").replace("_", " ")
        out[name] = shoot(reflectance @ weighted, weighted.sum(0), matrices(sensitivities), name)
    return patches, out


def measured(looks: list[str], files: list[Path], wb: str) -> dict[tuple[str, str], tuple[Sameness, dict[str, Any]]]:
    found = {}
    for lit in LIGHTS:
        patches, shots = frames(files, lit)
        for look in looks:
            found[look, lit] = compare(shots, patches, look=look, wb=wb, space="srgb")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--looks", default="", help="names with commas; all that are installed, unless given")
    parser.add_argument("--cameras", type=int, default=20)
    parser.add_argument("--wb", default="as-shot")
    parser.add_argument("--html", type=Path, help="a page with the patches of every camera")
    asked = parser.parse_args()
    if not data().is_dir():
        raise SystemExit(f"{data()}: not there; LICHTBILD_DATA names the folder that holds ssf/")
    looks = asked.looks.split(",") if asked.looks else list(names())
    files = every(asked.cameras)
    found = measured(looks, files, asked.wb)
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
