"""The words of a photograph: XMP, IPTC and EXIF beside its pixels, from raw files and sidecars into every format."""
