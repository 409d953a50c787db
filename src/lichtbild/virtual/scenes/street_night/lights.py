"""What shines over the street: lamps on posts, neon signs, a garland of bulbs, and the wires between."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import partial

import numpy as np

from lichtbild.virtual.draw import Box, Sheet, circle, inside, rectangle, rgb, segment
from lichtbild.virtual.field import Field
from lichtbild.virtual.lettering import distance
from lichtbild.virtual.scenes.street_night.view import FOCAL, LAMPS, LEFT, RIGHT, View

LAMP_CORE = 320.0  # radiance of a lamp against the sensor's white: eight stops
METAL = (0.010, 0.011, 0.013)


def hanging(sheet: Sheet, view: View) -> None:
    """Signs on the walls and what hangs between them, from far to near."""
    _wires(sheet, view)
    _blade(sheet, view, LEFT, 1, "HOTEL", 12.2, 4.3, rgb("#ff5a48"), rgb("#ff9a80"))
    _blade(sheet, view, RIGHT, -1, "KINO", 13.9, 4.2, rgb("#48c8ff"), rgb("#a0e8ff"))
    _round_sign(sheet, view)
    _garland(sheet, view)


def foreground(sheet: Sheet, view: View) -> None:
    """The lamps, from far to near."""
    for lamp in sorted(LAMPS, key=lambda lamp: -lamp[2]):
        _lamp(sheet, view, *lamp)


def _lamp(sheet: Sheet, view: View, X: float, Y: float, Z: float) -> None:
    """A post with an arm and a lantern whose globe is far beyond white; light scatters in air and lens."""
    scale = FOCAL / Z
    side = 1.0 if X < 0 else -1.0  # the arm reaches over the road
    base, head = X - side * 0.45, X
    foot_y, base_x = view.seen(base, 0.0, Z)
    head_y, head_x = view.seen(head, Y, Z)
    top_y, _ = view.seen(base, Y + 0.42, Z)
    half = 0.055 * scale
    post: Box = (min(top_y, foot_y), base_x - half * 2, max(top_y, foot_y), base_x + half * 2)

    def shade(y: Field, x: Field) -> tuple[Field, Field]:
        near = np.abs(x - base_x) - half * (1 + 0.6 * (np.abs(y - foot_y) < 0.6 * scale))
        cover = inside(near + 0 * y, sheet.pixel) * inside(rectangle(y, x, post), sheet.pixel)
        rim = np.clip(1 - np.abs((x - base_x) / half - 0.5 * side), 0, 1)
        glow = np.exp(-np.abs(y - head_y) / (1.6 * scale))
        return cover, (rim * glow * 0.35 + 0.02)[..., None] * np.array(rgb("#ffd2a0"), np.float32) + np.array(
            METAL, np.float32
        )

    sheet.lay(post, shade)
    arm = [(top_y, base_x), (top_y - 0.02 * scale, (base_x + head_x) / 2), (head_y - 0.28 * scale, head_x)]
    around: Box = (
        top_y - 0.3 * scale,
        min(base_x, head_x) - 0.4 * scale,
        head_y + 0.4 * scale,
        max(base_x, head_x) + 0.4 * scale,
    )
    sheet.fill(
        around,
        lambda y, x: np.minimum(segment(y, x, arm[0], arm[1]), segment(y, x, arm[1], arm[2])) - 0.035 * scale,
        METAL,
    )
    cap = (head_y - 0.30 * scale, head_x - 0.2 * scale, head_y - 0.14 * scale, head_x + 0.2 * scale)
    sheet.fill(around, lambda y, x: rectangle(y, x, cap, 0.07 * scale), METAL)
    globe = 0.15 * scale
    tone = np.array(rgb("#ffd9a8"), np.float32)

    def bulb(y: Field, x: Field) -> tuple[Field, Field]:
        r = np.hypot(y - head_y, x - head_x) / globe
        return inside((r - 1) * globe, sheet.pixel), (LAMP_CORE * (0.25 + 0.75 * np.clip(1.1 - r * r, 0, 1)))[
            ..., None
        ] * tone

    sheet.lay((head_y - globe, head_x - globe, head_y + globe, head_x + globe), bulb)
    _halo(sheet, head_y, head_x, globe, LAMP_CORE * globe**2 * 0.35, tone)


def _halo(sheet: Sheet, cy: float, cx: float, radius: float, power: float, tone: Field) -> None:
    """Scattered light around a source: steep in the lens, wide in the moist air. `power` is radiance times area."""
    reach = 0.55
    box: Box = (cy - reach, cx - reach, cy + reach, cx + reach)

    def shade(y: Field, x: Field) -> Field:
        squared = (y - cy) ** 2 + (x - cx) ** 2
        fade = np.clip(1 - np.sqrt(squared) / reach, 0, 1) ** 2
        tight = 0.010 / (squared + (1.2 * radius) ** 2)
        wide = 0.030 / (squared + 0.06**2)
        return (power * fade * (tight + wide))[..., None] * tone

    sheet.glow(box, shade)


def _tube(
    sheet: Sheet,
    box: Box,
    near: Callable[[Field, Field], Field],
    width: float,
    colour: tuple[float, ...],
    core: float,
    reach: float,
) -> None:
    """A neon tube along the zero of a distance: hot core, coloured glow around it."""
    tone = np.array(colour, np.float32)
    grown: Box = (box[0] - 4 * reach, box[1] - 4 * reach, box[2] + 4 * reach, box[3] + 4 * reach)
    sheet.glow(grown, lambda y, x: (0.55 * np.exp(-near(y, x) / reach))[..., None] * tone)
    hot = tone * core + 0.25 * core
    sheet.lay(box, lambda y, x: (inside(near(y, x) - width, sheet.pixel), hot))


def _blade(
    sheet: Sheet,
    view: View,
    wall: float,
    side: int,
    text: str,
    Z: float,
    low: float,
    colour: tuple[float, ...],
    edge: tuple[float, ...],
) -> None:
    """A sign that stands out from the wall, its letters one below the other."""
    scale = FOCAL / Z
    letter, gap = 0.62, 0.84
    tall, wide = gap * len(text) + 0.3, 1.0
    near_x, far_x = wall + side * 0.3, wall + side * (0.3 + wide)
    left, right = min(near_x, far_x), max(near_x, far_x)
    box = view.box((left, right), (low, low + tall), Z)
    sheet.fill(box, lambda y, x: rectangle(y, x, box, 0.08 * scale), (0.012, 0.010, 0.016))
    inner: Box = (box[0] + 0.06 * scale, box[1] + 0.06 * scale, box[2] - 0.06 * scale, box[3] - 0.06 * scale)
    _tube(sheet, box, lambda y, x: np.abs(rectangle(y, x, inner, 0.08 * scale)), 0.012 * scale, edge, 3.0, 0.05 * scale)
    height = letter * scale
    for i, c in enumerate(text):
        top = box[0] + (0.22 + gap * i) * scale
        start = (box[1] + box[3]) / 2 - 4 / 12 * height
        spot: Box = (top - 0.1 * scale, box[1], top + height + 0.1 * scale, box[3])
        near = partial(distance, text=c, top=top, left=start, height=height)
        _tube(sheet, spot, near, 0.030 * scale, colour, 7.0, 0.09 * scale)


def _round_sign(sheet: Sheet, view: View) -> None:
    """A cup in a ring of neon, for the café."""
    Z, X, Y = 9.0, LEFT + 1.0, 4.9
    cy, cx = view.seen(X, Y, Z)
    s = FOCAL / Z
    box: Box = (cy - 0.75 * s, cx - 0.75 * s, cy + 0.75 * s, cx + 0.75 * s)
    sheet.fill(box, lambda y, x: circle(y, x, cy, cx, 0.68 * s), (0.010, 0.012, 0.014))
    _tube(sheet, box, lambda y, x: np.abs(circle(y, x, cy, cx, 0.6 * s)), 0.022 * s, rgb("#ffc24a"), 6.0, 0.08 * s)

    def cup(y: Field, x: Field) -> Field:
        dy, dx = (y - cy) / s, (x - cx) / s
        bowl = np.abs(np.where(dy > -0.08, np.hypot(dx, np.maximum(dy + 0.08, 0) * 0.9) - 0.27, 9.0))
        rim = segment(dy, dx, (-0.08, -0.27), (-0.08, 0.27))
        ear = np.abs(np.hypot(dx - 0.30, dy - 0.03) - 0.10) + 9.0 * (dx < 0.29)
        steam = np.minimum(
            np.abs(dx + 0.09 - 0.05 * np.sin((dy + 0.2) * 22)) + 9.0 * (np.abs(dy + 0.27) > 0.12),
            np.abs(dx - 0.09 - 0.05 * np.sin((dy + 0.2) * 22)) + 9.0 * (np.abs(dy + 0.27) > 0.12),
        )
        return np.asarray(np.minimum(np.minimum(bowl, rim), np.minimum(ear, steam)) * s)

    _tube(sheet, box, cup, 0.020 * s, rgb("#ff8a58"), 6.0, 0.06 * s)


def _garland(sheet: Sheet, view: View) -> None:
    """Bulbs on a sagging cable across the street."""
    Z = 8.0
    count = 23
    points = []
    for i in range(count):
        t = i / (count - 1)
        points.append(view.seen(LEFT + 0.2 + t * (RIGHT - LEFT - 0.4), 6.1 - 1.0 * (1 - (2 * t - 1) ** 2), Z))
    s = FOCAL / Z
    _cable(sheet, points, 0.010 * s)
    tones = [np.array(rgb(c), np.float32) for c in ("#ffcf8a", "#ffb45e", "#ffdca8")]
    for i, (cy, cx) in enumerate(points):
        _bulb(sheet, cy + (0.11 * s if view.eye > 0 else -0.11 * s), cx, 0.055 * s, tones[i % 3])


def _bulb(sheet: Sheet, cy: float, cx: float, radius: float, tone: Field) -> None:
    """A small lamp, five stops above white, and the glow around it."""
    box: Box = (cy - radius, cx - radius, cy + radius, cx + radius)
    sheet.lay(box, lambda y, x: (inside(circle(y, x, cy, cx, radius), sheet.pixel), tone * 40))
    reach = 0.05

    def shade(y: Field, x: Field) -> Field:
        squared = (y - cy) ** 2 + (x - cx) ** 2
        fade = np.clip(1 - np.sqrt(squared) / reach, 0, 1) ** 2
        return np.asarray((fade * 0.6 * radius**2 / (squared + radius**2))[..., None] * tone)

    sheet.glow((cy - reach, cx - reach, cy + reach, cx + reach), shade)


def _cable(sheet: Sheet, points: list[tuple[float, float]], width: float) -> None:
    """A line through points, thinner than a sample where need be."""
    for a, b in itertools.pairwise(points):
        _strand(sheet, a, b, width)


def _strand(sheet: Sheet, a: tuple[float, float], b: tuple[float, float], width: float) -> None:
    box: Box = (min(a[0], b[0]) - width, min(a[1], b[1]) - width, max(a[0], b[0]) + width, max(a[1], b[1]) + width)
    thin = min(1.0, 2 * width / sheet.pixel)
    sheet.lay(box, lambda y, x: (inside(segment(y, x, a, b) - width, sheet.pixel) * thin, (0.006, 0.006, 0.008)))


def _wires(sheet: Sheet, view: View) -> None:
    """The tram's wires over the crossing."""
    for Z, Y in ((16.9, 5.9), (17.4, 6.3)):
        _cable(sheet, [view.seen(x, Y - 0.02 * abs(x), Z) for x in np.linspace(-14, 14, 9)], 0.012 * FOCAL / Z)
