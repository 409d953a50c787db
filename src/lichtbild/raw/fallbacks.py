"""What is assumed when a file does not say, or says what cannot be: one fallback per tag, each told once.

| missing or implausible | assumed |
|---|---|
| ColorMatrix1 and 2 | `GENERIC_COLOR_MATRIX`, for D65; `SRGB_MATRIX` where the pixels are balanced |
| AsShotNeutral and AsShotWhiteXY | measured in the picture |
| BlackLevel | the mean of the masked borders; 0 where there are none |
| WhiteLevel | the largest number that the file's bits (or its linearisation table) can hold |
| NoiseProfile | measured in the frame |
| BaselineExposure | 0 |
| AnalogBalance, CameraCalibration | 1, identity |
| ProfileHueSatMapData, ProfileLookTableData, ProfileToneCurve | none |
| Orientation | 1, as stored |
| CFAPattern | none: the file is refused |
"""

from __future__ import annotations

from lichtbild.carriers import Matrix
from lichtbild.record import record
from lichtbild.report import Report

# XYZ to camera under D65: what a typical system camera of the last twenty years needs (least squares of surface
# colours, the median of many cameras, rounded), scaled so that green sees white as 1.
GENERIC_COLOR_MATRIX: Matrix = ((0.60, -0.08, -0.06), (-0.52, 1.22, 0.25), (-0.17, 0.27, 0.60))
GENERIC_ILLUMINANT = 21  # D65
# XYZ to linear sRGB (IEC 61966-2-1).
SRGB_MATRIX: Matrix = ((3.2406, -1.5372, -0.4986), (-0.9689, 1.8758, 0.0415), (0.0557, -0.2040, 1.0570))


@record
class Notes:
    """Tells the photographer what was assumed; the same assumption for many frames of a burst is told for one."""

    report: Report
    name: str

    def say(self, text: str) -> None:
        """Tell it once."""
        if not any(notice.endswith(f": {text}") for notice in self.report.notices):
            self.report.notice(f"{self.name}: {text}")

    def color_matrix(self) -> tuple[Matrix, int]:
        """XYZ to camera of a typical sensor, and its illuminant."""
        self.say("has no usable colour matrix; that of a typical camera is assumed")
        return GENERIC_COLOR_MATRIX, GENERIC_ILLUMINANT

    def white_xy(self) -> None:
        """Tell that the balance is measured."""
        self.say("has no usable white balance; it is measured in the picture, and --wb KELVIN sets another")

    def black_level(self, value: float, *, masked: bool) -> None:
        """Tell which level is assumed."""
        where = "the mean of its masked border" if masked else "none"
        self.say(f"has no usable black level; {where} ({value:g}) is assumed")

    def white_level(self, value: float) -> float:
        """The level that is assumed."""
        self.say(f"has no usable white level; {value:g} is assumed")
        return value

    def baseline_exposure(self) -> float:
        """In EV."""
        self.say("has a BaselineExposure that is no number; 0 is assumed")
        return 0.0

    def pixel_shape(self, aspect: float) -> None:
        """aspect: a pixel's width over its height."""
        if 0.01 < abs(aspect - 1) < 10:
            self.say(f"has pixels that are not square ({aspect:.3g} to 1); the picture is not stretched")

    def orientation(self) -> int:
        """EXIF: upright."""
        self.say("has an orientation that does not exist; upright is assumed")
        return 1

    def analog_balance(self) -> tuple[float, float, float]:
        """Gains of red, green and blue."""
        self.say("has an AnalogBalance that cannot be; 1 is assumed")
        return 1.0, 1.0, 1.0

    def profile(self, what: str) -> None:
        """Tell which part of the profile is left out."""
        self.say(f"has a camera profile that is damaged: {what}; that part is left out")

    def camera_calibration(self) -> None:
        """Tell that none is assumed."""
        self.say("has a CameraCalibration that cannot be; none is assumed")
