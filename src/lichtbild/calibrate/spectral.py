"""Spectra: sensitivities, lights, observers, reflectances, and what a sensor sees of them.

Everything is on one grid, `WAVELENGTHS` (380 to 780 nm in steps of 5, as CIE 15 has it for practical work), and in
float64. Sensors are (81, k), lights (81,), reflectances (n, 81). Observer, daylight and the two sets of reflectances
for tests come from the package colour-science (extra `calibrate`), which is asked for only then.
"""

from __future__ import annotations

import functools
import re
from typing import Any

import numpy as np
import numpy.typing as npt

from lichtbild import color
from lichtbild.calibrate.spectra_file import WAVELENGTHS
from lichtbild.color import Chromaticity, Floats
from lichtbild.errors import DeviceError

SECOND = 1.4388e7  # second radiation constant in nm K


def _colour() -> Any:
    try:
        import warnings

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import colour
    except ImportError:
        raise DeviceError("calibration needs colour-science; pip install lichtbild[calibrate]") from None
    return colour


def _aligned(distribution: Any) -> Floats:
    """A distribution of colour-science on the grid, its ends repeated."""
    values = np.asarray(distribution.values, np.float64)
    values = values[:, None] if values.ndim == 1 else values
    at = np.asarray(distribution.wavelengths, np.float64)
    return np.stack([np.interp(WAVELENGTHS, at, v) for v in values.T], axis=1)


@functools.cache
def observer() -> Floats:
    """(81, 3) colour matching functions of the CIE 1931 2 degree standard observer. Needs the extra `calibrate`."""
    return _frozen(_aligned(_colour().MSDS_CMFS["CIE 1931 2 Degree Standard Observer"]))


def planck(kelvin: float) -> Floats:
    """(81,) black body, 1 at 560 nm (Planck)."""
    shape = WAVELENGTHS**-5.0 / np.expm1(SECOND / (WAVELENGTHS * kelvin))
    return np.asarray(shape / shape[int(np.searchsorted(WAVELENGTHS, 560.0))])


@functools.cache
def daylight(kelvin: float) -> Floats:
    """(81,) CIE daylight of 4000 to 25000 K (CIE 15), 1 at 560 nm. Needs the extra `calibrate`."""
    _colour()
    from colour.colorimetry import SDS_BASIS_FUNCTIONS_CIE_ILLUMINANT_D_SERIES as functions  # noqa: N811

    basis = [_aligned(functions[k])[:, 0] for k in ("S0", "S1", "S2")]
    x, y = color.daylight_xy(kelvin)
    m = 0.0241 + 0.2562 * x - 0.7341 * y
    m1, m2 = (-1.3515 - 1.7703 * x + 5.9114 * y) / m, (0.0300 - 31.4424 * x + 30.0717 * y) / m
    shape = basis[0] + m1 * basis[1] + m2 * basis[2]
    return _frozen(shape / shape[int(np.searchsorted(WAVELENGTHS, 560.0))])


@functools.cache
def light(name: str) -> Floats:
    """(81,) of an illuminant, about 1 at 560 nm: "A", "E", "D50", "D55", "D60", "D65", "D75", "3200K" (black body up
    to 4000 K, daylight above; "3200P" is always a black body, "5000D" always daylight), "studio-tungsten", or a name
    of colour-science ("FL2", "FL11", "LED-B3", ...). Raises `DeviceError`."""
    if name == "A":
        return _frozen(planck(2848.0 * SECOND / 1.435e7))  # CIE 15: of 2848 K by an older constant
    if name == "E":
        return _frozen(np.ones_like(WAVELENGTHS))
    if name == "studio-tungsten":
        return _frozen(planck(3200.0))
    if match := re.fullmatch(r"(\d{3,5}(?:\.\d+)?)([KPD])", name):
        kelvin, kind = float(match[1]), match[2]
        if kind == "D" or (kind == "K" and kelvin > 4000):
            if not 4000 <= kelvin <= 25_000:
                raise DeviceError(f"light: {name!r}: daylight is of 4000 to 25000 kelvin")
            return np.asarray(daylight(kelvin))
        if not 1000 <= kelvin <= 40_000:
            raise DeviceError(f"light: {name!r}: a black body is of 1000 to 40000 kelvin")
        return _frozen(planck(kelvin))
    known = _colour().SDS_ILLUMINANTS
    if name not in known:
        raise DeviceError(f"light: {name!r} is not known; use A, D50, D55, D65, D75, E, 3200K, FL2, LED-B3 or the like")
    shape = _aligned(known[name])[:, 0]
    return _frozen(shape / shape.mean())


def reflectances(name: str) -> tuple[Floats, tuple[str, ...]]:
    """(n, 81) reflectances with their names: "training" (the 190 of ACES input transforms), to learn from; to test by,
    "chart" (24 patches, the mean of 30 charts) or "ces" (the 99 colour evaluation samples of ANSI/IES TM-30, CIE 224).
    Needs the extra `calibrate`."""
    colour = _colour()
    if name == "training":
        known = colour.characterisation.read_training_data_rawtoaces_v1()
        return _aligned(known).T.copy(), tuple(map(str, known.labels))
    if name == "chart":
        patches = colour.SDS_COLOURCHECKERS["BabelColor Average"]
        return np.stack([_aligned(sd)[:, 0] for sd in patches.values()]), tuple(patches)
    if name == "ces":
        from colour.quality.cfi2017 import load_TCS_CIE2017

        samples = load_TCS_CIE2017(colour.SpectralShape(380, 780, 5))
        return np.asarray(samples.values, np.float64).T.copy(), tuple(f"CES{i + 1:02d}" for i in range(99))
    raise DeviceError(f"reflectances: {name!r} is not training, chart or ces")


def seen(sensors: Floats, illuminant: Floats, reflected: npt.ArrayLike | None = None) -> Floats:
    """(n, k) response of sensors (81, k) to reflectances (n, 81) under a light (81,); the perfect white without any.

    Not normalised: divide by the response to white, or by that of luminance.
    """
    lit = illuminant[:, None] * sensors
    if reflected is None:
        return np.asarray(lit.sum(axis=0))
    return np.asarray(np.asarray(reflected, np.float64) @ lit)


def xyz(illuminant: Floats, reflected: npt.ArrayLike | None = None) -> Floats:
    """(n, 3) XYZ of reflectances (n, 81) under a light, Y = 1 for the perfect white; (3,) of the light itself."""
    white = seen(observer(), illuminant)
    return np.asarray(seen(observer(), illuminant, reflected) / white[1])


def white_xy(illuminant: Floats) -> Chromaticity:
    """CIE 1931 chromaticity of a light."""
    return color.xy_from_xyz(xyz(illuminant))


def _frozen(values: Floats) -> Floats:
    values = np.asarray(values, np.float64)
    values.setflags(write=False)
    return values
