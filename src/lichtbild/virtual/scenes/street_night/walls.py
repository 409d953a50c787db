"""The façades along the street: houses with storeys of windows, rooms behind the lit ones, shops below."""

from __future__ import annotations

import numpy as np

from lichtbild.record import record
from lichtbild.virtual.draw import mix, rgb
from lichtbild.virtual.field import Field
from lichtbild.virtual.lettering import distance, width_of
from lichtbild.virtual.noise import fractal, hashed
from lichtbild.virtual.scenes.street_night.view import (
    CROSSING,
    END,
    LEFT,
    RIGHT,
    SKY_LIGHT,
    lamp_light,
)

GROUND_FLOOR = 3.5
ROOM = 3.2  # depth of a room behind a window, m


@record
class House:
    """One house of a row: from `near` to `far` along the street, in metres."""

    near: float
    far: float
    height: float
    plaster: str
    windows: float  # spacing, m
    storey: float
    shop: str = ""
    sign: str = "#ffd9a0"
    seed: int = 0


LEFT_ROW = (
    House(0.4, 7.9, 15.6, "#b9a58a", 2.05, 3.25, "ANTIQUARIAT", "#ffe2b0", 11),
    House(7.9, CROSSING[0], 12.9, "#a56f58", 1.95, 3.05, "CAFE MOND", "#ff7a50", 12),
    House(CROSSING[1], 30.0, 14.2, "#9aa08c", 2.1, 3.2, "BLUMEN", "#b6ff9a", 13),
    House(30.0, 40.0, 11.4, "#c0b294", 2.2, 3.1, "", "", 14),
    House(40.0, 51.0, 15.0, "#93776a", 2.1, 3.2, "KIOSK", "#a0d0ff", 15),
    House(51.0, END, 12.5, "#a8a090", 2.2, 3.1, "", "", 16),
)
RIGHT_ROW = (
    House(0.4, 9.2, 13.3, "#8d8f98", 2.15, 3.15, "FOTO-OPTIK", "#9fd8ff", 21),
    House(9.2, CROSSING[0], 16.4, "#c2a176", 1.9, 3.2, "KINO", "#ffd070", 22),
    House(CROSSING[1], 31.5, 12.6, "#a3897c", 2.2, 3.1, "BAR", "#ff6aa0", 23),
    House(31.5, 42.0, 15.2, "#9c9c8e", 2.1, 3.2, "", "", 24),
    House(42.0, 53.0, 11.8, "#b39a7e", 2.1, 3.1, "HOTEL", "#fff0c0", 25),
    House(53.0, END, 14.4, "#938c86", 2.2, 3.1, "", "", 26),
)


def band(value: Field, low: float, high: float, width: Field | float) -> Field:
    """Cover of the stretch from low to high, seen through a window of `width`."""
    return np.clip((value - low) / width + 0.5, 0, 1) - np.clip((value - high) / width + 0.5, 0, 1)


def wall_light(house: House, side: int, u: Field, v: Field, eye: float, step: tuple[Field, Field]) -> Field:
    """Light of a façade at u along the street and height v, (n, m, 3).

    side: -1 for the left row, +1 for the right.   step: distances between samples along u and v.
    """
    X = LEFT if side < 0 else RIGHT
    du, dv = step
    shape = np.broadcast_shapes(u.shape, v.shape)
    u, v = np.broadcast_to(u, shape), np.broadcast_to(v, shape)
    fine = np.maximum(np.broadcast_to(du, shape), dv)
    arriving = lamp_light(X, v, u, (-float(side), 0.0, 0.0)) + SKY_LIGHT * (1 + v[..., None] / 12)
    arriving = arriving + _shop_spill(house, u, v)
    plaster = np.array(rgb(house.plaster), np.float32)
    grime = fractal(v * 0.8, u * 0.8, fine * 0.8, 7, house.seed)
    streaks = fractal(v * 0.25, u * 2.5, fine * 2.5, 4, house.seed + 50)
    tone = np.clip(1 + 0.22 * grime + 0.13 * streaks, 0.3, 1.6)
    # Ledges between storeys and under the roof catch the light from below and drop a shadow.
    level = v - GROUND_FLOOR
    storey = np.floor(level / house.storey)
    over = level - storey * house.storey
    ledge = band(over, 0.0, 0.16, dv) * (level > 0)
    cornice = band(v, house.height - 0.45, house.height, dv)
    tone = tone * (1 + 0.35 * ledge + 0.3 * cornice) * (1 - 0.45 * band(over, -0.12, 0.0, dv) * (level > -0.2))
    joints = band((v % 0.42), 0.0, 0.03, dv) * (v < GROUND_FLOOR)  # rusticated ground floor
    tone = tone * (1 - 0.4 * joints)
    light = plaster * tone[..., None] * arriving
    light = _windows(house, side, u, v, over, storey, eye, step, light, arriving)
    return _shop(house, side, u, v, eye, step, light, arriving)


def _windows(
    house: House,
    side: int,
    u: Field,
    v: Field,
    over: Field,
    storey: Field,
    eye: float,
    step: tuple[Field, Field],
    light: Field,
    arriving: Field,
) -> Field:
    du, dv = step
    count = max(1, round((house.far - house.near) / house.windows))
    pitch = (house.far - house.near) / count
    column = np.floor((u - house.near) / pitch)
    along = u - house.near - (column + 0.5) * pitch
    there = (
        (v > GROUND_FLOOR + 0.1)
        & (v < house.height - 1.0)
        & (storey * house.storey + GROUND_FLOOR + 2.6 < house.height)
    )
    half, low, high = 0.52, 0.85, 2.45
    frame = band(along, -half - 0.13, half + 0.13, du) * band(over, low - 0.14, high + 0.16, dv) * there
    glass = band(along, -half, half, du) * band(over, low, high, dv) * there
    light = mix(light, np.array(rgb("#d8d2c4"), np.float32) * arriving * 0.9, frame)
    number = hashed(column, storey, house.seed)
    lit = number < 0.42
    inside_light = _room(house, side, u, v, eye, column * pitch + house.near, pitch, storey, house.seed)
    curtain = (
        np.array(rgb("#ffe9c8"), np.float32)
        * (0.35 + 0.12 * np.sin(along * 38 + 4 * number) * np.clip(1 - 8 * du, 0, 1))[..., None]
    )
    drawn = (hashed(column, storey, house.seed + 7) < 0.4) & (np.abs(along) > 0.22)
    inside_light = np.where(drawn[..., None], curtain * (0.5 + 1.6 * number[..., None]), inside_light)
    warm = mix(
        np.array(rgb("#ffb870"), np.float32),
        np.array(rgb("#fff0d8"), np.float32),
        hashed(column, storey, house.seed + 3),
    )
    warm = np.where(
        (hashed(column, storey, house.seed + 5) < 0.1)[..., None], np.array(rgb("#88b4ff"), np.float32), warm
    )
    dark = SKY_LIGHT * (0.5 + 0.5 * np.clip(over - low, 0, 2)[..., None]) + arriving * 0.012
    pane = np.where(lit[..., None], inside_light * warm * (0.18 + 0.75 * number[..., None] / 0.42), dark)
    light = mix(light, pane, glass)
    bars = np.maximum(band(along, -0.03, 0.03, du), band(over, low + 1.02, low + 1.08, dv)) * glass
    bars = np.maximum(
        bars, glass - band(along, -half + 0.05, half - 0.05, du) * band(over, low + 0.05, high - 0.05, dv)
    )
    light = mix(light, np.array(rgb("#b8b0a0"), np.float32) * arriving * 0.6 + pane * 0.04, np.clip(bars, 0, 1) * there)
    sill = band(along, -half - 0.2, half + 0.2, du) * band(over, low - 0.24, low - 0.1, dv) * there
    return mix(light, np.array(rgb("#cfc8ba"), np.float32) * arriving * 1.2, sill)


def _room(
    house: House, side: int, u: Field, v: Field, eye: float, start: Field, pitch: float, storey: Field, seed: int
) -> Field:
    """The light of a room seen through the façade: the ray goes on to its back, side wall, ceiling or floor."""
    away = abs(LEFT if side < 0 else RIGHT)
    rise, run = (v - eye) / away, u / away  # per metre into the room
    ceiling = GROUND_FLOOR + (storey + 1) * house.storey - 0.3
    floor = ceiling - house.storey + 0.3
    up = np.where(rise > 0, (ceiling - v) / np.maximum(rise, 1e-3), (v - floor) / np.maximum(-rise, 1e-3))
    across = (start + pitch - u) / np.maximum(run, 1e-3)
    depth = np.minimum(np.minimum(up, across), ROOM)
    height = (v + rise * depth - floor) / house.storey
    glow = 0.55 + 0.6 * np.exp(-((height - 0.75) ** 2) / 0.08)
    tone = np.where(depth >= ROOM, 0.8, np.where(across < up, 0.62 + 0.1 * depth, np.where(rise > 0, 1.25, 0.4)))
    shelf = np.where(
        (depth >= ROOM) & (height < 0.5), 0.45 + 0.4 * hashed(np.floor((u + run * depth) * 2.2), storey, seed), 1.0
    )
    return np.asarray((tone * glow * shelf)[..., None] * np.ones(3, np.float32))


def _shop_spill(house: House, u: Field, v: Field) -> Field:
    """Light of the shop's own sign on the wall above it."""
    if not house.shop:
        return np.zeros(3, np.float32)
    near = np.exp(-np.maximum(v - 3.3, 0) / 0.5) * (v > 3.2)
    return 0.25 * near[..., None] * np.array(rgb(house.sign), np.float32)


def _shop(
    house: House, side: int, u: Field, v: Field, eye: float, step: tuple[Field, Field], light: Field, arriving: Field
) -> Field:
    du, dv = step
    if not house.shop:
        # A plain ground floor: a door and small dark windows.
        along = (u - house.near) % 3.2 - 1.6
        opening = band(along, -0.6, 0.6, du) * band(v, 0.9, 2.5, dv)
        return mix(light, SKY_LIGHT * 0.6 + arriving * 0.02, opening)
    start, stop = house.near + 0.55, house.far - 0.55
    pier = (stop - start) / max(1, round((stop - start) / 2.6))
    along = (u - start) % pier
    glass = band(u, start, stop, du) * band(along, 0.12, pier - 0.12, du) * band(v, 0.55, 2.72, dv)
    away = abs(LEFT if side < 0 else RIGHT)
    depth = np.minimum(
        2.4,
        np.where(v > eye, (2.95 - v) * away / np.maximum(v - eye, 0.03), (v - 0.4) * away / np.maximum(eye - v, 0.03)),
    )
    back_u, back_v = u + depth * u / away, v + depth * (v - eye) / away
    tint = mix(np.array(rgb("#ffcf98"), np.float32), np.array(rgb(house.sign), np.float32), np.asarray(0.18))
    # Shelves with goods of all kinds at the back, some goods in the window, lamps under the ceiling.
    cell_u, cell_v = np.floor(back_u * 4.3 + 0.7 * np.floor(back_v * 2.4)), np.floor(back_v * 2.4)
    goods = hashed(cell_u, cell_v, house.seed + 31)
    hue = np.stack([hashed(cell_u, cell_v, house.seed + k) for k in (41, 42, 43)], -1)
    upright = (back_v * 2.4) % 1
    at_back = depth >= 2.39
    ware = (
        (upright > 0.1) & (upright < 0.35 + 0.6 * goods) & (np.abs((back_u * 4.3) % 1 - 0.5) < 0.44) & (back_v < 2.15)
    )
    colour = np.where(ware[..., None], 0.12 + 0.5 * hue * np.array((1, 0.8, 0.6), np.float32), 0.16)
    colour = np.where((upright < 0.08)[..., None], 0.5, colour)
    colour = np.where(at_back[..., None], colour, np.where((v > eye)[..., None], 0.75, 0.3))
    lamp_u = (back_u % 1.3) - 0.65
    pendant = np.exp(-(lamp_u**2 + (back_v - 2.32) ** 2) / 0.02) * at_back
    fall = 0.45 + 1.0 * np.exp(-((back_v - 2.3) ** 2) / 0.6) * (0.6 + 0.4 * np.cos(back_u * 2 * np.pi / 1.3))
    room = tint * (colour * fall[..., None] * 1.5 + (2.2 * pendant)[..., None])
    near_goods = (hashed(np.floor(u * 2.3), 0, house.seed + 77) * 0.8 + 0.55 > v) & (np.abs(u * 2.3 % 1 - 0.5) < 0.3)
    room = np.where((near_goods & (v > 0.5))[..., None], room * 0.25 + 0.01 * tint, room)
    light = mix(light, room, glass)
    board = band(u, start - 0.15, stop + 0.15, du) * band(v, 2.82, 3.42, dv)
    light = mix(light, np.array(rgb("#20242c"), np.float32) * arriving + 0.004, board)
    height = 0.34
    length = width_of(house.shop, height)
    # Letters run with the picture's x: away from the camera on the left side, towards it on the right.
    place = u if side < 0 else -u
    middle = (start + min(stop, start + 8.5)) / 2 * (1 if side < 0 else -1)
    near = _near_letters(house.shop, 3.29 - v, place, middle - length / 2, height, board)
    edge = np.maximum(np.broadcast_to(np.minimum(du, 0.3), near.shape), dv)
    tube = np.clip(0.5 - (near - 0.03) / edge, 0, 1)
    colour = np.array(rgb(house.sign), np.float32)
    light = light + (0.5 * np.exp(-near / 0.07))[..., None] * colour * (board[..., None] * 0.8 + 0.1)
    return mix(light, colour * 5.0 + 0.6, tube)


def _near_letters(text: str, down: Field, along: Field, start: float, height: float, board: Field) -> Field:
    """Distance to the letters where the board is; far elsewhere."""
    near = np.full(down.shape, 9.0, np.float32)
    on = (board > 0) & (along > start - 0.6) & (along < start + width_of(text, height) + 0.6)
    rows, columns = np.flatnonzero(on.any(1)), np.flatnonzero(on.any(0))
    if rows.size and columns.size:
        part = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
        near[part] = distance(down[part], along[part], text, 0.0, start, height)
    return near
