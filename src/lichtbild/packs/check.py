"""What a pack holds, read as it will be used: every look, mode, lens rendering, frame, note and the mark."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lichtbild.errors import LichtbildError, PackError
from lichtbild.packs.pack import Pack
from lichtbild.packs.tables import Tables
from lichtbild.record import record
from lichtbild.setting import setting

LARGEST_PICTURE = 4096  # pixels of a side of a look's table of colours or swatch


@record
class Note:
    """`devices/NAME.toml`: what the maker says of the pack on one device."""

    make: str = setting("", "Maker of the device, as its files say it.", needed=True)
    model: str = setting("", "Model of the device, as its files say it.", needed=True)
    note: str = setting("", "What there is to say.", longest=1000)


def check_content(pack: Pack) -> None:
    """Refuse a pack with the first fault that is in it."""
    for fault in faults(pack):
        raise fault


def faults(pack: Pack) -> Iterator[LichtbildError]:
    """Every fault of the pack, each a line with file, place and what is allowed."""
    from lichtbild.frame import layout
    from lichtbild.packs import lens, mode, svg

    readers = {
        "looks": _read_look,
        "modes": lambda path: mode.read(path, pack),
        "lenses": lens.read,
        "frames": layout.read,
    }
    files = {"looks": "look.toml", "modes": "mode.toml", "lenses": "lens.toml", "frames": "frame.toml"}
    if pack.manifest.mark and pack.mark() is None:
        yield PackError(f"{pack.root / 'pack.toml'}: mark: there is no file {pack.manifest.mark}")
    for kind, reader in readers.items():
        for folder in sorted(p for p in (pack.root / kind).glob("*") if p.is_dir() and not p.name.startswith(".")):
            yield from _fault(lambda path=folder / files[kind], read=reader: read(path))
    for path in sorted(pack.root.rglob("*.svg")):
        yield from _fault(lambda path=path: svg.read(path))
    for path in sorted(pack.root.glob("devices/*.toml")):
        yield from _fault(lambda path=path: Tables(path).top(Note))
    for path in sorted(p for p in pack.root.glob("looks/*/*") if p.suffix in (".png", ".jpg", ".tif")):
        yield from _fault(lambda path=path: _check_picture(path))


def _read_look(path: Path) -> None:
    """Numbers, and the table of colours where there is one."""
    from lichtbild.look import cube, look

    read = look.read(path)
    if read.lut is not None and read.folder is not None:
        cube.load(read.folder, read.lut.file)


def _fault(step: object) -> Iterator[LichtbildError]:
    try:
        step()  # type: ignore[operator]
    except LichtbildError as error:
        yield error


def _check_picture(path: Path) -> None:
    """The first bytes and the size that the header of a PNG states; JPEG and TIFF by their first bytes."""
    with path.open("rb") as file:
        head = file.read(32)
    starts = {".png": (b"\x89PNG\r\n\x1a\n",), ".jpg": (b"\xff\xd8\xff",), ".tif": (b"II*\0", b"MM\0*")}[path.suffix]
    if not head.startswith(starts):
        raise PackError(f"{path}: is no {path.suffix[1:].upper()} picture")
    if path.suffix == ".png":
        size = int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big")
        if not 1 <= min(size) <= max(size) <= LARGEST_PICTURE:
            raise PackError(f"{path}: {size[0]} x {size[1]} pixels; allowed are {LARGEST_PICTURE} on a side")
