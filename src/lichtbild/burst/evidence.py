"""Whether frames show the same where noise hides it in single quads: evidence pooled over windows of 16 and 50 pixels.

Dark clothes before a dark street differ from it by less than the noise of a quad: judged quad by quad, each frame that
shows the street passes, and together they outvote the one that shows who walked there. Pooled over a window, noise
falls by the root of its quads, and each colour tells by itself. The same test, made once more on the mean of all
frames, whose noise has gone, finds what slipped in frame by frame; and what is too thin for windows, such as legs and
wires, is looked for along lines of some 40 pixels.
"""

from __future__ import annotations

import numpy as np

from lichtbild import native
from lichtbild.carriers import FloatImage, Mosaic

EVIDENCE_CELL = 16  # mosaic pixels; as in kernels/burst_evidence.py
AROUND = 0.5, 1.25  # cells, deviations of the windows
BEYOND = 4  # cells; as in kernels/burst_evidence.py
REACH = 3  # cells on each side of the larger one
TONE = 0.01  # share of the light by which flicker and rounding may change a tone
SLIP = 0.1 / EVIDENCE_CELL  # of a cell, by which edges may lie apart: errors of alignment
ALLOWED = 7.0  # chi square of three colours that noise alone exceeds in 7 % of the windows
STEEP = 0.2  # with which half of the trust is left at 9.2, which noise exceeds in 3 %
LINES_CELL = 4  # mosaic pixels; as in kernels/burst_lines.py
ALONG, PLAIN = 19.0, 28.0  # chi square along a line that noise exceeds in 0.1 % of the cells, and that leaves no doubt
LIMIT = 0.95  # of the clip level, above which light tells nothing


class Evidence:
    """Judges frames against the reference: its mosaic (2h, 2w), black of the four sites, light of one number, CFA."""

    def __init__(self, mosaic: Mosaic, black: FloatImage, unit: float, cfa: str) -> None:
        self.mosaic, self.black, self.unit = mosaic, black, unit
        self.green = cfa.index("G")
        self.sites = [1, 0, 2] if self.green == 0 else [0, 1, 3]
        rows, columns = (side // EVIDENCE_CELL for side in mosaic.shape)
        self.sums = np.empty((7, rows, columns), np.float32)

    def trust(
        self, other: Mosaic, rows: FloatImage, noise: FloatImage, pedestal: float, gain: float, limit: float
    ) -> FloatImage:
        """(rows, columns) of cells, 0..1: how far `other`, a mosaic like the reference's, is trusted to show the same.

        rows: (h,) factor of its light in each row of quads; noise: (4, 2) scale and offset of the noise of the
        difference at each site; pedestal, gain: its number of no light, and to the reference's units; limit: light from
        which on nothing is told.
        """
        native.call(
            "burst_evidence",
            self.mosaic, other, self.black, rows, noise, self.green, self.unit, pedestal, gain, limit, self.sums,
        )  # fmt: skip
        half = np.exp(-(np.arange(REACH + 1) ** 2) / (2 * np.square(AROUND)[:, None]))
        windows = (half / (2 * half.sum(axis=1) - half[:, 0])[:, None]).astype(np.float32)
        trust = np.empty(self.sums.shape[1:], np.float32)
        native.call("burst_trust", self.sums, windows, noise[self.sites], TONE, SLIP, ALLOWED, STEEP, trust)
        return trust

    def restore(self, merged: Mosaic, noise: FloatImage, pedestal: float, gain: float, limit: float) -> None:
        """Put back, in place, what the mean of all frames lost of thin things. Arguments as `trust` has them."""
        numbers = self.green, self.unit, pedestal, gain, limit, TONE, SLIP * EVIDENCE_CELL / LINES_CELL
        seen = np.empty((3, *(side // LINES_CELL for side in merged.shape)), np.float32)
        native.call("burst_lines_seen", self.mosaic, merged, self.black, noise[self.sites], *numbers, seen)
        lost = np.empty_like(seen)
        native.call("burst_lines", seen, ALONG, PLAIN, lost)
        native.call("burst_restore", merged, bordered(lost), noise, self.green, pedestal, gain, merged)

    def everywhere(self) -> FloatImage:
        """Trust without doubt."""
        return np.ones(self.sums.shape[1:], np.float32)


def bordered(cells: FloatImage) -> FloatImage:
    """With the cells around those of the frame that kernels read."""
    return np.pad(cells, [(0, 0)] * (cells.ndim - 2) + [(1, BEYOND)] * 2, "edge")
