"""What goes into a file beside its pixels: made once per picture, and taken by the writer of every format.

A writer puts in all that its format has a place for; the table in docs/metadata.md says what that is.
"""

from __future__ import annotations

from functools import cached_property

from lichtbild.carriers import Picture
from lichtbild.output.exif import Fields, fields_of
from lichtbild.output.xmp import Packet, packet
from lichtbild.record import record


@record
class Attachments:
    """icc: the colour profile of the pixels.
    fields: EXIF, true of the finished picture, upright.
    packet: XMP with the recipe; `xmp` is the same as bytes.
    iptc: IPTC-IIM data sets, empty where the raw file had none.
    """

    icc: bytes
    fields: Fields
    packet: Packet
    iptc: bytes = b""

    @cached_property
    def exif(self) -> bytes:
        """EXIF as one little-endian TIFF structure, for every format but TIFF itself."""
        return self.fields.block()

    @cached_property
    def xmp(self) -> bytes:
        """The whole packet, UTF-8."""
        return self.packet.to_bytes()


def of(picture: Picture, *, icc: bytes) -> Attachments:
    """The attachments of a finished picture."""
    meta = picture.metadata
    return Attachments(icc, fields_of(picture), packet(meta, picture.recipe), meta.iptc)
