"""Colour maths shared by all legs: spaces, white points, temperature, adaptation, Lab and ΔE.

Everything here is small and in float64; pixels of a photograph go through kernels. Matrices act on column
vectors: `rgb = matrix @ xyz`. White is XYZ with Y = 1.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]
Chromaticity: TypeAlias = tuple[float, float]

D50: Chromaticity = (0.34567, 0.35850)  # CIE 15, 2 degree observer
D65: Chromaticity = (0.3127, 0.3290)  # as ITU-R BT.709, BT.2020 and SMPTE EG 432-1 round it

PRIMARIES: dict[str, tuple[Chromaticity, Chromaticity, Chromaticity]] = {
    "srgb": ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060)),
    "p3": ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
    "rec2020": ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),
}

BRADFORD: Floats = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])

# Robertson, "Computation of correlated color temperature and distribution temperature", JOSA 58 (1968); Wyszecki and
# Stiles, "Color Science", table 1(3.11). Rows: reciprocal megakelvin, u, v of the Planckian locus (CIE 1960), slope of
# the isotherm. The same table, and so the same kelvin and tint, as other raw developers use.
ROBERTSON: Floats = np.array(
    [
        (0, 0.18006, 0.26352, -0.24341),
        (10, 0.18066, 0.26589, -0.25479),
        (20, 0.18133, 0.26846, -0.26876),
        (30, 0.18208, 0.27119, -0.28539),
        (40, 0.18293, 0.27407, -0.30470),
        (50, 0.18388, 0.27709, -0.32675),
        (60, 0.18494, 0.28021, -0.35156),
        (70, 0.18611, 0.28342, -0.37915),
        (80, 0.18740, 0.28668, -0.40955),
        (90, 0.18880, 0.28997, -0.44278),
        (100, 0.19032, 0.29326, -0.47888),
        (125, 0.19462, 0.30141, -0.58204),
        (150, 0.19962, 0.30921, -0.70471),
        (175, 0.20525, 0.31647, -0.84901),
        (200, 0.21142, 0.32312, -1.0182),
        (225, 0.21807, 0.32909, -1.2168),
        (250, 0.22511, 0.33439, -1.4512),
        (275, 0.23247, 0.33904, -1.7298),
        (300, 0.24010, 0.34308, -2.0637),
        (325, 0.24792, 0.34655, -2.4681),
        (350, 0.25591, 0.34951, -2.9641),
        (375, 0.26400, 0.35200, -3.5814),
        (400, 0.27218, 0.35407, -4.3633),
        (425, 0.28039, 0.35577, -5.3762),
        (450, 0.28863, 0.35714, -6.7262),
        (475, 0.29685, 0.35823, -8.5955),
        (500, 0.30505, 0.35907, -11.324),
        (525, 0.31320, 0.35968, -15.628),
        (550, 0.32129, 0.36011, -23.325),
        (575, 0.32931, 0.36038, -40.770),
        (600, 0.33724, 0.36051, -116.45),
    ]
)
TINT_PER_DUV = 3000.0


def xyz_from_xy(xy: Sequence[float]) -> Floats:
    """XYZ with Y = 1 of a chromaticity."""
    x, y = xy
    return np.array([x / y, 1.0, (1.0 - x - y) / y])


def xy_from_xyz(xyz: npt.ArrayLike) -> Chromaticity:
    """Chromaticity of an XYZ colour whose sum is not zero."""
    x, y, z = np.asarray(xyz, np.float64)
    return float(x / (x + y + z)), float(y / (x + y + z))


@functools.cache
def rgb_to_xyz(space: str) -> Floats:
    """Linear RGB of "srgb", "p3" or "rec2020" (white D65) to XYZ (SMPTE RP 177). Read-only."""
    columns = np.stack([xyz_from_xy(p) for p in PRIMARIES[space]], axis=1)
    matrix: Floats = np.asarray(columns * np.linalg.solve(columns, xyz_from_xy(D65)), np.float64)
    matrix.setflags(write=False)
    return matrix


@functools.cache
def xyz_to_rgb(space: str) -> Floats:
    """XYZ to linear RGB of "srgb", "p3" or "rec2020" (white D65). Read-only."""
    matrix: Floats = np.asarray(np.linalg.inv(rgb_to_xyz(space)), np.float64)
    matrix.setflags(write=False)
    return matrix


def convert(source: str, target: str) -> Floats:
    """Linear RGB of one space to linear RGB of another."""
    return np.asarray(xyz_to_rgb(target) @ rgb_to_xyz(source), np.float64)


def luminance(space: str) -> Floats:
    """Weights of R, G, B in the luminance Y of a space."""
    return np.asarray(rgb_to_xyz(space)[1])


def adaptation(source: Sequence[float], target: Sequence[float]) -> Floats:
    """Linear Bradford adaptation: XYZ seen under white `source` (xy) to XYZ under white `target`."""
    gains = (BRADFORD @ xyz_from_xy(target)) / (BRADFORD @ xyz_from_xy(source))
    return np.asarray(np.linalg.solve(BRADFORD, gains[:, None] * BRADFORD), np.float64)


def _uv_from_xy(xy: Sequence[float]) -> Floats:
    x, y = xy
    return np.array([4 * x, 6 * y]) / (-2 * x + 12 * y + 3)


def _xy_from_uv(uv: Sequence[float]) -> Chromaticity:
    u, v = uv
    return float(3 * u / (2 * u - 8 * v + 4)), float(2 * v / (2 * u - 8 * v + 4))


def _isotherm(slope: float) -> Floats:
    """Unit vector along an isotherm, from the locus towards magenta."""
    return np.asarray(np.array([1.0, slope]) / np.hypot(1.0, slope))


def temperature_from_xy(xy: Sequence[float]) -> tuple[float, float]:
    """Correlated colour temperature in kelvin (1667 and up) and tint of an illuminant (Robertson 1968).

    tint: 3000 times the distance from the Planckian locus in CIE 1960 uv, positive for a greenish illuminant: that is
    what a photographer calls "+ magenta", as the picture is corrected towards magenta.
    """
    uv = _uv_from_xy(xy)
    # Signed distance to each isotherm; it changes its sign between the two that enclose the point.
    slope = ROBERTSON[:, 3]
    distance = ((uv[1] - ROBERTSON[:, 2]) - slope * (uv[0] - ROBERTSON[:, 1])) / np.hypot(1.0, slope)
    below = np.nonzero(distance[1:] <= 0.0)[0]
    i = int(below[0]) + 1 if len(below) else len(ROBERTSON) - 1
    d0, d1 = max(distance[i - 1], 0.0), max(-distance[i], 0.0)
    f = d0 / (d0 + d1) if d0 + d1 > 0 else 0.0
    mired = (1 - f) * ROBERTSON[i - 1, 0] + f * ROBERTSON[i, 0]
    locus = (1 - f) * ROBERTSON[i - 1, 1:3] + f * ROBERTSON[i, 1:3]
    towards_magenta = (1 - f) * _isotherm(slope[i - 1]) + f * _isotherm(slope[i])
    towards_magenta /= np.hypot(*towards_magenta)
    return float(1e6 / max(mired, 1.0)), float(-TINT_PER_DUV * (uv - locus) @ towards_magenta)


def xy_from_temperature(kelvin: float, tint: float = 0.0) -> Chromaticity:
    """Chromaticity of the illuminant of that colour temperature and tint; inverse of `temperature_from_xy`."""
    mired = min(max(1e6 / kelvin, 0.0), 600.0)
    i = int(np.clip(np.searchsorted(ROBERTSON[:, 0], mired), 1, len(ROBERTSON) - 1))
    f = (mired - ROBERTSON[i - 1, 0]) / (ROBERTSON[i, 0] - ROBERTSON[i - 1, 0])
    locus = (1 - f) * ROBERTSON[i - 1, 1:3] + f * ROBERTSON[i, 1:3]
    towards_magenta = (1 - f) * _isotherm(ROBERTSON[i - 1, 3]) + f * _isotherm(ROBERTSON[i, 3])
    towards_magenta /= np.hypot(*towards_magenta)
    return _xy_from_uv(locus - tint / TINT_PER_DUV * towards_magenta)


def daylight_xy(kelvin: float) -> Chromaticity:
    """Chromaticity of CIE daylight of 4000 to 25000 kelvin (CIE 15, D series)."""
    t = 1e3 / kelvin
    if kelvin <= 7000:
        x = 0.244063 + 0.09911 * t + 2.9678 * t**2 - 4.6070 * t**3
    else:
        x = 0.237040 + 0.24748 * t + 1.9018 * t**2 - 2.0064 * t**3
    return x, -3.0 * x * x + 2.870 * x - 0.275


def encode_srgb(linear: npt.ArrayLike) -> Floats:
    """IEC 61966-2-1 encoding of linear light, 0..1 to 0..1; odd for negative values."""
    a = np.asarray(linear, np.float64)
    m = np.abs(a)
    return np.asarray(np.sign(a) * np.where(m <= 0.0031308, 12.92 * m, 1.055 * m ** (1 / 2.4) - 0.055))


def decode_srgb(encoded: npt.ArrayLike) -> Floats:
    """Inverse of `encode_srgb`."""
    a = np.asarray(encoded, np.float64)
    m = np.abs(a)
    return np.asarray(np.sign(a) * np.where(m <= 0.04045, m / 12.92, ((m + 0.055) / 1.055) ** 2.4))


def lab_from_xyz(xyz: npt.ArrayLike, white: Sequence[float] = D50) -> Floats:
    """CIE 1976 L*a*b* of (..., 3) XYZ relative to the white of chromaticity `white` (CIE 15)."""
    t = np.asarray(xyz, np.float64) / xyz_from_xy(white)
    f = np.where(t > (6 / 29) ** 3, np.cbrt(t), t * (29 / 6) ** 2 / 3 + 4 / 29)
    x, y, z = f[..., 0], f[..., 1], f[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def delta_e_2000(lab_1: npt.ArrayLike, lab_2: npt.ArrayLike) -> Any:
    """CIEDE2000 colour difference of (..., 3) Lab colours (Sharma, Wu, Dalal 2005; ISO/CIE 11664-6)."""
    l1, a1, b1 = np.moveaxis(np.asarray(lab_1, np.float64), -1, 0)
    l2, a2, b2 = np.moveaxis(np.asarray(lab_2, np.float64), -1, 0)
    mean_c7 = ((np.hypot(a1, b1) + np.hypot(a2, b2)) / 2) ** 7
    g = 0.5 * (1 - np.sqrt(mean_c7 / (mean_c7 + 25.0**7)))
    c1, c2 = np.hypot((1 + g) * a1, b1), np.hypot((1 + g) * a2, b2)
    h1 = np.degrees(np.arctan2(b1, (1 + g) * a1)) % 360
    h2 = np.degrees(np.arctan2(b2, (1 + g) * a2)) % 360
    grey = c1 * c2 == 0
    dh = np.where(grey, 0.0, (h2 - h1 + 180) % 360 - 180)
    # At exactly opposite hues the standard takes +180 when h2 > h1.
    dh = np.where(~grey & (np.abs(h2 - h1) == 180), h2 - h1, dh)
    dl, dc = l2 - l1, c2 - c1
    dH = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(dh / 2))
    lm, cm = (l1 + l2) / 2, (c1 + c2) / 2
    far = np.abs(h1 - h2) > 180
    hm = np.where(grey, h1 + h2, (h1 + h2 + np.where(far, np.where(h1 + h2 < 360, 360, -360), 0)) / 2)
    t = (
        1
        - 0.17 * np.cos(np.radians(hm - 30))
        + 0.24 * np.cos(np.radians(2 * hm))
        + 0.32 * np.cos(np.radians(3 * hm + 6))
        - 0.20 * np.cos(np.radians(4 * hm - 63))
    )
    sl = 1 + 0.015 * (lm - 50) ** 2 / np.sqrt(20 + (lm - 50) ** 2)
    sc, sh = 1 + 0.045 * cm, 1 + 0.015 * cm * t
    rc = 2 * np.sqrt(cm**7 / (cm**7 + 25.0**7))
    rt = -np.sin(np.radians(60 * np.exp(-(((hm - 275) / 25) ** 2)))) * rc
    return np.sqrt((dl / sl) ** 2 + (dc / sc) ** 2 + (dH / sh) ** 2 + rt * (dc / sc) * (dH / sh))
