"""TIFF: uncompressed RGB of 8 or 16 bits or 32-bit floating point, with ICC profile, EXIF and XMP (TIFF 6.0)."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from lichtbild.atomic_file import Chunk
from lichtbild.output.attachments import Attachments
from lichtbild.output.tiff import Directory, Tag, Type, iptc_tag, serialise

_RGB, _UNSIGNED, _FLOAT = 2, 1, 3


def chunks(image: npt.NDArray[Any], attached: Attachments) -> list[Chunk]:
    """The file's chunks for a C-contiguous (h, w, 3) uint8, uint16 or float32 image; pixels are not copied."""
    height, width = image.shape[:2]
    bits = image.dtype.itemsize * 8
    described = [
        *attached.fields.image,
        Tag(254, Type.LONG, 0),
        Tag(256, Type.LONG, width),
        Tag(257, Type.LONG, height),
        Tag(258, Type.SHORT, (bits, bits, bits)),
        Tag(259, Type.SHORT, 1),
        Tag(262, Type.SHORT, _RGB),
        Tag(277, Type.SHORT, 3),
        Tag(278, Type.LONG, height),
        Tag(284, Type.SHORT, 1),
        Tag(339, Type.SHORT, (_FLOAT if image.dtype.kind == "f" else _UNSIGNED,) * 3),
        Tag(700, Type.BYTE, attached.xmp),
        Tag(34675, Type.UNDEFINED, attached.icc),
    ]
    if attached.iptc:
        described.append(iptc_tag(attached.iptc))
    return serialise([Directory(described, strips=[image], children=attached.fields.children())])
