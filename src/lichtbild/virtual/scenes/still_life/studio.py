"""The studio of the still life: camera, window light with its soft shadows, and round things seen by rays.

In metres: X to the right, Y up from the table, Z away from the camera at (0, EYE, 0), which looks down by PITCH. Soft
shadow and occlusion of spheres in closed form (after the cone against cone approximations in common use).
"""

from __future__ import annotations

import math

import numpy as np

from lichtbild.record import record
from lichtbild.virtual.draw import Box, Sheet, inside, rgb, smooth
from lichtbild.virtual.field import Field

FOCAL = 1.87
EYE = 0.62
PITCH = math.radians(18.5)
KEY = np.array((-0.66, 0.58, -0.48), np.float32) / np.float32(math.sqrt(0.66**2 + 0.58**2 + 0.48**2))
KEY_SIZE = 0.20  # half of the window's angle, radians
KEY_LIGHT = np.array(rgb("#fff4e6", 0.66), np.float32)  # on a surface that faces the window
FILL_LIGHT = np.array(rgb("#c4d4f0", 0.135), np.float32)
BOUNCE = np.array(rgb("#e8dcc8", 0.11), np.float32)

Vector = tuple[Field, Field, Field]


@record
class Ball:
    """A sphere that throws a shadow: centre X, Y, Z and radius."""

    X: float
    Y: float
    Z: float
    radius: float


def rays(y: Field, x: Field) -> Vector:
    """Direction of the rays through places of the picture, of length near FOCAL."""
    c, s = math.cos(PITCH), math.sin(PITCH)
    return x + 0 * y, -y * c - FOCAL * s + 0 * x, FOCAL * c - y * s + 0 * x


def seen(X: float, Y: float, Z: float) -> tuple[float, float, float]:
    """(y, x) in the picture of a point, and its distance along the view."""
    c, s = math.cos(PITCH), math.sin(PITCH)
    up, ahead = Y - EYE, Z
    depth = ahead * c - up * s
    return -(up * c + ahead * s) * FOCAL / depth, X * FOCAL / depth, depth


def box_of(X: float, Y: float, Z: float, radius: float) -> Box:
    """The picture's box around a sphere."""
    y, x, depth = seen(X, Y, Z)
    r = 1.12 * radius * FOCAL / depth
    return y - r, x - r, y + r, x + r


def shadow(X: Field, Y: Field, Z: Field, balls: tuple[Ball, ...]) -> Field:
    """Part of the window that points see past the balls, 0..1."""
    part: Field = np.ones(np.broadcast_shapes(X.shape, np.shape(Y), Z.shape), np.float32)
    for b in balls:
        dx, dy, dz = b.X - X, b.Y - Y, b.Z - Z
        along = dx * KEY[0] + dy * KEY[1] + dz * KEY[2]
        aside = np.sqrt(np.maximum(dx * dx + dy * dy + dz * dz - along * along, 1e-9))
        blur = np.maximum(along, 1e-3) * KEY_SIZE
        hidden = smooth(1.0, -1.0, (aside - b.radius) / (blur + 0.3 * b.radius * 0.2))
        cap = np.minimum(1.0, (b.radius / np.maximum(blur, 1e-4)) ** 2)  # a small ball cannot hide the whole window
        part = part * (1 - hidden * cap * smooth(0.0, 0.35 * b.radius, along))
    return part


def occlusion(X: Field, Y: Field, Z: Field, normal: Vector, balls: tuple[Ball, ...]) -> Field:
    """Part of the light from all around that the balls leave, 0..1."""
    part: Field = np.ones(np.broadcast_shapes(X.shape, np.shape(Y), Z.shape), np.float32)
    for b in balls:
        dx, dy, dz = b.X - X, b.Y - Y, b.Z - Z
        squared = np.maximum(dx * dx + dy * dy + dz * dz, b.radius**2)
        cosine = (dx * normal[0] + dy * normal[1] + dz * normal[2]) / np.sqrt(squared)
        part = part * (1 - np.clip(0.55 * cosine + 0.35, 0, 0.9) * b.radius**2 / squared)
    return part


def lit(normal: Vector, open_key: Field | float, open_fill: Field | float, wrap: float = 0.0) -> Field:
    """Light (..., 3) that arrives on a matt surface; `wrap` lets it creep around the edge, as in skin and fruit."""
    facing = normal[0] * KEY[0] + normal[1] * KEY[1] + normal[2] * KEY[2]
    key = np.clip((facing + wrap) / (1 + wrap), 0, 1) * open_key
    sky = (0.55 + 0.35 * normal[1] - 0.25 * normal[2]) * open_fill
    floor = np.clip(0.5 - 0.5 * normal[1], 0, 1) * open_fill
    return np.asarray(key[..., None] * KEY_LIGHT + sky[..., None] * FILL_LIGHT + floor[..., None] * BOUNCE)


def gloss(normal: Vector, view: Vector, sharpness: float, strength: float) -> Field:
    """The window's mirror image on a smooth surface: four panes, many times brighter than white; (..., 3)."""
    d = view[0] * normal[0] + view[1] * normal[1] + view[2] * normal[2]
    r = [v - 2 * d * n for v, n in zip(view, normal, strict=True)]
    ahead = r[0] * KEY[0] + r[1] * KEY[1] + r[2] * KEY[2]
    # Axes across the window: level and upright.
    level = np.array((KEY[2], 0.0, -KEY[0]), np.float32) / np.hypot(KEY[0], KEY[2])
    upright = np.cross(KEY, level)
    a = (r[0] * level[0] + r[1] * level[1] + r[2] * level[2]) / np.maximum(ahead, 0.05)
    b = (r[0] * upright[0] + r[1] * upright[1] + r[2] * upright[2]) / np.maximum(ahead, 0.05)
    soft = 0.4 / sharpness
    pane = smooth(soft, -soft, np.abs(np.abs(a) - 0.13) - 0.105) * smooth(soft, -soft, np.abs(np.abs(b) - 0.17) - 0.145)
    fresnel = 0.04 + 0.96 * (1 - np.clip(-d, 0, 1)) ** 5
    return np.asarray((strength * fresnel * pane * (ahead > 0.05))[..., None] * KEY_LIGHT * 90)


def sheen(normal: Vector, view: Vector) -> Field:
    """Fresnel reflection of the room, (n, m)."""
    d = -(view[0] * normal[0] + view[1] * normal[1] + view[2] * normal[2])
    return np.asarray((1 - np.clip(d, 0, 1)) ** 5)


@record
class Hit:
    """Where rays meet a ball: cover, points, outward normals of length 1, the rays' directions of length 1."""

    cover: Field
    point: Vector
    normal: Vector
    view: Vector


def meet(
    y: Field, x: Field, pixel: float, ball: Ball, stretch: tuple[float, float, float] = (1, 1, 1), *, far: bool = False
) -> Hit:
    """Rays against a ball or an ellipsoid with half axes radius * stretch; `far` gives where they leave it."""
    dx, dy, dz = (d / s for d, s in zip(rays(y, x), stretch, strict=True))
    ox, oy, oz = -ball.X / stretch[0], (EYE - ball.Y) / stretch[1], -ball.Z / stretch[2]
    norm = 1 / np.sqrt(dx * dx + dy * dy + dz * dz)
    dx, dy, dz = dx * norm, dy * norm, dz * norm
    b = ox * dx + oy * dy + oz * dz
    aside2 = ox * ox + oy * oy + oz * oz - b * b
    step = math.sqrt(ox * ox + oy * oy + oz * oz) * pixel / FOCAL
    cover = inside(np.sqrt(np.maximum(aside2, 0)) - ball.radius, step)
    half = np.sqrt(np.maximum(ball.radius**2 - aside2, 0))
    t = -b + half if far else -b - half
    px, py, pz = ox + t * dx, oy + t * dy, oz + t * dz  # in the stretched space, from the centre
    nx, ny, nz = px / stretch[0], py / stretch[1], pz / stretch[2]
    length = 1 / np.sqrt(np.maximum(nx * nx + ny * ny + nz * nz, 1e-12))
    vx, vy, vz = dx * stretch[0], dy * stretch[1], dz * stretch[2]
    shorter = 1 / np.sqrt(vx * vx + vy * vy + vz * vz)
    return Hit(
        cover,
        (ball.X + px * stretch[0], ball.Y + py * stretch[1], ball.Z + pz * stretch[2]),
        (nx * length, ny * length, nz * length),
        (vx * shorter, vy * shorter, vz * shorter),
    )


def bent(normal: Vector, by: tuple[Field | float, Field | float, Field | float]) -> Vector:
    """A normal pushed aside by a bump's slope, of length 1 again."""
    n = [a + b for a, b in zip(normal, by, strict=True)]
    length = 1 / np.sqrt(n[0] * n[0] + n[1] * n[1] + n[2] * n[2])
    return n[0] * length, n[1] * length, n[2] * length


def footprint(sheet: Sheet, depth: float) -> float:
    """Metres between samples at a distance."""
    return sheet.pixel * depth / FOCAL
