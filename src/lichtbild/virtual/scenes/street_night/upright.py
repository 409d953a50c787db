"""All that stands upright in the street, and the sky."""

from __future__ import annotations

import math

import numpy as np

from lichtbild.virtual.draw import Sheet, mix, rgb, smooth
from lichtbild.virtual.field import Field
from lichtbild.virtual.noise import fractal, hashed
from lichtbild.virtual.scenes.street_night import lights
from lichtbild.virtual.scenes.street_night.view import (
    CROSSING,
    END,
    FOCAL,
    LEFT,
    RIGHT,
    SKY_LIGHT,
    VANISHING,
    View,
    lamp_light,
)
from lichtbild.virtual.scenes.street_night.walls import LEFT_ROW, RIGHT_ROW, House, band, wall_light


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
