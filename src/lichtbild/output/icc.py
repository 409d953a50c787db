"""ICC profiles of the colour spaces that pictures are written in (ICC.1:2010, version 4.3, matrix and curve).

Made from the spaces' definitions, so that they are exact and free of anyone's copyright: about 500 bytes each. Those of
PQ and HLG say by code points what they are (ICC.1:2022, version 4.4, tag cicp), and have a curve for readers that know
only curves: up to half of white it is exact, and all that is brighter finds room above.
"""

from __future__ import annotations

import functools
import struct

import numpy as np
import numpy.typing as npt

from lichtbild.color import BRADFORD, D65, rgb_to_xyz, xyz_from_xy

_D50 = np.array([0.9642, 1.0, 0.8249])  # the profile connection space's white, as ICC.1 rounds it
_NAMES = {"srgb": "sRGB", "p3": "Display P3", "rec2020": "Rec. 2020"}
# Decoding, as ICC's parametric curve of type 3 (g, a, b, c, d): linear = (a x + b)^g from d on, c x below.
_IEC_61966_2_1 = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
_BT_2020 = (1 / 0.45, 1 / 1.09929682680944, 0.09929682680944 / 1.09929682680944, 1 / 4.5, 4.5 * 0.018053968510807)
_CURVES = {"srgb": _IEC_61966_2_1, "p3": _IEC_61966_2_1, "rec2020": _BT_2020}


_VERSION_4_3, _VERSION_4_4 = 0x04300000, 0x04400000
_TELEVISION = {"pq": ("PQ", 16), "hlg": ("HLG", 18)}  # the transfer's name and code point of ITU-T H.273
_REC_2020_PRIMARIES, _SIZE, _KNEE = 9, 1024, 0.5


@functools.cache
def profile(space: str, linear: bool = False) -> bytes:
    """The profile of "srgb", "p3" or "rec2020"; with `linear`, for pixels that are proportional to light."""
    name = f"{_NAMES[space]}{' linear' if linear else ''} (Lichtbild)"
    curve = _parametric(0, (1.0,)) if linear else _parametric(3, _CURVES[space])
    return _made(name, space, curve, _VERSION_4_3)


@functools.cache
def television(kind: str) -> bytes:
    """The profile of Rec. 2020 with the curve "pq" or "hlg", full range."""
    name, code = _TELEVISION[kind]
    curve = b"curv\0\0\0\0" + struct.pack(">I", _SIZE) + _in_white(kind).astype(">u2").tobytes()
    points = b"cicp\0\0\0\0" + bytes((_REC_2020_PRIMARIES, code, 0, 1))
    return _made(f"Rec. 2020 {name} (Lichtbild)", "rec2020", curve, _VERSION_4_4, (b"cicp", points))


def _in_white(kind: str) -> npt.NDArray[np.float64]:
    """(1024,) light of the curve in 65535ths, white of the picture (203 cd/m2) at 0.75, and nothing cut off."""
    from lichtbild.output.light import WHITE

    code = np.linspace(0, 1, _SIZE)
    if kind == "pq":  # SMPTE ST 2084
        root = code ** (1 / 78.84375)
        light = 10_000 * (np.maximum(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root)) ** (1 / 0.1593017578125)
    else:  # ITU-R BT.2100, with the system gamma of a display of 1000 cd/m2
        high = (np.exp((np.maximum(code, 0.5) - 0.55991073) / 0.17883277) + 0.28466892) / 12
        light = 1000 * np.where(code <= 0.5, code**2 / 3, high) ** 1.2
    x = light / WHITE
    above = np.maximum(x - _KNEE, 0)
    shown = np.minimum(x, _KNEE) + (1 - _KNEE) * above / (above + 1 - _KNEE)
    return np.asarray(np.rint(shown * 65535), np.float64)


def _made(name: str, space: str, curve: bytes, version: int, *more: tuple[bytes, bytes]) -> bytes:
    """A profile of the primaries of `space` and a curve."""
    adapted, adaptation = _adapted_colorants(space)
    tags: list[tuple[bytes, bytes]] = [
        (b"desc", _text(name)),
        (b"cprt", _text("No copyright, use freely")),
        (b"wtpt", b"XYZ \0\0\0\0" + _fixed(_D50)),
        (b"chad", b"sf32\0\0\0\0" + _fixed(adaptation)),
        *(
            (key, b"XYZ \0\0\0\0" + struct.pack(">3i", *column))
            for key, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), adapted.T.tolist(), strict=True)
        ),
        *((key, curve) for key in (b"rTRC", b"gTRC", b"bTRC")),
        *more,
    ]
    table, body = _table(tags)
    size = 128 + len(table) + len(body)
    head = struct.pack(
        ">I4sI4s4s4s6H4s4sI4s4sQI",
        *(size, b"\0\0\0\0", version, b"mntr", b"RGB ", b"XYZ "),
        *(2026, 1, 1, 0, 0, 0),  # a date must stand here; a fixed one keeps files the same on every run
        *(b"acsp", b"\0\0\0\0", 0, b"\0\0\0\0", b"\0\0\0\0", 0, 0),
    )
    white = struct.pack(">3i", *np.rint(_D50 * 65536).astype(int).tolist())
    return (head + white).ljust(128, b"\0") + table + body


def _adapted_colorants(space: str) -> tuple[np.ndarray, np.ndarray]:
    """Colorants under D50 in s15Fixed16 units (their sum is exactly D50), and the Bradford adaptation from D65."""
    gains = (BRADFORD @ _D50) / (BRADFORD @ xyz_from_xy(D65))
    adaptation = np.linalg.solve(BRADFORD, gains[:, None] * BRADFORD)
    fixed = np.rint(adaptation @ rgb_to_xyz(space) * 65536).astype(int)
    fixed[:, 1] += np.rint(_D50 * 65536).astype(int) - fixed.sum(axis=1)
    return fixed, adaptation


def _table(tags: list[tuple[bytes, bytes]]) -> tuple[bytes, bytes]:
    """The tag table and the tag data behind it; equal data is stored once."""
    start = 128 + 4 + 12 * len(tags)
    places: dict[bytes, int] = {}
    body = bytearray()
    rows = bytearray(struct.pack(">I", len(tags)))
    for key, data in tags:
        if data not in places:
            places[data] = start + len(body)
            body += data + bytes(-len(data) % 4)
        rows += struct.pack(">4sII", key, places[data], len(data))
    return bytes(rows), bytes(body)


def _text(text: str) -> bytes:
    encoded = text.encode("utf-16-be")
    return b"mluc\0\0\0\0" + struct.pack(">II2s2sII", 1, 12, b"en", b"US", len(encoded), 28) + encoded


def _parametric(kind: int, values: tuple[float, ...]) -> bytes:
    return b"para\0\0\0\0" + struct.pack(">HH", kind, 0) + _fixed(np.array(values))


def _fixed(values: np.ndarray) -> bytes:
    """Big-endian s15Fixed16 numbers."""
    return bytes(np.rint(values * 65536).astype(">i4").tobytes())
