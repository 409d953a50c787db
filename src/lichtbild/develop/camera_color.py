"""Camera colour to XYZ, as DNG 1.7 describes it in "Mapping Camera Color Space to CIE XYZ Space".

Matrices, measured under two or three illuminants, are interpolated in reciprocal temperature. A neutral (camera RGB
of white) and the chromaticity of the illuminant follow from each other; neutral to chromaticity needs iteration,
as the matrix depends on the answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lichtbild import color
from lichtbild.carriers import CameraColor, Matrix
from lichtbild.color import Chromaticity, Floats
from lichtbild.record import record

if TYPE_CHECKING:
    from lichtbild.devices.profile import DeviceProfile, HueSatMap

# EXIF LightSource to kelvin: the middle of each class, as DNG 1.7 names them.
ILLUMINANT_KELVIN: dict[int, float] = {
    1: 5500,  # daylight
    2: 4200,  # fluorescent
    3: 2850,  # tungsten
    4: 5500,  # flash
    9: 5500,  # fine weather
    10: 6500,  # cloudy
    11: 7500,  # shade
    12: 6400,  # daylight fluorescent D 5700-7100
    13: 5050,  # day white fluorescent N 4600-5500
    14: 4200,  # cool white fluorescent W 3900-4500
    15: 3450,  # white fluorescent WW 3200-3700
    16: 2925,  # warm white fluorescent L 2600-3250
    17: 2850,  # standard light A
    18: 4874,  # standard light B
    19: 6774,  # standard light C
    20: 5500,
    21: 6500,
    22: 7500,
    23: 5000,
    24: 3200,  # ISO studio tungsten
}

# For a camera without any matrix: the mean D65 colour matrix of the sensors in use is close to this one (XYZ to a
# camera whose green sees most); colours are plausible, not measured.
FALLBACK_MATRIX: Matrix = ((0.80, -0.25, -0.08), (-0.42, 1.22, 0.22), (-0.07, 0.17, 0.60))
FALLBACK_ILLUMINANT = 21


def usable(matrix: Matrix | None) -> bool:
    """True for a matrix that can be inverted without blowing up noise beyond reason."""
    if matrix is None:
        return False
    m = np.asarray(matrix, np.float64)
    return m.shape == (3, 3) and bool(np.isfinite(m).all()) and float(np.linalg.cond(m)) < 1e3


def _usable_color(matrix: Matrix | None) -> bool:
    """A colour matrix must also see daylight as positive in every channel."""
    return usable(matrix) and bool((np.asarray(matrix) @ color.xyz_from_xy(color.D50) > 0.01).all())


@record
class CameraModel:
    """The colour tags of a camera made ready: one to three sets of matrices with their temperatures.

    kelvin: temperature of each set, ascending; color, calibration, forward: a matrix of each set; forward may be empty.
    maps: a table of each set, or None, for what matrices cannot do.
    balance: AnalogBalance. is_fallback: the file had no usable colour matrix.
    """

    kelvin: tuple[float, ...]
    color: tuple[Floats, ...]
    calibration: tuple[Floats, ...]
    forward: tuple[Floats, ...]
    balance: Floats
    is_fallback: bool
    maps: tuple[HueSatMap | None, ...] = ()

    @classmethod
    def of(cls, tags: CameraColor, profile: DeviceProfile | None = None) -> CameraModel:
        """From the profile of a device, where there is one with colour; else from a file's tags. Matrices that are
        missing or cannot be inverted are left out."""
        lights = profile.lights if profile is not None else ()
        told: list[tuple[float, Matrix | None, Matrix | None, Matrix | None, HueSatMap | None]] = [
            (x.kelvin, x.color_matrix, x.forward_matrix, x.camera_calibration, x.hue_sat_map)
            for x in lights
            if _usable_color(x.color_matrix)
        ] or [
            (ILLUMINANT_KELVIN.get(illuminant or 0, 0.0), colour, forward, calibration, None)
            for colour, forward, calibration, illuminant in (
                (tags.color_matrix_1, tags.forward_matrix_1, tags.camera_calibration_1, tags.calibration_illuminant_1),
                (tags.color_matrix_2, tags.forward_matrix_2, tags.camera_calibration_2, tags.calibration_illuminant_2),
            )
            if _usable_color(colour)
        ]
        sets = [(k, colour, f if usable(f) else None, calibration, m) for k, colour, f, calibration, m in told]
        if len(sets) == 2 and (0.0 in (sets[0][0], sets[1][0]) or sets[0][0] == sets[1][0]):
            # Without two different temperatures nothing can be interpolated; the second set is the daylight one.
            sets = sets[1:]
        is_fallback = not sets
        if is_fallback:
            sets = [(ILLUMINANT_KELVIN[FALLBACK_ILLUMINANT], FALLBACK_MATRIX, None, None, None)]
        sets.sort(key=lambda s: s[0])
        forwards = [np.asarray(s[2], np.float64) for s in sets if s[2] is not None]
        balance = np.asarray(tags.analog_balance, np.float64)
        return cls(
            kelvin=tuple(s[0] or 5000.0 for s in sets),
            color=tuple(np.asarray(s[1], np.float64) for s in sets),
            calibration=tuple(np.asarray(s[3], np.float64) if usable(s[3]) else np.eye(3) for s in sets),
            forward=tuple(forwards) if len(forwards) == len(sets) else (),
            balance=balance if np.isfinite(balance).all() and (balance > 0).all() else np.ones(3),
            is_fallback=is_fallback,
            maps=tuple(s[4] for s in sets),
        )

    def weights(self, xy: Chromaticity) -> tuple[float, ...]:
        """How much each set counts under the illuminant of chromaticity `xy`; of three, the two that enclose it do."""
        if len(self.kelvin) == 1:
            return (1.0,)
        kelvin, _ = color.temperature_from_xy(xy)
        return tuple(self._shares(np.array([1 / kelvin]))[0].tolist())

    def _shares(self, reciprocal: Floats) -> Floats:
        """(n, sets) how much each set counts at n reciprocal temperatures."""
        known = 1 / np.array(self.kelvin[::-1])
        return np.stack([np.interp(reciprocal, known, unit) for unit in np.eye(len(known))[::-1]], axis=1)

    def _mix(self, matrices: tuple[Floats, ...], xy: Chromaticity) -> Floats:
        return sum((w * m for w, m in zip(self.weights(xy), matrices, strict=True)), np.zeros((3, 3)))

    def hue_sat_map(self, xy: Chromaticity) -> HueSatMap | None:
        """The table for what matrices cannot do, under that illuminant; None where there is none."""
        if all(table is None for table in self.maps):
            return None
        from lichtbild.devices.hue_sat import between

        return between(self.maps, self.weights(xy))

    def _reference_to_camera(self, xy: Chromaticity) -> Floats:
        """AnalogBalance and CameraCalibration: the reference camera of that model to this very camera."""
        return self.balance[:, None] * self._mix(self.calibration, xy)

    def xyz_to_camera(self, xy: Chromaticity) -> Floats:
        """XYZ to camera RGB under the illuminant of chromaticity `xy`."""
        return self._reference_to_camera(xy) @ self._mix(self.color, xy)

    def neutral_from_xy(self, xy: Chromaticity) -> Floats:
        """Camera RGB of a white surface under that illuminant, its largest channel 1."""
        neutral = np.maximum(self.xyz_to_camera(xy) @ color.xyz_from_xy(xy), 1e-3)
        return np.asarray(neutral / neutral.max())

    def neutrals_from_xy(self, xy: Floats, kelvin: Floats) -> Floats:
        """`neutral_from_xy` of many illuminants at once: (n, 2) chromaticities with their (n,) temperatures to
        (n, 3)."""
        xyz = np.stack([xy[:, 0] / xy[:, 1], np.ones(len(xy)), (1 - xy.sum(1)) / xy[:, 1]], axis=1)
        # Both the calibration and the colour matrix are mixed: their product has a part for each pair.
        share = self._shares(1 / kelvin)
        neutral = np.zeros_like(xyz)
        for i, calibration in enumerate(self.calibration):
            for j, matrix in enumerate(self.color):
                if len(self.color) < 3 or abs(i - j) < 2:
                    neutral += (share[:, i] * share[:, j])[:, None] * (
                        xyz @ (self.balance[:, None] * calibration @ matrix).T
                    )
        neutral = np.maximum(neutral, 1e-3)
        return np.asarray(neutral / neutral.max(axis=1, keepdims=True))

    def xy_from_neutral(self, neutral: Floats) -> Chromaticity:
        """Chromaticity of the illuminant under which white has this camera RGB."""
        previous = last = color.D50
        for _ in range(30):
            xyz = np.linalg.solve(self.xyz_to_camera(last), neutral)
            if not np.isfinite(xyz).all() or xyz.min() <= 0:
                return last
            previous, last = last, color.xy_from_xyz(xyz)
            if abs(last[0] - previous[0]) + abs(last[1] - previous[1]) < 1e-7:
                return last
        # It may swing between two points; their mean is as good as either.
        return (last[0] + previous[0]) / 2, (last[1] + previous[1]) / 2

    def white_balanced_to_rec2020(self, neutral: Floats, xy: Chromaticity) -> Floats:
        """Camera RGB divided by `neutral`, to linear Rec. 2020 (D65). White (1, 1, 1) gives (1, 1, 1) exactly."""
        to_d65 = color.adaptation(color.D50, color.D65)
        if self.forward:
            # The neutral is taken in the reference camera's own coordinates, where the forward matrix is defined.
            to_reference = np.linalg.inv(self._reference_to_camera(xy))
            gains = 1 / np.maximum(to_reference @ neutral, 1e-6)
            to_xyz = self._mix(self.forward, xy) @ (gains[:, None] * to_reference)
        else:
            to_xyz = color.adaptation(xy, color.D50) @ np.linalg.inv(self.xyz_to_camera(xy))
        matrix = color.xyz_to_rgb("rec2020") @ to_d65 @ to_xyz * neutral
        # Rounded tags, or a neutral that is not the matrix's own white, must not tint white.
        return np.asarray(matrix / matrix.sum(axis=1, keepdims=True))
