"""Spectra: sensitivities, lights, observers, reflectances, and what a sensor sees of them.

Everything is on one grid, `WAVELENGTHS` (380 to 780 nm in steps of 5, as CIE 15 has it for practical work), and in
float64. Sensors are (81, k), lights (81,), reflectances (n, 81). Observer, daylight and the two sets of reflectances
for tests come from the package colour-science (extra `calibrate`), which is asked for only then.
"""

from __future__ import annotations

import csv
import functools
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lichtbild import color
from lichtbild.color import Chromaticity, Floats
from lichtbild.errors import DeviceError
from lichtbild.plain_file import open_plain
from lichtbild.record import record

WAVELENGTHS: Floats = np.arange(380.0, 781.0, 5.0)
LARGEST = 32 << 20  # bytes of a file
MOST = 5000  # spectra in a file
SHORTEST, LONGEST = 200.0, 2500.0  # nm that a file may speak of
SECOND = 1.4388e7  # second radiation constant in nm K
NEEDED = (430.0, 650.0)  # nm that sensitivities must cover


@record(eq=False)
class Spectra:
    """Spectra on `WAVELENGTHS`: values (81, k) with a name for each column, and what the file says of itself."""

    names: tuple[str, ...]
    values: Floats
    make: str = ""
    model: str = ""
    path: Path | None = None


def read_sensitivities(path: str | Path) -> Spectra:
    """Red, green and blue sensitivities of a camera, (81, 3), the largest value 1.

    JSON: {"spectral_data": {"index": {"main": ["R", "G", "B"]}, "data": {"main": {"380": [r, g, b], ...}}}}, with make
    and model in "header"; CSV: rows of wavelength, r, g, b, with or without a heading. Wavelengths in nm may be in any
    order and of any step; between them values are interpolated linearly, outside they are 0. Raises `DeviceError`.
    """
    found = read_spectra(path, outside=0.0)
    order = [i for c in ("r", "g", "b") for i, n in enumerate(found.names) if n.strip().lower()[:1] == c]
    if found.values.shape[1] != 3:
        raise DeviceError(f"{path}: holds {found.values.shape[1]} spectra; sensitivities are three: R, G, B")
    values = found.values[:, order] if sorted(order) == [0, 1, 2] else found.values
    values = np.maximum(values, 0.0)
    if not (values.max(axis=0) > 1e-3 * values.max()).all():
        raise DeviceError(f"{path}: one of the three sensitivities is zero; give measured values of all")
    peaks = WAVELENGTHS[np.argmax(values, axis=0)]
    if not peaks[0] > peaks[1] > peaks[2]:
        shown = ", ".join(f"{p:g}" for p in peaks)
        raise DeviceError(f"{path}: red, green and blue peak at {shown} nm; put the columns in order")
    return Spectra(("R", "G", "B"), values / values.max(), found.make, found.model, found.path)


def read_spectra(path: str | Path, *, outside: float | None = None) -> Spectra:
    """All spectra of a JSON or CSV file, as `read_sensitivities` describes them: reflectances, lights, observers.

    outside: value beyond the file's wavelengths; None repeats the first and last. Raises `DeviceError`.
    """
    path = Path(path)
    try:
        with open_plain(path) as file:
            content = file.read(LARGEST + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DeviceError(f"{path}: cannot be read ({reason}); name a file of spectra") from None
    if len(content) > LARGEST:
        raise DeviceError(f"{path}: is larger than {LARGEST >> 20} MB; those are no spectra")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DeviceError(f"{path}: is not text; spectra are read from JSON or CSV") from None
    header: dict[str, Any] = {}
    if text.lstrip()[:1] == "{":
        names, wavelengths, values, header = _from_json(path, text)
    else:
        names, wavelengths, values = _from_csv(path, text)
    grid = _on_grid(path, wavelengths, values, outside)
    make, model = (str(header.get(k) or "")[:200] for k in ("manufacturer", "model"))
    return Spectra(names, grid, make.strip(), model.strip(), path)


def _from_json(path: Path, text: str) -> tuple[tuple[str, ...], Floats, Floats, dict[str, Any]]:
    try:
        data = json.loads(text)
        part = data["spectral_data"]
        rows = part["data"]["main"]
        names = tuple(str(n) for n in part["index"]["main"])
        header = data.get("header", {})
        wavelengths = np.array([float(k) for k in rows], np.float64)
        values = np.array([[float(v) for v in row] for row in rows.values()], np.float64)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError):
        raise DeviceError(
            f'{path}: is not JSON of spectra; it needs "spectral_data" with "index" and "data"; or use CSV'
        ) from None
    if values.ndim != 2 or values.shape[1] != len(names):
        raise DeviceError(f"{path}: spectral_data.data does not have as many values as spectral_data.index has names")
    return names, wavelengths, values, header if isinstance(header, dict) else {}


def _from_csv(path: Path, text: str) -> tuple[tuple[str, ...], Floats, Floats]:
    """Comma, semicolon or white space between the columns; a first line that is not of numbers names them."""
    lines = [(i + 1, x) for i, x in enumerate(text.splitlines()) if x.strip() and not x.lstrip().startswith("#")]
    names: tuple[str, ...] = ()
    rows: list[list[float]] = []
    for number, line in lines:
        mark = next((m for m in (";", "\t", ",") if m in line), None)
        cells = next(csv.reader([line], delimiter=mark), []) if mark else line.split()
        if mark == ";":  # decimal commas
            cells = [c.replace(",", ".") for c in cells]
        try:
            row = [float(c) for c in cells if c.strip()]
        except ValueError:
            if rows or names:
                raise DeviceError(f"{path}: line {number} is not of numbers; write wavelength,r,g,b") from None
            names = tuple(c.strip() for c in cells[1:])
            continue
        if len(row) < 2 or (rows and len(row) != len(rows[0])):
            raise DeviceError(f"{path}: line {number} has {len(row)} numbers; write wavelength,r,g,b in each line")
        rows.append(row)
    if not rows:
        raise DeviceError(f"{path}: holds no spectra; write lines of wavelength,r,g,b")
    table = np.array(rows, np.float64)
    if len(names) != table.shape[1] - 1:
        names = tuple(str(i + 1) for i in range(table.shape[1] - 1))
    return names, table[:, 0], table[:, 1:]


def _on_grid(path: Path, wavelengths: Floats, values: Floats, outside: float | None) -> Floats:
    if not (np.isfinite(wavelengths).all() and np.isfinite(values).all()) or np.abs(values).max(initial=0) > 1e12:
        raise DeviceError(f"{path}: holds values that are not finite numbers")
    if not 1 <= values.shape[1] <= MOST or not 5 <= len(wavelengths) <= 10_000:
        raise DeviceError(f"{path}: needs at least 5 wavelengths, and at most {MOST} spectra")
    if wavelengths.max() < 10:  # micrometres
        wavelengths = wavelengths * 1000
    if wavelengths.min() < SHORTEST or wavelengths.max() > LONGEST:
        raise DeviceError(f"{path}: wavelengths must be in nm, from {SHORTEST:g} to {LONGEST:g}")
    order = np.argsort(wavelengths)
    wavelengths, values = wavelengths[order], values[order]
    if (np.diff(wavelengths) <= 0).any():
        raise DeviceError(f"{path}: a wavelength is there twice")
    if wavelengths[0] > NEEDED[0] or wavelengths[-1] < NEEDED[1]:
        raise DeviceError(f"{path}: wavelengths must reach from {NEEDED[0]:g} to {NEEDED[1]:g} nm at least")
    return np.stack([np.interp(WAVELENGTHS, wavelengths, v, outside, outside) for v in values.T], axis=1)


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
