"""Ways to store pixels that other programs and newer phones use: floating point, JPEG XL, sorted rows and columns."""

from __future__ import annotations

import zlib
from pathlib import Path

import imagecodecs
import numpy as np
import pytest

import lichtbild as lb
from lichtbild.carriers import Frame
from lichtbild.errors import RawError
from lichtbild.raw.floats import ZERO
from lichtbild.raw.read import read_frame, read_sensor
from lichtbild.report import Report
from make_dng import make_dng, rational


def light(height: int = 50, width: int = 70, planes: int = 0) -> np.ndarray:
    shape = (height, width, planes) if planes else (height, width)
    return np.random.default_rng(5).uniform(0.02, 0.97, shape).astype(np.float32)


def frame_of(tmp_path: Path, data: bytes) -> Frame:
    path = tmp_path / "shot.dng"
    path.write_bytes(data)
    return read_frame(path, Report())


def bytes_of(values: np.ndarray, bits: int) -> np.ndarray:
    """(h, n, bytes), the most significant first."""
    flat = values.reshape(len(values), -1)
    if bits != 24:
        return flat.astype(f">f{bits // 8}").view(np.uint8).reshape(*flat.shape, bits // 8)
    mantissa, exponent = np.frexp(flat)  # 0.5 <= mantissa < 1
    number = ((exponent + 62) << 16) | np.rint((2 * mantissa - 1) * 65536).astype(np.int64)
    return np.stack([number >> 16, number >> 8, number], -1).astype(np.uint8)


def predicted(values: np.ndarray, bits: int, step: int) -> bytes:
    """Bytes of one weight after another, then their differences: floating-point prediction of TIFF."""
    rows = bytes_of(values, bits).transpose(0, 2, 1).reshape(len(values), -1)
    out = rows.copy()
    out[:, step:] -= rows[:, :-step]
    return zlib.compress(out.tobytes())


@pytest.mark.parametrize("white", [1.0, 0.5, 16383.0])
@pytest.mark.parametrize("bits", [16, 24, 32])
@pytest.mark.parametrize(
    ("predictor", "step", "order"),
    [(0, 0, "<"), (0, 0, ">"), (1, 0, "<"), (3, 1, "<"), (34894, 2, ">"), (34895, 4, "<")],
)
def test_floating_point(tmp_path: Path, predictor: int, step: int, order: str, bits: int, white: float) -> None:
    """0 is ZERO and white 65535, whatever the file's own scale; noise below 0 stays."""
    values = light()
    values[3, 5] = -0.01

    def coder(tile: np.ndarray) -> bytes:
        scaled = tile * np.float32(white)
        if predictor > 1:
            return predicted(scaled, bits, step)
        numbers = bytes_of(scaled, bits)
        plain = (numbers if order == ">" else numbers[..., ::-1]).tobytes()
        return zlib.compress(plain) if predictor else plain

    tags = {258: (3, bits), 339: (3, 3), 317: (3, max(predictor, 1)), 50714: rational(0.01 * white, 5)}
    if white != 1:
        tags[50717] = rational(white, 5)
    else:
        tags[50717] = None
    if bits == 24:
        values[3, 5] = 0.5
    data = make_dng(
        values, bits=16, order=order, compression=8 if predictor else 1, tile=(32, 48) if step else None,
        tags=tags, coder=coder,
    )  # fmt: skip
    frame = frame_of(tmp_path, data)
    wanted = ZERO + values * (65535 - ZERO)
    close = np.abs(frame.mosaic - wanted) < (1 if bits == 32 else 32)
    assert close.mean() > 0.98  # some look like defects
    assert frame.white_level == 65535
    assert frame.black_level == pytest.approx([ZERO + 0.01 * (65535 - ZERO)] * 4, abs=1.0)
    assert frame.mosaic[4, 5] == pytest.approx(wanted[4, 5], abs=32)


def test_floating_point_that_is_no_number_is_black_or_white(tmp_path: Path) -> None:
    values = np.full((40, 40, 3), 0.25, np.float32)
    values[8, 8], values[8, 9], values[8, 10] = np.nan, np.inf, 1e30
    data = make_dng(
        values, tags={258: (3, [32] * 3), 339: (3, [3] * 3), 50717: (4, [1] * 3), 50714: None},
        coder=lambda tile: tile.astype("<f4").tobytes(),
    )  # fmt: skip
    frame = frame_of(tmp_path, data)
    assert frame.mosaic[8, 8, 0] == ZERO and frame.mosaic[8, 9, 0] == frame.mosaic[8, 10, 0] == 65535


def test_floating_point_becomes_a_photograph(tmp_path: Path) -> None:
    path = tmp_path / "merged.dng"
    data = make_dng(light(), tags={258: (3, 32), 339: (3, 3), 50717: (4, 1), 50714: None}, coder=np.ndarray.tobytes)
    path.write_bytes(data)
    assert lb.develop(lb.read(path)).image.shape == (50, 70, 3)
    path.write_bytes(data[:-400])
    with pytest.raises(RawError, match="ends before its pixels"):
        read_frame(path, Report())


def jpeg_xl(tile: np.ndarray, **how: object) -> bytes:
    return bytes(imagecodecs.jpegxl_encode(np.ascontiguousarray(tile), **{"lossless": True, **how}))


@pytest.mark.parametrize("tile", [None, (32, 48)])
@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
@pytest.mark.parametrize("planes", [0, 3])
def test_jpeg_xl(tmp_path: Path, planes: int, bits: int, tile: tuple[int, int] | None) -> None:
    pixels = (light(50, 70, planes) * ((1 << bits) - 1)).astype(np.uint8 if bits == 8 else np.uint16)
    data = make_dng(pixels, bits=bits, compression=52546, tile=tile, coder=lambda t: jpeg_xl(t, bitspersample=bits))
    mosaic = frame_of(tmp_path, data).mosaic
    assert (mosaic == pixels).mean() > (0.98 if planes == 0 else 0.9999)


@pytest.mark.parametrize("box", [b"", b"jxlc", b"jxlp"])
def test_jpeg_xl_of_fewer_bits_than_the_tags_say_has_their_range(tmp_path: Path, box: bytes) -> None:
    """Phones code 10 bits, and say 16 with a white of 65535; bare or in a container."""
    pixels = (light(48, 64, 3) * 1023).astype(np.uint16)

    def coder(tile: np.ndarray) -> bytes:
        bare = jpeg_xl(tile, bitspersample=10, usecontainer=False)
        if not box:
            return bare
        body = (b"\x80\0\0\0" if box == b"jxlp" else b"") + bare
        head = b"\0\0\0\x0cJXL \r\n\x87\n" + b"\0\0\0\x14ftypjxl \0\0\0\0jxl "
        return head + (8 + len(body)).to_bytes(4) + box + body

    mosaic = frame_of(tmp_path, make_dng(pixels, compression=52546, coder=coder)).mosaic
    np.testing.assert_array_equal(mosaic, pixels.astype(np.uint32) * 65535 // 1023)


def test_jpeg_xl_of_few_bits_with_levels_of_sixteen(tmp_path: Path) -> None:
    pixels = (light(48, 64, 3) * 1023).astype(np.uint16)
    data = make_dng(
        pixels, bits=10, compression=52546, tags={50717: (4, [65535] * 3)},
        coder=lambda tile: jpeg_xl(tile, bitspersample=10),
    )  # fmt: skip
    frame = frame_of(tmp_path, data)
    assert frame.white_level == 65535
    np.testing.assert_array_equal(frame.mosaic, pixels.astype(np.uint32) * 65535 // 1023)


@pytest.mark.parametrize("compression", [1, 52546])
@pytest.mark.parametrize("fields", [(2, 2), (1, 2), (2, 1), (3, 2)])
def test_rows_and_columns_that_are_sorted_by_field(tmp_path: Path, fields: tuple[int, int], compression: int) -> None:
    """The colours of a mosaic lie apart, so that each is a smooth picture; odd sizes, too."""
    pixels = (light(51, 71) * 60000).astype(np.uint16)
    apart = np.concatenate([pixels[i :: fields[0]] for i in range(fields[0])])
    apart = np.concatenate([apart[:, i :: fields[1]] for i in range(fields[1])], 1)
    tags = {50975: (4, fields[0]), 52547: (4, fields[1])}
    data = make_dng(apart, compression=compression, tags=tags, coder=jpeg_xl if compression != 1 else None)
    assert (frame_of(tmp_path, data).mosaic == pixels).mean() > 0.98


@pytest.mark.parametrize(
    "coder",
    [
        lambda t: jpeg_xl(t[:-2]),
        lambda t: jpeg_xl(t[:, :-8]),
        lambda t: jpeg_xl(np.stack([t] * 3, -1)),
        lambda t: jpeg_xl(t)[:60],
        lambda t: b"\xff\x0a",
        lambda t: b"\xff\x0a" + b"\xff" * 200,
        lambda t: jpeg_xl((t / 65535).astype(np.float16)),
        lambda t: b"\0\0\0\x0cJXL \r\n\x87\n" * 40,
    ],
)
def test_a_jpeg_xl_that_does_not_fit_is_refused(tmp_path: Path, coder: object) -> None:
    pixels = (light(48, 64) * 60000).astype(np.uint16)
    with pytest.raises(RawError, match=r"shot\.dng"):
        frame_of(tmp_path, make_dng(pixels, compression=52546, coder=coder))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("values", "scale"),
    [
        ([0.01, 0.0], (0.01, 0.01, 0.01)),
        ([0.01, 0.0, 0.02, 0.0, 0.03, 0.0], (0.01, 0.02, 0.03)),
        ([0.01, 0.0, 0.02, 0.0, 0.024, 0.0, 0.03, 0.0], (0.01, 0.022, 0.03)),
    ],
)
def test_noise_profiles_of_planes_and_of_sites(tmp_path: Path, values: list[float], scale: tuple[float, ...]) -> None:
    path = tmp_path / "shot.dng"
    path.write_bytes(make_dng((light() * 60000).astype(np.uint16), tags={51041: (12, values)}))
    noise = read_sensor(path, Report()).noise_tag
    assert noise is not None and noise.scale == pytest.approx(scale) and noise.offset == (0, 0, 0)
