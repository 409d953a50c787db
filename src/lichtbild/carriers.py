"""The four carriers of the path of light: `Frame`, `Burst`, `Scene`, `Picture`.

All are frozen; a leg returns a new one whose metadata is true of its pixels. Arrays are (y, x) or (y, x, c).
DNG names are kept in snake_case; an empty field (None) means that the file did not say.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from lichtbild.record import field, record, replace

if TYPE_CHECKING:
    from lichtbild.devices.profile import DeviceProfile
    from lichtbild.output.credentials import Credentials

Mosaic: TypeAlias = npt.NDArray[np.uint16]
FloatImage: TypeAlias = npt.NDArray[np.float32]
HalfImage: TypeAlias = npt.NDArray[np.float16]  # light between the legs, 2 bytes a value (docs/decisions/0032)
CELL = 8  # pixels of a side of the squares that `confidence` speaks of
Matrix: TypeAlias = tuple[tuple[float, float, float], tuple[float, float, float], tuple[float, float, float]]
Triple: TypeAlias = tuple[float, float, float]


@record
class NoiseProfile:
    """Variance of a pixel: scale * x + offset, x in [0, 1] of white minus black (DNG 1.7, NoiseProfile).

    scale, offset: one value per colour plane R, G, B.
    source: where the numbers come from: "tag", "frames" or "fallback".
    """

    scale: Triple
    offset: Triple
    source: str = "tag"

    def divided_by(self, n: float) -> NoiseProfile:
        """The profile of a mean of n independent frames."""
        return replace(
            self,
            scale=(self.scale[0] / n, self.scale[1] / n, self.scale[2] / n),
            offset=(self.offset[0] / n, self.offset[1] / n, self.offset[2] / n),
        )

    def as_rounded(self, white_minus_black: float) -> NoiseProfile:
        """The profile with no less noise than rounding to whole digital numbers makes: black is never without noise."""
        least = 1 / 12 / white_minus_black**2
        r, g, b = (max(v, least) for v in self.offset)
        return replace(self, offset=(r, g, b))


@record
class CameraColor:
    """The DNG colour tags. Matrices map XYZ to camera (color_matrix) or white-balanced camera to XYZ D50
    (forward_matrix); illuminants are EXIF LightSource codes (17 = A, 21 = D65)."""

    color_matrix_1: Matrix | None = None
    color_matrix_2: Matrix | None = None
    forward_matrix_1: Matrix | None = None
    forward_matrix_2: Matrix | None = None
    camera_calibration_1: Matrix | None = None
    camera_calibration_2: Matrix | None = None
    calibration_illuminant_1: int | None = None
    calibration_illuminant_2: int | None = None
    analog_balance: Triple = (1.0, 1.0, 1.0)
    as_shot_neutral: Triple | None = None
    as_shot_white_xy: tuple[float, float] | None = None
    baseline_exposure: float = 0.0
    profile: DeviceProfile | None = None  # embedded in the file, where that goes beyond the matrices


@record
class Metadata:
    """What is true of a photograph beside its pixels."""

    path: Path | None = None
    make: str = ""
    model: str = ""
    unique_camera_model: str = ""
    lens: str = ""
    iso: float | None = None
    exposure_time: float | None = None  # seconds
    f_number: float | None = None
    focal_length: float | None = None  # mm
    capture_time: str = ""  # EXIF DateTimeOriginal with SubSecTimeOriginal, sorts as text
    orientation: int = 1  # EXIF 1..8, of the pixels as stored
    color: CameraColor = field(default_factory=CameraColor)
    opcode_list_1: bytes = b""  # as stored in the file, kept for a merged DNG
    opcode_list_2: bytes = b""
    opcode_list_3: bytes = b""
    # EXIF kept for the finished file: {"Image" | "Exif" | "GPS": {tag id: (TIFF type, value)}}
    exif: Mapping[str, Mapping[int, tuple[int, Any]]] = field(default_factory=dict)
    xmp: bytes = b""  # the packet as stored in the file
    iptc: bytes = b""  # IPTC-IIM data sets as stored in the file


@record
class Aligned:
    """A frame of a burst, and where it shows what the reference shows.

    frame: a file that is read again when its pixels are needed, or the frame itself.
    flow: (2, rows, columns) float32, (dy, dx) in mosaic pixels at the centres of tiles of 32x32 of the reference.
    gain: what brings its light, 0..1 of white, to the reference's exposure.
    steady: the flow of the camera alone, where some tiles have one of their own; None where none has.
    """

    frame: Frame | Path
    flow: FloatImage
    gain: float
    steady: FloatImage | None = None


@record
class Frame:
    """One mosaic, or one linear RGB raw, of the active area, in the file's own numbers.

    mosaic: (h, w) uint16, or (h, w, 3) for linear raw; linearised, defects mended, black not subtracted.
    cfa: colours of the 2x2 sites (0,0) (0,1) (1,0) (1,1): "RGGB", "BGGR", "GRBG", "GBRG"; "RGB" for linear raw.
    black_level: digital number of no light, per site in the order of `cfa`.
    white_level: digital number that stands for 1.0, the white of the reference exposure.
    clip_level: digital number at which the sensor (or the merged file) clips; above white_level after a bracket.
    shading: (h', w', 4) gains of lens shading per CFA site on a grid that spans the mosaic from its first to its
        last pixel centre, to be multiplied after black is subtracted; None where there is none.
    default_crop: (y, x, height, width) inside the mosaic that the finished picture shows; None for all of it.
    confidence: (h/CELL, w/CELL) float32, the number of frames that count there after a merge; None for one.
    frame_count: how many captured frames the pixels stand for.
    aligned: these frames, the reference first, where they are needed once more; empty otherwise.
    """

    mosaic: Mosaic
    cfa: str
    black_level: tuple[float, float, float, float]
    white_level: float
    clip_level: float
    noise_profile: NoiseProfile
    metadata: Metadata
    shading: FloatImage | None = None
    default_crop: tuple[int, int, int, int] | None = None
    confidence: FloatImage | None = None
    frame_count: int = 1
    aligned: tuple[Aligned, ...] = ()

    @property
    def is_linear(self) -> bool:
        """True for linear raw (three samples per pixel, no mosaic)."""
        return self.mosaic.ndim == 3

    @property
    def color_phase(self) -> tuple[int, int]:
        """(dy, dx) of the first red site, each 0 or 1."""
        i = self.cfa.index("R")
        return i // 2, i % 2


@record
class Burst:
    """Paths of frames of one scene, in capture order, opened one at a time so that memory does not grow.

    frames: already read frames, or files that are read when they are needed.
    """

    frames: tuple[Frame | Path, ...]

    def __len__(self) -> int:
        return len(self.frames)

    def __iter__(self) -> Iterator[Frame | Path]:
        return iter(self.frames)

    @classmethod
    def of(cls, frames: Iterable[Frame | Path]) -> Burst:
        """A burst of frames, or of files that are read when they are needed, in this order."""
        return cls(tuple(frames))


@record
class Scene:
    """A scene-linear image in linear Rec. 2020 (D65); 1.0 is the raw white level of the reference exposure.

    image: (h, w, 3) float16 view of planar memory: rows are contiguous, colour planes apart. The look leg takes arrays
        of other types and layouts too, and makes a copy of them.
    noise_profile: of each working-space channel, at the scale of `image`.
    neutral: camera RGB of white that the white balance used, max 1.
    white_xy: CIE 1931 xy of the illuminant that it stands for.
    clip: level of white where every channel clips; the last channel measures up to there.
    profile: of the device, as it was used; its look is for those who ask for it.
    captured_noise: the profile as it was before noise reduction, whatever its strength; None where that is the same.
    """

    image: HalfImage
    noise_profile: NoiseProfile
    neutral: Triple
    white_xy: tuple[float, float]
    clip: float
    metadata: Metadata
    captured_noise: NoiseProfile | None = None
    profile: DeviceProfile | None = None


@record
class GainMap:
    """How much brighter than in the picture light is, where a display has headroom (ISO 21496-1).

    image: (h', w') uint8, about half of the picture's size, spread over all of it; 255 is a gain of `stops`, 0 none.
    Light of all three primaries of the picture's space is multiplied by 2 ** gain.
    """

    image: npt.NDArray[np.uint8]
    stops: float


@record
class Picture:
    """A display image, upright, ready to be written.

    image: (h, w, 3) uint8 or uint16, encoded with the transfer function of `space`; or float32, linear.
    space: "srgb", "p3" or "rec2020".
    gain_map: what displays with headroom make of it; None where nothing in it is brighter than white.
    """

    image: npt.NDArray[Any]
    space: str
    metadata: Metadata
    recipe: Mapping[str, Any] = field(default_factory=dict)  # the recipe as resolved, written into the XMP
    gain_map: GainMap | None = None

    def save(
        self,
        path: str | Path,
        *,
        quality: int | None = None,
        overwrite: bool = False,
        credentials: Credentials | None = None,
    ) -> None:
        """Write the picture; the format follows the name's ending. quality: of a JPEG, 1 to 100; the recipe's where it
        is left out. credentials: who signs what was done. Raises `OutputError`."""
        from lichtbild.output.save import save_picture

        save_picture(self, Path(path), quality=quality, overwrite=overwrite, credentials=credentials)
