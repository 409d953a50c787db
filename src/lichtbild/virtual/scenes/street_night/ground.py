"""The wet road: asphalt, kerbs, rails, a zebra crossing, puddles that mirror the street."""

from __future__ import annotations

import functools
import threading

import numpy as np

from lichtbild.virtual.draw import Sheet, mix, rgb, smooth
from lichtbild.virtual.field import Field
from lichtbild.virtual.noise import fractal, hashed
from lichtbild.virtual.scenes.street_night import lights
from lichtbild.virtual.scenes.street_night.upright import upper
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
from lichtbild.virtual.scenes.street_night.walls import LEFT_ROW, RIGHT_ROW, band

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


def ground(sheet: Sheet, view: View) -> None:
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
