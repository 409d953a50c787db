"""The raw developers that a benchmark compares: how each is called, as a photographer would, and whether it is here.

Each gets a DNG and makes a picture of 8 bits. Only what is on the PATH is used; nothing is installed or downloaded.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from lichtbild.record import record

_RAWPY = (
    "import sys, rawpy, imagecodecs as c; "
    "i = rawpy.imread(sys.argv[1]).postprocess(use_camera_wb=True, no_auto_bright=True); "
    "open(sys.argv[2], 'wb').write(c.png_encode(i, level=1))"
)
# Strong luminance and automatic colour noise reduction: of strengths 20, 40, 60 and 80 about the best at ISO 1600.
_QUIET = """[Version]
Version=347

[Directional Pyramid Denoising]
Enabled=true
Enhance=false
Median=false
Luma=60
Ldetail=50
Chroma=15
Method=Lab
LMethod=SLI
CMethod=AUT
C2Method=AUTO
SMethod=shal
Gamma=1.7
"""
Command = Callable[[Sequence[Path], Path, Path], list[str]]


@record
class Peer:
    """name: as the table says it.   program: that must be on the PATH; empty for what comes with Python.
    burst: whether it takes all frames, or the first alone.   suffix: of the picture that it writes.
    command: of (frames, picture to write, scratch folder)."""

    name: str
    program: str
    burst: bool
    suffix: str
    command: Command

    @property
    def here(self) -> bool:
        """Whether the program is installed."""
        return not self.program or shutil.which(self.program) is not None


def _lichtbild(frames: Sequence[Path], out: Path, scratch: Path) -> list[str]:
    ours = [sys.executable, "-m", "lichtbild", "develop", *map(str, frames), "-o", str(out)]
    return [*ours, "--depth", "8", "--reference", "1", "--overwrite"]


def _rawtherapee(frames: Sequence[Path], out: Path, scratch: Path) -> list[str]:
    return ["rawtherapee-cli", "-o", str(out), "-t", "-b8", "-Y", "-c", str(frames[0])]


def _rawtherapee_quiet(frames: Sequence[Path], out: Path, scratch: Path) -> list[str]:
    profile = scratch / "quiet.pp3"
    profile.write_text(_QUIET, encoding="ascii")
    return ["rawtherapee-cli", "-o", str(out), "-t", "-b8", "-Y", "-p", str(profile), "-c", str(frames[0])]


def _darktable(frames: Sequence[Path], out: Path, scratch: Path) -> list[str]:
    own = ["--configdir", str(scratch / "darktable"), "--cachedir", str(scratch / "darktable-cache")]
    return ["darktable-cli", str(frames[0]), str(out), "--core", "--library", ":memory:", *own]


def _dcraw_emu(frames: Sequence[Path], out: Path, scratch: Path) -> list[str]:
    return ["dcraw_emu", "-q", "3", "-w", "-W", "-T", "-Z", str(out), str(frames[0])]


def _rawpy(frames: Sequence[Path], out: Path, scratch: Path) -> list[str]:
    return [sys.executable, "-c", _RAWPY, str(frames[0]), str(out)]


def _hdrplus(frames: Sequence[Path], out: Path, scratch: Path) -> list[str]:
    twice = list(frames) if len(frames) > 1 else [frames[0], frames[0]]
    return ["hdrplus", str(frames[0].parent), str(out), *map(str, twice)]


def _imagemagick(program: str) -> Command:
    return lambda frames, out, scratch: [program, f"dng:{frames[0]}", "-depth", "8", str(out)]


PEERS = (
    Peer("Lichtbild, burst", "", True, ".tif", _lichtbild),
    Peer("Lichtbild, one frame", "", False, ".tif", _lichtbild),
    Peer("RawTherapee", "rawtherapee-cli", False, ".tif", _rawtherapee),
    Peer("RawTherapee, noise reduction", "rawtherapee-cli", False, ".tif", _rawtherapee_quiet),
    Peer("darktable", "darktable-cli", False, ".tif", _darktable),
    Peer("LibRaw", "dcraw_emu", False, ".tif", _dcraw_emu),
    Peer("LibRaw by rawpy", "", False, ".png", _rawpy),
    Peer("hdr-plus", "hdrplus", True, ".png", _hdrplus),
    Peer("ImageMagick", "magick", False, ".tif", _imagemagick("magick")),
    Peer("ImageMagick 6", "convert", False, ".tif", _imagemagick("convert")),
)


def installed() -> list[Peer]:
    """Those that can be run on this machine; of two ways to the same program the first."""
    found = [p for p in PEERS if p.here]
    names = {p.name for p in found}
    hidden = {"LibRaw": "LibRaw by rawpy", "ImageMagick": "ImageMagick 6"}
    return [p for p in found if p.name not in {other for name, other in hidden.items() if name in names}]
