"""The colour of a DNG: matrices, illuminants, calibration and white, each checked before it is believed (DNG 1.7)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from lichtbild.carriers import CameraColor, Matrix, Mosaic, NoiseProfile
from lichtbild.raw.fallbacks import SRGB_MATRIX, Notes
from lichtbild.raw.tags import Tags

if TYPE_CHECKING:
    from lichtbild.devices.profile import DeviceProfile

_UNKNOWN_ILLUMINANTS = (0, 255)
_BALANCED = 1.35  # the brightest colour over the darkest


# Tables of hue and saturation for the first, second and third light, look table, tone curve, third matrix, and lights
# that have no name.
_BEYOND_MATRICES = (50938, 50939, 52537, 50982, 50940, 52531, 52533, 52534)


def read_color(tags: Tags, notes: Notes) -> CameraColor:
    """All colour tags; what is missing or cannot be is replaced, and told."""
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
        profile=_profile(tags, notes),
    )


def grey_color(tags: Tags | None, notes: Notes) -> CameraColor:
    """Of a sensor without colours: equal numbers are grey, whatever the file says of colours that it does not have."""
    notes.say("comes from a monochrome sensor; it is read as grey")
    return _srgb(tags, notes)


def finished_color(tags: Tags | None, notes: Notes) -> CameraColor:
    """Of colours that the camera has balanced itself and tells nothing more of."""
    notes.say("has colours that the camera made itself; balanced sRGB is assumed")
    return _srgb(tags, notes)


def _srgb(tags: Tags | None, notes: Notes) -> CameraColor:
    exposure = _baseline_exposure(tags, notes) if tags else 0.0
    return CameraColor(SRGB_MATRIX, calibration_illuminant_1=21, as_shot_neutral=(1, 1, 1), baseline_exposure=exposure)


def is_untold(matrix: Matrix | None, neutral: tuple[float, float, float] | None) -> bool:
    """Whether a file knows no matrix, and no white but that of equal numbers."""
    return matrix is None and (neutral is None or min(neutral) > 0.97)


def is_balanced(pixels: Mosaic, cfa: str, black: Sequence[float]) -> bool:
    """Whether red, green and blue are as bright as each other on the whole.

    Of a sensor's own numbers red or blue is plainly weaker than green: half of it by daylight, a third by lamps.
    """
    if min(pixels.shape[:2]) < 2:
        return False
    means = dict.fromkeys("RGB", 0.0)
    for i, color in enumerate(cfa):
        plane = pixels[::8, ::8, i] if pixels.ndim == 3 else pixels[i // 2 :: 16, i % 2 :: 16]
        means[color] += (float(plane.mean()) - black[i]) / cfa.count(color)
    return 0 < max(means.values()) < _BALANCED * min(means.values())


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


def _profile(tags: Tags, notes: Notes) -> DeviceProfile | None:
    """The profile in the file, where it goes beyond two matrices."""
    if not any(tags.holder(tag) for tag in _BEYOND_MATRICES):
        return None
    from lichtbild.devices.dcp import embedded

    return embedded(tags, "embedded in the file", notes.profile)


def _white(tags: Tags, notes: Notes) -> tuple[tuple[float, float, float] | None, tuple[float, float] | None]:
    neutral = normalised_neutral(tags.floats(50728, 3))
    if neutral:
        return neutral, None
    xy = tags.floats(50729, 2)
    if xy and all(0.05 < v < 0.9 for v in xy) and sum(xy) < 1:
        return None, (xy[0], xy[1])
    notes.white_xy()
    return None, None


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
    """The NoiseProfile tag, one pair of numbers for all planes or one for each; None when it cannot be.

    Four pairs, which some phones write, are those of the sites: red, two of green, blue.
    """
    values = tags.floats(51041, 8) or tags.floats(51041, 6) or tags.floats(51041, 2)
    if values is None or not all(math.isfinite(v) and 0 <= v < 1 for v in values) or max(values) == 0:
        return None
    if len(values) == 8:
        values = (*values[:2], *((values[i] + values[i + 2]) / 2 for i in (2, 3)), *values[6:])
    scale, offset = (values[i::2] * (1 if len(values) == 6 else 3) for i in (0, 1))
    return NoiseProfile((scale[0], scale[1], scale[2]), (offset[0], offset[1], offset[2]), "tag")
