"""The seam between white balance and whoever estimates the light: a name, and samples to a neutral.

An estimator sees `Samples` and the camera's matrices and gives the camera RGB of white. A learned one joins by being
entered here; `benchmarks/white_balance.py` scores all of them in degrees.
"""

from __future__ import annotations

from typing import Protocol

from lichtbild.color import Floats
from lichtbild.develop.camera_color import CameraModel
from lichtbild.develop.illuminant import classic
from lichtbild.develop.illuminant.likelihood import most_likely
from lichtbild.develop.illuminant.samples import Samples


class Estimator(Protocol):
    """Finds the light of a scene."""

    def __call__(self, samples: Samples, model: CameraModel, /) -> Floats:
        """(3,) camera RGB of white, largest channel 1. It must give something plausible for any samples, none too."""
        ...


ESTIMATORS: dict[str, Estimator] = {
    "most-likely": most_likely,
    "grey-world": classic.grey_world,
    "white-patch": classic.white_patch,
    "shades-of-grey": classic.shades_of_grey,
    "grey-edge": classic.grey_edge,
}
DEFAULT = "most-likely"
