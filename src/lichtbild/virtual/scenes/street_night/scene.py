"""The street as a whole: sky, tower, façades, wet road with its reflections, lamps, wires and signs."""

from __future__ import annotations

import functools
import math
import threading

import numpy as np

from lichtbild import color
from lichtbild.virtual.draw import Sheet, mix, rgb, smooth
from lichtbild.virtual.field import Field
from lichtbild.virtual.noise import fractal, hashed
from lichtbild.virtual.scene import VirtualScene
from lichtbild.virtual.scenes.street_night import lights, things
from lichtbild.virtual.scenes.street_night.view import (
    CROSSING,
    END,
    EYE,
    FOCAL,
    KERB_LEFT,
    KERB_RIGHT,
    LEFT,
    RIGHT,
    SKY_LIGHT,
    VANISHING,
    View,
    lamp_light,
)
from lichtbild.virtual.scenes.street_night.walls import LEFT_ROW, RIGHT_ROW, House, band, wall_light


def scene() -> VirtualScene:
    """Street at night; the sensor's white lies a little above a lit wall, lamps reach hundreds of times that."""
    return VirtualScene(
        "street-night",
        paint,
        color.xy_from_temperature(3700.0),
        exposure=1.0,
        light_value=4.5,
        movers=things.movers(),
    )


def paint(y: Field, x: Field, pixel: float, /) -> Field:
    """The street without what moves."""
    sheet = Sheet(y, x, pixel)
    view = View()
    upper(sheet, view)
    _ground(sheet, view)
    lights.foreground(sheet, view)
    return sheet.finished()


def upper(sheet: Sheet, view: View) -> None:
    """All that stands upright, and the sky."""
    _sky(sheet)
    _tower(sheet, view)
    _crossing(sheet, view)
    for side, row in ((-1, LEFT_ROW), (1, RIGHT_ROW)):
        for house in reversed(row):
            _house(sheet, view, house, side)
    lights.hanging(sheet, view)


def _sky(sheet: Sheet) -> None:
    up = np.clip(VANISHING[0] - sheet.y, 0, 1)
    top, low = np.array(rgb("#2c58c0"), np.float32) * 0.16, np.array(rgb("#d09080"), np.float32) * 0.17
    sheet.light[:] = top * (1.15 - up[..., None]) + np.exp(-up / 0.15)[..., None] * (low - top)
    drift = fractal(up / (0.25 + up) * 5, sheet.x / (0.25 + up) * 1.4, 2 * sheet.pixel, 6, 77)
    clouds = smooth(-0.1, 0.7, drift)
    sheet.light += (clouds * (0.35 + np.exp(-up / 0.2)))[..., None] * np.array(rgb("#a89098"), np.float32) * 0.06
    grid = 70.0
    gy, gx = np.floor(sheet.y * grid), np.floor(sheet.x * grid)
    cy, cx = (gy + 0.2 + 0.6 * hashed(gy, gx, 1)) / grid, (gx + 0.2 + 0.6 * hashed(gy, gx, 2)) / grid
    bright = (hashed(gy, gx, 3) > 0.93) * hashed(gy, gx, 4) ** 3 * (1 - clouds) * smooth(0.15, 0.4, up)
    spot = np.exp(-((sheet.y - cy) ** 2 + (sheet.x - cx) ** 2) / (2 * 0.0006**2))
    sheet.light += (bright * spot * 0.5)[..., None]


def _tower(sheet: Sheet, view: View) -> None:
    """A church tower with a lit clock on the square, and the houses behind it."""
    Z = END + 8
    Y, X = view.facing(sheet.y, sheet.x, Z)
    haze = np.array(rgb("#c08a60"), np.float32) * 0.05
    roofs = 8.5 + 2.2 * np.sign(np.sin(X * 0.55)) * (np.abs(np.sin(X * 0.23)) > 0.4) + 0.8 * np.cos(X * 1.3)
    far = np.clip(0.5 + (roofs - Y) / (Z * sheet.pixel / FOCAL), 0, 1) * (Y > -9)
    rooms = band(X % 1.7, 0.5, 1.15, Z * sheet.pixel) * band(Y % 3.0, 0.8, 2.1, Z * sheet.pixel)
    rooms = rooms * (hashed(np.floor(X / 1.7), np.floor(Y / 3.0), 9) < 0.4) * (roofs - 1 > Y) * (Y > 1)
    body = haze * 0.9 + rooms[..., None] * np.array(rgb("#ffc880"), np.float32) * 0.55
    sheet.light = mix(sheet.light, body, far)
    step = Z * sheet.pixel / FOCAL
    centre = 2.6
    half = np.where(Y < 24, 2.9, np.maximum(0, 2.9 * (33.5 - Y) / 9.5))
    inside_tower = np.clip(0.5 + (half - np.abs(X - centre)) / step, 0, 1) * (Y > -34)
    flood = np.array(rgb("#ffcf90"), np.float32) * (0.30 * np.exp(-np.maximum(Y, 0) / 13) + 0.05)[..., None]
    stone = 1 + 0.25 * fractal(Y, X, step, 5, 3) - 0.3 * band(Y % 6.0, 0.0, 0.35, step)
    slit = band(np.abs(X - centre), 0.0, 0.42, step) * np.maximum(band(Y, 9, 12.2, step), band(Y, 21.2, 23.4, step))
    body = flood * (stone * (0.75 + 0.25 * np.clip((X - centre) / 2.9, -1, 1)))[..., None]
    body = np.where((Y > 24)[..., None], np.array(rgb("#3a5a50"), np.float32) * 0.05, body) * (
        1 - 0.85 * slit[..., None]
    )
    sheet.light = mix(sheet.light, body, inside_tower)
    radius = np.hypot(X - centre, Y - 17.6)
    face = np.clip(0.5 + (1.95 - radius) / step, 0, 1)
    angle = np.arctan2(X - centre, Y - 17.6)
    marks = (np.abs(radius - 1.6) < 0.2) * (np.abs((angle / (math.pi / 6)) % 1 - 0.5) > 0.42)
    hands = np.maximum(
        _hand(X - centre, Y - 17.6, math.radians(315), 1.5, 0.1, step),
        _hand(X - centre, Y - 17.6, math.radians(283), 1.0, 0.14, step),
    )
    dial = np.array(rgb("#fff2cc"), np.float32) * 1.5 * (1 - 0.95 * np.maximum(marks, hands))[..., None]
    sheet.light = mix(sheet.light, dial, face)
    sheet.light += (0.05 / (1 + (np.maximum(radius - 1.9, 0) / 0.8) ** 2) * (radius > 1.9))[..., None] * np.array(
        rgb("#ffe0b0"), np.float32
    )


def _hand(x: Field, y: Field, angle: float, length: float, half: float, step: float) -> Field:
    along, across = x * math.sin(angle) + y * math.cos(angle), x * math.cos(angle) - y * math.sin(angle)
    return np.clip(0.5 + (half - np.abs(across)) / step, 0, 1) * (along > -0.2) * (along < length)


def _crossing(sheet: Sheet, view: View) -> None:
    """The corner houses' other sides, seen through the gaps of the crossing street: dim walls facing the camera."""
    for X, row, away in ((LEFT, LEFT_ROW, -1), (RIGHT, RIGHT_ROW, 1)):
        house = row[2]
        Z = CROSSING[1]
        top, edge = view.seen(X, house.height, Z)
        bottom, _ = view.seen(X, 0.0, Z)
        box = (top, edge - 1, bottom, edge) if away < 0 else (top, edge, bottom, edge + 1)
        if view.eye < 0:
            box = (-1.0, box[1], VANISHING[0], box[3])

        def shade(
            y: Field, x: Field, X: float = X, Z: float = Z, house_height: float = house.height
        ) -> tuple[Field, Field]:
            Y, across = view.facing(y, x, Z)
            step = Z * sheet.pixel / FOCAL
            arriving = lamp_light(across, Y, Z, (0.0, 0.0, -1.0)) + SKY_LIGHT * 1.4
            tone = 1 + 0.2 * fractal(Y * 0.9, across * 0.9, step, 5, 5)
            wall = np.array(rgb("#a08d7c"), np.float32) * tone[..., None] * arriving
            column, row = np.floor((across - X) / 2.4), np.floor((Y - 0.9) / 3.2)
            s, t = (across - X) - 2.4 * column - 1.2, Y - 0.9 - 3.2 * row
            there = (Y > 0.8) * (house_height - 1.6 > Y)
            trim = band(s, -0.62, 0.62, step) * band(t, -0.12, 1.74, step) * there
            panes = band(s, -0.48, 0.48, step) * band(t, 0.0, 1.6, step) * there
            panes = panes * (1 - np.maximum(band(s, -0.03, 0.03, step), band(t, 1.0, 1.06, step)))
            number = hashed(column, row, 64)
            warm = np.array(rgb("#ffc07c"), np.float32) * (0.25 + 1.5 * number * (0.6 + 0.4 * t))[..., None]
            glass = np.where((number < 0.34)[..., None], warm, SKY_LIGHT * (0.4 + 0.3 * t)[..., None])
            wall = wall * (1 + 0.35 * trim * (1 - panes) - 0.3 * band(Y % 3.2, 0.0, 0.14, step))[..., None]
            cover = (house_height > Y) * 1.0 * (Y > 0)
            return cover, mix(wall, glass, panes)

        sheet.lay(box, shade)


def _house(sheet: Sheet, view: View, house: House, side: int) -> None:
    X = LEFT if side < 0 else RIGHT
    near, far = (VANISHING[1] + FOCAL * X / z for z in (house.near, house.far))
    left, right = sorted((near, far))
    columns = slice(*(int(n) for n in np.searchsorted(sheet.x[0], (left, right))))
    x = sheet.x[:, columns]
    if not x.size:
        return
    u = FOCAL * X / (x - VANISHING[1])
    v = view.eye - (sheet.y - VANISHING[0]) * u / FOCAL
    du = np.abs(u * u / (FOCAL * X)) * sheet.pixel
    dv = u * sheet.pixel / FOCAL
    cover = np.clip(0.5 + (house.height - v) / dv, 0, 1) * (v >= 0)
    rows = np.flatnonzero(cover.any(1))
    if not rows.size:
        return
    part = slice(rows[0], rows[-1] + 1)
    light = wall_light(house, side, u, v[part], view.eye, (du, dv))
    mist = np.exp(-u / 160)[..., None]
    light = light * mist + (1 - mist) * np.array(rgb("#c08a60"), np.float32) * 0.09
    sheet.light[part, columns] = mix(sheet.light[part, columns], light, cover[part])


_mirror_lock = threading.Lock()


def _mirror() -> tuple[list[Field], float, tuple[float, float]]:
    """`_painted_mirror`, made once whichever painter comes first."""
    with _mirror_lock:
        return _painted_mirror()


@functools.cache
def _painted_mirror() -> tuple[list[Field], float, tuple[float, float]]:
    """What a still puddle reflects, upside up, and the same smeared upwards by rougher and rougher water."""
    pixel = 1 / 700
    y = np.arange(-0.75, VANISHING[0] + pixel, pixel).astype(np.float32)[:, None]
    x = np.arange(-1.0, 1.0, pixel).astype(np.float32)[None, :]
    sheet = Sheet(y, x, pixel)
    view = View(-EYE)
    upper(sheet, view)
    lights.foreground(sheet, view)
    sharp = np.minimum(sheet.light, 60.0)
    levels = [sharp]
    for down, across in ((9, 2), (24, 4), (60, 8)):
        levels.append(_smeared(_smeared(sharp, down, 0), across, 1))
    return levels, pixel, (float(y[0, 0]), float(x[0, 0]))


def _smeared(light: Field, radius: int, axis: int) -> Field:
    """Two running means, nearly a Gaussian."""
    for _ in range(2):
        pad = [(0, 0)] * 3
        pad[axis] = (radius + 1, radius)
        sums = np.cumsum(np.pad(light, pad, mode="edge"), axis, np.float64)
        n = light.shape[axis]
        take = functools.partial(np.take, sums, axis=axis)
        light = ((take(np.arange(n) + 2 * radius + 1) - take(np.arange(n))) / (2 * radius + 1)).astype(np.float32)
    return light


def reflected(y: Field, x: Field, level: int) -> Field:
    """Light that comes from a picture's place above the horizon, mirrored at the road; level 0 is sharp."""
    levels, pixel, (top, left) = _mirror()
    image = levels[level]
    fy = np.clip((y - top) / pixel, 0, image.shape[0] - 1.001)
    fx = np.clip((x - left) / pixel, 0, image.shape[1] - 1.001)
    iy, ix = fy.astype(np.int32), fx.astype(np.int32)
    ty, tx = (fy - iy)[..., None], (fx - ix)[..., None]
    upper_row = image[iy, ix] * (1 - tx) + image[iy, ix + 1] * tx
    lower_row = image[iy + 1, ix] * (1 - tx) + image[iy + 1, ix + 1] * tx
    return np.asarray(upper_row * (1 - ty) + lower_row * ty)


def _ground(sheet: Sheet, view: View) -> None:
    """Road and pavements, wet: a dark rough ground that scatters lamp light, under water that mirrors."""
    first = int(np.searchsorted(sheet.y[:, 0], VANISHING[0] + 0.002))
    y = sheet.y[first:]
    if not y.size:
        return
    Z = FOCAL * EYE / (y - VANISHING[0])
    X = (sheet.x - VANISHING[1]) * Z / FOCAL
    dz, dx = Z * Z / (FOCAL * EYE) * sheet.pixel, Z * sheet.pixel / FOCAL
    road = band(X, KERB_LEFT, KERB_RIGHT, dx) * (Z < END)
    road = np.maximum(road, (band(Z, CROSSING[0] + 0.6, CROSSING[1] - 0.6, dz) + 0 * X) * 1.0)
    kerb = np.maximum(band(X, KERB_LEFT - 0.16, KERB_LEFT, dx), band(X, KERB_RIGHT, KERB_RIGHT + 0.16, dx)) * (1 - road)
    grain = fractal(Z * 28, X * 28, np.maximum(dz, dx) * 28, 4, 31)
    patch = fractal(Z * 0.35, X * 0.5, dz * 0.5, 5, 32)
    albedo = 0.055 * (1 + 0.45 * grain + 0.25 * patch)
    slab = np.maximum(band(X % 0.6, 0, 0.02, dx), band((Z + 0.3 * (np.floor(X / 0.6) % 2)) % 0.6, 0, 0.02, dz))
    tint = 0.7 + 0.5 * hashed(np.floor(X / 0.6), np.floor((Z + 0.3 * (np.floor(X / 0.6) % 2)) / 0.6), 8)
    paving = 0.10 * tint * (1 + 0.3 * grain) * (1 - 0.7 * slab)
    albedo = mix(paving, albedo, road) + 0.13 * kerb
    # Zebra crossing and the tram's rails.
    zebra = (
        band(Z, CROSSING[0] - 3.2, CROSSING[0] - 0.7, dz) * band((X + 0.2) % 1.0, 0.0, 0.5, dx) * band(X, -3.2, 3.6, dx)
    )
    albedo = albedo + 0.34 * zebra * (1 + 0.4 * grain + 0.5 * np.minimum(patch, 0)) * road
    rails = sum(band(Z, r - 0.05, r + 0.05, dz) for r in (16.2, 17.64))
    arriving = lamp_light(X, 0.0, Z, (0.0, 1.0, 0.0)) + SKY_LIGHT + _shop_light(X, Z)
    light = albedo[..., None] * arriving
    # Water: deep puddles mirror sharply, a wet film smears and dims.
    wet = fractal(Z * 0.55, X * 0.9, dz * 0.9, 5, 36) + 0.35 * (
        np.exp(-np.abs(X - KERB_LEFT - 0.3) / 0.4) + np.exp(-np.abs(X - KERB_RIGHT + 0.3) / 0.4)
    )
    puddle = smooth(0.20, 0.55, wet + 0.06 * grain) * (0.2 + 0.8 * road)
    ripple = fractal(Z * 5, X * 5, np.maximum(dz, dx) * 5, 3, 38) * 0.0035
    up = 2 * VANISHING[0] - y
    rough = np.clip(0.9 * grain, -1, 1)
    mirrored_y, mirrored_x = up + 0 * X, sheet.x + 0 * Z
    cosine = EYE / np.sqrt(EYE**2 + Z**2 + X**2)
    fresnel = 0.02 + 0.98 * (1 - cosine) ** 5
    film = 0.55 * reflected(mirrored_y + 0.03 * rough, mirrored_x + 0.006 * rough, 2) + 0.45 * reflected(
        mirrored_y, mirrored_x, 3
    )
    sharp = reflected(mirrored_y + ripple + 0.002 * grain, mirrored_x + ripple * 0.5, 0)
    middle = reflected(mirrored_y + 0.012 * rough, mirrored_x + 0.003 * rough, 1)
    film = 0.7 * film + 0.3 * middle
    strength = (0.22 + 0.5 * road) * (1 + 0.8 * grain + 0.4 * patch)
    light = light + film * (np.clip(fresnel * 0.8 + 0.02, 0, 0.6) * np.maximum(strength, 0))[..., None]
    still = light * 0.4 + sharp * np.clip(fresnel + 0.04, 0, 0.9)[..., None]
    light = mix(light, still, puddle)
    steel = reflected(mirrored_y, mirrored_x, 1) * 0.8
    light = mix(light, steel, np.clip(rails + 0 * X, 0, 1) * 0.8)
    mist = np.exp(-Z / 160)[..., None]
    light = light * mist + (1 - mist) * np.array(rgb("#c08a60"), np.float32) * 0.07
    wall_at = FOCAL * np.where(sheet.x < VANISHING[1], LEFT, RIGHT) / (sheet.x - VANISHING[1] + 1e-9)
    street = band(X, LEFT, RIGHT, dx)
    side_street = (wall_at > CROSSING[0]) * (CROSSING[1] > Z) * (Z < END + 8)
    open_ground = np.maximum(street * (Z < END + 8), side_street)
    sheet.light[first:] = mix(sheet.light[first:], light, open_ground)


def _shop_light(X: Field, Z: Field) -> Field:
    """Light that the shop windows throw on the pavement."""
    total = np.zeros((*np.broadcast_shapes(X.shape, Z.shape), 3), np.float32)
    for side, row in ((LEFT, LEFT_ROW), (RIGHT, RIGHT_ROW)):
        for house in row[:3]:
            if house.shop:
                away = np.abs(X - side) + 0.35
                spread = smooth(house.near - 0.5, house.near + 1, Z) * smooth(house.far + 0.5, house.far - 1, Z)
                tint = np.array(rgb(house.sign), np.float32) * 0.3 + np.array(rgb("#ffdcae"), np.float32) * 0.7
                total += (0.9 * spread / (1 + away * away * 0.7))[..., None] * tint
    return total
