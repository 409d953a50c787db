"""What a finished photograph says of itself: the reference frame's words, a sidecar's, no place if none is wanted."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lichtbild.carriers import Metadata
from lichtbild.metadata import sidecar, unite
from lichtbild.recipe import Recipe
from lichtbild.report import Report


def described(metadata: Metadata, frames: Sequence[Path], recipe: Recipe, report: Report) -> Metadata:
    """The metadata for everything that is made of these frames.

    metadata: the reference frame's. frames: all of the burst, whose sidecars are looked at after the reference's own.
    """
    beside = None
    if recipe.sidecar:
        reference = [metadata.path] if metadata.path else []
        beside = sidecar.words([*reference, *(f for f in frames if f not in reference)], report.notice)
    if beside:
        report.decide("metadata", sidecar=beside[0].name)
    made, wrong = unite.united(metadata, beside[1] if beside else None)
    if wrong:
        name = metadata.path.name if metadata.path else "the raw file"
        report.notice(f"{name}: its XMP is damaged ({wrong}) and left out")
    if recipe.strip_location:
        report.decide("metadata", location="removed")
        made = unite.stripped(made)
    return made
