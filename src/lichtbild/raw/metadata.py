"""What a TIFF-based raw says about the photograph: camera, lens, exposure, time, colour (DNG 1.7, EXIF 2.32).

`Metadata.exif` keeps the tags that describe the photograph, not those that describe how pixels are stored:
{"Image" | "Exif" | "GPS": {tag: (TIFF type, value)}} with str for ASCII, bytes for BYTE and UNDEFINED, a tuple of
numbers for the other types, and a tuple of (numerator, denominator) for rationals.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from lichtbild.carriers import CameraColor, Matrix, Metadata, NoiseProfile
from lichtbild.raw.fallbacks import Notes
from lichtbild.raw.tiff import (
    ASCII,
    BYTE,
    EXIF_IFD,
    GPS_IFD,
    IFD,
    IFD8,
    RATIONAL,
    SBYTE,
    SRATIONAL,
    UNDEFINED,
    Directory,
    Tiff,
)  # fmt: skip

# Tags of the first directory that are about the photograph.
_IMAGE_TAGS = {
    269, 270, 271, 272, 274, 282, 283, 296, 305, 306, 315, 316, 18246, 18249, 33432, 33434, 33437, 34850, 34855,
    36867, 37377, 37378, 37379, 37380, 37381, 37382, 37383, 37384, 37385, 37386, 50708, 50735, 50736,
    *range(40091, 40096),
}  # fmt: skip
DNG_VERSION = 50706
_MAKER_NOTE, _INTEROP = 37500, 40965
_MAX_VALUE_BYTES = 16384
_UNKNOWN_ILLUMINANTS = (0, 255)


class Tags:
    """Looks a tag up in the directories where cameras put it: the EXIF one, the first one, the raw image's own."""

    def __init__(self, image: Directory, exif: Directory | None, gps: Directory | None, raw: Directory | None) -> None:
        self.image, self.exif, self.gps = image, exif, gps
        self.places = [d for d in (exif, image, raw) if d is not None]

    @classmethod
    def of(cls, tiff: Tiff, raw: Directory | None = None) -> Tags:
        """The tags of a TIFF file; raw: the directory of its main image."""
        exif = next((e for d in tiff.directories if (e := tiff.linked(d, EXIF_IFD))), None)
        return cls(tiff.directories[0], exif, tiff.linked(tiff.directories[0], GPS_IFD), raw)

    @property
    def is_dng(self) -> bool:
        return DNG_VERSION in self.image

    def holder(self, tag: int) -> Directory | None:
        return next((d for d in self.places if tag in d), None)

    def positive(self, tag: int) -> float | None:
        """The tag's first number from any directory where it is finite and above 0."""
        values = (d.number(tag) for d in self.places if tag in d)
        return next((v for v in values if v is not None and v > 0), None)

    def floats(self, tag: int, count: int) -> tuple[float, ...] | None:
        holder = self.holder(tag)
        return holder.floats(tag, count) if holder else None

    def text(self, tag: int) -> str:
        return next((t for d in self.places if (t := d.text(tag))), "")

    def bytes(self, tag: int) -> bytes:
        holder = self.holder(tag)
        return holder.bytes(tag) if holder else b""


def read_metadata(path: Path, tags: Tags, notes: Notes, color: CameraColor | None = None) -> Metadata:
    """Everything but the pixels. color: given when the file itself keeps its colour in a maker's own way."""
    orientation = tags.image.integer(274, 1)
    if orientation not in range(1, 9):
        orientation = notes.orientation() if orientation != 0 else 1
    make, model = tags.text(271), tags.text(272)
    return Metadata(
        path=path,
        make=make,
        model=model,
        unique_camera_model=tags.text(50708) or full_model(make, model),
        lens=_lens(tags),
        iso=_iso(tags),
        exposure_time=tags.positive(33434) or _apex(tags.floats(37377, 1), lambda v: 2.0**-v),
        f_number=tags.positive(33437) or _apex(tags.floats(37378, 1), lambda v: 2.0 ** (v / 2)),
        focal_length=tags.positive(37386),
        capture_time=_capture_time(tags),
        orientation=orientation or 1,
        color=color or _color(tags, notes),
        exif=_kept(tags),
    )


def full_model(make: str, model: str) -> str:
    """Make and model without saying the maker twice."""
    maker = make.split(" ", maxsplit=1)[0]
    return model if maker and model.lower().startswith(maker.lower()) else f"{make} {model}".strip()


def _apex(value: tuple[float, ...] | None, convert: Callable[[float], float]) -> float | None:
    if value is None or not math.isfinite(value[0]) or not -20 < value[0] < 30 or value[0] == 0:
        return None
    return convert(value[0])


def _iso(tags: Tags) -> float | None:
    """PhotographicSensitivity; where that is full (65535), the newer tags."""
    iso = tags.positive(34855)
    if iso is None or iso >= 65535:
        newer = (tags.positive(t) for t in (34867, 34866, 34865, 34864 if iso is None else 34867))
        iso = next((v for v in newer if v is not None and v >= 1), iso)
    return iso


def _lens(tags: Tags) -> str:
    name = tags.text(42036)
    if name:
        return name
    spec = tags.floats(50736, 4) or tags.floats(42034, 4)
    if not spec or not all(0 < v < 1e5 for v in spec[:2]):
        return ""
    focal = f"{spec[0]:g}-{spec[1]:g} mm" if spec[1] > spec[0] else f"{spec[0]:g} mm"
    if not all(0 < v < 1e3 for v in spec[2:]):
        return focal
    return f"{focal} f/{spec[2]:g}-{spec[3]:g}" if spec[3] > spec[2] else f"{focal} f/{spec[2]:g}"


def _capture_time(tags: Tags) -> str:
    """EXIF's own form, "2014:03:09 13:25:51", with the fraction of a second behind a point."""
    for when, fraction in ((36867, 37521), (36868, 37522), (306, 37520)):
        moment = tags.text(when)
        if re.fullmatch(r"\d{4}:\d\d:\d\d \d\d:\d\d:\d\d", moment) and not moment.startswith("0000"):
            digits = tags.text(fraction)
            return f"{moment}.{digits}" if digits.isascii() and digits.isdigit() else moment
    return ""


def _color(tags: Tags, notes: Notes) -> CameraColor:
    pairs = []
    for matrix_tag, illuminant_tag, forward_tag, calibration_tag in (
        (50721, 50778, 50964, 50723),
        (50722, 50779, 50965, 50724),
    ):
        matrix = matrix_of(tags.floats(matrix_tag, 9))
        illuminant = int(tags.positive(illuminant_tag) or 0)
        if matrix is not None:
            pairs.append((matrix, illuminant, matrix_of(tags.floats(forward_tag, 9)), calibration_tag))
    if not pairs:
        matrix, illuminant = notes.color_matrix()
        pairs = [(matrix, illuminant, None, 0)]
    # Two matrices need two lights to choose between them.
    lights = [p[1] for p in pairs]
    if len(pairs) == 2 and (lights[0] == lights[1] or any(light in _UNKNOWN_ILLUMINANTS for light in lights)):
        pairs = pairs[1:] if lights[0] in _UNKNOWN_ILLUMINANTS else pairs[:1]
    first, second = pairs[0], pairs[1] if len(pairs) == 2 else (None, None, None, 0)
    neutral, white_xy = _white(tags, notes)
    return CameraColor(
        color_matrix_1=first[0],
        color_matrix_2=second[0],
        forward_matrix_1=first[2],
        forward_matrix_2=second[2],
        camera_calibration_1=_calibration(tags, first[3], notes),
        camera_calibration_2=_calibration(tags, second[3], notes),
        calibration_illuminant_1=first[1] or None,
        calibration_illuminant_2=second[1] or None,
        analog_balance=_analog_balance(tags, notes),
        as_shot_neutral=neutral,
        as_shot_white_xy=white_xy,
        baseline_exposure=_baseline_exposure(tags, notes),
    )


def matrix_of(values: tuple[float, ...] | None) -> Matrix | None:
    """A 3x3 matrix if it is finite, of sane size and can be inverted."""
    if values is None:
        return None
    m = np.asarray(values).reshape(3, 3)
    if not np.isfinite(m).all() or np.abs(m).max() > 100 or abs(np.linalg.det(m)) < 1e-4:
        return None
    a, b, c = (tuple(row) for row in m.tolist())
    return a, b, c


def _calibration(tags: Tags, tag: int, notes: Notes) -> Matrix | None:
    """CameraCalibration, which counts only when it was made for this profile (equal signatures)."""
    if not tag or tags.holder(tag) is None or tags.text(50931) != tags.text(50932):
        return None
    matrix = matrix_of(tags.floats(tag, 9))
    if matrix is None:
        notes.camera_calibration()
    return matrix


def _analog_balance(tags: Tags, notes: Notes) -> tuple[float, float, float]:
    values = tags.floats(50727, 3)
    if values is None and tags.holder(50727) is None:
        return 1.0, 1.0, 1.0
    if values is None or not all(1e-3 < v < 1e3 for v in values):
        return notes.analog_balance()
    return values[0], values[1], values[2]


def _white(tags: Tags, notes: Notes) -> tuple[tuple[float, float, float] | None, tuple[float, float] | None]:
    neutral = normalised_neutral(tags.floats(50728, 3))
    if neutral:
        return neutral, None
    xy = tags.floats(50729, 2)
    if xy and all(0.05 < v < 0.9 for v in xy) and sum(xy) < 1:
        return None, (xy[0], xy[1])
    return None, notes.white_xy()


def normalised_neutral(values: tuple[float, ...] | None) -> tuple[float, float, float] | None:
    """Camera RGB of white with a maximum of 1, if that can be."""
    if values is None or not all(math.isfinite(v) and v > 0 for v in values) or max(values) > 1000 * min(values):
        return None
    r, g, b = (v / max(values) for v in values)
    return r, g, b


def _baseline_exposure(tags: Tags, notes: Notes) -> float:
    total = 0.0
    for tag in (50730, 51109):  # BaselineExposure, BaselineExposureOffset
        values = tags.floats(tag, 1)
        if values is not None:
            total += values[0] if math.isfinite(values[0]) and abs(values[0]) <= 20 else notes.baseline_exposure()
    return total


def noise_profile_tag(tags: Tags) -> NoiseProfile | None:
    """The NoiseProfile tag, one pair of numbers for all planes or one for each; None when it cannot be."""
    values = tags.floats(51041, 6) or tags.floats(51041, 2)
    if values is None or not all(math.isfinite(v) and 0 <= v < 1 for v in values) or max(values) == 0:
        return None
    scale, offset = (values[i::2] * (1 if len(values) == 6 else 3) for i in (0, 1))
    return NoiseProfile((scale[0], scale[1], scale[2]), (offset[0], offset[1], offset[2]), "tag")


def _kept(tags: Tags) -> dict[str, dict[int, tuple[int, Any]]]:
    kept: dict[str, dict[int, tuple[int, Any]]] = {}
    for name, directory in (("Image", tags.image), ("Exif", tags.exif), ("GPS", tags.gps)):
        if directory is None:
            continue
        chosen = {}
        for tag, entry in sorted(directory.entries.items()):
            wanted = tag in _IMAGE_TAGS if name == "Image" else tag not in (_MAKER_NOTE, _INTEROP)
            if wanted and entry.type not in (IFD, IFD8) and entry.count <= _MAX_VALUE_BYTES:
                chosen[tag] = (entry.type, _value(directory, tag))
        if chosen:
            kept[name] = chosen
    return kept


def _value(directory: Directory, tag: int) -> Any:
    kind = directory.entries[tag].type
    if kind == ASCII:
        return directory.text(tag)
    if kind in (BYTE, UNDEFINED, SBYTE):
        return directory.bytes(tag)
    values = directory.array(tag)
    assert values is not None
    if kind in (RATIONAL, SRATIONAL):
        return tuple((int(n), int(d)) for n, d in values.tolist())
    return tuple(values.tolist())
