"""Looking a tag up in a TIFF-based raw, where cameras put it in different directories."""

from __future__ import annotations

from lichtbild.raw.tiff import EXIF_IFD, GPS_IFD, Directory, Tiff

DNG_VERSION = 50706


class Tags:
    """Looks a tag up in the directories where cameras put it: the EXIF one, the first one, the raw image's own."""

    def __init__(self, image: Directory, exif: Directory | None, gps: Directory | None, raw: Directory | None) -> None:
        self.image, self.exif, self.gps = image, exif, gps
        self.packet = b""  # XMP that stands outside of the directories
        self.places = [d for d in (exif, image, raw) if d is not None]

    @classmethod
    def of(cls, tiff: Tiff, raw: Directory | None = None) -> Tags:
        """The tags of a TIFF file; raw: the directory of its main image."""
        exif = next((e for d in tiff.directories if (e := tiff.linked(d, EXIF_IFD))), None)
        return cls(tiff.directories[0], exif, tiff.linked(tiff.directories[0], GPS_IFD), raw)

    @property
    def is_dng(self) -> bool:
        """Whether the file says that it is a DNG."""
        return DNG_VERSION in self.image

    def holder(self, tag: int) -> Directory | None:
        """The first directory that has the tag."""
        return next((d for d in self.places if tag in d), None)

    def positive(self, tag: int) -> float | None:
        """The tag's first number from any directory where it is finite and above 0."""
        values = (d.number(tag) for d in self.places if tag in d)
        return next((v for v in values if v is not None and v > 0), None)

    def floats(self, tag: int, count: int) -> tuple[float, ...] | None:
        """At least `count` numbers of the tag; None where it has none."""
        holder = self.holder(tag)
        return holder.floats(tag, count) if holder else None

    def text(self, tag: int) -> str:
        """The first text of the tag that is not empty."""
        return next((t for d in self.places if (t := d.text(tag))), "")

    def bytes(self, tag: int) -> bytes:
        """The bytes of the tag as stored; empty where there is none."""
        holder = self.holder(tag)
        return holder.bytes(tag) if holder else b""
