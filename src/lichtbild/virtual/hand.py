"""The hand that holds the virtual camera: a smooth wander of offsets and turns, and where it puts each frame."""

from __future__ import annotations

import math

import numpy as np

from lichtbild.record import record


@record
class Pose:
    """Where the reference's content is found in a frame: frame(y + dy, x + dx) shows what reference(y, x) shows.

    dy, dx: mosaic pixels, at the frame's centre.   rotation: degrees, about the centre (h/2 - 0.5, w/2 - 0.5),
    positive when content turns from +x towards +y (clockwise as displayed). The first frame is the reference.
    """

    dy: float
    dx: float
    rotation: float

    def to_reference(self, height: int, width: int) -> tuple[float, float, float, float, float, float]:
        """(xx, xy, x0, yx, yy, y0): reference x = xx * x + xy * y + x0 of a frame's (x, y), and y likewise."""
        angle = math.radians(self.rotation)
        c, s = math.cos(angle), math.sin(angle)
        cy, cx = height / 2 - 0.5, width / 2 - 0.5
        ty, tx = cy + self.dy, cx + self.dx
        return c, s, cx - c * tx - s * ty, -s, c, cy + s * tx - c * ty

    def from_reference(self, y: float, x: float, height: int, width: int) -> tuple[float, float]:
        """(y, x) in the frame of a point of the reference."""
        angle = math.radians(self.rotation)
        c, s = math.cos(angle), math.sin(angle)
        cy, cx = height / 2 - 0.5, width / 2 - 0.5
        return (x - cx) * s + (y - cy) * c + cy + self.dy, (x - cx) * c - (y - cy) * s + cx + self.dx


def wander(frames: int, shake: float, rotation: float, seed: int) -> list[Pose]:
    """A burst's poses: the first is the reference, the farthest lies `shake` pixels and `rotation` degrees away.

    Hand tremor is mostly slow drift: a sum of a few slow waves of random phase, strongest at the lowest.
    """
    rng = np.random.default_rng((seed, 1))
    t = np.arange(frames)
    path = np.zeros((3, frames))
    for k, strength in enumerate((1.0, 0.5, 0.25, 0.15)):
        phase, amount = rng.uniform(0, 2 * math.pi, 3), rng.normal(0, strength, 3)
        speed = (0.11 + 0.23 * k) * rng.uniform(0.8, 1.25, 3)
        path += amount[:, None] * np.sin(phase[:, None] + 2 * math.pi * speed[:, None] * t)
    path -= path[:, :1]
    reach, turn = np.hypot(path[0], path[1]).max(), np.abs(path[2]).max()
    path[:2] *= shake / reach if reach > 0 else 0.0
    path[2] *= rotation / turn if turn > 0 else 0.0
    return [Pose(float(dy), float(dx), float(r)) for dy, dx, r in path.T]
