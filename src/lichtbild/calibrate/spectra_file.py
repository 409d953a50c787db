"""Files of spectra, JSON or CSV: sensitivities of a camera, reflectances. They come from laboratories, spreadsheets and
scans of data sheets, so what they are called and how numbers are written varies; what cannot be right is refused.

Everything is brought to one grid, `WAVELENGTHS` (380 to 780 nm in steps of 5, as CIE 15 has it for practical work).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from lichtbild.calibrate.spectra_table import LONGEST, SHORTEST, channel_of, read_table
from lichtbild.color import Floats
from lichtbild.errors import DeviceError
from lichtbild.plain_file import read_plain
from lichtbild.record import record

WAVELENGTHS: Floats = np.arange(380.0, 781.0, 5.0)
LARGEST = 32 << 20  # bytes of a file
MOST = 5000  # spectra in a file
NEEDED = (430.0, 650.0)  # nm that sensitivities must cover
WIDEST = 40.0  # nm from one wavelength to the next, within these; more hides bands of a sensor
COARSE = 5.5  # nm beyond which the curve between two wavelengths matters
STILL = 0.3, 0.1  # of a sensor's peak, that is told where the file begins and ends; less costs 0.05 CIEDE2000
BELOW = 0.05  # of the largest value: how far below zero noise may go


@record(eq=False)
class Spectra:
    """Spectra on `WAVELENGTHS`: values (81, k) with a name for each column, and what the file says of itself.

    doubts: of what the file leaves out, in one line each.
    """

    names: tuple[str, ...]
    values: Floats
    make: str = ""
    model: str = ""
    path: Path | None = None
    doubts: tuple[str, ...] = ()


def read_sensitivities(path: str | Path) -> Spectra:
    """Red, green and blue sensitivities of a camera, (81, 3), the largest value 1.

    JSON: {"spectral_data": {"index": {"main": ["R", "G", "B"]}, "data": {"main": {"380": [r, g, b], ...}}}}, with make
    and model in "header"; CSV: rows (or columns) of wavelength, r, g, b, or r, g1, g2, b, with or without heading.
    Wavelengths in nm may be in any order and of any step up to 40 nm; between them values are interpolated,
    outside they are 0, which is told where a sensor still sees much there. Raises `DeviceError`.
    """
    found = read_spectra(path, outside=0.0, widest=WIDEST)
    values, channels = found.values, [channel_of(n) for n in found.names]
    if values.shape[1] == 4 and (sorted(channels) == ["b", "g", "g", "r"] or not any(channels)):
        channels = channels if any(channels) else ["r", "g", "g", "b"]  # both greens of a mosaic
        values = np.stack([values[:, [c == name for c in channels]].mean(axis=1) for name in "rgb"], axis=1)
    elif values.shape[1] != 3:
        raise DeviceError(f"{path}: holds {values.shape[1]} spectra; sensitivities are three: R, G, B")
    elif sorted(channels) == ["b", "g", "r"]:
        values = values[:, [channels.index(name) for name in "rgb"]]
    if values.min() < -BELOW * values.max():
        raise DeviceError(f"{path}: sensitivities go down to {values.min() / values.max():.2f} of the largest; none is "
                          "below 0: take away the dark signal and nothing else")  # fmt: skip
    values = np.maximum(values, 0.0)
    if not (values.max(axis=0) > 1e-3 * values.max()).all():
        raise DeviceError(f"{path}: one of the three sensitivities is zero; give measured values of all")
    peaks = WAVELENGTHS[np.argmax(values, axis=0)]
    if not peaks[0] > peaks[1] > peaks[2]:
        shown = ", ".join(f"{p:g}" for p in peaks)
        raise DeviceError(f"{path}: red, green and blue peak at {shown} nm; put the columns in order")
    return Spectra(("R", "G", "B"), values / values.max(), found.make, found.model, found.path, _cut_off(path, values))


def _cut_off(path: str | Path, values: Floats) -> tuple[str, ...]:
    """What is told of sensitivities (81, 3) that end, within the grid, while a sensor still sees."""
    peak, told = values.max(axis=0), []
    for rows, word, still in ((values, "begin", STILL[0]), (values[::-1], "end", STILL[1])):
        k = int(np.argmax(rows.max(axis=1) > 0))
        c = int(np.argmax(rows[k] / peak))
        if k and (share := rows[k, c] / peak[c]) > still:
            at = WAVELENGTHS[k] if word == "begin" else WAVELENGTHS[::-1][k]
            told.append(
                f"{path}: sensitivities {word} at {at:g} nm, where {('red', 'green', 'blue')[c]} still has "
                f"{100 * share:.0f} % of its peak; beyond it is taken for 0: measure from 380 to 780 nm"
            )
    return tuple(told)


def read_spectra(path: str | Path, *, outside: float | None = None, widest: float | None = None) -> Spectra:
    """All spectra of a JSON or CSV file, as `read_sensitivities` describes them: reflectances, lights, observers.

    outside: value beyond the file's wavelengths; None repeats the first and last.   widest: nm that may lie between two
    wavelengths. Raises `DeviceError`.
    """
    path = Path(path)
    try:
        content = read_plain(path, LARGEST)
    except OSError as error:
        raise DeviceError(f"{path}: cannot be read ({error.strerror}); name a file of spectra") from None
    text = _text(path, content)
    header: dict[str, Any] = {}
    if text.lstrip()[:1] == "{":
        names, wavelengths, values, header = _from_json(path, text)
    else:
        names, wavelengths, values = read_table(path, text)
    grid = _on_grid(path, wavelengths, values, outside, widest)
    make, model = (str(header.get(k) or "")[:200] for k in ("manufacturer", "model"))
    return Spectra(names, grid, make.strip(), model.strip(), path)


def _text(path: Path, content: bytes) -> str:
    """UTF-8, what spreadsheets call Unicode (UTF-16 with a mark), or an older page of letters."""
    try:
        return content.decode("utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    if any((c < " " and c not in "\t\r\n\f") or "\x7f" <= c < "\xa0" for c in text):
        raise DeviceError(f"{path}: is not text; spectra are read from JSON or CSV")
    return text


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


def _on_grid(path: Path, wavelengths: Floats, values: Floats, outside: float | None, widest: float | None) -> Floats:
    there = np.isfinite(values)
    # Missing are only values before the first and after the last of a spectrum, and only where those are known, too.
    holes = (np.maximum.accumulate(there) & np.maximum.accumulate(there[::-1])[::-1] & ~there).any()
    if not np.isfinite(wavelengths).all() or holes or np.isinf(values).any() or (outside is None and not there.all()):
        raise DeviceError(f"{path}: holds values that are missing, or not finite numbers")
    values = np.where(there, values, 0.0 if outside is None else outside)
    if np.abs(values).max(initial=0) > 1e12:
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
    inner = wavelengths[(wavelengths >= NEEDED[0] - WIDEST) & (wavelengths <= NEEDED[1] + WIDEST)]
    if widest is not None and np.diff(inner).max(initial=0.0) > widest:
        k = int(np.argmax(np.diff(inner)))
        raise DeviceError(f"{path}: nothing is said between {inner[k]:g} and {inner[k + 1]:g} nm; measure it there too")
    return np.stack([_between(wavelengths, v, outside) for v in values.T], axis=1)


def _between(at: Floats, values: Floats, outside: float | None) -> Floats:
    """(81,) on the grid: linear between near wavelengths, else by Akima's cubics (1970), which round the peaks that
    lines cut off and swing past none."""
    linear = np.interp(WAVELENGTHS, at, values, outside, outside)
    step = np.diff(at)[np.clip(np.searchsorted(at, WAVELENGTHS, side="right") - 1, 0, len(at) - 2)]
    inside = (at[0] < WAVELENGTHS) & (at[-1] > WAVELENGTHS) & (step > COARSE)
    if not inside.any():
        return np.asarray(linear)
    try:
        from scipy.interpolate import Akima1DInterpolator
    except ImportError:
        raise DeviceError("calibration needs scipy; pip install lichtbild[calibrate]") from None
    curved = np.maximum(
        Akima1DInterpolator(at, values)(WAVELENGTHS), np.minimum(linear, 0)
    )  # a steep foot goes below 0
    return np.asarray(np.where(inside, curved, linear))
