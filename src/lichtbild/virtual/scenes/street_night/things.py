"""What moves in the street: a tram on the crossing, and someone with a red umbrella in front."""

from __future__ import annotations

import numpy as np

from lichtbild.virtual.draw import Sheet, circle, inside, mix, polygon, rectangle, rgb, segment, smooth
from lichtbild.virtual.field import Field
from lichtbild.virtual.lettering import write
from lichtbild.virtual.noise import fractal, hashed
from lichtbild.virtual.scene import Mover
from lichtbild.virtual.scenes.street_night.view import CROSSING, FOCAL, LAMPS, LEFT, RIGHT, View

TRACK = 16.0  # Z of the tram's near side
TRAM_FRONT, TRAM_LENGTH = 1.9, 13.4  # X of the front at the first frame; m
WALKER = (2.3, 7.0)  # X, Z


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

    walker_box = view.box((WALKER[0] - 0.9, WALKER[0] + 0.9), (-1.9, 2.35), WALKER[1])
    return (
        Mover("tram", _tram, (top, left, bottom, right), (0.0, 1.0), 1.0),
        Mover("corner left", before, (top, -0.95, bottom, corner_left + 0.01), speed=0.0),
        Mover("corner right", before, (top, corner_right - 0.01, bottom, 0.75), speed=0.0),
        Mover("walker", _walker, walker_box, (0.0, -1.0), 0.3),
    )


def _metric(y: Field, x: Field, X: float, Z: float) -> tuple[Field, Field, float]:
    """(height, X from a thing's own origin, metres per unit) of places on its plane."""
    scale = Z / FOCAL
    ground = View().seen(X, 0.0, Z)
    return (ground[0] - y) * scale, (x - ground[1]) * scale, scale


def _tram(y: Field, x: Field, pixel: float, /) -> Field:
    sheet = Sheet(y, x, pixel, bare=True)
    assert sheet.cover is not None
    Y, X, scale = _metric(y, x, TRAM_FRONT, TRACK)
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
    beam = np.exp(-((Y + 0.25) ** 2) / 0.06) * smooth(-0.2, 0.6, X) * np.exp(-np.maximum(X, 0) / 1.9) * (X > -0.3)
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


def _walker(y: Field, x: Field, pixel: float, /) -> Field:
    sheet = Sheet(y, x, pixel, bare=True)
    assert sheet.cover is not None
    Y, X, scale = _metric(y, x, *WALKER)
    step = pixel * scale
    split = int(np.searchsorted(-Y[:, 0], 0.02))
    if split < len(Y):
        low, part = Y[split:], slice(split, None)
        rough = fractal(low * 4.0, X * 12.0, step * 12, 3, 14)
        light, cover = _walker_body(-low + 0.08 * rough * np.clip(-low, 0, 1), X + 0.03 * rough, step * 3)
        fade = cover * np.exp(low / 1.0) * 0.55
        sheet.light[part] = light * (fade * 0.6)[..., None]
        sheet.cover[part] = fade
    if split:
        light, cover = _walker_body(Y[:split], X, step)
        sheet.light[:split] = light * cover[..., None]
        sheet.cover[:split] = cover
    return sheet.finished()


def _walker_body(Y: Field, X: Field, step: float) -> tuple[Field, Field]:
    """Someone who walks to the left: shoes, legs, a coat, a bag, an arm that holds the umbrella."""
    Y, X = np.broadcast_arrays(Y, X)
    shape = Y.shape
    light, cover = np.zeros((*shape, 3), np.float32), np.zeros(shape, np.float32)
    fabric = 1 + 0.25 * fractal(Y * 60, X * 60, step * 60, 2, 3)

    def put(distance: Field, colour: tuple[float, ...], rim: float = 1.0) -> None:
        """Lit softly all over and, at the right edge, by the shop windows behind."""
        nonlocal light, cover
        part = inside(distance, step)
        edge = np.exp(np.minimum(distance, 0) / 0.028) * smooth(-0.1, 0.25, X + 0.25 * (Y < 0.9))
        tone = np.array(colour, np.float32) * (fabric * (0.10 + 0.10 * smooth(-0.3, 0.3, X)))[..., None]
        tone = tone + (edge * 0.22 * rim)[..., None] * (np.array(colour, np.float32) + 0.12) * np.array(
            rgb("#ffd0a0"), np.float32
        )
        light = mix(light, tone, part)
        cover = np.maximum(cover, part)

    def limb(a: tuple[float, float], b: tuple[float, float], thick: float, thin: float) -> Field:
        along = np.clip(
            ((Y - a[0]) * (b[0] - a[0]) + (X - a[1]) * (b[1] - a[1])) / ((b[0] - a[0]) ** 2 + (b[1] - a[1]) ** 2), 0, 1
        )
        return segment(Y, X, a, b) - (thick + (thin - thick) * along)

    trousers, coat = rgb("#4a4f63"), rgb("#3b6a8a")
    put(limb((0.86, 0.02), (0.47, 0.10), 0.088, 0.066), trousers)
    put(limb((0.47, 0.10), (0.12, 0.33), 0.066, 0.046), trousers)
    put(
        np.minimum(limb((0.13, 0.33), (0.07, 0.25), 0.052, 0.038), limb((0.08, 0.36), (0.06, 0.24), 0.03, 0.03)),
        rgb("#2a1d18"),
    )
    put(limb((0.86, -0.02), (0.48, -0.16), 0.092, 0.068), trousers)
    put(limb((0.48, -0.16), (0.09, -0.24), 0.068, 0.046), trousers)
    put(np.maximum(limb((0.05, -0.22), (0.04, -0.40), 0.055, 0.036), -Y), rgb("#2a1d18"))
    put(
        polygon(Y, X, [(1.46, -0.14), (1.46, 0.15), (1.05, 0.175), (0.62, 0.30), (0.58, -0.24), (1.05, -0.165)]) - 0.03,
        coat,
    )
    put(
        np.abs(polygon(Y, X, [(1.46, -0.14), (1.46, 0.15), (1.05, 0.175), (0.62, 0.30), (0.58, -0.24), (1.05, -0.165)]))
        - 0.004
        + 0 * X,
        rgb("#1c3346"),
        0.3,
    )
    put(rectangle(-Y, X, (-1.07, -0.17, -1.01, 0.19), 0.01), rgb("#20262e"))
    put(rectangle(-Y, X - 0.05 * (Y - 0.9), (-0.95, 0.12, -0.66, 0.40), 0.05), rgb("#8a5a30"))
    put(limb((1.40, 0.10), (0.95, 0.24), 0.02, 0.014), rgb("#5a3a20"))
    put(limb((1.42, -0.02), (1.50, -0.02), 0.075, 0.06), rgb("#c9a86a"))
    put(np.hypot((X + 0.035), (Y - 1.62) * 0.82) - 0.098, rgb("#d9a583"), 1.3)
    hair = np.minimum(np.hypot(X - 0.015, (Y - 1.66) * 0.9) - 0.108, limb((1.66, 0.06), (1.44, 0.10), 0.07, 0.045))
    put(np.maximum(hair, -(X + 0.055 + 0.25 * (Y - 1.70))), rgb("#3a2416"))
    shaft = segment(Y, X, (1.12, -0.19), (2.13, -0.01)) - 0.009
    put(shaft, rgb("#30343a"), 0.6)
    put(limb((1.40, 0.04), (1.13, 0.05), 0.068, 0.056), coat)
    put(limb((1.13, 0.05), (1.17, -0.17), 0.056, 0.042), coat)
    put(np.hypot(X + 0.19, Y - 1.18) - 0.042, rgb("#d9a583"))
    # Umbrella: a dome of eight panels, lit through by the lamps behind it.
    turn = 0.17
    ux, uy = X + 0.01 + turn * 0 - 0.0, Y - 1.70
    rx, ry = ux * np.cos(turn) + uy * np.sin(turn), -ux * np.sin(turn) + uy * np.cos(turn)
    half = 0.66
    dome = np.hypot(rx / half, np.maximum(ry, 0) / 0.42) - 1
    scallop = 0.035 * np.abs(np.sin(rx / half * np.pi * 2.0)) ** 0.7
    canopy = np.maximum(dome * 0.42, scallop - ry)
    part = inside(canopy, step)
    panel = np.clip(rx / np.sqrt(np.maximum(half**2 * (1 - np.clip(ry / 0.42, 0, 1) ** 2), 1e-4)), -1, 1)
    rib = np.exp(-np.abs(np.sin(np.arcsin(panel) * 4)) / 0.05)
    red = np.array(rgb("#d8202a"), np.float32)
    glow = 0.20 + 0.30 * smooth(-0.6, 0.6, rx) + 0.28 * smooth(0.1, 0.42, ry) + 0.10 * np.cos(np.arcsin(panel) * 8)
    light = mix(light, red * (glow * (1 - 0.35 * rib))[..., None] + 0.012, part)
    cover = np.maximum(cover, part)
    tip = segment(Y, X, (2.10, -0.075), (2.20, -0.09)) - 0.008
    put(tip, rgb("#30343a"))
    return light, cover
