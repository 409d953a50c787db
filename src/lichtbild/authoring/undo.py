"""From a finished picture back to a scene: the light that the look `natural` would show in these colours.

Levenberg-Marquardt (Marquardt 1963) for every colour at once, in log2 of linear Rec. 2020. It is sought among pictures
in Rec. 2020, where sRGB's colours lie well inside the space and are not yet held back: so every one of them is found,
and neighbours stay neighbours.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lichtbild.authoring.fixed import shown
from lichtbild.color import convert, decode_srgb, encode_srgb
from lichtbild.look import tone
from lichtbild.look.look import Look, load

Floats = npt.NDArray[np.float64]
LOWEST, STEPS, STEP = -14.0, 14, 0.02
CLOSE = 5e-4  # of an encoded value: an eighth of a step of 8 bits


def scene_light(encoded: npt.ArrayLike, look: Look | None = None) -> Floats:
    """(n, 3) linear Rec. 2020 scene light, middle grey 0.18, of (n, 3) sRGB encoded 0..1. look: `natural`, unless
    given."""
    look = look or load("natural")
    linear = decode_srgb(np.clip(np.asarray(encoded, np.float64), 0, 1)).reshape(-1, 3)
    wanted = encode_srgb(linear @ convert("srgb", "rec2020").T)
    top = np.log2(tone.MIDDLE_GREY) + look.tone.white
    x = np.clip(_start(wanted, look), LOWEST, top)
    error, damping = _error(x, wanted, look), np.full(len(x), 1e-3)
    for _ in range(STEPS):
        left = np.flatnonzero(np.abs(error).max(1) > CLOSE)
        if not len(left):
            break
        x[left], error[left], damping[left] = _step(x[left], error[left], damping[left], wanted[left], look, top)
    return np.asarray(2.0**x)


def _step(x: Floats, error: Floats, damping: Floats, wanted: Floats, look: Look, top: float) -> tuple[Floats, ...]:
    """One step for (n, 3) light: the light, its error and the damping after it."""
    jacobian = np.stack([(_error(x + STEP * unit, wanted, look) - error) / STEP for unit in np.eye(3)], axis=-1)
    normal = np.einsum("nki,nkj->nij", jacobian, jacobian)
    ridge = (damping[:, None] * (np.einsum("nii->ni", normal) + 1e-5))[..., None] * np.eye(3)
    move = np.linalg.solve(normal + ridge, np.einsum("nki,nk->ni", jacobian, error)[..., None])[..., 0]
    tried = np.clip(x - np.clip(move, -2, 2), LOWEST, top)
    now = _error(tried, wanted, look)
    better = (now**2).sum(1) < (error**2).sum(1)
    x, error = np.where(better[:, None], tried, x), np.where(better[:, None], now, error)
    return x, error, np.clip(damping * np.where(better, 0.2, 6.0), 1e-8, 1e4)


def _error(x: Floats, wanted: Floats, look: Look) -> Floats:
    return encode_srgb(shown(look, 2.0**x, "rec2020")) - wanted


def _start(wanted: Floats, look: Look) -> Floats:
    """The tone curve undone for each channel alone."""
    curve = tone.solve(look.tone.contrast, look.tone.toe, look.tone.shoulder, look.tone.white)
    stops = np.linspace(LOWEST, np.log2(tone.MIDDLE_GREY) + look.tone.white, 512)
    display = np.clip(decode_srgb(wanted), 0, 1)
    light = 2.0 ** np.interp(display, curve(2.0**stops), stops)
    return np.asarray(np.log2(np.maximum(light, 2.0**LOWEST)))
