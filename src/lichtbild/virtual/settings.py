"""How the virtual camera shoots: one frozen dataclass, from which the command line and the documentation come."""

from __future__ import annotations

from typing import Any

from lichtbild.errors import RecipeError
from lichtbild.record import fields, record, replace
from lichtbild.setting import check, setting

OWN_SIZE = {"phone": (3000, 4000), "system": (4000, 6000)}  # height, width


@record
class ShootSettings:
    """One burst of the virtual camera. Pixels are those of the mosaic."""

    frames: int = setting(8, "How many frames the burst has.", low=1, high=100)
    iso: float = setting(1600.0, "Sensitivity: higher is noisier.", unit="ISO", low=25.0, high=409_600.0)
    size: str = setting(
        "",
        "Width and height of the frames; left out: the camera's own, 4000x3000 or 6000x4000.",
        metavar="WIDTHxHEIGHT",
    )
    seed: int = setting(0, "Another number gives another hand shake and other noise.", low=0, high=2**31 - 1)
    camera: str = setting("phone", "Size and quality of the sensor that shoots.", choices=("phone", "system"))
    shake: float = setting(8.0, "How far the hand wanders during the burst.", unit="px", low=0.0, high=500.0)
    rotation: float = setting(0.2, "How far the hand turns the camera.", unit="degrees", low=0.0, high=10.0)
    motion: float = setting(
        12.0, "How far the fastest thing in the scene moves between frames.", unit="px", low=0.0, high=500.0
    )
    bracket: str = setting(
        "", "Exposure of each frame in EV, repeated when shorter than the burst.", unit="EV", metavar="EV,EV,..."
    )
    ev: float = setting(0.0, "Longer (+) or shorter (-) exposure of all frames.", unit="EV", low=-8.0, high=8.0)
    bits: int = setting(12, "Bits per pixel of the sensor's converter.", low=8, high=16)
    cfa: str = setting("RGGB", "Order of the colour filters.", choices=("RGGB", "BGGR", "GRBG", "GBRG"))
    blur: float = setting(0.55, "Blur of the optics (standard deviation).", unit="px", low=0.0, high=2.0)
    shading: float = setting(
        1.0, "Darkening towards the corners that the file's gain maps undo; 0 is none.", low=0.0, high=2.0
    )
    noise: float = setting(1.0, "Noise relative to the camera's own; 0 gives clean frames.", low=0.0, high=10.0)
    defects: float = setting(0.0, "Hot pixels per million.", low=0.0, high=10_000.0)
    highlights: float = setting(
        0.0,
        "For an image file: stops by which its brightest parts are raised above white.",
        unit="EV",
        low=0.0,
        high=8.0,
    )
    truth: str = setting(
        "reference", "Which frames are also written without noise.", choices=("none", "reference", "all")
    )

    def __post_init__(self) -> None:
        for f in fields(self):
            value = getattr(self, f.name)
            check(f.name, value, f.metadata)
            if isinstance(f.default, int) and not isinstance(value, int):
                raise RecipeError(f"{f.name}: {value!r} is not a whole number")
        self.shape  # noqa: B018 - refuses a size that cannot be read
        self.exposures  # noqa: B018 - refuses a bracket that cannot be read

    def with_changes(self, **changes: Any) -> ShootSettings:
        """New settings; a wrong name or value is refused."""
        unknown = set(changes) - {f.name for f in fields(self)}
        if unknown:
            raise RecipeError(f"simulate: no setting is named {', '.join(sorted(unknown))}")
        return replace(self, **changes)

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width) of the mosaic."""
        if not self.size:
            return OWN_SIZE[self.camera]
        width, _, height = str(self.size).lower().replace("×", "x").partition("x")
        try:
            shape = int(height), int(width)
        except ValueError:
            raise RecipeError(f"size: {self.size!r} is not WIDTHxHEIGHT (for example 4000x3000)") from None
        if min(shape) < 32 or shape[0] * shape[1] > 64_000_000:
            raise RecipeError(f"size: {self.size!r} is outside 32 pixels a side to 64 million in all")
        return shape

    @property
    def exposures(self) -> tuple[float, ...]:
        """EV of each frame relative to the scene's own exposure."""
        try:
            steps = [float(v) for v in self.bracket.split(",")] if self.bracket.strip() else [0.0]
        except (ValueError, AttributeError):
            raise RecipeError(f"bracket: {self.bracket!r} is not EV,EV,... (for example 0,-2,+2)") from None
        if not all(-16 <= v <= 16 for v in steps):
            raise RecipeError(f"bracket: {self.bracket!r} is outside -16 to 16 EV")
        return tuple(self.ev + steps[i % len(steps)] for i in range(self.frames))
