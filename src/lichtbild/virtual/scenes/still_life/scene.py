"""The still life put together: wall, table, things from far to near."""

from __future__ import annotations

import numpy as np

from lichtbild import color
from lichtbild.virtual.draw import Sheet, mix, rgb, smooth
from lichtbild.virtual.field import Field
from lichtbild.virtual.noise import fractal
from lichtbild.virtual.scene import VirtualScene
from lichtbild.virtual.scenes.still_life import chart, fabrics, foliage, fruit, portrait, vessels
from lichtbild.virtual.scenes.still_life.studio import Ball, seen

BOWL = Ball(-0.10, 0.101, 1.42, 0.165)
RIM = 0.092
ORANGES = (
    (Ball(-0.165, 0.088, 1.50, 0.046), "#e8801c", 0.3),
    (Ball(-0.060, 0.092, 1.50, 0.044), "#ea8a22", -0.5),
    (Ball(-0.010, 0.088, 1.42, 0.043), "#e67a18", 1.1),
    (Ball(-0.112, 0.137, 1.435, 0.045), "#ec8a20", 0.15),
)
LEMON = (Ball(-0.190, 0.096, 1.395, 0.036), "#e8cc30", 1.25)
APPLES = ((Ball(-0.385, 0.044, 1.21, 0.048), 0.35, 3), (Ball(-0.285, 0.040, 1.125, 0.044), -0.9, 8))
TONES = (
    (Ball(0.245, 0.030, 1.36, 0.030), "#8d5a3c"),
    (Ball(0.310, 0.026, 1.30, 0.026), "#e8b898"),
    (Ball(0.18, 0.022, 1.31, 0.022), "#4a2c20"),
)
VASE = (-0.37, 1.76)
SHRUB = Ball(-0.155, 0.262, 1.90, 0.088)
HEAD = (0.10, 1.82, 0.100)
GRAPES = fruit.bunch(0.02, 1.13, 34, 5)
VASE_PROFILE = [
    (0.0, 0.044),
    (0.01, 0.05),
    (0.05, 0.072),
    (0.10, 0.083),
    (0.145, 0.075),
    (0.185, 0.048),
    (0.21, 0.034),
    (0.235, 0.034),
    (0.25, 0.043),
]
POT_PROFILE = [(0.0, 0.058), (0.01, 0.060), (0.15, 0.075), (0.152, 0.084), (0.185, 0.087), (0.19, 0.085)]


def _shadows() -> tuple[Ball, ...]:
    balls = (
        [ball for ball, _, _ in ORANGES] + [LEMON[0]] + [ball for ball, _, _ in APPLES] + [ball for ball, _ in TONES]
    )
    x, z, size = HEAD
    bulk = [
        BOWL,
        Ball(VASE[0], 0.09, VASE[1], 0.08),
        Ball(VASE[0], 0.20, VASE[1], 0.045),
        Ball(SHRUB.X, 0.08, SHRUB.Z, 0.08),
        SHRUB,
        Ball(x, 2.45 * size, z, 0.85 * size),
        Ball(x, 0.5 * size, z, 0.8 * size),
        Ball(0.02, 0.02, 1.13, 0.062),
    ]
    return tuple(balls + bulk)


def scene() -> VirtualScene:
    """The still life in the light of a window at the left, on a bright day indoors."""
    return VirtualScene("still-life", paint, color.daylight_xy(5200.0), exposure=1.25, light_value=7.5)


def paint(y: Field, x: Field, pixel: float, /) -> Field:
    """All of it; nothing moves."""
    sheet = Sheet(y, x, pixel)
    balls = _shadows()
    _wall(sheet)
    fabrics.table(sheet, balls)
    _without(sheet, balls)
    return sheet.finished()


def _others(balls: tuple[Ball, ...], *own: Ball) -> tuple[Ball, ...]:
    """The balls near enough to matter, without a thing's own."""
    return tuple(
        b
        for b in balls
        if b not in own
        and any((6 * b.radius + 0.1) ** 2 > (b.X - o.X) ** 2 + (b.Y - o.Y) ** 2 + (b.Z - o.Z) ** 2 for o in own)
    )


def _without(sheet: Sheet, balls: tuple[Ball, ...]) -> None:
    vase_body = (Ball(VASE[0], 0.09, VASE[1], 0.08), Ball(VASE[0], 0.20, VASE[1], 0.045))
    pot = Ball(SHRUB.X, 0.08, SHRUB.Z, 0.08)
    vessels.turned(sheet, SHRUB.X, SHRUB.Z, POT_PROFILE, "#a85c38", _others(balls, pot, SHRUB), glossy=0.0, seed=4)
    foliage.box_ball(sheet, SHRUB, _others(balls, pot, SHRUB))
    chart.card(sheet, ())
    x, z, size = HEAD
    bust = (Ball(x, 2.45 * size, z, 0.85 * size), Ball(x, 0.5 * size, z, 0.8 * size))
    portrait.head(sheet, x, z, size, "#c98d6c", _others(balls, *bust))
    vessels.turned(sheet, *VASE, VASE_PROFILE, "#2f6a68", _others(balls, *vase_body), glossy=1.0, seed=9)
    foliage.spray(sheet, VASE[0], 0.25, VASE[1], 12)
    in_bowl = (*(ball for ball, _, _ in ORANGES), LEMON[0])
    vessels.bowl(sheet, BOWL, RIM, in_bowl, front=False)
    for ball, colour, turn in ORANGES:
        fruit.citrus(sheet, ball, _others(balls, ball, BOWL), colour, (1.0, 0.95, 1.0), turn)
    ball, colour, turn = LEMON
    fruit.citrus(sheet, ball, _others(balls, ball, BOWL), colour, (1.28, 0.95, 1.0), turn)
    vessels.bowl(sheet, BOWL, RIM, _others(balls, BOWL, *in_bowl), front=True)
    for ball, tone in TONES:
        _skin_ball(sheet, ball, tone, _others(balls, ball))
    for ball, turn, seed in APPLES:
        fruit.apple(sheet, ball, _others(balls, ball), turn, seed)
    for i, grape in enumerate(GRAPES):
        near = tuple(
            g
            for g in GRAPES
            if g != grape and (g.X - grape.X) ** 2 + (g.Z - grape.Z) ** 2 + (g.Y - grape.Y) ** 2 < 0.035**2
        )
        fruit.grape(sheet, grape, near, i + 2)


def _skin_ball(sheet: Sheet, ball: Ball, tone: str, balls: tuple[Ball, ...]) -> None:
    """A ball of clay in a tone of skin: smooth shading that noise reduction must not step."""
    from lichtbild.virtual.scenes.still_life.studio import box_of, gloss, lit, meet, occlusion, shadow

    def shade(y: Field, x: Field) -> tuple[Field, Field]:
        hit = meet(y, x, sheet.pixel, ball)
        key, fill = shadow(*hit.point, balls), occlusion(*hit.point, hit.normal, balls)
        fill = fill * (0.4 + 0.6 * smooth(-1.0, 0.3, hit.normal[1]))
        light = np.array(rgb(tone), np.float32) * lit(hit.normal, key, fill, 0.15)
        return hit.cover, light + gloss(hit.normal, hit.view, 1.4, 0.03)

    sheet.lay(box_of(ball.X, ball.Y, ball.Z, ball.radius), shade)


def _wall(sheet: Sheet) -> None:
    """A plastered wall, out of focus, on which the window's light falls off; the branch's soft shadow."""
    y, x = sheet.y, sheet.x
    # The window's four panes, thrown slantwise on the wall through a soft distance.
    across, down = (x - 0.27) / 0.30 + 0.25 * y, (y + 0.20 + 0.28 * (x - 0.27)) / 0.30
    pane = [smooth(0.62, 0.30, np.abs(v)) * (1 - 0.55 * np.exp(-((v / 0.10) ** 2))) for v in (across + 0 * y, down)]
    beam = pane[0] * pane[1]
    corner = smooth(-0.75, 0.1, x)
    cloud = fractal(y * 2.2, x * 2.2, 2.2 * sheet.pixel, 4, 15)
    tone = 0.13 + 0.36 * beam + 0.13 * corner
    colour = mix(np.array(rgb("#6f6a60"), np.float32), np.array(rgb("#a89a80"), np.float32), smooth(0, 0.5, beam))
    sheet.light[:] = colour * (tone * (1 + 0.12 * cloud))[..., None]
    foot = seen(0.0, 0.0, fabrics.BACK)[0]
    sheet.light *= (1 - 0.5 * np.exp(-np.abs(y - foot) / 0.05))[..., None]
