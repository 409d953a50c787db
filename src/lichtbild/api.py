"""The Python interface: `read` frames, `develop` them into a picture, or `merge` them into one raw frame.

The path of light in one place: burst → develop → look. Each function takes an optional `Report`, which collects
what was decided and noticed, and how long each leg took.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lichtbild.carriers import Burst, Frame, Picture
    from lichtbild.recipe import Recipe
    from lichtbild.report import Report

    Source = str | bytes | os.PathLike[str] | Frame

MOST_FRAMES = 100  # of one burst


def read(*frames: Source | Iterable[Source]) -> Burst:
    """A burst from files of one scene, named one by one or by a list of them, in order of capture time, then name.

    Only the tags are looked at here; pixels are read one frame at a time when they are needed. A frame that is
    already a `Frame` is taken as it is. A file that cannot be read as a raw frame goes to the end, where the
    burst leg drops it with a notice; when no file can be read, the first one's `RawError` is raised.
    """
    from lichtbild.carriers import Burst, Frame
    from lichtbild.errors import BurstError, RawError
    from lichtbild.raw.read import probe

    named = list(_each(frames))
    if not named:
        raise BurstError("no frame to read; name at least one raw file")
    if len(named) > MOST_FRAMES:
        raise BurstError(f"{len(named)} frames are more than {MOST_FRAMES}; name those of one burst")
    keyed: list[tuple[tuple[bool, str, str], Frame | Path]] = []
    first_error: RawError | None = None
    seen: set[str] = set()
    for item in named:
        if isinstance(item, Frame):
            name = item.metadata.path.name if item.metadata.path else ""
            keyed.append(((False, item.metadata.capture_time, name), item))
            continue
        path = Path(os.fsdecode(item))
        if "\0" in str(path):
            raise RawError(f"{str(path)!r}: is no name of a file; check the name")
        real = os.path.realpath(path)  # which takes a circle of links for what it is
        if real in seen:  # the same light must not count twice
            continue
        seen.add(real)
        try:
            keyed.append(((False, probe(path).metadata.capture_time, path.name), path))
        except RawError as error:
            first_error = first_error or error
            keyed.append(((True, "", path.name), path))
    if first_error and all(key[0] for key, _ in keyed):
        others = " (and no other file can be read either)" if len(keyed) > 1 else ""
        raise RawError(f"{first_error}{others}")
    return Burst.of(frame for _, frame in sorted(keyed, key=lambda pair: pair[0]))


def _each(frames: Iterable[Any]) -> Iterator[str | bytes | os.PathLike[str] | Frame]:
    """The frames in lists, generators and bursts of them, one after the other."""
    from lichtbild.carriers import Frame
    from lichtbild.errors import BurstError

    for item in frames:
        if isinstance(item, (str, bytes, os.PathLike, Frame)):
            yield item
        elif isinstance(item, Iterable):
            yield from _each(item)
        else:
            raise BurstError(f"{str(item)[:80]!r} is neither the name of a raw file nor a frame; name files")


def merge(
    burst: Burst | Source | Iterable[Source],
    recipe: Recipe | str | Path | None = None,
    report: Report | None = None,
    **settings: Any,
) -> Frame:
    """Merge a burst into one raw frame with less noise; a single frame is read and returned.

    burst: what `read` gave, or what it takes.
    recipe, settings: as for `develop`; only `reference` and `scale` matter here. With a `scale` above 1 the frame has
    three colours per pixel, is that much larger and is denoised and sharpened as the recipe says.
    """
    from lichtbild.burst.merge import merge_burst
    from lichtbild.record import replace
    from lichtbild.report import Report

    report = report or Report()
    burst = _burst(burst)
    wanted = _recipe(recipe, settings, burst, report)
    frame = merge_burst(burst, wanted, report)
    if wanted.scale == 1 and frame.aligned:
        from lichtbild.develop.refine import refine, worth_refining

        if worth_refining(frame):
            with report.leg("refine"):
                frame = refine(frame, wanted, report)
        frame = replace(frame, aligned=())
    if wanted.scale > 1:
        from lichtbild.develop.superres import enlarge

        with report.leg("enlarge"):
            frame = enlarge(frame, wanted, report)
    from lichtbild.metadata.describe import described

    return replace(frame, metadata=described(frame.metadata, _paths(burst), wanted, report))


def develop(
    burst: Burst | Source | Iterable[Source],
    recipe: Recipe | str | Path | None = None,
    report: Report | None = None,
    **settings: Any,
) -> Picture:
    """Make a finished picture from a burst of one or more frames.

    burst: what `read` gave, or what it takes.
    recipe: a `Recipe`, or the path of one saved as JSON or of a photograph that shall be made again; where it is left
        out, the one that lies beside the raw files, or the defaults.
    settings: fields of `Recipe` by name, which go before the recipe's: `look="mono", ev=0.5, depth="16"`.
    Returns a picture of 8 or 16 bits per channel, or float32 for `depth="32f"`; where `depth` is left out, of 16,
    and `Picture.save` writes what suits the file's format. Raises `LichtbildError`s.
    """
    from lichtbild.develop.scene import develop_scene
    from lichtbild.look.render import render_picture
    from lichtbild.made import note_look
    from lichtbild.packs.use import note_packs
    from lichtbild.record import replace
    from lichtbild.report import Report

    report = report or Report()
    burst = _burst(burst)
    wanted = _recipe(recipe, settings, burst, report)
    frame = merge(burst, wanted, report)
    with report.leg("develop"):
        scene = develop_scene(frame, wanted, report)
    del frame  # memory: the mosaic is not needed any more
    with report.leg("look"):
        picture: Picture = render_picture(scene, wanted.with_changes(depth=wanted.depth or "16"), report)
    note_packs(wanted, picture.metadata, report)
    note_look(wanted, report)
    if wanted.frame:
        from lichtbild.frame.apply import apply_frame

        with report.leg("frame"):
            picture = apply_frame(picture, wanted, report)
    picture = replace(picture, recipe=resolved(wanted, burst, report))
    if isinstance(recipe, (str, Path)):
        compare_with(recipe, picture.recipe, report)
    return picture


def compare_with(recipe: str | Path, resolved: Mapping[str, Any], report: Report) -> None:
    """Tell where the photograph that a recipe was taken from had other frames or decided numbers."""
    from lichtbild import made

    if its := made.read(Path(recipe)):
        made.compare(its, resolved, report)


def resolved(recipe: Recipe, burst: Burst, report: Report) -> dict[str, Any]:
    """The recipe as resolved: what was asked for, of which frames, and every number that was decided."""
    from lichtbild import __version__
    from lichtbild.made import digest

    paths = _paths(burst)
    return {
        "software": f"Lichtbild {__version__}",
        "frames": [p.name for p in paths],
        "digests": [digest(p) for p in paths],
        "settings": recipe.to_dict(),
        "decided": report.decided,
    }


def _burst(given: Burst | Source | Iterable[Source]) -> Burst:
    from lichtbild.carriers import Burst

    return given if isinstance(given, Burst) else read(given)


def _paths(burst: Burst) -> list[Path]:
    paths = (f if isinstance(f, Path) else f.metadata.path for f in burst)
    return [p for p in paths if p]


def _recipe(recipe: Recipe | str | Path | None, settings: dict[str, Any], burst: Burst, report: Report) -> Recipe:
    from lichtbild.packs.use import pinned
    from lichtbild.recipe import Recipe, load

    if recipe is None:
        recipe = beside(_paths(burst), report) if settings.get("sidecar", True) else Recipe()
    elif not isinstance(recipe, Recipe):
        recipe = load(Path(recipe))
    return pinned(recipe.with_changes(**settings) if settings else recipe)


def beside(frames: Iterable[Path], report: Report) -> Recipe:
    """The recipe that lies beside the first of the frames that has one; else the defaults."""
    from lichtbild.metadata import sidecar
    from lichtbild.recipe import Recipe

    found = sidecar.settings(frames, report.notice)
    if found is None:
        return Recipe()
    report.notice(f"the settings are those of {found[0]}")
    return found[1]
