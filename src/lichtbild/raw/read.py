"""The door of leg 1: a file becomes a `Frame`, or a one-line error that names it and the mend."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lichtbild.carriers import Frame, Metadata
from lichtbild.devices import catalog
from lichtbild.errors import RawError
from lichtbild.raw import ciff, dng, sniff
from lichtbild.raw.clip import find_clip_level
from lichtbild.raw.defects import find_defects, mended
from lichtbild.raw.fallbacks import Notes
from lichtbild.raw.metadata import full_model, read_metadata
from lichtbild.raw.noise import BLOCKS, agreed_profile, block_energies, estimate_noise
from lichtbild.raw.sensor import Sensor, UnknownCodingError
from lichtbild.raw.tags import Tags
from lichtbild.raw.tiff import Buffer, Tiff
from lichtbild.raw.tiles import CUT_OFF, layout_of
from lichtbild.record import record, replace
from lichtbild.report import Report

SMALLEST = 16  # pixels along an edge


@record
class Probe:
    """What a file says of itself, without its pixels; `width`, `height` and `cfa` of the active area of a DNG."""

    path: Path
    format: str  # "DNG", or "raw" for all that LibRaw decodes
    metadata: Metadata
    width: int | None = None
    height: int | None = None
    bits: int | None = None
    cfa: str = ""


def read_frame(path: Path, report: Report, device: str = "auto") -> Frame:
    """Decode a raw file of any kind. Raises `RawError`; assumptions and repairs go to the report.

    device: as `Recipe.device`; what a profile knows of the sensor goes before what the file says.
    May be called from many threads at once; the pixels of an uncompressed DNG stay in the mapped file.
    """
    path = Path(path)
    notes = Notes(report, path.name)
    with _naming(path):
        sensor = _sensor(path, notes)
        if min(sensor.pixels.shape[:2]) < SMALLEST:
            raise RawError("holds a picture too small to develop")
        return _frame(sensor, report, notes, device)


def read_sensor(path: Path, report: Report) -> Sensor:
    """The numbers as the sensor gave them: linearised, but with its defects and without a judgement of its noise.

    For measurements; photographs are made from `read_frame`. Raises `RawError`.
    """
    path = Path(path)
    with _naming(path):
        return _sensor(path, Notes(report, path.name))


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Errors name the file."""
    try:
        yield
    except RawError as error:
        raise RawError(f"{path}: {error}") from None
    except MemoryError:
        raise RawError(f"{path}: there is not enough memory to read it") from None


def probe(path: Path) -> Probe:
    """The file's metadata alone, in a few milliseconds. Raises `RawError` when it is plainly no raw file."""
    path = Path(path)
    try:
        state = path.stat()
    except (OSError, ValueError):  # told by who opens it
        return _probed(path, None)
    return _probed(path, (state.st_dev, state.st_ino, state.st_mtime_ns, state.st_size))


@functools.lru_cache(maxsize=128)  # each frame of a burst is asked for more than once
def _probed(path: Path, _state: tuple[int, ...] | None) -> Probe:
    notes = Notes(Report(), path.name)
    try:
        data = sniff.open_file(path)
        tiff, tags = _tags(data)
        if tags is None:
            return Probe(path, "raw", Metadata(path=path))
        metadata = read_metadata(path, tags, notes)
        if tiff is None or not tags.is_dng:
            return Probe(path, "raw", metadata)
        directory = dng.main_image(tiff)
        try:
            layout = layout_of(directory)
        except UnknownCodingError:  # LibRaw may know it
            return Probe(path, "raw", metadata)
        top, left, bottom, right = dng.active_area(directory, layout)
        return Probe(path, "DNG", metadata, right - left, bottom - top, layout.bits, dng.cfa_of(directory))
    except RawError as error:
        raise RawError(f"{path}: {error}") from None


def _tags(data: Buffer) -> tuple[Tiff | None, Tags | None]:
    """The file's TIFF structure and its tags, where it has them. Raises `RawError` for what is plainly no raw file."""
    sniff.refuse_finished(data)
    tiff = sniff.tiff_of(data)
    if tiff is not None:
        raws = [d for d in tiff.all() if d.integer(262) in (dng.CFA, dng.LINEAR_RAW)]
        return tiff, Tags.of(tiff, dng.main_image(tiff) if raws else None)
    inner = sniff.inner_tiffs(data)
    if not inner:
        directory = ciff.directory_of(data)
        return None, Tags(directory, None, None, None) if directory else None
    if len(inner) == 1:
        found = Tags.of(inner[0])
    else:
        image, exif, *rest = (t.directories[0] for t in inner)
        found = Tags(image, exif, rest[0] if rest else None, None)
    found.packet = sniff.inner_xmp(data)
    return None, found


def _sensor(path: Path, notes: Notes) -> Sensor:
    data = sniff.open_file(path)
    tiff, tags = _tags(data)
    if tiff is None or tags is None or not tags.is_dng:
        return _read_other(path, data, tiff, tags, notes)
    try:
        return dng.read_dng(path, tiff, notes)
    except UnknownCodingError as error:
        try:
            return _read_libraw(path, tags, notes)
        except RawError:
            raise error from None


def _read_other(path: Path, data: Buffer, tiff: Tiff | None, tags: Tags | None, notes: Notes) -> Sensor:
    """A raw that is no DNG; what LibRaw refuses is told by what the file itself looks like."""
    early = sniff.ends_early(data, tiff)
    try:
        sensor = _read_libraw(path, tags, notes)
    except RawError as error:
        if early:
            raise RawError(CUT_OFF) from None
        if isinstance(error, UnknownCodingError) and tiff is not None and sniff.is_finished(tiff):
            raise sniff.no_raw("a finished TIFF picture") from None
        raise
    # LibRaw makes pixels of next to nothing but zeros where the file has none; but some makers count too many bytes.
    last = sensor.pixels[-SMALLEST:]
    if early and (last == last.flat[-1]).mean() > 0.9:
        raise RawError(CUT_OFF)
    return sensor


def _read_libraw(path: Path, tags: Tags | None, notes: Notes) -> Sensor:
    from lichtbild.raw.libraw import read_libraw  # most bursts are DNG and need no other process

    return read_libraw(path, tags, notes)


def _frame(sensor: Sensor, report: Report, notes: Notes, device: str) -> Frame:
    known: list[str] = []
    own = sensor.metadata
    if (profile := catalog.choose(device, own.make, own.model, own.unique_camera_model)) is not None:
        from lichtbild.devices.sensor import with_device

        sensor, known = with_device(sensor, profile)
    mosaic, black, white = sensor.pixels, sensor.black_level, sensor.white_level
    metadata = sensor.metadata
    if not metadata.unique_camera_model:
        metadata = replace(metadata, unique_camera_model=full_model(metadata.make, metadata.model))
    blocks = block_energies(mosaic, BLOCKS) if mosaic.ndim == 2 else None
    estimate = estimate_noise(mosaic, sensor.cfa, black, white, white, blocks)
    noise = agreed_profile(sensor.noise_tag, estimate, metadata.iso, notes).as_rounded(white - min(black))
    defects, clip = 0, white
    if blocks is not None:
        clip = find_clip_level(blocks, sensor.cfa, black, white, noise)
        points = find_defects(mosaic, sensor.cfa, black, white, noise)
        defects = len(points)
        mosaic = mended(mosaic, points)
    mosaic.flags.writeable = False
    decided = {
        "noise_source": noise.source,
        "noise_scale": [float(f"{v:.4g}") for v in noise.scale],
        "noise_offset": [float(f"{v:.4g}") for v in noise.offset],
        "black_level": list(black),
        "white_level": white,
        "clip_level": clip,
        "defects_mended": defects,
    }
    if known:
        decided["from_device"] = known
    report.decided.setdefault("raw", {})[notes.name] = decided  # a file may have any name
    return Frame(
        mosaic=mosaic,
        cfa=sensor.cfa,
        black_level=black,
        white_level=white,
        clip_level=clip,
        noise_profile=noise,
        metadata=metadata,
        shading=sensor.shading,
        default_crop=sensor.default_crop,
    )
