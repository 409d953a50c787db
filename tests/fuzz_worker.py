"""Reads damaged raw files in a process of its own and says, line by line, what became of each.

    python tests/fuzz_worker.py FIRST COUNT        # cases FIRST to FIRST + COUNT - 1; each is the same on every run

Every case is a sound file, made here or derived from a real one, with a few bytes changed where it hurts.
"""

from __future__ import annotations

import json
import math
import resource
import struct
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import imagecodecs
import numpy as np

from conftest import find_shared
from lichtbild.errors import LichtbildError
from lichtbild.raw.read import probe, read_frame
from lichtbild.raw.tiff import Tiff
from lichtbild.report import Report
from make_dng import make_dng, rational

MEMORY_LIMIT = 3 << 30
NUMBERS = (0, 1, 2, 3, 255, 256, 65535, 65536, 100_000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def picture(height: int = 80, width: int = 112, bits: int = 16) -> np.ndarray:
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:height, :width]
    level = 0.4 + 0.3 * np.sin(y / 11) * np.cos(x / 9) + rng.normal(0, 0.01, (height, width))
    return np.clip(level * (1 << bits), 0, (1 << bits) - 1).astype(np.uint16)


def opcodes() -> bytes:
    """One of each kind."""
    area = struct.pack(">8I", 0, 0, 80, 112, 0, 1, 1, 1)
    bodies = [
        (5, struct.pack(">3I", 0, 1, 1) + struct.pack(">2I", 5, 6) + struct.pack(">4I", 8, 9, 12, 13)),
        (8, area + struct.pack(">I3d", 2, 0.0, 0.9, 0.1)),
        (7, area + struct.pack(">I", 4) + struct.pack(">4H", 0, 1, 2, 65535)),
        (9, area + struct.pack(">2I4dI", 2, 2, 1.0, 1.0, 0.0, 0.0, 1) + struct.pack(">4f", 1, 1.5, 2, 1)),
        (1, struct.pack(">I8d", 1, 1, 0.1, 0, 0, 0, 0, 0.5, 0.5)),
        (10, area + struct.pack(">I", 80) + bytes(320)),
        (77, b"from the future"),
    ]
    items = [struct.pack(">4I", code, 0x01030000, 1, len(body)) + body for code, body in bodies]
    return struct.pack(">I", len(items)) + b"".join(items)


def made() -> list[bytes]:
    """Sound files of every kind that is decoded here."""
    exif = {33434: (5, [(1, 250)]), 34855: (3, 400), 36867: (2, "2024:05:06 07:08:09"), 37500: (7, bytes(200))}
    lists = {51008: (7, opcodes()), 51009: (7, opcodes()), 51022: (7, opcodes())}
    levels = {
        50713: (3, [2, 2]), 50714: (4, [60, 61, 62, 63]), 50715: rational(np.arange(112) % 3),
        50716: rational(np.arange(80) % 3), 50829: (4, [1, 1, 79, 111]), 50830: (4, [0, 0, 80, 1]),
        50719: (4, [2, 2]), 50720: (4, [100, 70]), 51125: rational([0, 0, 1, 1], 5),
    }  # fmt: skip
    lossy = imagecodecs.jpeg8_encode(np.stack([picture(bits=8).astype(np.uint8)] * 3, -1), level=90)
    as_lossy = make_dng(np.stack([picture()] * 3, -1), bits=8, tags={259: (3, 34892), 279: (4, [len(lossy)])})
    as_lossy = as_lossy[: -80 * 112 * 3] + lossy
    return [
        make_dng(picture(), exif=exif, tags=lists),
        make_dng(picture(bits=12), bits=12, tags=levels, rows_per_strip=16),
        make_dng(picture(bits=14), bits=14, compression=7, tile=(32, 48), exif=exif),
        make_dng(picture(), compression=7, tags={50712: (3, np.arange(0, 65000, 13).astype(np.uint16))}),
        make_dng(picture(), compression=8, tile=(16, 48), order=">"),
        make_dng(picture(), big=True, exif=exif, order=">"),
        make_dng(np.stack([picture()] * 3, -1), tile=(48, 64), compression=7),
        as_lossy,
        make_dng(
            picture(), bits=16, compression=52546, tile=(48, 64), coder=jpeg_xl, tags={50975: (4, 2), 52547: (4, 2)}
        ),
        make_dng(np.stack([picture()] * 3, -1), compression=52546, coder=jpeg_xl),
        make_dng(picture(), compression=8, tags={339: (3, 3), 317: (3, 34894)}, tile=(16, 48)),
    ]


def jpeg_xl(tile: np.ndarray) -> bytes:
    return bytes(imagecodecs.jpegxl_encode(np.ascontiguousarray(tile), lossless=True))


def derived() -> list[bytes]:
    """The beginnings of real files, told to be smaller than they were."""
    found = []
    for name, tags, end in (
        ("raws/hdrmerge/sample1.dng", {256: 512, 257: 480, 50829: [0, 0, 480, 512]}, 900_000),
        ("raws/gopro/Hero6_GOPR0024.dng", {257: 96, 278: 96, 50829: [0, 0, 96, 4000]}, 15_148 + 96 * 8000),
        ("raws/tinydng/colorchart.dng", {257: 160, 278: 160, 50829: [26, 152, 160, 1886]}, 1536 + 160 * 3304),
        ("raws/edge/nikon_d500_linear.dng", {}, None),
        ("raws/edge/iphone12pro_proraw_skeleton.dng", {}, None),
        ("raws/edge/hero6_unsupported.gpr", {}, 60_000),
        ("raws/edge/RAW_KODAK_DC50.KDC", {}, None),
        ("raws/edge/RAW_KODAK_DC50.KDC", {}, None),
        ("raws/edge/canon_g1_gmyc.crw", {}, None),
    ):
        path = find_shared(name)
        if path is None:
            continue
        data = bytearray(path.read_bytes()[:end])
        tiff = Tiff(memoryview(bytes(data))) if tags else None
        for directory in tiff.all() if tiff else ():
            if directory.integer(262) != 32803:
                continue
            for tag, value in tags.items():
                if tag in directory and tiff:
                    entry = directory.entries[tag]
                    form = tiff.order + {3: "H", 4: "I"}[entry.type] * entry.count
                    values = value if isinstance(value, list) else [value]
                    struct.pack_into(form, data, entry.offset, *values)
        found.append(bytes(data))
    return found


def tender_places(data: bytes) -> list[int]:
    """Where the fields of directories and the heads of image data lie."""
    try:
        tiff = Tiff(memoryview(data))
    except LichtbildError:
        return list(range(min(len(data), 512)))
    places = list(range(16))
    for start in [*tiff._visited]:
        places += range(start, min(start + 12 * 60, len(data)))
    for directory in tiff.all():
        for tag, entry in directory.entries.items():
            places += range(entry.offset, min(entry.offset + 64, len(data)))
            if tag in (273, 324):
                for offset in (directory.integers(tag) or ())[:4]:
                    places += range(min(offset, len(data)), min(offset + 100, len(data)))
    return [p for p in places if p < len(data)]


def mutated(data: bytes, places: list[int], rng: np.random.Generator) -> bytes:
    out = bytearray(data)
    for _ in range(int(rng.integers(1, 6))):
        anywhere = rng.random() < 0.2
        at = int(rng.integers(len(out))) if anywhere else places[int(rng.integers(len(places)))]
        if at >= len(out):
            continue
        match int(rng.integers(8)):
            case 0 | 1:
                out[at] ^= 1 << int(rng.integers(8))
            case 2:
                out[at] = int(rng.integers(256))
            case 3 | 4:
                number = NUMBERS[int(rng.integers(len(NUMBERS)))] if rng.random() < 0.7 else int(rng.integers(len(out)))
                out[at : at + 4] = struct.pack("<I" if rng.random() < 0.6 else ">I", number)
            case 5:
                number = int(rng.integers(0x10000))
                out[at : at + 2] = struct.pack("<H" if rng.random() < 0.6 else ">H", number)
            case 6:
                length = int(rng.integers(1, 64))
                source = int(rng.integers(len(out)))
                out[at : at + length] = out[source : source + length]
            case _:
                if rng.random() < 0.3:
                    del out[max(at, 8) :]
                else:
                    out[at : at + int(rng.integers(1, 200))] = b""
    return bytes(out)


def check(frame: object) -> None:
    """What a damaged file still gives must be sound."""
    from lichtbild.carriers import Frame

    assert isinstance(frame, Frame)
    assert frame.mosaic.dtype == np.uint16
    assert frame.mosaic.ndim == (3 if frame.cfa == "RGB" else 2)
    assert frame.cfa in ("RGGB", "BGGR", "GRBG", "GBRG", "RGB")
    assert all(0 <= b < frame.white_level <= 65535 for b in frame.black_level)
    noise = [*frame.noise_profile.scale, *frame.noise_profile.offset]
    assert all(math.isfinite(v) and v >= 0 for v in noise)
    assert sum(noise) > 0
    color = frame.metadata.color
    numbers = [*color.analog_balance, color.baseline_exposure, *(color.as_shot_neutral or ())]
    for matrix in (color.color_matrix_1, color.color_matrix_2, color.forward_matrix_1, color.camera_calibration_1):
        numbers += [v for row in matrix or () for v in row]
    numbers += [v for v in (frame.metadata.iso, frame.metadata.exposure_time, frame.metadata.f_number) if v is not None]
    assert all(math.isfinite(v) for v in numbers)
    if frame.shading is not None:
        assert np.isfinite(frame.shading).all()
        assert frame.shading.shape[2] == 4
    if frame.default_crop:
        y, x, h, w = frame.default_crop
        assert y >= 0
        assert x >= 0
        assert y + h <= frame.mosaic.shape[0]
        assert x + w <= frame.mosaic.shape[1]


def attempt(call: Callable[[], object]) -> str:
    """The outcome in a word; anything but a frame and a one-line `LichtbildError` is a failure."""
    try:
        found = call()
    except LichtbildError as error:
        return "refused" if "\n" not in str(error) and len(str(error)) < 400 else f"FAILED: bad message {error!s:.200}"
    except BaseException:
        return f"FAILED: {traceback.format_exc()[-1500:]}"
    try:
        if not hasattr(found, "format"):
            check(found)
    except AssertionError:
        return f"FAILED: unsound frame {traceback.format_exc()[-800:]}"
    return "read"


def main() -> None:
    first, count = int(sys.argv[1]), int(sys.argv[2])
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))
    sources = [*made(), *derived()]
    places = [tender_places(s) for s in sources]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "case.dng"
        for case in range(first, first + count):
            source = case % len(sources)
            # Many processes of LibRaw's are slow to crash: its big file comes less often.
            if len(sources[source]) > 2_000_000 and case % 4:
                source = case % 8
            rng = np.random.default_rng(case)
            data = mutated(sources[source], places[source], rng)
            path.unlink(missing_ok=True)
            path.write_bytes(data)
            print(json.dumps({"case": case, "source": source}), flush=True)
            start = time.perf_counter()
            outcome = attempt(lambda: probe(path))
            if not outcome.startswith("FAILED"):
                outcome = attempt(lambda: read_frame(path, Report()))
            print(json.dumps({"case": case, "outcome": outcome, "seconds": time.perf_counter() - start}), flush=True)
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(json.dumps({"peak_mb": peak / 1024}), flush=True)


if __name__ == "__main__":
    main()
