"""Pictures of every format and colour, read to be measured or to be a scene."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest

from lichtbild.measure.image import load
from lichtbild.output import avif
from lichtbild.output.icc import profile
from lichtbild.report import Report
from lichtbild.virtual.scenes.image_file import image_scene

Image = pytest.importorskip("PIL.Image")

CORNERS = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (200, 200, 200)]


def picture(height: int = 48, width: int = 64) -> np.ndarray:
    """Red, green, blue and grey quarters: any turn, mirror or swap of channels shows."""
    out = np.empty((height, width, 3), np.uint8)
    for k, color in enumerate(CORNERS):
        y, x = k // 2 * height // 2, k % 2 * width // 2
        out[y : y + height // 2, x : x + width // 2] = color
    return out


def corners(path: Path, report: Report | None = None) -> np.ndarray:
    image = load(path, report)
    h, w = image.shape
    return 255 * np.array([image.srgb[y * h // 4, x * w // 4] for y in (1, 3) for x in (1, 3)])


@pytest.mark.parametrize(
    ("name", "options", "near"),
    [
        ("a.gif", {}, 3),
        ("a.bmp", {}, 0.01),
        ("a.webp", {"lossless": True}, 0.01),
        ("lossy.webp", {"quality": 95}, 12),
        ("a.png", {}, 0.01),
        ("a.jpg", {"quality": 98, "subsampling": 0}, 4),
        ("a.tif", {}, 0.01),
    ],
)
def test_formats(name: str, options: dict[str, Any], near: float, tmp_path: Path) -> None:
    Image.fromarray(picture()).save(tmp_path / name, **options)
    assert np.abs(corners(tmp_path / name) - CORNERS).max() <= near
    assert image_scene(tmp_path / name, 0.0).paint.levels[0].shape == (48, 64, 3)  # type: ignore[attr-defined]


def test_grey_palette_and_opacity(tmp_path: Path) -> None:
    shown = Image.fromarray(picture())
    shown.convert("L").save(tmp_path / "grey.bmp")
    assert load(tmp_path / "grey.bmp").samples.shape == (48, 64, 3)
    shown.convert("P").save(tmp_path / "palette.bmp")
    assert np.abs(corners(tmp_path / "palette.bmp") - CORNERS).max() < 30
    clear = shown.copy()
    clear.putalpha(120)
    clear.save(tmp_path / "clear.webp", lossless=True, exact=True)
    assert np.abs(corners(tmp_path / "clear.webp") - CORNERS).max() < 1


def test_the_first_picture_of_an_animation(tmp_path: Path) -> None:
    first, second = Image.fromarray(picture()), Image.fromarray(picture()[::-1].copy())
    for name in ("a.gif", "a.webp"):
        first.save(tmp_path / name, save_all=True, append_images=[second], lossless=True, duration=100)
        assert np.abs(corners(tmp_path / name) - CORNERS).max() < 4


def test_orientation_and_profile_of_webp(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[274] = 6
    turned = np.rot90(picture()).copy()  # as the sensor lay; EXIF 6: to be turned right
    Image.fromarray(turned).save(tmp_path / "a.webp", lossless=True, exif=exif.tobytes(), icc_profile=profile("p3"))
    report = Report()
    image = load(tmp_path / "a.webp", report)
    assert image.shape == (48, 64) and image.space.name.startswith("Display P3") and not report.notices
    np.testing.assert_array_equal(image.samples, picture())


@pytest.mark.parametrize("bits", [8, 10, 12])
def test_avif_by_its_code_points(bits: int, tmp_path: Path) -> None:
    top = 2**bits - 1
    samples = np.rint(picture() / 255 * top).astype(np.uint8 if bits == 8 else np.uint16)
    (tmp_path / "a.avif").write_bytes(avif.encode(samples, bits, "p3", "p3", 98, "quick"))
    report = Report()
    image = load(tmp_path / "a.avif", report)
    assert image.space.name.startswith("Display P3") and not report.notices
    top = int(np.iinfo(image.samples.dtype).max)
    seen = image.samples[[12, 12, 36, 36], [16, 48, 16, 48]] / top * 255
    assert np.abs(seen - CORNERS).max() < 4


@pytest.mark.parametrize("bits", [8, 10, 12, 16])
@pytest.mark.parametrize("space", ["srgb", "p3", "rec2020"])
def test_jpeg_xl_by_its_header(space: str, bits: int, tmp_path: Path) -> None:
    from lichtbild import color
    from lichtbild.output import jxl

    light = (color.decode_srgb(picture() / 255) @ color.convert(space, "srgb").T).astype(np.float16)
    curve = "p3" if space == "rec2020" else space  # Rec. 2020's own is television's, which is seen as sRGB's
    coded = jxl.restated(jxl.encode(light, 98, "quick"), space, curve, bits)
    (tmp_path / "a.jxl").write_bytes(coded)
    report = Report()
    image = load(tmp_path / "a.jxl", report)
    assert image.shape == (48, 64) and not report.notices
    seen = image.samples[[12, 12, 36, 36], [16, 48, 16, 48]] / float(np.iinfo(image.samples.dtype).max) * 255
    assert np.abs(seen - CORNERS).max() < 8
    boxed = b"\0\0\0\x0cJXL \r\n\x87\n\0\0\0\x14ftypjxl \0\0\0\0jxl " + struct.pack(">I4s", 8 + len(coded), b"jxlc")
    (tmp_path / "b.jxl").write_bytes(boxed + coded)
    np.testing.assert_array_equal(load(tmp_path / "b.jxl").samples, image.samples)


def test_other_jpeg_xl(tmp_path: Path) -> None:
    from lichtbild.errors import MeasureError
    from lichtbild.output import jxl

    clear = np.dstack([picture(), np.full((48, 64), 100, np.uint8)])
    for name, samples in (
        ("a", picture()),
        ("b", clear),
        ("c", picture()[..., 1]),
        ("d", picture().astype(np.uint16) * 257),
    ):
        (tmp_path / f"{name}.jxl").write_bytes(imagecodecs.jpegxl_encode(samples, lossless=True))
        seen = load(tmp_path / f"{name}.jxl").samples
        wanted = np.repeat(samples[..., None], 3, 2) if samples.ndim == 2 else samples[..., :3]
        np.testing.assert_array_equal(seen, wanted)
    bright = jxl.restated(jxl.encode(np.ones((48, 64, 3), np.float16), 90, "quick"), "rec2020", "pq", 10, 1000.0)
    (tmp_path / "bright.jxl").write_bytes(bright)
    with pytest.raises(MeasureError, match=r"bright\.jxl: holds light above white.*; save"):
        load(tmp_path / "bright.jxl")
    for n in (2, 3, 9, 40):
        (tmp_path / "cut.jxl").write_bytes((tmp_path / "a.jxl").read_bytes()[:n])
        with pytest.raises(MeasureError, match=r"cut\.jxl: .*;"):
            load(tmp_path / "cut.jxl")


@pytest.mark.parametrize(
    ("kinds", "turn"),
    [
        ({b"irot": 1}, lambda a: np.rot90(a, -1)),
        ({b"irot": 2}, lambda a: np.rot90(a, 2)),
        ({b"irot": 3}, np.rot90),
        ({b"imir": 1}, lambda a: a[:, ::-1]),
        ({b"imir": 0}, lambda a: a[::-1]),
        ({b"irot": 1, b"imir": 1}, lambda a: np.rot90(a[:, ::-1], -1)),
        ({b"irot": 3, b"imir": 0}, lambda a: np.rot90(a[::-1])),
    ],
)
def test_avif_is_turned_upright(kinds: dict[bytes, int], turn: Any, tmp_path: Path) -> None:
    # `irot` turns to the left, `imir` 1 mirrors left to right, in this order (ISO/IEC 23008-12, 6.5.10 and 6.5.12).
    data = avif.encode(np.ascontiguousarray(turn(picture())), 8, "srgb", "srgb", 98, "quick")
    (tmp_path / "a.avif").write_bytes(with_properties(data, kinds))
    assert np.abs(corners(tmp_path / "a.avif") - CORNERS).max() < 6


def with_properties(data: bytes, kinds: dict[bytes, int]) -> bytes:
    """An AVIF of one item with these properties more; what follows is moved."""
    boxes = b"".join(struct.pack(">I4sB", 9, kind, value) for kind, value in kinds.items())
    ipco, ipma = data.index(b"ipco") - 4, data.index(b"ipma") - 4
    size = int.from_bytes(data[ipco : ipco + 4])
    count = data[ipma + 18]
    before = len([n for n in (b"ispe", b"pixi", b"av1C", b"colr") if n in data[ipco : ipco + size]])
    numbers = bytes(0x80 | before + 1 + k for k in range(len(kinds)))  # no reader may leave them out
    out = bytearray(data)
    listed = data[ipma : ipma + 19 + count] + numbers
    listed = (len(listed)).to_bytes(4) + listed[4:18] + bytes([count + len(kinds)]) + listed[19:]
    out[ipma : ipma + 19 + count] = listed
    out[ipco + size : ipco + size] = boxes
    more = len(boxes) + len(numbers)
    for name, by in ((b"ipco", len(boxes)), (b"iprp", more), (b"meta", more)):
        at = data.index(name) - 4
        out[at : at + 4] = (int.from_bytes(data[at : at + 4]) + by).to_bytes(4)
    at = data.index(b"iloc") + 4 + 14  # version 0: flags, sizes, count, item, reference, extents
    out[at : at + 4] = (int.from_bytes(data[at : at + 4]) + more).to_bytes(4)
    return bytes(out)


def lut_profile(space: bytes) -> bytes:
    """An ICC profile with a lookup table alone (`lut8`, ICC.1:2010, 10.9): each ink or light takes its complement or
    itself as Lab's lightness, so that equal inks are neutral."""
    channels = 4 if space == b"CMYK" else 3
    grid = np.stack(np.meshgrid(*[[0.0, 1.0]] * channels, indexing="ij"), -1).reshape(-1, channels)
    light = 1 - np.clip(grid[:, :3].mean(1) + grid[:, 3], 0, 1) if channels == 4 else grid.mean(1)
    lab = np.stack([light * 255, np.full_like(light, 128), np.full_like(light, 128)], 1).round().astype(np.uint8)
    ramp = bytes(range(256))
    table = struct.pack(">4sI4B9i", b"mft1", 0, channels, 3, 2, 0, *(65536 * v for v in (1, 0, 0, 0, 1, 0, 0, 0, 1)))
    table += ramp * channels + lab.tobytes() + ramp * 3
    text = b"desc" + bytes(4) + struct.pack(">I", 5) + b"test\0" + bytes(78)
    white = b"XYZ " + bytes(4) + struct.pack(">3i", 63190, 65536, 54061)
    tags = [(b"desc", text), (b"wtpt", white), (b"cprt", b"text" + bytes(4) + b"none\0"), (b"A2B0", table)]
    at, entries, body = 128 + 4 + 12 * len(tags), b"", b""
    for name, content in tags:
        content += bytes(-len(content) % 4)
        entries += struct.pack(">4sII", name, at + len(body), len(content))
        body += content
    size = at + len(body)
    header = struct.pack(">I4sI4s4s4s12x4s", size, b"lcms", 0x02400000, b"prtr", space, b"Lab ", b"acsp")
    header += bytes(28) + struct.pack(">3i", 63190, 65536, 54061) + bytes(48)
    return header[:128] + struct.pack(">I", len(tags)) + entries + body


def test_cmyk_by_its_profile(tmp_path: Path) -> None:
    inks = np.zeros((64, 64, 4), np.uint8)
    inks[:, 32:, 3] = 128  # half black on the right
    Image.fromarray(inks, "CMYK").save(tmp_path / "a.jpg", icc_profile=lut_profile(b"CMYK"), quality=98)
    luminance = load(tmp_path / "a.jpg").luminance
    assert luminance[32, 10] == pytest.approx(1.0, abs=0.01)
    lightness = 116 * float(luminance[32, 54]) ** (1 / 3) - 16
    assert lightness == pytest.approx(50, abs=1)


def test_rgb_by_a_profile_of_lookup_tables(tmp_path: Path) -> None:
    ramp = np.repeat(np.linspace(0, 255, 64).round().astype(np.uint8), 64).reshape(64, 64).T[..., None].repeat(3, 2)
    Image.fromarray(ramp).save(tmp_path / "a.png", icc_profile=lut_profile(b"RGB "))
    report = Report()
    image = load(tmp_path / "a.png", report)
    assert not report.notices
    lightness = 116 * np.cbrt(image.luminance[20, 10:]) - 16
    np.testing.assert_allclose(lightness, np.linspace(0, 100, 64)[10:], atol=0.7)


def test_a_profile_that_does_not_fit_is_refused_or_told(tmp_path: Path) -> None:
    from lichtbild.errors import MeasureError

    buffer = io.BytesIO()
    Image.new("CMYK", (64, 64)).save(buffer, "JPEG", icc_profile=lut_profile(b"CMYK")[:300])
    (tmp_path / "a.jpg").write_bytes(buffer.getvalue())
    with pytest.raises(MeasureError, match=r"a\.jpg: .*profile.*; save it as RGB"):
        load(tmp_path / "a.jpg")
    Image.new("CMYK", (64, 64)).save(tmp_path / "a.tif", icc_profile=lut_profile(b"CMYK"))
    with pytest.raises(MeasureError, match=r"a\.tif: .*CMYK.*; save it as RGB"):
        load(tmp_path / "a.tif")
    gray = imagecodecs.png_encode(np.full((64, 64), 99, np.uint8))
    (tmp_path / "g.png").write_bytes(gray)
    report = Report()
    load(tmp_path / "g.png", report)
    assert any("sRGB is assumed" in notice for notice in report.notices)
