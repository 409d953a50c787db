"""A look as a 3D LUT for other programs: a `.cube` file (Adobe, "Cube LUT Specification 1.0", 2013).

Two kinds of input are understood. "finished": an sRGB picture that already looks as `natural` makes it (or any other
camera's own picture); the LUT takes `natural` out and puts the look in, so that the LUT of `natural` changes nothing.
"acescct": scene light in ACEScct (Academy S-2016-001), as grading programs hold it; the LUT is the whole look. Both
give sRGB encoded pictures.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from lichtbild.authoring.fixed import PLACES, shown
from lichtbild.authoring.undo import scene_light
from lichtbild.color import adaptation, encode_srgb, xyz_to_rgb
from lichtbild.look import oklab
from lichtbild.look.look import Look, load
from lichtbild.look.numbers import Local, Tone

Floats = npt.NDArray[np.float64]
SIZES = (9, 65)
ABRUPT = 0.02  # how far a change may differ from its neighbours' mean before it is smoothed
# ACES S-2014-004: AP1 primaries, white x 0.32168 y 0.33767
AP1_TO_XYZ: Floats = np.array(
    [
        [0.6624541811, 0.1340042065, 0.1561876870],
        [0.2722287168, 0.6740817658, 0.0536895174],
        [-0.0055746495, 0.0040607335, 1.0103391003],
    ]
)
ACES_WHITE = (0.32168, 0.33767)


def lattice(size: int) -> Floats:
    """(size**3, 3) inputs 0..1, red changing fastest, as the file lists them."""
    steps = np.linspace(0, 1, size)
    b, g, r = np.meshgrid(steps, steps, steps, indexing="ij")
    return np.stack([r, g, b], -1).reshape(-1, 3)


def acescct_to_rec2020(encoded: npt.ArrayLike) -> Floats:
    """Linear Rec. 2020 of (..., 3) ACEScct."""
    x = np.asarray(encoded, np.float64)
    light = np.where(x <= 0.155251141552511, (x - 0.0729055341958355) / 10.5402377416545, 2.0 ** (x * 17.52 - 9.72))
    matrix = xyz_to_rgb("rec2020") @ adaptation(ACES_WHITE, (0.3127, 0.3290)) @ AP1_TO_XYZ
    return np.asarray(np.minimum(light, 2.0**10) @ matrix.T)


def table(look: Look, size: int = 33, source: str = "finished") -> Floats:
    """(size**3, 3) sRGB encoded 0..1 for the inputs of `lattice`."""
    given = lattice(size)
    if source == "acescct":
        return encode_srgb(shown(look, acescct_to_rec2020(given)))
    light = scene_light(given)
    out = _in_srgb(shown(look, light, "rec2020"))
    if look.mono is None:
        # What natural shows only nearly (the brightest pure colours) keeps its distance from what it does show.
        change = (out - _in_srgb(shown(load("natural"), light, "rec2020"))).reshape(size, size, size, 3)
        out = given + _without_steps(change).reshape(-1, 3)
    return np.asarray(np.clip(out, 0.0, 1.0))


def _without_steps(change: Floats, rounds: int = 4) -> Floats:
    """A (n, n, n, 3) change of colour without the steps where colours meet the edge of the space: smoothed with the
    weights 1 2 1 where neighbours differ abruptly, and as it is elsewhere."""

    def smooth(values: Floats) -> Floats:
        for axis in range(3):
            first, last = values.take([0], axis), values.take([-1], axis)
            inner = 0.5 * values.take(range(1, values.shape[axis] - 1), axis)
            inner += 0.25 * (
                values.take(range(values.shape[axis] - 2), axis) + values.take(range(2, values.shape[axis]), axis)
            )
            values = np.concatenate([first, inner, last], axis)
        return values

    for _ in range(rounds):
        away = smooth(change) - change
        rough = np.clip(np.abs(away).max(-1, keepdims=True) / ABRUPT - 1, 0, 1)
        change = change + np.maximum(rough, smooth(rough)) * away
    return change


def _in_srgb(rec2020: Floats) -> Floats:
    """sRGB encoded colours of (n, 3) linear Rec. 2020; those outside of sRGB lose chroma, and keep lightness and hue in
    Oklab, until they are inside."""
    lab = oklab.lab_from_rgb(np.clip(rec2020, 0, 1), "rec2020")
    low, high = np.zeros(len(lab)), np.ones(len(lab))
    for step in range(14):
        share = high if step == 0 else 0.5 * (low + high)
        rgb = oklab.rgb_from_lab(lab * np.stack([np.ones_like(share), share, share], -1), "srgb")
        inside = (rgb.min(-1) >= -1e-6) & (rgb.max(-1) <= 1 + 1e-6)
        low, high = np.where(inside, share, low), np.where(inside, high, share)
    rgb = oklab.rgb_from_lab(lab * np.stack([np.ones_like(low), low, low], -1), "srgb")
    return encode_srgb(np.clip(rgb, 0, 1))


def cube(look: Look, size: int = 33, source: str = "finished") -> str:
    """The text of a `.cube` file."""
    title = "".join(c for c in (look.title or look.name) if c.isprintable() and c not in '"\\')
    head = [f'TITLE "{title}"', f"# Made by Lichtbild from the look {look.name}.", f"# Input: {source}; output: sRGB."]
    head += [f"LUT_3D_SIZE {size}", "DOMAIN_MIN 0 0 0", "DOMAIN_MAX 1 1 1"]
    return "\n".join([*head, *(f"{r:.6f} {g:.6f} {b:.6f}" for r, g, b in table(look, size, source))]) + "\n"


def left_out(look: Look, source: str = "finished") -> list[str]:
    """What of the look no LUT can hold, in words."""
    if look.linear:
        return ["light above white"]
    lost = ["automatic exposure and the opening of shadows and highlights, which follow the scene"]
    if look.local.clarity != Local().clarity:
        lost.append(f"clarity ({look.local.clarity:g})")
    if look.sharpen.amount:
        lost.append(f"sharpening ({look.sharpen.amount:g})")
    lost += [name for name in PLACES if getattr(look, name).strength]
    if source == "finished" and look.tone != Tone():
        lost.append("light that the finished picture has already lost: the LUT bends what is there")
    return lost


def file_of(look: Look, path: Path, size: int = 33, source: str = "finished", *, overwrite: bool = False) -> None:
    """Write the LUT. Raises `OutputError`."""
    from lichtbild.atomic_file import check_target, write_atomically

    check_target(path, overwrite=overwrite)
    write_atomically(path, [cube(look, size, source).encode()], overwrite=overwrite)
