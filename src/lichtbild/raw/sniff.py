"""What a file is, by its first bytes, never by its name; and the EXIF that formats without TIFF carry inside."""

from __future__ import annotations

import mmap
from pathlib import Path

from lichtbild.errors import RawError
from lichtbild.metadata.xml import LARGEST
from lichtbild.raw.tiff import Buffer, Tiff

# What is no raw file, and what it is.
_FINISHED = (
    (b"\xff\xd8\xff", 0, "a JPEG picture"),
    (b"\x89PNG\r\n\x1a\n", 0, "a PNG picture"),
    (b"GIF8", 0, "a GIF picture"),
    (b"WEBP", 8, "a WebP picture"),
    (b"BM", 0, "a BMP picture"),
    (b"8BPS", 0, "a Photoshop file"),
    (b"\xff\x0a", 0, "a JPEG XL picture"),
    (b"\x00\x00\x00\x0cJXL ", 0, "a JPEG XL picture"),
    (b"ftypheic", 4, "a HEIC picture"),
    (b"ftypheix", 4, "a HEIC picture"),
    (b"ftypmif1", 4, "a HEIF picture"),
    (b"ftypavif", 4, "an AVIF picture"),
    (b"ftypqt", 4, "a film"),
    (b"ftypisom", 4, "a film"),
    (b"ftypmp4", 4, "a film"),
    (b"%PDF", 0, "a PDF document"),
    (b"PK\x03\x04", 0, "a ZIP archive"),
    (b"\x1f\x8b", 0, "a compressed archive"),
    (b"SIMPLE  =", 0, "an astronomer's FITS file"),
    (b"\x89LFP\r\n\x1a\n", 0, "a light field"),
)
_RAF = b"FUJIFILMCCD-RAW"
_MRW = b"\0MRM"

_FINISHED_KINDS = range(9)  # photometric interpretations: grey, RGB, palette, CMYK, YCbCr, Lab
_PANASONIC_OFFSET = 280
_NO_COUNT = (1 << 32) - 1  # what Panasonic writes for an offset that is told elsewhere

_XMP_UUID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_XMP_MARK = b"http://ns.adobe.com/xap/1.0/\0"


def open_file(path: Path) -> memoryview:
    """The whole file as memory: mapped, not read. What is written to it stays in this process and reaches no file.

    Raises `RawError` when there is no such file, or it is a directory, empty or not readable.
    """
    try:
        if path.is_dir():
            raise RawError("is a folder; name the raw files in it")
        if path.exists() and not path.is_file():
            raise RawError("is no file but a device or a pipe; save the raw file to a disk first")
        with path.open("rb") as file:
            return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY))
    except FileNotFoundError:
        raise RawError("does not exist; check the name") from None
    except PermissionError:
        raise RawError("may not be read; change its permissions") from None
    except ValueError:
        raise RawError("is empty; copy it again from the card") from None
    except OSError as error:
        raise RawError(f"cannot be read ({error.strerror or error}); copy it again from the card") from None


def refuse_finished(data: Buffer) -> None:
    """Raise `RawError` for files that are plainly something else than a raw photograph."""
    head = bytes(data[:512])
    for magic, offset, name in _FINISHED:
        if head[offset : offset + len(magic)] == magic:
            raise no_raw(name)
    if not any(head):
        raise RawError("begins with nothing but zeros, so it is damaged; copy it again from the card")
    if all(byte in b"\t\n\r\f" or byte >= 32 for byte in head) and _is_text(head):
        raise RawError("is a text file, not a raw file; name a raw file")


def no_raw(name: str) -> RawError:
    return RawError(f"is {name}, not a raw file; name the raw file that came with it")


def _is_text(head: bytes) -> bool:
    for cut in range(4):  # the last character may be cut in two
        try:
            head[: len(head) - cut].decode("utf-8")
        except UnicodeDecodeError:
            continue
        return not head.startswith((b"FUJIFILM", b"FOVb"))
    return False


def tiff_of(data: Buffer) -> Tiff | None:
    """The file's TIFF structure, if it is one."""
    try:
        return Tiff(data)
    except RawError as error:
        if "not a TIFF" in str(error):
            return None
        raise


def ends_early(data: Buffer, tiff: Tiff | None) -> bool:
    """Whether a raw that is no DNG says that its pixels go on behind the end of the file.

    No proof that it was cut off: some makers count the bytes of pixels before they are compressed, or a few too many.
    """
    head = bytes(data[:112])
    pieces = [(int.from_bytes(head[100:104]), int.from_bytes(head[104:108]))] if head.startswith(_RAF) else []
    largest = 0
    for directory in tiff.all() if tiff is not None else ():
        for where, size in ((273, 279), (_PANASONIC_OFFSET, 279), (324, 325)):
            offsets, counts = directory.integers(where), directory.integers(size)
            if offsets and counts and len(offsets) == len(counts) and largest < sum(counts) < _NO_COUNT > max(offsets):
                pieces, largest = list(zip(offsets, counts, strict=True)), sum(counts)
    missing = sum(min(max(offset + count - len(data), 0), count) for offset, count in pieces)
    return missing > sum(count for _, count in pieces) / 100


def is_finished(tiff: Tiff) -> bool:
    """Whether a TIFF is what a finished picture is: one whole image, of no mosaic, without others below it."""
    first = tiff.directories[0]
    return not first.children and first.integer(254, 0) == 0 and first.integer(262) in _FINISHED_KINDS


def inner_tiffs(data: Buffer) -> list[Tiff]:
    """EXIF in formats that are no TIFF: [image, exif, gps] of Canon CR3, [image] of Fujifilm RAF and Minolta MRW."""
    head = bytes(data[: 1 << 16])
    found = []
    if head[4:12] == b"ftypcrx ":
        places = [head.find(box) + 4 for box in (b"CMT1", b"CMT2", b"CMT4")]
    elif head.startswith(_MRW):
        places = [head.find(b"\0TTW") + 8]
    elif head.startswith(_RAF):
        start = int.from_bytes(head[84:88])
        jpeg = bytes(data[start : start + 64])
        places = [start + at + 6] if (at := jpeg.find(b"Exif\0\0")) > 0 else []
    else:
        return []
    for place in places:
        if place > 8:
            try:
                found.append(Tiff(data[place:]))
            except RawError:
                break
    return found


def inner_xmp(data: Buffer) -> bytes:
    """The XMP packet of formats that are no TIFF: the box of Canon CR3, the segment in Fujifilm RAF's own JPEG."""
    head = bytes(data[:1024])
    if head[4:12] == b"ftypcrx ":
        at = 0
        for _ in range(16):
            size, kind = int.from_bytes(data[at : at + 4]), bytes(data[at + 4 : at + 8])
            if kind == b"uuid" and bytes(data[at + 8 : at + 24]) == _XMP_UUID:
                return bytes(data[at + 24 : min(at + size, at + LARGEST)])
            if size < 8:  # the pixels' box tells its size elsewhere, and is the last
                break
            at += size
    elif head.startswith(_RAF):
        at = int.from_bytes(head[84:88]) + 2
        for _ in range(16):
            size = int.from_bytes(data[at + 2 : at + 4])
            body = bytes(data[at + 4 : at + 2 + size])
            if bytes(data[at : at + 2]) == b"\xff\xe1" and body.startswith(_XMP_MARK):
                return body[len(_XMP_MARK) :]
            if bytes(data[at : at + 1]) != b"\xff" or size < 2:
                break
            at += 2 + size
    return b""
