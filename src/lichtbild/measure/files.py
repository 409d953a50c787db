"""Picture files as samples and profile; what a header claims is checked before memory is taken."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from lichtbild.errors import MeasureError, RawError
from lichtbild.measure.headers import DAMAGED as _DAMAGED
from lichtbild.measure.headers import Header, of_avif, of_bmp, of_gif, of_webp
from lichtbild.output import icc

READ = "JPEG, PNG, TIFF, WebP, GIF, BMP, AVIF or JPEG XL"
MOST_PIXELS = 200_000_000
_PHOTOMETRIC_CFA, _PHOTOMETRIC_LINEAR, _PHOTOMETRIC_CMYK = 32803, 34892, 5
_NO_INKS = "is a CMYK picture without a profile, so that its colours are unknown; save it as RGB"


def kind_of(data: memoryview) -> str:
    """ "jpeg", "png", "tiff", "webp", "gif", "bmp", "avif", "jxl", or "raw" for all else that may be a raw file.

    Raises `MeasureError`.
    """
    from lichtbild.raw import sniff

    head = bytes(data[:16])
    if head[:3] == b"\xff\xd8\xff":
        return "jpeg"
    if head[:8] == b"\x89PNG\r\n\x1a\n":
        return "png"
    if head[:6] in (b"GIF87a", b"GIF89a"):
        return "gif"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    if head[:2] == b"BM" and len(data) > 54 and data[14] in (12, 40, 52, 56, 108, 124):
        return "bmp"
    if head[:2] == b"\xff\x0a" or head[:8] == b"\0\0\0\x0cJXL ":
        return "jxl"
    if head[4:8] == b"ftyp" and b"avif" in bytes(data[8 : min(int.from_bytes(head[:4]), 64)]):
        return "avif"
    try:
        sniff.refuse_finished(data)
    except RawError as error:
        what = str(error).partition(",")[0]
        raise MeasureError(f"{what}, which is not read here; name a {READ.replace(' or ', ', ')} or raw file") from None
    return "tiff" if head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+") and _is_plain(data) else "raw"


def _is_plain(data: memoryview) -> bool:
    """A TIFF that is a picture: no DNG, no mosaic in any directory, and the picture in the first one."""
    from lichtbild.raw.tiff import Tiff

    try:
        tiff = Tiff(data)
    except RawError:
        raise MeasureError(_DAMAGED) from None
    first = tiff.directories[0]
    if 50706 in first or any(d.integer(262) in (_PHOTOMETRIC_CFA, _PHOTOMETRIC_LINEAR) for d in tiff.all()):
        return False
    # What cameras write as TIFF begins with a reduced picture, or hides the mosaic in an odd compression.
    return first.integer(254, 0) == 0 and first.integer(259, 1) in (1, 5, 7, 8, 32773, 32946, 34925, 50000, 50001)


def decode(data: memoryview, kind: str) -> tuple[npt.NDArray[Any], bytes]:
    """((h, w, 3) uint8, uint16 or float32, upright; ICC profile or nothing). Raises `MeasureError`.

    What has a profile of lookup tables, as CMYK has, comes as Rec. 2020. Of an animation, the first picture.
    """
    import imagecodecs

    from lichtbild.measure.jxl_header import of_jxl
    from lichtbild.measure.profile import read_profile
    from lichtbild.measure.transform import full_range, inks_of, to_rec2020

    readers: dict[str, tuple[Callable[[memoryview], Header], Callable[..., Any]]] = {
        "jpeg": (_jpeg, imagecodecs.jpeg8_decode),
        "png": (_png, lambda d: imagecodecs.png_decode(bytes(_pixels_alone(memoryview(d))))),
        "tiff": (_tiff, imagecodecs.tiff_decode),
        "webp": (of_webp, imagecodecs.webp_decode),
        "gif": (of_gif, lambda d: imagecodecs.gif_decode(d, index=0)),
        "jxl": (lambda d: of_jxl(d)[:3], lambda d: full_range(imagecodecs.jpegxl_decode(d), of_jxl(data)[3])),
        "bmp": (of_bmp, imagecodecs.bmp_decode),
        "avif": (
            lambda d: of_avif(d)[:3],
            lambda d: full_range(imagecodecs.avif_decode(d, index=0), of_avif(data)[3]),
        ),
    }
    header, codec = readers[kind]
    try:
        (height, width), profile, orientation = header(data)
    except struct.error:
        raise MeasureError(_DAMAGED) from None
    if not 0 < height * width <= MOST_PIXELS:
        raise MeasureError(f"claims {width} x {height} pixels; {MOST_PIXELS // 10**6} million are the most")
    inks = profile[16:20] == b"CMYK"
    try:
        image = np.asarray(codec(bytes(data)))
    except MemoryError:
        raise
    except Exception:  # imagecodecs raises many kinds
        raise MeasureError(_DAMAGED) from None
    image = inks_of(image, upside_down=kind == "jpeg") if inks else _three(image)
    if inks or (profile[16:20] == b"RGB " and image.dtype.kind == "u" and read_profile(profile) is None):
        image, profile = to_rec2020(image, profile)
    return _turned(image, orientation), profile


def _three(image: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Three channels of a kind that can be measured; opacity is left out."""
    if image.ndim == 2:
        image = np.repeat(image[..., None], 3, axis=2)
    if image.ndim != 3:
        raise MeasureError("holds several pictures; save one of them")
    if image.shape[2] in (1, 2):
        image = np.repeat(image[..., :1], 3, axis=2)
    if image.shape[2] == 4:
        image = image[..., :3]
    if image.shape[2] != 3:
        raise MeasureError(f"has {image.shape[2]} channels; save it as RGB or grey")
    if image.dtype == np.bool_:
        image = image.astype(np.uint8) * np.uint8(255)
    if image.dtype in (np.float16, np.float64):
        image = image.astype(np.float32)
    if image.dtype not in (np.uint8, np.uint16, np.float32):
        raise MeasureError(
            f"holds samples of a kind that is not measured ({image.dtype}); save it with 8, 16 or 32f bits"
        )
    if image.dtype == np.float32 and not np.isfinite(image).all():
        raise MeasureError("holds samples that are no numbers (NaN or infinite); save it again")
    return np.ascontiguousarray(image)


def _turned(image: npt.NDArray[Any], orientation: int) -> npt.NDArray[Any]:
    """Upright, by EXIF's number 1 to 8."""
    if orientation in (5, 6, 7, 8):
        image = image.transpose(1, 0, 2)
    if orientation in (2, 3, 6, 7):
        image = image[:, ::-1]
    if orientation in (3, 4, 7, 8):
        image = image[::-1]
    return np.ascontiguousarray(image)


def _segments(data: memoryview) -> Iterator[tuple[int, memoryview]]:
    """(marker, content) of a JPEG's segments up to the first scan."""
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        length = int.from_bytes(data[at + 2 : at + 4])
        if marker == 0xDA:
            return
        yield marker, data[at + 4 : at + 2 + length]
        at += 2 + max(length, 2)


def _jpeg(data: memoryview) -> tuple[tuple[int, int], bytes, int]:
    size, parts, orientation, channels = (0, 0), {}, 1, 3
    for marker, content in _segments(data):
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC) and len(content) >= 6:
            size = int.from_bytes(content[1:3]), int.from_bytes(content[3:5])
            channels = content[5]
        elif marker == 0xE2 and bytes(content[:12]) == b"ICC_PROFILE\0" and len(content) > 14:
            parts[content[12]] = bytes(content[14:])
        elif marker == 0xE1 and bytes(content[:6]) == b"Exif\0\0":
            orientation = orientation_of(content[6:])
    if not all(size):
        raise MeasureError(_DAMAGED)
    profile = b"".join(parts[i] for i in sorted(parts))
    if channels == 4 and profile[16:20] != b"CMYK":
        raise MeasureError(_NO_INKS)
    return size, profile, orientation


def _png(data: memoryview) -> tuple[tuple[int, int], bytes, int]:
    profile, orientation, at = b"", 1, 8
    size: tuple[int, int] = (0, 0)
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        name, content = bytes(data[at + 4 : at + 8]), data[at + 8 : at + 8 + length]
        if name == b"IHDR" and len(content) >= 13:
            width, height = struct.unpack_from(">II", content)
            size = height, width
        elif name == b"iCCP":
            packed = bytes(content).partition(b"\0")[2][1:]
            try:
                profile = zlib.decompressobj().decompress(packed, 1 << 24)
            except zlib.error:
                profile = b"damaged"
        elif name == b"sRGB" and not profile:
            profile = icc.profile("srgb")
        elif name == b"eXIf":
            orientation = orientation_of(content)
        elif name in (b"IDAT", b"IEND"):
            break
        at += 12 + length
    if not all(size):
        raise MeasureError(_DAMAGED)
    return size, profile, orientation


def _pixels_alone(data: memoryview) -> memoryview:
    """A PNG without what is not needed for its pixels: the decoder would complain about a damaged remark."""
    kept, at = [bytes(data[:8])], 8
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        if bytes(data[at + 4 : at + 8]) in (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"):
            kept.append(bytes(data[at : at + 12 + length]))
        at += 12 + length
    return memoryview(b"".join(kept))


def _tiff(data: memoryview) -> tuple[tuple[int, int], bytes, int]:
    from lichtbild.raw.tiff import Tiff

    first = Tiff(data).directories[0]
    width, height, kind = (first.integer(tag, 0) or 0 for tag in (256, 257, 262))
    if width <= 0 or height <= 0:
        raise MeasureError(_DAMAGED)
    if kind == _PHOTOMETRIC_CMYK:
        raise MeasureError("is a CMYK TIFF, which is not read here; save it as RGB")
    if kind not in (0, 1, 2, 6):
        raise MeasureError("is a TIFF that is neither RGB nor grey; save it as RGB")
    orientation = first.integer(274, 1) or 1
    return (height, width), first.bytes(34675), orientation if 1 <= orientation <= 8 else 1


def orientation_of(exif: memoryview) -> int:
    """EXIF orientation, 1 to 8, of the bytes of an EXIF block; 1 where it says nothing."""
    from lichtbild.raw.tiff import Tiff

    try:
        value = Tiff(exif).directories[0].integer(274, 1) or 1
    except (RawError, struct.error):
        return 1
    return value if 1 <= value <= 8 else 1
