"""Frames of a burst, read ahead of their use, a few at a time, so that memory does not grow with their number."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from pathlib import Path

from lichtbild.carriers import Frame
from lichtbild.errors import DeviceError, LichtbildError
from lichtbild.report import Report
from lichtbild.workers import in_turn


def name_of(frame: Frame | Path) -> str:
    """How a notice names a frame."""
    return str(frame if isinstance(frame, Path) else frame.metadata.path or "frame")


def read_one(frame: Frame | Path, report: Report, device: str = "auto") -> Frame | LichtbildError:
    """The frame, or why it cannot be read. device: as `Recipe.device`."""
    if isinstance(frame, Frame):
        return frame
    from lichtbild.raw.read import read_frame

    try:
        return read_frame(frame, report, device)
    except DeviceError:  # of no frame in particular
        raise
    except LichtbildError as error:
        return error


def stream(frames: deque[Frame | Path], report: Report, device: str = "auto") -> Iterator[Frame | None]:
    """The frames in order; None stands for one that cannot be read, which a notice says. They are taken out of
    `frames`, so that none is kept longer than it is needed."""
    waiting = (frames.popleft() for _ in range(len(frames)))
    for result in in_turn(lambda frame: read_one(frame, report, device), waiting):
        if isinstance(result, LichtbildError):
            report.notice(f"{result}; the frame is left out")
            yield None
        else:
            yield result
        del result
