"""Cloth: a linen table cloth thread by thread with a blue border, and a tartan throw in twill over its corner."""

from __future__ import annotations

import math

import numpy as np

from lichtbild.virtual.draw import Sheet, inside, mix, rgb, smooth
from lichtbild.virtual.field import Field
from lichtbild.virtual.noise import fractal, hashed
from lichtbild.virtual.scenes.still_life.studio import EYE, Ball, Vector, lit, occlusion, rays, seen, shadow

THREAD = 0.00115  # m between the linen's threads
BACK = 2.02  # Z of the table's far edge
TARTAN = ("#7a1f24", "#1f3d34", "#16243f", "#c9a227")


def table(sheet: Sheet, balls: tuple[Ball, ...]) -> None:
    """The table under its cloth, and the throw."""
    first = int(np.searchsorted(sheet.y[:, 0], seen(0.0, 0.0, BACK)[0] - 0.01))
    y = sheet.y[first:]
    if not y.size:
        return
    vx, vy, vz = rays(y, sheet.x)
    t = EYE / np.maximum(-vy, 1e-3)
    X, Z = t * vx, t * vz
    step_x = t * sheet.pixel  # between samples along X; along Z it is longer by the view's slant
    step_z = step_x * np.sqrt(EYE**2 + Z * Z) / EYE
    cover = inside(Z - BACK, step_z)
    length = 1 / np.sqrt(vx * vx + vy * vy + vz * vz)
    view = (vx * length, vy * length, vz * length)
    key, fill = shadow(X, 0.0 * X, Z, balls), occlusion(X, 0.0 * X, Z, (0.0, 1.0, 0.0), balls)  # type: ignore[arg-type]
    light = _linen(X, Z, step_x, step_z, key, fill)
    light = _throw(light, X, Z, step_x, step_z, key, fill, view)
    part = sheet.light[first:]
    sheet.light[first:] = mix(part, light, cover)


def _weave(u: Field, v: Field, du: Field, dv: Field, over: Field) -> tuple[Field, Field, Field]:
    """Height 0..1 of crossing threads, and its slopes along u and v; `over` is 1 where the u threads lie on top."""
    seen_u, seen_v = np.clip(1.6 - 2.6 * dv, 0, 1), np.clip(1.6 - 2.6 * du, 0, 1)
    across_u, across_v = np.cos(2 * math.pi * v), np.cos(2 * math.pi * u)  # profiles across the threads
    height_u = (0.5 + 0.5 * across_u * seen_u) * (0.35 + 0.65 * over)
    height_v = (0.5 + 0.5 * across_v * seen_v) * (1 - 0.65 * over)
    top = height_u > height_v
    slope_v = np.where(top, -np.sin(2 * math.pi * v) * seen_u, 0.0)
    slope_u = np.where(top, 0.0, -np.sin(2 * math.pi * u) * seen_v)
    return np.maximum(height_u, height_v), slope_u, slope_v


def _linen(X: Field, Z: Field, step_x: Field, step_z: Field, key: Field, fill: Field) -> Field:
    fold_step = np.maximum(step_x, step_z) * 6
    e = 0.004
    folds = [_creases(Z + dz, X + dx, fold_step) for dz, dx in ((0, 0), (0, e), (e, 0))]
    slope_x, slope_z = (folds[1] - folds[0]) / e, (folds[2] - folds[0]) / e
    # Threads are never quite straight nor even.
    wave = fractal(Z * 9, X * 9, fold_step * 1.5, 3, 21) * 0.0012
    u, v = (X + wave) / THREAD, (Z - wave) / THREAD
    du, dv = step_x / THREAD, step_z / THREAD
    iu, iv = np.floor(u), np.floor(v)
    over = ((iu + iv) % 2).astype(np.float32)
    height, su, sv = _weave(u, v, du, dv, over)
    visible = np.clip(1.6 - 2.6 * np.minimum(du, dv), 0, 1)
    uneven = 1 + 0.16 * visible * (np.where(over > 0.5, hashed(iv, 3), hashed(iu, 4)) - 0.5) * 2
    slub = 1 + 0.10 * fractal(v * 0.02, u * 0.35, np.maximum(du * 0.35, dv * 0.02), 3, 8)
    base = np.array(rgb("#e9e1cf"), np.float32)
    border = np.abs(Z - 1.035) - 0.022
    fine_line = np.minimum(np.abs(Z - 1.085) - 0.004, np.abs(Z - 0.985) - 0.004)
    blue = np.maximum(inside(border, step_z), inside(fine_line, step_z))
    # Blue weft over natural warp: only half of the threads are blue.
    dyed = blue * mix(np.asarray(0.80), np.asarray(1.0) - 0.40 * (1 - over), visible)
    colour = mix(base, np.array(rgb("#1c3a78"), np.float32), dyed)
    bumps = 0.55 * visible
    normal = _normal(-slope_x - bumps * su, -slope_z - bumps * sv)
    between = 1 - 0.45 * (1 - height) * np.clip(1.6 - 2.6 * np.minimum(du, dv), 0, 1)
    return np.asarray(colour * (uneven * slub * between)[..., None] * lit(normal, key, fill))


def _creases(Z: Field, X: Field, step: Field) -> Field:
    """Height of the cloth's folds, m: pressed lines from its storage, and soft waves."""
    soft = fractal(Z * 3.1 + 5, X * 2.3, step * 0.5, 3, 61) * 0.006
    pressed = 0.0022 * (np.exp(-np.abs(X + 0.24 + 0.03 * Z) / 0.006) + np.exp(-np.abs(X - 0.29 - 0.02 * Z) / 0.006))
    return np.asarray(soft + pressed + 0.0018 * np.exp(-np.abs(Z - 1.27) / 0.007))


def _normal(slope_x: Field, slope_z: Field) -> Vector:
    length = 1 / np.sqrt(slope_x * slope_x + slope_z * slope_z + 1)
    return slope_x * length, length, slope_z * length


def _throw(
    light: Field, X: Field, Z: Field, step_x: Field, step_z: Field, key: Field, fill: Field, view: Vector
) -> Field:
    """A wool throw over the right front corner: folds that run away from the camera, tartan woven in 2/2 twill."""
    c, s = math.cos(0.42), math.sin(0.42)
    a, b = X - 0.47, Z - 1.03
    u, v = a * c - b * s, a * s + b * c  # v along the folds
    rim = -0.20 + 0.022 * np.sin(v * 21) + 0.012 * np.sin(v * 47 + 1) - 0.10 * smooth(0.05, 0.30, v)
    edge = np.maximum(rim - u, v - 0.30 - 0.05 * np.sin(u * 16 + 0.6))
    cover = inside(edge, np.maximum(step_x, step_z * 0.5))
    near_rim = np.clip(1 + edge / 0.03, 0, 1) * (edge < 0.03)
    e = 0.003

    def height(u: Field, v: Field) -> Field:
        bend = 0.018 * np.sin(v * 9) + 0.008 * fractal(v * 12, u * 12, step_x * 12, 2, 71)
        return np.asarray(
            0.020 * np.sin((u + bend) * 58) + 0.008 * np.sin((u + bend) * 131 + v * 14) + 0.010 * np.sin(v * 17 + u * 5)
        )

    h = height(u, v)
    hu, hv = (height(u + e, v) - h) / e, (height(u, v + e) - h) / e
    slope_x, slope_z = hu * c + hv * s, -hu * s + hv * c
    # Along a slope there is more cloth than table: the pattern is squeezed there.
    pu, pv = u + 0.012 * np.sin(v * 30), v + 0.5 * h
    colour = _tartan(pu, pv, np.maximum(step_x, step_z * 0.6))
    twill, strength = _twill(pu, pv, step_x, step_z)
    normal = _normal(-slope_x - 0.4 * strength * twill, -slope_z + 0.4 * strength * twill)
    fuzz = (1 - np.clip(-(view[0] * normal[0] + view[1] * normal[1] + view[2] * normal[2]), 0, 1)) ** 2
    hollow = np.clip(0.62 + 12.0 * h, 0.25, 1.1)
    grain = 1 + 0.22 * fractal(pv * 900, pu * 900, np.maximum(step_x, step_z) * 900, 2, 9)
    arriving = lit(normal, key * smooth(-0.035, 0.0, h + 0.012), fill * hollow, 0.15)
    wool = (
        colour * (grain * (1 + 0.35 * twill * strength))[..., None] * arriving
        + (0.16 * fuzz)[..., None] * colour * KEY_TINT
    )
    dark = 0.55 * np.clip(1 - edge / 0.022, 0, 1) * (edge > 0) * (u < 0.05)
    light = light * (1 - dark)[..., None]
    fringe = _fringe(u - rim, v, edge, step_x)
    light = mix(light, np.array(rgb("#6a2026"), np.float32) * arriving * 0.9, fringe)
    return mix(light, wool * (1 - 0.25 * near_rim)[..., None], cover)


KEY_TINT = np.array((1.0, 0.95, 0.9), np.float32)


def _fringe(out: Field, v: Field, edge: Field, step: Field) -> Field:
    """Tassels beyond the throw's rim."""
    pitch = 0.0042
    i = np.floor(v / pitch)
    sway = (hashed(i, 5) - 0.5) * 0.004 + 0.0015 * np.sin(out * 160 + 6 * hashed(i, 6))
    middle = (v / pitch - i - 0.5) * pitch - sway * np.clip(-out / 0.02, 0, 1)
    length = 0.020 + 0.006 * hashed(i, 7)
    return np.asarray(
        inside(np.maximum(np.abs(middle) - 0.0012, np.maximum(out, -out - length)), step) * (edge > 0) * (v < 0.28)
    )


def _tartan(u: Field, v: Field, step: Field) -> Field:
    """Colours of warp and weft, mixed as the twill shows them."""
    tones = [np.array(rgb(c), np.float32) for c in TARTAN]

    def sett(w: Field) -> Field:
        p = np.abs((w / 0.105) % 2 - 1)  # mirrored repeat
        colour = mix(tones[0], tones[1], smooth(0.40, 0.41, p))
        colour = mix(colour, tones[2], smooth(0.62, 0.63, p))
        colour = mix(colour, tones[0], smooth(0.86, 0.87, p))
        line = np.minimum(np.abs(p - 0.20) - 0.014, np.abs(p - 0.74) - 0.014)
        return mix(colour, tones[3], inside(line, step / 0.105))

    pick = (np.floor(u / 0.0016) + np.floor(v / 0.0016)) % 4 < 2
    plain = np.clip(2.4 - 2.0 * step / 0.0016, 0, 1)
    warp = mix(np.asarray(0.5), pick.astype(np.float32), plain)
    return mix(sett(u), sett(v), warp)


def _twill(u: Field, v: Field, step_x: Field, step_z: Field) -> tuple[Field, Field]:
    """Diagonal ribs, -1..1, and how much of them is resolved."""
    strength = np.clip(1.6 - 2.0 * np.maximum(step_x, step_z * 0.7) / (2 * 0.0016), 0, 1)
    return np.sin(2 * math.pi * (u + v) / (4 * 0.0016) * 1.0), strength
