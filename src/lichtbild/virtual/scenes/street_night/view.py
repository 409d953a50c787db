"""Where things of the street are seen: one-point perspective, in metres, with upright verticals.

X to the right, Y (height) up from the road, Z away from the camera, which stands at X = 0, Z = 0.
"""

from __future__ import annotations

import numpy as np

from lichtbild.record import record
from lichtbild.virtual.draw import Box, rgb
from lichtbild.virtual.field import Field

FOCAL = 0.95  # picture heights
VANISHING = (0.085, -0.07)  # (y, x) of the vanishing point
EYE = 1.55  # m
LEFT, RIGHT = -5.4, 6.2  # X of the façades
KERB_LEFT, KERB_RIGHT = -3.3, 3.7
CROSSING = (15.0, 21.0)  # Z between which another street crosses
END = 66.0  # Z of the square at the street's end

# Lamps: X, height, Z and strength (radiance times square metre that falls on a wall at 1 m).
LAMPS = ((-3.6, 4.7, 6.3), (4.0, 4.7, 8.0), (-3.6, 4.7, 23.5), (4.0, 4.7, 27.0), (-3.6, 4.7, 37.0), (4.0, 4.7, 45.0))
LAMP_LIGHT = np.array(rgb("#ffd2a0", 2.6), np.float32)
SKY_LIGHT = np.array(rgb("#7f9be0", 0.055), np.float32)


@record
class View:
    """The camera, or its mirror image below a wet road (`eye` negative), which sees what the road reflects."""

    eye: float = EYE

    def seen(self, X: float, Y: float, Z: float) -> tuple[float, float]:
        """(y, x) in the picture of a point."""
        return VANISHING[0] - FOCAL * (Y - self.eye) / Z, VANISHING[1] + FOCAL * X / Z

    def box(self, X: tuple[float, float], Y: tuple[float, float], Z: float) -> Box:
        """The picture's box of an upright rectangle that faces the camera."""
        bottom, left = self.seen(X[0], Y[0], Z)
        top, right = self.seen(X[1], Y[1], Z)
        return top, left, bottom, right

    def facing(self, y: Field, x: Field, Z: float) -> tuple[Field, Field]:
        """(Y, X) of places on an upright plane at Z."""
        return self.eye - (y - VANISHING[0]) * (Z / FOCAL), (x - VANISHING[1]) * (Z / FOCAL)


def lamp_light(X: Field | float, Y: Field | float, Z: Field | float, normal: tuple[float, float, float]) -> Field:
    """Light that the lamps throw on a surface, (..., 3): inverse square, cosine, a lantern dark at its top."""
    total: Field | None = None
    for lx, ly, lz in LAMPS:
        dx, dy, dz = lx - X, ly - Y, lz - Z
        squared = dx * dx + dy * dy + dz * dz + 0.05
        distance = np.sqrt(squared)
        cosine = np.maximum(dx * normal[0] + dy * normal[1] + dz * normal[2], 0) / distance
        upward = np.clip(-dy / distance, 0, 1)  # light that leaves the lantern upwards
        part = cosine / squared * (1 - 0.75 * upward)
        total = part if total is None else total + part
    assert total is not None
    return np.asarray(total[..., None] * LAMP_LIGHT)


def metric(y: Field, x: Field, X: float, Z: float) -> tuple[Field, Field, float]:
    """(height, X from a thing's own origin at X, metres per unit) of places on the upright plane at Z."""
    scale = Z / FOCAL
    ground = View().seen(X, 0.0, Z)
    return (ground[0] - y) * scale, (x - ground[1]) * scale, scale
