"""What a fitted look's numbers cannot express, as a table of colours: multilevel approximation from coarse to fine.

Differences between finished and rendered colours are spread over a lattice with the weights of linear interpolation,
and drawn to none where few colours speak (Shepard 1968; the levels after Lee, Wolberg and Shin 1997): 3, 5, 9 and 17
steps, each for what the coarser ones have left.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from lichtbild.authoring.fit import Pair, Score, brightness, lab, rendered
from lichtbild.color import decode_srgb, delta_e_2000, encode_srgb
from lichtbild.look.look import Look
from lichtbild.look.numbers import Lut
from lichtbild.record import replace

Floats = npt.NDArray[np.float64]
LEVELS, STEPS = (3, 5, 9, 17), 17
FEW = 6.0  # squares of a picture, about as many as a lattice point needs to be half believed
LARGEST = 0.12  # of an encoded value that the table may change
FILE = "residual.cube"


def with_table(look: Look) -> Look:
    """The look with the table of colours that a fit puts beside it."""
    return replace(look, lut=Lut(file=FILE, space="srgb", strength=1.0, neutral="table"))


def residual(
    kept: Sequence[Pair], held: Sequence[Pair], look: Look, evs: Sequence[float]
) -> tuple[str, tuple[Score, Score]]:
    """The text of the table, and how far pictures are off with it: fitted, and held out."""
    ours, theirs = _colours(kept, look, evs)
    change = np.zeros((STEPS,) * 3 + (3,))
    for steps in LEVELS:
        left = theirs - ours - _at(change, ours)
        change = change + _resampled(np.clip(_spread(ours, left, steps), -LARGEST, LARGEST))
    change = np.clip(change, -LARGEST, LARGEST)
    scores = []
    apart = [brightness(pair, look) if len(kept) > 1 else 0.0 for pair in held]
    for pairs, shift in ((kept, evs), (held, apart)):
        mine, goal = _colours(pairs, look, shift)
        d = delta_e_2000(lab(decode_srgb(np.clip(mine + _at(change, mine), 0, 1))), lab(decode_srgb(goal)))
        scores.append(Score(float(d.mean()), float(np.percentile(d, 95))))
    axis = np.linspace(0, 1, STEPS)
    r, g, b = np.meshgrid(axis, axis, axis, indexing="ij")
    table = np.clip(np.stack([r, g, b], -1) + change, 0, 1).transpose(2, 1, 0, 3).reshape(-1, 3)
    head = f'TITLE "residual"\nLUT_3D_SIZE {STEPS}\n'
    text = head + "".join(f"{x:.5f} {y:.5f} {z:.5f}\n" for x, y, z in table)
    return text, (scores[0], scores[1])


def _colours(pairs: Sequence[Pair], look: Look, evs: Sequence[float]) -> tuple[Floats, Floats]:
    """(n, 3) encoded sRGB, rendered and finished, of the squares that count."""
    both: list[list[Floats]] = [[], []]
    for pair, ev in zip(pairs, evs, strict=True):
        used = pair.weight > 0.3
        both[0].append(encode_srgb(rendered(pair, look, ev)[used]))
        both[1].append(encode_srgb(np.clip(pair.target[used], 0, 1)))
    return np.concatenate(both[0]), np.concatenate(both[1])


def _corners(colours: Floats, steps: int) -> list[tuple[tuple[npt.NDArray[np.intp], ...], Floats]]:
    place = np.clip(colours, 0, 1) * (steps - 1)
    low = np.minimum(place.astype(np.intp), steps - 2)
    part = place - low
    found = []
    for corner in itertools.product((0, 1), repeat=3):
        weight = np.prod(np.where(np.array(corner) == 1, part, 1 - part), axis=1)
        found.append((tuple((low + corner).T), weight))
    return found


def _spread(colours: Floats, change: Floats, steps: int) -> Floats:
    total, weight = np.zeros((steps,) * 3 + (3,)), np.zeros((steps,) * 3)
    for index, w in _corners(colours, steps):
        np.add.at(total, index, w[:, None] * change)
        np.add.at(weight, index, w)
    return np.asarray(total / (weight + FEW)[..., None])


def _at(lattice: Floats, colours: Floats) -> Floats:
    parts = [w[:, None] * lattice[index] for index, w in _corners(colours, lattice.shape[0])]
    return np.asarray(np.sum(parts, axis=0))


def _resampled(lattice: Floats) -> Floats:
    if lattice.shape[0] == STEPS:
        return lattice
    axis = np.linspace(0, 1, STEPS)
    points = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), -1).reshape(-1, 3)
    return _at(lattice, points).reshape((STEPS,) * 3 + (3,))
