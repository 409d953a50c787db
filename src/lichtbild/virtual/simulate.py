"""Shoot a scene with the virtual camera and write the burst as DNG files, with the truth beside it."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lichtbild.errors import OutputError
from lichtbild.report import Report
from lichtbild.virtual.scenes.catalogue import SCENES, find_scene
from lichtbild.virtual.settings import ShootSettings

if TYPE_CHECKING:
    from lichtbild.virtual.shoot import Shot

__all__ = ["SCENES", "simulate"]


def simulate(
    scene: str | Path,
    out: str | Path,
    settings: ShootSettings | None = None,
    *,
    report: Report | None = None,
    overwrite: bool = False,
    **changes: Any,
) -> list[Path]:
    """Shoot `scene` (one of `SCENES`, or an image file) into the folder `out`, which is made when it is missing.

    Writes shot_01.dng ... and beside them the folder truth/: truth.json with the true motion, what moved in each frame
    as moving_01.png ... (white where it did), and as `settings.truth` asks the noise-free mosaics truth_01.dng ...
    Returns the paths of the shots. Raises `LichtbildError` subclasses.
    """
    from lichtbild.atomic_file import check_target, write_atomically
    from lichtbild.output.dng import write_dng
    from lichtbild.virtual.shoot import shots

    settings = (settings or ShootSettings()).with_changes(**changes)
    report = report or Report()
    found = find_scene(scene, settings.highlights)
    folder = Path(out)
    truth = folder / "truth"
    for needed in (folder, truth):
        try:
            needed.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"{needed}: cannot be made a folder ({error.strerror}); choose another") from None
    digits = max(2, len(str(settings.frames)))
    names = [f"{i + 1:0{digits}d}" for i in range(settings.frames)]
    paths = [folder / f"shot_{name}.dng" for name in names]
    for path in paths:
        check_target(path, overwrite=overwrite)
    exposures = settings.exposures
    headroom = 2.0 ** min(6.0, exposures[0] - min(exposures))
    notes = []
    with report.leg("simulate"):
        for i, (name, path, shot) in enumerate(zip(names, paths, shots(found, settings), strict=True)):
            write_dng(shot.frame, path, overwrite=overwrite)
            note = _note(path, shot)
            if shot.cover:
                note["moving"] = f"moving_{name}.png"
                write_atomically(truth / note["moving"], [_png(shot)], overwrite=True)
            if settings.truth == "all" or (settings.truth == "reference" and i == 0):
                note["truth"] = f"truth_{name}.dng"
                write_dng(shot.truth(headroom), truth / note["truth"], overwrite=True)
            notes.append(note)
            report.progress("simulate", (i + 1) / settings.frames)
    text = json.dumps({"scene": found.name, "settings": asdict(settings), "frames": notes}, indent=1)
    write_atomically(truth / "truth.json", [text.encode()], overwrite=True)
    if earlier := sorted(path.name for path in folder.glob("shot_*.dng") if path not in paths):
        names_of = earlier[0] if len(earlier) == 1 else f"{earlier[0]} to {earlier[-1]}"
        report.notice(f"{folder}: still holds {names_of} of another burst; delete what is not wanted")
    return paths


def _note(path: Path, shot: Shot) -> dict[str, Any]:
    """What is true of one frame: frame(y + dy, x + dx) shows what frame 1 shows at (y, x); see `hand.Pose`."""
    return {
        "file": path.name,
        "dy": shot.pose.dy,
        "dx": shot.pose.dx,
        "rotation": shot.pose.rotation,
        "ev": shot.exposure,
        "movers": {name: {"dy": dy, "dx": dx} for name, (dy, dx) in shot.travel.items()},
    }


def _png(shot: Shot) -> bytes:
    import imagecodecs
    import numpy as np

    return bytes(imagecodecs.png_encode(shot.moving().astype(np.uint8) * 255, level=1))
