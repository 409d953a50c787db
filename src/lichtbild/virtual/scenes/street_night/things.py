"""What moves in the street: a tram on the crossing, and someone with a red umbrella in front."""

from __future__ import annotations

import numpy as np

from lichtbild.virtual.draw import Sheet, circle, inside, mix, rectangle, rgb, smooth
from lichtbild.virtual.field import Field
from lichtbild.virtual.lettering import write
from lichtbild.virtual.noise import fractal, hashed
from lichtbild.virtual.scene import Mover
from lichtbild.virtual.scenes.street_night import walker
from lichtbild.virtual.scenes.street_night.view import CROSSING, FOCAL, LAMPS, LEFT, RIGHT, View, metric

TRACK = 16.0  # Z of the tram's near side
TRAM_FRONT, TRAM_LENGTH = 1.9, 13.4  # X of the front at the first frame; m


def movers() -> tuple[Mover, ...]:
    """From far to near: the tram, the house corners and the lamp before it, the walker."""
    view = View()
    top, left, bottom, right = view.box((TRAM_FRONT - TRAM_LENGTH - 1, TRAM_FRONT + 5.5), (-3.2, 4.2), TRACK)
    corner_left = view.seen(LEFT, 0, CROSSING[0])[1]
    corner_right = view.seen(RIGHT, 0, CROSSING[0])[1]

    def before(y: Field, x: Field, pixel: float, /) -> Field:
        near = np.maximum(corner_left - x, x - corner_right) + 0 * y
        post = [view.seen(X + (0.45 if X > 0 else -0.45), 0, Z)[1] for X, _, Z in LAMPS[:2]]
        for place, (_, _, Z) in zip(post, LAMPS[:2], strict=True):
            near = np.maximum(near, 0.07 * FOCAL / Z - np.abs(x - place))
        return inside(-near, pixel)

    walker_box = view.box((walker.PLACE[0] - 0.9, walker.PLACE[0] + 0.9), (-1.9, 2.35), walker.PLACE[1])
    return (
        Mover("tram", _tram, (top, left, bottom, right), (0.0, 1.0), 1.0),
        Mover("corner left", before, (top, -0.95, bottom, corner_left + 0.01), speed=0.0),
        Mover("corner right", before, (top, corner_right - 0.01, bottom, 0.75), speed=0.0),
        Mover("walker", walker.paint, walker_box, (0.0, -1.0), 0.3),
    )


def _tram(y: Field, x: Field, pixel: float, /) -> Field:
    sheet = Sheet(y, x, pixel, bare=True)
    assert sheet.cover is not None
    Y, X, scale = metric(y, x, TRAM_FRONT, TRACK)
    step = pixel * scale
    rough = fractal(Y * 3.0, X * 9.0, step * 9, 3, 4)
    split = int(np.searchsorted(-Y[:, 0], 0.0))  # rows above the ground
    if split < len(Y):
        # What the wet road mirrors: the same tram upside down, dim, smeared the more the farther from the contact.
        low, broken, part = Y[split:], rough[split:], slice(split, None)
        depth = np.clip(-low, 0, 4)
        for off in (-1.0, -0.3, 0.35, 1.05):
            light, cover = _tram_body(depth * (1.0 + 0.09 * off + 0.02 * broken), X + 0.02 * depth * broken, step * 9)
            sheet.light[part] += light * (cover * 0.11 * np.exp(low / 1.7))[..., None]
            sheet.cover[part] += np.clip(cover * np.exp(low / 1.3) * 0.19, 0, 1)
    shadow = inside(np.maximum(np.abs(X + TRAM_LENGTH / 2) - TRAM_LENGTH / 2 + 0.3, np.abs(Y + 0.05) - 0.22), 0.25)
    sheet.light *= (1 - 0.8 * shadow)[..., None]
    sheet.cover += (1 - sheet.cover) * shadow * 0.8
    if split:
        light, cover = _tram_body(Y[:split], X, step)
        sheet.light[:split] = mix(sheet.light[:split], light, cover)
        sheet.cover[:split] += cover * (1 - sheet.cover[:split])
    ground = View().seen(TRAM_FRONT, 0.0, TRACK)
    place = ground[0], ground[1] + (-4.35) / scale
    top = place[0] - 2.96 / scale
    write(sheet, "9 HAFEN", top, place[1], 0.22 / scale, rgb("#ffb020", 4.0), weight=0.16)
    for height, size, power in ((0.95, 0.10, 110.0), (2.98, 0.05, 40.0)):
        _lamp(sheet, ground[0] - height / scale, ground[1] - 0.16 / scale, size / scale, power)
    # The beam on the wet road before it, and its streak below.
    beam = (
        np.exp(-((Y + 0.25) ** 2) / 0.06)
        * smooth(-0.2, 0.6, X)
        * np.exp(-np.maximum(X, 0) / 1.9)
        * (X > -0.3)
        * smooth(5.3, 2.5, X)
    )
    streak = (
        np.exp(-((X + 0.16) ** 2) / 0.010)
        * smooth(0.1, -0.4, Y)
        * np.exp(Y / 0.9)
        * smooth(-3.1, -1.6, Y)
        * (1 + 0.8 * rough)
    )
    sheet.light += (1.4 * beam * (1 + 0.7 * rough) + 3.2 * np.maximum(streak, 0))[..., None] * np.array(
        rgb("#fff0d0"), np.float32
    )
    return sheet.finished()


def _lamp(sheet: Sheet, cy: float, cx: float, radius: float, power: float) -> None:
    tone = np.array(rgb("#fff2d8"), np.float32)
    sheet.fill(
        (cy - radius, cx - radius, cy + radius, cx + radius),
        lambda y, x: circle(y, x, cy, cx, radius),
        tuple(float(v) * power for v in tone),
    )
    reach = 0.11

    def shade(y: Field, x: Field) -> Field:
        squared = (y - cy) ** 2 + (x - cx) ** 2
        fade = np.clip(1 - np.sqrt(squared) / reach, 0, 1) ** 2
        return (
            fade * power * 0.006 * radius**2 / (squared + radius**2) * (1 + 40 * squared / (squared + 16 * radius**2))
        )[..., None] * tone

    sheet.glow((cy - reach, cx - reach, cy + reach, cx + reach), shade)


def _tram_body(Y: Field, X: Field, step: float) -> tuple[Field, Field]:
    """Light and cover of the tram's side; X is 0 at its front and negative behind."""
    Y, X = np.broadcast_arrays(Y, X)
    slant = X + 0.12 * np.maximum(Y - 1.2, 0)  # the front leans back
    body = rectangle(-Y, slant, (-3.18, -TRAM_LENGTH, -0.32, 0.0), 0.22)
    cover = inside(body, step)
    around = (
        np.array(rgb("#ffd8a8"), np.float32) * (0.20 + 0.10 * np.sin(X * 0.45 + 1))[..., None]
        + np.array(rgb("#7f9be0"), np.float32) * 0.06
    )
    cream, red = np.array(rgb("#efe3c6"), np.float32), np.array(rgb("#b3221b"), np.float32)
    paint = mix(red, cream, inside(1.30 - Y, step))
    paint = mix(paint, np.array(rgb("#d8b45a"), np.float32), inside(np.abs(Y - 1.30) - 0.035, step))
    paint = mix(paint, np.array(rgb("#3c4046"), np.float32), inside(3.02 - Y, step))
    paint = mix(paint, np.array(rgb("#1a1a1c"), np.float32), inside(Y - 0.52, step))
    sheen = (
        1
        + 0.7 * np.exp(-((Y - 2.86) ** 2) / 0.006)
        + 0.35 * np.exp(-((Y - 1.12) ** 2) / 0.01)
        - 0.25 * smooth(1.2, 0.4, Y)
    )
    light = paint * around * sheen[..., None]
    seams = inside(np.abs((X % 2.9) - 1.45) - 0.012, step) * (Y > 0.5) * (Y < 3.0)
    light = light * (1 - 0.5 * seams)[..., None]
    # Windows: a warm car with people in it.
    pitch = 1.45
    column = np.floor(X / pitch)
    s = X - (column + 0.5) * pitch
    door = (np.abs(column + 2) < 0.5) | (np.abs(column + 7) < 0.5)
    low = np.where(door, 0.62, 1.48)
    pane = inside(np.maximum(np.abs(s) - 0.60, np.maximum(low - Y, Y - 2.58)), step)
    pane = pane * inside(np.maximum(X + 0.30, -TRAM_LENGTH + 0.35 - X), step)
    lamps = np.exp(-((Y - 2.52) ** 2) / 0.003) * (0.55 + 0.45 * np.cos(X * 2 * np.pi / 0.725))
    room = np.array(rgb("#ffd49a"), np.float32) * (0.30 + 0.28 * smooth(1.5, 2.6, Y) + 1.3 * lamps)[..., None]
    room = room * (1 - 0.30 * inside(np.abs((X % 0.725) - 0.36) - 0.03, step))[..., None]
    far_side = inside(np.maximum(np.abs((X + 0.5) % pitch - 0.72) - 0.5, np.abs(Y - 2.0) - 0.42), step) * (1 - door)
    room = mix(room, np.array(rgb("#5a6a98"), np.float32) * 0.10, 0.75 * far_side)
    room = _passengers(room, column, s, Y, door, step)
    pole = inside(np.abs(np.abs(s) - 0.3) - 0.015, step) * door
    room = mix(room, np.array(rgb("#e0c060"), np.float32) * 0.7, pole)
    gap = inside(np.abs(s) - 0.02, step) * door
    light = mix(light, room, pane)
    light = mix(light, paint * around * 0.5, gap * pane)
    glass = inside(np.maximum(np.abs(slant + 0.16) - 0.13, np.maximum(1.5 - Y, Y - 2.75)), step)
    light = mix(light, np.array(rgb("#9fb4d8"), np.float32) * 0.22, glass)
    board = inside(rectangle(-Y, X, (-3.0, -4.75, -2.68, -2.35), 0.03), step)
    light = mix(light, np.full(3, 0.012, np.float32), board)
    wheels = np.minimum.reduce([np.hypot(X + c, Y - 0.3) for c in (2.0, 3.5, 9.9, 11.4)]) - 0.33
    bogie = inside(wheels, step)
    light = mix(light, np.full(3, 0.014, np.float32), bogie)
    return light, np.maximum(cover, bogie)


def _passengers(room: Field, column: Field, s: Field, Y: Field, door: Field, step: float) -> Field:
    """People on the seats, two to a window, and some who stand at the doors."""
    seat = column * 2 + (s > 0)
    offset = np.where(s > 0, s - 0.3, s + 0.3)
    number, tall = hashed(seat, 5), hashed(seat, 6)
    head = 1.78 + 0.12 * tall + 0.12 * door
    someone = number < 0.62
    dx, dy = offset - 0.10 * (tall - 0.5), Y - head
    shoulders = np.abs(dx) - 0.20 + 0.9 * np.maximum(dy + 0.28, 0) ** 1.2
    torso = np.maximum(np.maximum(shoulders, dy + 0.13), np.where(door, 0.72, 1.3) - Y)
    skull = np.hypot(dx, dy * 0.82) - 0.098
    hair = np.maximum(skull - 0.012, 0.02 - dy - 0.6 * dx * np.where(tall > 0.5, 1, -1))
    dress = np.stack([hashed(seat, k) for k in (11, 12, 13)], -1) * np.array((0.10, 0.08, 0.10), np.float32) + 0.015
    back = inside(np.maximum(np.abs(offset) - 0.24, np.abs(Y - 1.55) - 0.16), step) * (1 - door)
    room = mix(room, np.array(rgb("#7a2a22"), np.float32) * 0.22, back)
    room = mix(room, dress, inside(torso, step) * someone)
    room = mix(room, np.array(rgb("#c99272"), np.float32) * 0.30, inside(skull, step) * someone)
    return mix(room, dress[..., ::-1] * 0.25, inside(hair, step) * someone)
