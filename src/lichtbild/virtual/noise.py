"""Noise and cells for the painters of scenes; the kernels say how they are made."""

from __future__ import annotations

import numpy as np

from lichtbild import native
from lichtbild.virtual.field import Field


def fractal(
    v: Field,
    u: Field,
    step: Field | float,
    octaves: int,
    seed: int,
    *,
    gain: float = 0.5,
    ridged: float = 0.0,
) -> Field:
    """Fractal noise of about -1..1 at places (v down, u right); the first octave has one wave or so per unit.

    step: distance between neighbouring samples in units of u and v; octaves that are finer fade out.
    """
    pv, pu, ps = (np.ascontiguousarray(a, np.float32) for a in np.broadcast_arrays(v, u, np.float32(step)))
    out = np.empty(pv.shape, np.float32)
    native.call("virtual_noise", pu, pv, ps, octaves, gain, ridged, seed, out)
    return out


def cells(v: Field, u: Field, seed: int, scatter: float = 1.0) -> tuple[Field, ...]:
    """Around scattered points, one per unit square: (distance, distance to the second nearest, random number of the
    nearest point 0..1, dv and du from it)."""
    pv, pu = (np.ascontiguousarray(a, np.float32) for a in np.broadcast_arrays(v, u))
    out = np.empty((5, *pv.shape), np.float32)
    native.call("virtual_cells", pu, pv, scatter, seed, out)
    return out[0], out[1], out[2], out[4], out[3]


def hashed(*numbers: Field | int) -> Field:
    """A random number 0..1 for each combination of whole numbers."""
    h: Field = np.array([0x9E3779B9], np.uint32)
    for n in numbers:
        h = h ^ (np.asarray(n).astype(np.int64) & 0xFFFFFFFF).astype(np.uint32)
        h = (h ^ (h >> 16)) * np.uint32(0x7FEB352D)
        h = (h ^ (h >> 15)) * np.uint32(0x846CA68B)
        h = h ^ (h >> 16)
    return np.asarray(h >> 8, np.float32) * np.float32(2**-24)
