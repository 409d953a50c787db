"""What spectral scenes are made of: lights, reflectances, and measured cameras as a raw file would describe them.

Cameras: the measured sensitivities of the shared data; their matrices for A and D65 are least squares over the training
reflectances. Lights: `colour-science`'s tables (extra `calibrate`).
"""

from __future__ import annotations

import functools
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lichtbild import color
from lichtbild.carriers import CameraColor
from lichtbild.develop.camera_color import CameraModel

ROOT = Path(__file__).parent.parent
SHARED = Path(os.environ.get("LICHTBILD_DATA", ROOT.parent / "shared"))
WAVELENGTHS = np.arange(380, 781, 5)
Array = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class Light:
    """spectrum: (81,). low, high: light values (EV at ISO 100) at which one photographs in it."""

    name: str
    kind: str
    spectrum: Array
    low: float
    high: float


def planck(kelvin: float) -> Array:
    w = WAVELENGTHS * 1e-9
    return w**-5 / np.expm1(1.4388e-2 / w / kelvin) / (560e-9**-5 / np.expm1(1.4388e-2 / 560e-9 / kelvin))


@functools.cache
def lights() -> dict[str, Light]:
    import colour

    def table(name: str) -> Array:
        shape = colour.SpectralShape(380, 780, 5)
        return np.asarray(colour.SDS_ILLUMINANTS[name].copy().align(shape).values)

    def day(kelvin: float) -> Array:
        xy = np.array(color.daylight_xy(kelvin))
        shape = colour.SpectralShape(380, 780, 5)
        return np.asarray(colour.sd_CIE_illuminant_D_series(xy, shape=shape).values)

    found = [Light("A", "tungsten", planck(2856), 3, 8), Light("halogen", "tungsten", planck(3100), 4, 8)]
    found += [
        Light("candle", "tungsten", planck(2000), 0, 4),
        Light("sunset", "sunset", 0.9 * planck(2600) + 0.1 * day(9000) / 100, 7, 10),
    ]
    found += [Light(f"D{k}", "daylight", day(k * 100.0), 11, 15) for k in (50, 55, 65, 75)]
    found += [Light("shade", "shade", day(8500.0), 9, 12), Light("blue shade", "shade", day(10500.0), 8, 11)]
    found += [
        Light(n, "fluorescent", table(n), 5, 9) for n in ("FL1", "FL2", "FL3", "FL4", "FL7", "FL8", "FL11", "FL12")
    ]
    found += [
        Light(n, "LED", table(n), 4, 9) for n in ("LED-B1", "LED-B3", "LED-B4", "LED-B5", "LED-BH1", "LED-V1", "LED-V2")
    ]
    found += [Light("HP1", "sodium", table("HP1"), 0, 4), Light("HP2", "sodium", table("HP2"), 0, 4)]
    return {light.name: light for light in found}


@functools.cache
def training() -> Array:
    """(190, 81) reflectances."""
    data = json.loads((SHARED / "ssf/data/training/training_spectral.json").read_text())["spectral_data"]["data"][
        "main"
    ]
    return np.array([data[str(w)] for w in WAVELENGTHS]).T


@functools.cache
def samples_99() -> Array:
    """(99, 81) reflectances of the colour evaluation samples of ANSI/IES TM-30."""
    import colour
    from colour.quality.cfi2017 import load_TCS_CIE2017
    from colour.quality.datasets.tcs import INDEXES_TO_NAMES_TCS  # noqa: F401 - tells early that it is there

    sds = load_TCS_CIE2017(colour.SpectralShape(380, 780, 5))
    return np.asarray(sds.values).T


@functools.cache
def observer() -> Array:
    data = json.loads((SHARED / "ssf/data/cmf/cmf_1931.json").read_text())["spectral_data"]["data"]["main"]
    return np.array([data[str(w)] for w in WAVELENGTHS])


@functools.cache
def camera_names() -> tuple[str, ...]:
    return tuple(sorted(p.name.removesuffix("_380_780_5.json") for p in (SHARED / "ssf/data/camera").glob("*.json")))


@functools.cache
def sensitivities(name: str) -> Array:
    """(81, 3)"""
    data = json.loads((SHARED / f"ssf/data/camera/{name}_380_780_5.json").read_text())["spectral_data"]["data"]["main"]
    s = np.array([data[str(w)] for w in WAVELENGTHS])
    return np.asarray(s / (s.T @ lights()["D55"].spectrum).max())


@functools.cache
def model_of(name: str) -> CameraModel:
    """The camera as a file's tags describe it."""
    matrices = []
    for light in ("A", "D65"):
        spectrum = lights()[light].spectrum
        seen, xyz = (training() * spectrum) @ sensitivities(name), (training() * spectrum) @ observer()
        white_xyz, white = spectrum @ observer(), spectrum @ sensitivities(name)
        # White exact, the rest by least squares: rows m with m @ white_xyz = white.
        a, y = xyz / white_xyz[1], seen / white.max()
        rows = []
        for c in range(3):
            kkt = np.block(
                [[a.T @ a, white_xyz[:, None] / white_xyz[1]], [white_xyz[None] / white_xyz[1], np.zeros((1, 1))]]
            )
            rows.append(np.linalg.solve(kkt, np.append(a.T @ y[:, c], (white / white.max())[c]))[:3])
        matrices.append(tuple(tuple(float(v) for v in row) for row in rows))
    return CameraModel.of(
        CameraColor(
            color_matrix_1=matrices[0],
            color_matrix_2=matrices[1],
            calibration_illuminant_1=17,
            calibration_illuminant_2=21,
        )
    )
