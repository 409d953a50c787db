"""Where the sensor really clips, when that is below the white level that the file gives.

Some files state a white level that one colour or all never reach (the HERO6 stops at 92 to 95 % of it). Taken at its
word, blown highlights would count as measured and turn magenta. A sensor that clips leaves blocks without noise, all at
the same number, and nothing above them.
"""

from __future__ import annotations

import numpy as np

from lichtbild.carriers import NoiseProfile
from lichtbild.raw.noise import Energies

DARKEST = 0.7  # of white: no file is farther off
QUIET = 0.1  # of the variance that noise has at this level, the most that a clipped block shows
RANGE = 0.02  # of its level, the most that numbers in a clipped block differ
SPREAD = 0.03  # of the clip level, the most that it differs over the picture
FEWEST = 5  # blocks
NEAR = 0.98  # of white: a clip level above that is the white level
SLACK = 0.005  # a clipped pixel's own noise


def find_clip_level(
    energies: Energies, cfa: str, black: tuple[float, float, float, float], white: float, noise: NoiseProfile
) -> float:
    """The digital number from which on some colour of a mosaic, of which `block_energies` are given, may be clipped:
    `white`, or less."""
    lowest = white
    for site, blocks in enumerate(energies):
        color = "RGB".index(cfa[site])
        unit = white - black[site]
        level = (blocks[:, 0] - black[site]) / unit
        bright = blocks[level > DARKEST]
        level = level[level > DARKEST].astype(np.float64)
        expected = noise.scale[color] * level + noise.offset[color]
        flat = (bright[:, 4] < QUIET * expected * unit**2) & (bright[:, 2] - bright[:, 1] < RANGE * level * unit)
        if flat.sum() < FEWEST:
            continue
        middle = float(np.sort(level[flat])[flat.sum() // 2])
        together = flat & (np.abs(level - middle) < SPREAD * middle)
        above = level > (1 + SPREAD) * middle
        if together.sum() > 0.9 * flat.sum() and above.sum() < 0.05 * together.sum():
            clip = float(np.sort(level[together])[together.sum() // 20]) * (1 - SLACK)
            lowest = min(lowest, black[site] + clip * unit)
    return lowest if lowest < NEAR * white else white
