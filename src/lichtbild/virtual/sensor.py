"""The virtual sensor: how many electrons a pixel holds, how it reads them out, and which colours it sees.

Levels and noise follow the photon transfer model (Janesick, "Photon Transfer", 2007; EMVA 1288): shot noise of the
collected electrons, read noise before and after the ISO amplifier, quantisation. All of it is stated in x, 0..1
of white minus black, as the DNG NoiseProfile does.
"""

from __future__ import annotations

import numpy as np

from lichtbild import color
from lichtbild.carriers import CameraColor, FloatImage, Matrix, NoiseProfile, Triple
from lichtbild.color import Chromaticity, Floats
from lichtbild.record import record

_KELVIN_A, _KELVIN_D65 = 2856.0, 6504.0
_SHADING_GRID = (13, 17)


@record
class Sensor:
    """A camera model.

    base_iso: the ISO at which white is the full well.
    full_well: electrons at white and base ISO.   read_noise: electrons, before the amplifier.
    converter_noise: electrons at base ISO, after the amplifier.   black: black level as a part of the largest number.
    falloff: gain that the corners need, per R, G, B.   color_matrix_a, color_matrix_d65: XYZ to camera.
    """

    name: str
    base_iso: float
    full_well: float
    read_noise: float
    converter_noise: float
    black: float
    falloff: Triple
    color_matrix_a: Matrix
    color_matrix_d65: Matrix
    f_number: float
    focal_length: float
    focal_length_35mm: int
    lens: str

    def electrons(self, iso: float) -> float:
        """Electrons at white."""
        return self.full_well * self.base_iso / iso

    def read_deviation(self, iso: float) -> float:
        """Standard deviation of all noise that does not depend on the light, in electrons, quantisation apart."""
        after = self.converter_noise * self.base_iso / iso
        return float(np.hypot(self.read_noise, after))

    def levels(self, bits: int) -> tuple[int, int]:
        """(black, white) in digital numbers."""
        return round(2**bits * self.black), 2**bits - 1

    def noise_profile(self, iso: float, bits: int, amount: float = 1.0) -> NoiseProfile:
        """What the frames' NoiseProfile must say: true to `shoot`. `amount` scales standard deviations."""
        black, white = self.levels(bits)
        scale = amount**2 / self.electrons(iso)
        offset = (amount * self.read_deviation(iso) / self.electrons(iso)) ** 2 + 1 / 12 / (white - black) ** 2
        return NoiseProfile((scale,) * 3, (offset,) * 3)

    def color_matrix(self, white: Chromaticity) -> Floats:
        """XYZ to camera under an illuminant: interpolated in reciprocal temperature, as DNG 1.4 chapter 6 does."""
        kelvin, _ = color.temperature_from_xy(white)
        part = (1 / kelvin - 1 / _KELVIN_D65) / (1 / _KELVIN_A - 1 / _KELVIN_D65)
        part = min(1.0, max(0.0, part))
        return part * np.array(self.color_matrix_a) + (1 - part) * np.array(self.color_matrix_d65)

    def camera_from_scene(self, white: Chromaticity) -> Floats:
        """Scene colour (linear Rec. 2020, balanced for D65) to what the sensor sees of it under `white`.

        Rows R, G, B; scaled so that the most sensitive channel of white is 1.
        """
        balance = color.adaptation(color.D65, white) @ color.rgb_to_xyz("rec2020")
        matrix = self.color_matrix(white) @ balance
        return np.asarray(matrix / matrix.sum(1).max())

    def camera_color(self, white: Chromaticity) -> CameraColor:
        """The DNG colour tags of a frame under `white`."""
        neutral = self.camera_from_scene(white).sum(1)
        return CameraColor(
            color_matrix_1=self.color_matrix_a,
            color_matrix_2=self.color_matrix_d65,
            forward_matrix_1=_forward(self.color_matrix_a, color.xy_from_temperature(_KELVIN_A)),
            forward_matrix_2=_forward(self.color_matrix_d65, color.D65),
            calibration_illuminant_1=17,
            calibration_illuminant_2=21,
            as_shot_neutral=(float(neutral[0]), float(neutral[1]), float(neutral[2])),
        )

    def shading(self, height: int, width: int, cfa: str, amount: float) -> FloatImage | None:
        """`Frame.shading`: gains on a grid from the first to the last pixel centre; None when there are none."""
        if amount <= 0:
            return None
        y, x = (np.linspace(-1, 1, n) for n in _SHADING_GRID)
        aspect = np.array([height, width]) / np.hypot(height, width)
        radius2 = (y[:, None] * aspect[0]) ** 2 + (x[None, :] * aspect[1]) ** 2
        profile = 0.75 * radius2 + 0.25 * radius2**2  # near cos^4 of a short lens
        gains = [1 + (self.falloff["RGB".index(c)] - 1) * amount * profile for c in cfa]
        return np.ascontiguousarray(np.stack(gains, -1), np.float32)


def _forward(matrix: Matrix, white: Chromaticity) -> Matrix:
    """White-balanced camera to XYZ D50 that agrees with the colour matrix at its own illuminant."""
    to_camera = np.array(matrix)
    neutral = to_camera @ color.xyz_from_xy(white)
    forward = color.adaptation(white, color.D50) @ np.linalg.inv(to_camera) @ np.diag(neutral)
    rows = [(float(r[0]), float(r[1]), float(r[2])) for r in np.round(forward, 6)]
    return rows[0], rows[1], rows[2]


# The matrices are least-squares fits of invented filter curves (Gaussians) to smooth reflectances under A and D65.
SENSORS = {
    "phone": Sensor(
        name="Virtual Phone",
        base_iso=50.0,
        full_well=9000.0,
        read_noise=1.5,
        converter_noise=5.0,
        black=1 / 16,
        falloff=(2.5, 2.2, 2.1),
        color_matrix_a=((0.7985, -0.0118, -0.0722), (-0.5748, 1.5034, 0.3502), (-0.0775, 0.1527, 0.6974)),
        color_matrix_d65=((0.5822, 0.0345, -0.0746), (-0.5789, 1.3141, 0.2166), (-0.1416, 0.2099, 0.5023)),
        f_number=1.8,
        focal_length=5.6,
        focal_length_35mm=27,
        lens="Virtual 5.6 mm f/1.8",
    ),
    "system": Sensor(
        name="Virtual System Camera",
        base_iso=100.0,
        full_well=55_000.0,
        read_noise=1.8,
        converter_noise=8.0,
        black=1 / 32,
        falloff=(1.42, 1.4, 1.38),
        color_matrix_a=((0.9038, -0.1146, -0.0489), (-0.4819, 1.3841, 0.4005), (-0.0402, 0.0874, 0.6871)),
        color_matrix_d65=((0.6207, -0.0117, -0.0765), (-0.518, 1.227, 0.2435), (-0.0752, 0.1173, 0.5069)),
        f_number=2.8,
        focal_length=35.0,
        focal_length_35mm=35,
        lens="Virtual 35 mm f/2",
    ),
}
