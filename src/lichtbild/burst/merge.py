"""A burst becomes one better frame: frames are streamed, aligned to the reference, and merged by the noise model.

Memory does not grow with the number of frames: besides the reference there is one alternate at a time, and the sums.
"""

from __future__ import annotations

from collections import deque

from lichtbild.burst.reference import SMALLEST, choose_reference, exposure_ratio, shot_tags
from lichtbild.burst.stream import name_of, stream
from lichtbild.carriers import Burst, Frame
from lichtbild.errors import BurstError, LichtbildError
from lichtbild.recipe import Recipe
from lichtbild.report import Report

MANY = 12  # frames from which on a second pass may be worth its time


def merge_burst(burst: Burst, recipe: Recipe, report: Report) -> Frame:
    """Merge 1 to 100 frames of one scene into a frame that stands where the reference stood.

    The result has the reference's metadata, size and CFA, 16 bits, and the noise profile that is left. After a bracket
    `clip_level` lies above `white_level`. A frame that cannot be used is dropped with a notice that names it.
    Raises BurstError when no frame is left, RawError when the only frame cannot be read.
    """
    if not len(burst):
        raise BurstError("no frames were given; name at least one raw file")
    with report.leg("read"):
        tags = [shot_tags(frame) for frame in burst]
        index, reference, kept = choose_reference(burst, tags, recipe.reference, report, recipe.device)
    report.decide("burst", frames=len(burst), reference=index + 1, used=1)
    ready = (kept.get(i, frame) for i, frame in enumerate(burst) if i != index)
    others = deque(frame for frame in ready if not isinstance(frame, LichtbildError))
    sources = [f for i, f in enumerate(burst) if i != index and not isinstance(kept.get(i), LichtbildError)]
    del kept
    if not others:
        return reference
    if reference.is_linear:
        report.notice(f"{name_of(reference)}: linear raw frames are not merged; only this frame is used")
        return reference
    if min(reference.mosaic.shape) < SMALLEST:
        report.notice(f"{name_of(reference)}: too small to be aligned with others; only this frame is used")
        return reference
    from lichtbild.burst.merger import Merger

    darker = any(t is not None and exposure_ratio(t, reference.metadata) < 0.8 for t in tags)
    keep = recipe.scale > 1 or len(others) + 1 >= MANY
    merger = Merger(reference, report, keep=keep, darker=darker)
    with report.leg("merge"):
        count = len(others)
        for done, frame in enumerate(stream(others, report, recipe.device)):
            if frame is not None:
                merger.add(frame, sources[done])
            del frame  # memory: the next one is waited for
            report.progress("merge", (done + 1) / count)
        return merger.finish()
