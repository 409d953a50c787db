"""Which lens corrections a picture gets: its file's own, what is known of the lens, what the picture itself shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lichtbild.carriers import Frame
from lichtbild.develop.lateral_color import find_lateral_color
from lichtbild.develop.lens_map import Warp, differs
from lichtbild.develop.lens_profile import LensProfile, find_lens_profile
from lichtbild.raw.opcodes import FixVignetteRadial, GainMap, Opcode, WarpRectilinear
from lichtbild.report import Report
from lichtbild.workers import ahead


def look_up(
    frame: Frame, opcodes: Sequence[Opcode], crop: tuple[int, int, int, int]
) -> Callable[[], LensProfile | None]:
    """Begin to look for the lens, as `decide_lens` needs it; what comes back waits for the profile.

    opcodes: the file's own, from opcode list 3; a file that has any warp knows its lens. crop: (y, x, height, width).
    """
    height, width = frame.mosaic.shape[:2]
    metadata = frame.metadata
    if any(isinstance(o, Warp) for o in opcodes):
        return lambda: None
    return ahead(lambda: find_lens_profile(metadata, (height, width), crop))


def decide_lens(
    frame: Frame,
    opcodes: Sequence[Opcode],
    crop: tuple[int, int, int, int],
    report: Report,
    known: Callable[[], LensProfile | None],
) -> Sequence[Opcode]:
    """The corrections in the order in which they act on the picture as taken.

    opcodes: the file's own; where they hold a warp, nothing is added but what red and blue need where that warp treats
    all colours alike. crop: (y, x, height, width) of the picture. known: of `look_up`.
    """
    corrections = list(opcodes)
    profile = known()
    if profile:
        lit = frame.shading is not None or any(isinstance(o, FixVignetteRadial | GainMap) for o in opcodes)
        corrections = [*(o for o in profile.opcodes if not (lit and isinstance(o, GainMap))), *corrections]
        report.decide("develop", lens_profile=profile.name)
    if not any(isinstance(o, Warp) and differs(o) for o in corrections):
        fringes = find_lateral_color(frame, crop)
        if fringes:
            corrections = [fringes, *corrections]
            report.decide("develop", lateral_color=_at_corner(fringes, crop))
    return corrections


def _at_corner(fringes: WarpRectilinear, crop: tuple[int, int, int, int]) -> dict[str, float]:
    """How far red and blue lie outside of green in the corner of the picture, in pixels."""
    corner = float((crop[2] ** 2 + crop[3] ** 2) ** 0.5) / 2
    red, _, blue = fringes.coefficients
    return {name: round((k[0] + k[1] - 1) * corner, 2) for name, k in (("red", red), ("blue", blue))}
