"""How true colours become by calibration from spectral sensitivities, for every camera found, beside the best matrix.

    python benchmarks/devices.py [--every N] [FILE.json|FILE.csv ...]

Learnt from the 190 training reflectances that come with colour-science, and mixtures of them; tested on a chart of 24
patches and on the 99 colour evaluation samples of IES TM-30, under D65 and A, through the profile as applied.
CIEDE2000; noise is that of photons, as many times what the best matrix leaves. Two columns say what the sensor allows,
and are learnt from the test itself: "3x3" is the matrix of the least mean on it that keeps white, and "floor" the mean
when each of the 99 samples is foretold by the other 98 and the 190 together, by kriging over chromaticity, as smooth as
suits the test best, without a bound on noise and with white free. Between the two lights, under daylight of 4000 K and
5000 K, the profile is interpolated. Wanted under D65: chart 0.8, samples 1.2; under A: 1.2 and 1.6; worst patch of the
chart 3. What a camera misses is told below, beside what would be left when the other samples of the same set were
learnt from as well.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import numpy as np

from lichtbild import color
from lichtbild.calibrate import correction, sensitivities, spectra_file, spectral
from lichtbild.carriers import CameraColor
from lichtbild.color import Floats
from lichtbild.develop.camera_color import CameraModel
from lichtbild.devices import hue_sat, wanted
from lichtbild.devices.profile import DeviceProfile
from lichtbild.measure.table import table

KEYS = ("chart mean", "chart worst", "ces mean", "noise mean", "noise worst")
HEAD = ("chart", "worst", "samples", "noise", "worst", "3x3: chart", "samples", "floor")
SPREADS, NUGGETS = (0.09, 0.18, 0.36, 0.72), (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)  # of the kriging


def data() -> Path:
    root = Path(os.environ.get("LICHTBILD_DATA", Path(__file__).resolve().parents[2] / "shared"))
    return root / "ssf" / "data"


def difference(xyz: Floats, seen: Floats) -> Floats:
    return color.delta_e_2000(color.lab_from_xyz(xyz), color.lab_from_xyz(seen))


def best_matrix(sensors: Floats, light: str, test: str) -> float:
    """Mean difference by the matrix that is best for the test itself: least squares, reweighted for the least mean."""
    rgb, xyz, _ = sensitivities.simulated(sensors, spectral.light(light), spectral.reflectances(test)[0])
    weight, found = np.ones(len(rgb)), []
    for _ in range(20):
        errors = difference(xyz, rgb @ correction.best_matrix(rgb, xyz, weight).T)
        found.append(float(errors.mean()))
        weight = 1 / np.maximum(errors, 0.3)
    return min(found)


def floor(sensors: Floats, light: str) -> float:
    """Mean difference of the 99 samples, each foretold by all the others."""
    samples, measured = spectral.reflectances("ces")[0], spectral.reflectances("training")[0]
    refl = np.concatenate([samples, measured[measured.max(axis=1) > sensitivities.SAME]])
    rgb, xyz, _ = sensitivities.simulated(sensors, spectral.light(light), refl)
    matrix = correction.best_matrix(rgb, xyz, np.ones(len(rgb)))
    total = rgb.sum(axis=1, keepdims=True)
    place = np.log(rgb[:, ::2] / rgb[:, 1:2])
    apart = ((place[:, None] - place) ** 2).sum(axis=-1)
    left, found = (xyz - rgb @ matrix.T) / total, []
    for spread in SPREADS:
        for nugget in NUGGETS:
            inverse = np.linalg.inv(np.exp(-apart / (2 * spread**2)) + nugget * np.eye(len(rgb)))
            foretold = left - inverse @ left / np.diag(inverse)[:, None]
            found.append(difference(xyz, rgb @ matrix.T + foretold * total)[: len(samples)].mean())
    return float(min(found))


def between(profile: DeviceProfile, sensors: Floats, name: str) -> float:
    """Mean difference of the chart under a light that the profile was not made for."""
    light = spectral.light(name)
    rgb, xyz, neutral = sensitivities.simulated(sensors, light, spectral.reflectances("chart")[0])
    model = CameraModel.of(CameraColor(), profile)
    xy = model.xy_from_neutral(neutral)
    working = rgb @ model.white_balanced_to_rec2020(neutral, xy).T @ hue_sat.working_to_prophoto().T
    found = model.hue_sat_map(xy)
    seen = (hue_sat.apply(found, working) if found else working) @ hue_sat.PROPHOTO_TO_XYZ.T
    return float(difference(xyz, seen).mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--every", type=int, default=1, help="only every N-th camera")
    asked = parser.parse_args()
    files = (asked.files or sorted((data() / "camera").glob("*.json")))[:: asked.every]
    rows: dict[str, list[tuple[str, list[float]]]] = {"D65": [], "A": []}
    middle, missed = [], []
    for file in files:
        sensors = spectra_file.read_sensitivities(file)
        profile = sensitivities.calibrate(sensors)
        for light, found in rows.items():
            possible = [best_matrix(sensors.values, light, test) for test in ("chart", "ces")]
            figures = [profile.accuracy[light][k] for k in KEYS] + [*possible, floor(sensors.values, light)]
            found.append((f"{sensors.make} {sensors.model}".strip(), figures))
        missed += [f"{sensors.make} {sensors.model}, {text}" for text in wanted.lines(profile.accuracy)]
        middle.append([between(profile, sensors.values, name) for name in ("4000D", "D50")])
    for light, found in rows.items():
        values = np.array([v for _, v in found])
        lines = [(name, *(f"{v:.2f}" for v in figures)) for name, figures in found]
        for name, figures in (("mean", values.mean(0)), ("median", np.median(values, 0)), ("worst", values.max(0))):
            lines.append((name, *(f"{v:.2f}" for v in figures)))
        print(table((f"CIEDE2000, {light}", *HEAD), lines), end="\n\n")
    print("\n".join([*missed, ""]) if missed else "no camera misses a figure")
    means = np.mean(middle, axis=0)
    print(f"between the lights: chart {means[0]:.2f} under daylight of 4000 K, {means[1]:.2f} under D50 (mean)")


if __name__ == "__main__":
    main()
