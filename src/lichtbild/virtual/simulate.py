"""Shoot a scene with the virtual camera and write the burst as DNG files, with the truth beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lichtbild.errors import OutputError
from lichtbild.report import Report
from lichtbild.virtual.settings import ShootSettings

SCENES = ("street-night", "still-life", "daylight-landscape", "resolution-chart")


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

    Writes shot_01.dng ... and truth/truth.json with the true motion, and as `settings.truth` asks the noise-free
    mosaics truth/truth_01.dng ... Returns the paths of the shots. Raises `LichtbildError` subclasses.
    """
    settings = (settings or ShootSettings()).with_changes(**changes)
    raise OutputError(f"{out}: cannot shoot {scene} yet ({report}, {overwrite})")
