"""A device profile: colour, levels, noise and defects of one camera model, each with its source.

A profile is data: one readable file, `device.toml` (docs/devices.md), read by `reader.py` and written by `writer.py`.
Colour follows DNG 1.7, chapter 6: for one to three illuminants a colour matrix, a forward matrix and a table of hue,
saturation and value (`HueSatMap`).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lichtbild import color
from lichtbild.carriers import Matrix, Triple
from lichtbild.color import Chromaticity
from lichtbild.record import field, record

Table = npt.NDArray[np.float32]

# Names of illuminants in device.toml, and their codes of EXIF LightSource.
ILLUMINANTS: dict[str, int] = {
    "daylight": 1, "fluorescent": 2, "tungsten": 3, "flash": 4, "fine-weather": 9, "cloudy": 10, "shade": 11,
    "daylight-fluorescent": 12, "day-white-fluorescent": 13, "cool-white-fluorescent": 14, "white-fluorescent": 15,
    "warm-white-fluorescent": 16, "A": 17, "B": 18, "C": 19, "D55": 20, "D65": 21, "D75": 22, "D50": 23,
    "studio-tungsten": 24, "other": 255,
}  # fmt: skip
NAMES_OF_ILLUMINANTS = {code: name for name, code in ILLUMINANTS.items()}


@record(eq=False)
class HueSatMap:
    """What to do with a colour by its hue, saturation and value in linear ProPhoto RGB (DNG 1.7, ProfileHueSatMapData).

    table: (values, hues, saturations, 3) float32: turn of the hue in degrees, factor of saturation, factor of value.
        Hues go round from 0 to 360 degrees without the last, saturations and values from 0 to 1 with both ends.
    srgb_value: the value axis is encoded as sRGB encodes (ProfileHueSatMapEncoding 1), not linear.
    """

    table: Table
    srgb_value: bool = False
    source: str = ""


@record(eq=False)
class Light:
    """The colour of a camera under one illuminant.

    illuminant: a name of `ILLUMINANTS`; white_xy: its chromaticity, needed for "other" alone.
    color_matrix: XYZ to camera RGB.   forward_matrix: white-balanced camera RGB to XYZ of D50.
    """

    illuminant: str
    color_matrix: Matrix
    forward_matrix: Matrix | None = None
    hue_sat_map: HueSatMap | None = None
    camera_calibration: Matrix | None = None
    white_xy: Chromaticity | None = None
    source: str = ""

    @property
    def kelvin(self) -> float:
        """Colour temperature, by which profiles are interpolated; 0 where it is not known."""
        from lichtbild.develop.camera_color import ILLUMINANT_KELVIN

        if self.white_xy is not None:
            return color.temperature_from_xy(self.white_xy)[0]
        return ILLUMINANT_KELVIN.get(ILLUMINANTS[self.illuminant], 0.0)


@record(eq=False)
class ToneCurve:
    """ProfileToneCurve: points (n, 2) of linear light in and out, from (0, 0) to (1, 1)."""

    points: Table
    source: str = ""


@record
class BlackLevel:
    """Digital numbers of no light at the sites R, G beside R, G beside B, B, of a file whose tags do not say better."""

    values: tuple[float, float, float, float]
    source: str = ""


@record
class Noise:
    """Variance = scale * x + offset of R, G, B at one ISO, x in [0, 1] of white minus black (DNG NoiseProfile)."""

    iso: float
    scale: Triple
    offset: Triple
    source: str = ""


@record(eq=False)
class Defects:
    """Hot and dead pixels of this very camera: points (n, 2) of (y, x) in the active area of `size` (height, width)."""

    size: tuple[int, int]
    points: npt.NDArray[np.int32]
    source: str = ""


@record(eq=False)
class LensShading:
    """Gains (rows, columns, 4) of the sites R, G beside R, G beside B, B, on a grid from the first to the last pixel.

    lens: the lens it holds for; empty for a camera whose lens cannot be changed.
    """

    gains: Table
    lens: str = ""
    source: str = ""


@record(eq=False)
class DeviceProfile:
    """Everything that is known of a camera model.

    aliases: other names under which files call it, "MAKE MODEL" or "MODEL".
    lights: colour under one to three illuminants, from warm to cold.
    look_table, tone_curve: how the profile's author wants pictures to look; used only where a look asks for it.
    accuracy: figures that a calibration reached, {"D65": {"chart mean": 0.6}}; for people.
    """

    make: str
    model: str
    unique_camera_model: str = ""
    aliases: tuple[str, ...] = ()
    name: str = ""
    copyright: str = ""
    source: str = ""
    lights: tuple[Light, ...] = ()
    look_table: HueSatMap | None = None
    tone_curve: ToneCurve | None = None
    baseline_exposure: float = 0.0  # EV, added to the file's own
    black_level: BlackLevel | None = None
    noise: tuple[Noise, ...] = ()
    defects: Defects | None = None
    lens_shading: tuple[LensShading, ...] = ()
    accuracy: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    path: Path | None = None

    @staticmethod
    def read(path: str | Path) -> DeviceProfile:
        """Read and check a device.toml. Raises `DeviceError` naming file, key and what is allowed."""
        from lichtbild.devices.reader import read

        return read(Path(path))

    def write(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Write the profile as a device.toml, whole or not at all. Raises `OutputError`."""
        from lichtbild.devices.writer import write

        write(self, Path(path), overwrite=overwrite)

    @property
    def title(self) -> str:
        """What to call the camera in a sentence."""
        from lichtbild.raw.metadata import full_model

        return self.unique_camera_model or full_model(self.make, self.model)

    @property
    def source_line(self) -> str:
        """Which camera, and which file it comes from, for reports."""
        return f"{self.title} ({self.path.name if self.path else self.source or 'unnamed'})"
