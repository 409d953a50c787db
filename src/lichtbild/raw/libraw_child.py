"""The process in which LibRaw runs: a damaged file may crash it or eat its memory, and the photographer's job goes on.

It gets one socket. A request is the path of a file; the answer is one JSON object, and with it, when the file could be
decoded, a file descriptor of anonymous memory that holds the pixels. Messages are length-prefixed.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import socket
import struct
import sys
import tempfile
from typing import Any

MEMORY_LIMIT = 4 << 30
MAX_PIXELS = 400_000_000


def main() -> None:
    """Serve requests until the other side closes."""
    limit_resources()
    channel = socket.socket(fileno=int(sys.argv[1]))
    while request := receive(channel)[0]:
        try:
            answer, pixels = decode(request)
        except MemoryError:
            answer, pixels = {"error": "memory"}, None
        except Exception as error:  # rawpy raises many kinds, and all of them are the file's fault
            answer, pixels = {"error": type(error).__name__}, None
        send(channel, json.dumps(answer).encode(), pixels)
        if pixels is not None:
            os.close(pixels)


def limit_resources() -> None:
    """No more memory than `MEMORY_LIMIT`, and no core dumps, for this process."""
    for kind, limit in ((resource.RLIMIT_AS, MEMORY_LIMIT), (resource.RLIMIT_CORE, 0)):
        _, hard = resource.getrlimit(kind)
        wanted = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        # Not every system knows every limit; the time limit still holds there.
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(kind, (wanted, hard))


def send(channel: socket.socket, message: bytes, descriptor: int | None = None) -> None:
    """One message with its length before it, and a file descriptor beside it."""
    data = struct.pack("<I", len(message)) + message
    if descriptor is None:
        channel.sendall(data)
    else:
        sent = socket.send_fds(channel, [data], [descriptor])
        channel.sendall(data[sent:])


def receive(channel: socket.socket) -> tuple[bytes, int | None]:
    """One message and the descriptor that came with it; (b"", None) when the other side has closed."""
    data, descriptors, _, _ = socket.recv_fds(channel, 65536, 1)
    descriptor = descriptors[0] if descriptors else None
    while (data and len(data) < 4) or len(data) < 4 + struct.unpack_from("<I", data)[0] if data else False:
        more = channel.recv(65536)
        if not more:
            return b"", descriptor
        data += more
    return data[4:], descriptor


def decode(path: bytes) -> tuple[dict[str, Any], int | None]:
    """Decode a file with LibRaw: what it knows of it, and a descriptor of the visible pixels, uint16."""
    import numpy as np
    import rawpy

    with rawpy.RawPy() as raw:
        raw.open_file(os.fsdecode(path))
        sizes = raw.sizes
        if sizes.raw_height * sizes.raw_width > MAX_PIXELS:
            return {"error": "size"}, None
        raw.unpack()
        stored = raw.raw_image
        linear = raw.raw_type == rawpy.RawType.Stack
        if stored is None:
            return {"error": "nothing"}, None
        top, left, height, width = sizes.top_margin, sizes.left_margin, sizes.height, sizes.width
        visible = stored[top : top + height, left : left + width]
        if linear and visible.ndim == 3:
            visible = visible[..., :3]
        colors = raw.color_desc.decode("ascii", "replace")
        pattern = None if linear else raw.raw_pattern
        sites = [] if linear else [raw.raw_color(top + y, left + x) for y in (0, 1) for x in (0, 1)]
        other, lens = getattr(raw, "other", None), getattr(raw, "lens", None)  # not in older versions of rawpy
        answer: dict[str, Any] = {
            "shape": visible.shape,
            "linear": linear,
            "period": None if pattern is None else pattern.shape,
            "colors": colors,
            "count": raw.num_colors,
            "sites": sites,
            "black": list(raw.black_level_per_channel),
            "white": raw.white_level,
            "whites": list(getattr(raw, "camera_white_level_per_channel", None) or []),
            "neutral": list(raw.camera_whitebalance),
            "matrix": raw.rgb_xyz_matrix[:3].tolist(),
            "to_srgb": None if raw.rgb_xyz_matrix.any() or raw.num_colors != 3 else balanced_to_srgb(raw),
            "crop": [sizes.crop_top_margin - top, sizes.crop_left_margin - left, sizes.crop_height, sizes.crop_width],
            "flip": sizes.flip,
            "aspect": sizes.pixel_aspect,
            "iso": other.iso_speed if other else 0,
            "exposure_time": other.shutter_speed if other else 0,
            "f_number": other.aperture if other else 0,
            "focal_length": other.focal_length if other else 0,
            "time": other.timestamp.strftime("%Y:%m:%d %H:%M:%S") if other else "1970:01:01",
            "lens": lens.model if lens else "",
        }
        descriptor = anonymous_memory()
        size = visible.size * 2
        os.ftruncate(descriptor, size)
        with open(descriptor, "wb", closefd=False) as file:
            for row in range(0, visible.shape[0], 256):
                file.write(np.ascontiguousarray(visible[row : row + 256], np.uint16).tobytes())
    return answer, descriptor


def balanced_to_srgb(raw: Any) -> list[list[float]] | None:
    """What LibRaw makes linear sRGB with of a few cameras' balanced colours, and tells nobody: found from two pictures
    of its own. None where it cannot be found; a unit matrix where LibRaw itself knows none."""
    import numpy as np
    import rawpy

    how: dict[str, Any] = {
        "half_size": True,
        "gamma": (1, 1),
        "output_bps": 16,
        "user_flip": 0,
        "user_wb": [1, 1, 1, 1],
        "no_auto_bright": True,
        "no_auto_scale": True,
        "adjust_maximum_thr": 0,
    }
    try:
        camera, srgb = (
            raw.postprocess(output_color=space, **how).reshape(-1, 3)[::7].astype(np.float64)
            for space in (rawpy.ColorSpace.raw, rawpy.ColorSpace.sRGB)
        )
    except rawpy.LibRawError:
        return None
    whole = ((camera > 0) & (camera < 65535) & (srgb > 0) & (srgb < 65535)).all(1)
    if whole.sum() < 100:
        return None
    matrix, _, rank, _ = np.linalg.lstsq(camera[whole], srgb[whole], rcond=1e-6)
    fits = rank == 3 and np.abs(camera[whole] @ matrix - srgb[whole]).max() < 16
    return matrix.T.tolist() if fits else None


def anonymous_memory() -> int:
    """A descriptor of memory without a name; of a file without a name where the system has no such thing."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("lichtbild")
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


if __name__ == "__main__":
    main()
