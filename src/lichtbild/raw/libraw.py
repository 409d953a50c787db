"""Every raw format that LibRaw decodes, through a separate process with limits on memory and time."""

from __future__ import annotations

import atexit
import json
import math
import mmap
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np

from lichtbild.carriers import CameraColor, Metadata, Mosaic
from lichtbild.errors import RawError
from lichtbild.raw.color_tags import (
    finished_color,
    grey_color,
    is_balanced,
    is_untold,
    matrix_of,
    noise_profile_tag,
    normalised_neutral,
)
from lichtbild.raw.fallbacks import SRGB_MATRIX, Notes
from lichtbild.raw.libraw_child import receive, send
from lichtbild.raw.metadata import read_metadata
from lichtbild.raw.opcode_list import parse_opcodes
from lichtbild.raw.sensor import CFAS, NOT_BAYER, X_TRANS, Sensor, UnknownCodingError, clamped_crop
from lichtbild.raw.shading import read_list_two
from lichtbild.raw.tags import Tags
from lichtbild.record import replace

TIME_LIMIT = 60.0  # seconds for one file
_ORIENTATIONS = {0: 1, 3: 3, 5: 8, 6: 6}  # LibRaw's flip to EXIF
_DAMAGED = "the file is damaged; copy it again from the card, or convert it to DNG"
_ERRORS = {
    "LibRawFileUnsupportedError": "is not a raw file that LibRaw knows; convert it to DNG if it is one",
    "LibRawDataError": _DAMAGED,
    "LibRawIOError": "the file ends before its pixels do; copy it again from the card",
    "memory": "the file asks for too much memory, so it is damaged; copy it again from the card",
    "LibRawUnsufficientMemoryError": "the file asks for too much memory, so it is damaged; copy it again from the card",
    "LibRawTooBigError": "the file claims an impossible size, so it is damaged; copy it again from the card",
    "size": "the file claims an impossible size, so it is damaged; copy it again from the card",
    "nothing": "holds no mosaic that LibRaw can show; convert it to DNG",
}


class _Child:
    """One running LibRaw process."""

    def __init__(self) -> None:
        self.channel, theirs = socket.socketpair()
        package = str(Path(__file__).resolve().parents[2])
        code = f"import sys; sys.path.insert(0, {package!r}); from lichtbild.raw.libraw_child import main; main()"
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-c", code, str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
                env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
            )

    def ask(self, path: Path) -> tuple[dict[str, Any], int | None] | None:
        """The answer for a file; None when the process has died."""
        self.channel.settimeout(TIME_LIMIT)
        send(self.channel, os.fsencode(path.resolve()))
        message, descriptor = receive(self.channel)
        return (json.loads(message), descriptor) if message else None

    def close(self) -> None:
        self.channel.close()
        self.process.kill()
        self.process.wait()


_idle: list[_Child] = []
_lock = threading.Lock()


@atexit.register
def _close_all() -> None:
    while _idle:
        _idle.pop().close()


def _decoded(path: Path) -> tuple[dict[str, Any], Mosaic]:
    """LibRaw's answer and its pixels. Raises `RawError`."""
    with _lock:
        child = _idle.pop() if _idle else None
    child = child or _Child()
    try:
        found = child.ask(path)
    except TimeoutError:
        child.close()
        raise RawError(f"LibRaw was not done after {TIME_LIMIT:g} s; {_DAMAGED}") from None
    except (OSError, ValueError):
        found = None
    except BaseException:
        child.close()
        raise
    if found is None:
        child.close()
        raise RawError(f"LibRaw crashed on it; {_DAMAGED}")
    with _lock:
        _idle.append(child)
    answer, descriptor = found
    if descriptor is None:
        error = str(answer.get("error"))
        kind = UnknownCodingError if error == "LibRawFileUnsupportedError" else RawError
        raise kind(_ERRORS.get(error, f"LibRaw cannot decode it ({error}); {_DAMAGED}"))
    try:
        count = math.prod(answer["shape"])
        if count == 0:
            raise RawError(_DAMAGED)
        pixels = np.frombuffer(mmap.mmap(descriptor, count * 2), np.uint16, count)
    finally:
        os.close(descriptor)
    return answer, pixels.reshape(answer["shape"])


def read_libraw(path: Path, tags: Tags | None, notes: Notes) -> Sensor:
    """Decode with LibRaw. tags: the file's own TIFF tags, where it has some."""
    answer, pixels = _decoded(path)
    colors, color = answer["colors"], None
    if answer["count"] == 1 and pixels.ndim == 2:
        pixels, color = np.repeat(pixels[..., None], 3, 2), grey_color(tags, notes)
        answer |= {"linear": True, "black": answer["black"][:1] * 4}
    elif answer["count"] != 3 or not colors.startswith("RGB") or colors[3:4] not in ("", "G", "\0"):
        raise RawError(
            f"has a sensor of the colours {colors.strip()}, not of red, green, blue; convert it to a linear DNG"
        )
    notes.pixel_shape(answer["aspect"])
    if answer["linear"]:
        cfa, order = "RGB", [0, 1, 2, 2]
    else:
        if answer["period"] == [6, 6]:
            raise RawError(X_TRANS)
        cfa, order = "".join("RGBG"[i] if 0 <= i < 4 else "?" for i in answer["sites"]), answer["sites"]
        if answer["period"] != [2, 2] or cfa not in CFAS:
            raise RawError(NOT_BAYER)
    white = _white(answer, notes)
    black = [float(answer["black"][i]) for i in order]
    if not all(math.isfinite(b) and 0 <= b < white for b in black):
        notes.black_level(0.0, masked=False)
        black = [0.0] * 4
    if color is None and not (tags is not None and tags.is_dng):  # a DNG tells itself
        color = _color(answer, pixels, cfa, black, tags, notes)
    shading, metadata = None, _metadata(path, answer, tags, notes, color)
    if tags is not None and tags.is_dng:
        list_2 = tags.bytes(51009)
        height, width = pixels.shape[:2]
        shading = read_list_two(parse_opcodes(list_2), height, width, 3 if pixels.ndim == 3 else 1, notes).shading
        metadata = replace(metadata, opcode_list_2=list_2, opcode_list_3=tags.bytes(51022))
    return Sensor(
        pixels=pixels,
        cfa=cfa,
        black_level=(black[0], black[1], black[2], black[3]),
        white_level=white,
        metadata=metadata,
        shading=shading,
        default_crop=_crop(answer["crop"], pixels),
        noise_tag=noise_profile_tag(tags) if tags else None,
    )


def _crop(crop: list[int], pixels: Mosaic) -> tuple[int, int, int, int] | None:
    """LibRaw's inset crop, (top, left, height, width); all zero where there is none."""
    top, left, height, width = crop
    return clamped_crop(top, left, height, width, pixels.shape) if top >= 0 and left >= 0 and height and width else None


def _white(answer: dict[str, Any], notes: Notes) -> float:
    """The level at which the camera says that a channel clips, when it is credible; else LibRaw's maximum."""
    white = float(answer["white"])
    if not 1 < white <= 65535:
        return notes.white_level(65535.0)
    own = [float(w) for w in answer["whites"] if w and white / 2 < w <= white]
    return min(own, default=white)


def _metadata(
    path: Path, answer: dict[str, Any], tags: Tags | None, notes: Notes, color: CameraColor | None
) -> Metadata:
    if tags is not None and tags.is_dng:
        return read_metadata(path, tags, notes, color)
    known: dict[str, Any] = {
        key: round(v, digits)  # f/5.02152 is what comes of logarithms
        for key, digits in (("iso", 0), ("exposure_time", 9), ("f_number", 1), ("focal_length", 1))
        if (v := answer[key]) and v > 0
    }
    known |= {"lens": answer["lens"], "orientation": _ORIENTATIONS.get(answer["flip"], 1)}
    known["capture_time"] = "" if answer["time"].startswith("1970:01:01") else answer["time"]
    if tags is None:
        return Metadata(path=path, color=color or CameraColor(), **known)
    found = read_metadata(path, tags, notes, color)
    # Some makers write these in places of their own.
    return replace(found, **{key: v for key, v in known.items() if getattr(found, key) in (None, "", 1)})


def _color(
    answer: dict[str, Any], pixels: Mosaic, cfa: str, black: list[float], tags: Tags | None, notes: Notes
) -> CameraColor:
    """Of LibRaw's matrix, which is for D65, and the camera's white balance."""
    wb = [float(v) for v in answer["neutral"][:3]]
    neutral = normalised_neutral(tuple(1 / v if v > 0 else math.nan for v in wb))
    matrix, illuminant = matrix_of(tuple(v for row in answer["matrix"] for v in row)), 21
    finished = is_untold(matrix, neutral) and (answer["linear"] or is_balanced(pixels, cfa, black))
    if finished:
        neutral = (1.0, 1.0, 1.0)
    to_srgb = matrix_of(tuple(v for row in answer["to_srgb"] or () for v in row) or None)
    if matrix is None and neutral and to_srgb and np.abs(np.array(to_srgb) - np.eye(3)).max() > 0.01:
        from_xyz = np.diag(neutral) @ np.linalg.inv(to_srgb) @ SRGB_MATRIX
        matrix = matrix_of(tuple(from_xyz.ravel().tolist()))
    if matrix is None and finished:
        return finished_color(tags, notes)
    if matrix is None:
        matrix, illuminant = notes.color_matrix()
    if neutral is None:
        notes.white_xy()
    return CameraColor(color_matrix_1=matrix, calibration_illuminant_1=illuminant, as_shot_neutral=neutral)
