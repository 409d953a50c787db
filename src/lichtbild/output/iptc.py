"""IPTC-IIM data sets (IPTC Information Interchange Model 4.2): words of the press, older than XMP."""

from __future__ import annotations

import struct

from lichtbild.carriers import Metadata

PHOTOSHOP_MARK = b"Photoshop 3.0\0"
_PART = 65_000  # bytes of one segment


def restated(metadata: Metadata) -> bytes:
    """The data sets for a finished picture; empty where the raw file had none."""
    return metadata.iptc


def photoshop_parts(iim: bytes) -> list[bytes]:
    """Payloads of a JPEG's APP13 segments: image resource 0x0404 with the data sets, cut where it is long."""
    block = b"8BIM\x04\x04\0\0" + struct.pack(">I", len(iim)) + iim + bytes(len(iim) % 2)
    return [PHOTOSHOP_MARK + block[i : i + _PART] for i in range(0, len(block), _PART)]
