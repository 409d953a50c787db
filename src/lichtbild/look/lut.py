"""A look's 3D table as the kernel takes it: nodes, a curve per channel, and the way into the table's space and back."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import numpy.typing as npt

from lichtbild.color import convert, luminance
from lichtbild.look import cube
from lichtbild.look.look import Look
from lichtbild.look.oklab import neutral
from lichtbild.look.spaces import TRANSFER

Floats = npt.NDArray[np.float32]
RESAMPLED = 4097  # entries of a curve whose domain is not 0..1


def arguments(look: Look, space: str) -> list[Any]:
    """What `look_graded` takes of a table: whether there is one (2: behind curves), whether its space is another, its
    nodes, shaper, numbers and matrices."""
    if look.lut is None or not look.lut.strength or look.folder is None:
        nodes, shaper = np.zeros((8, 4), np.float32), np.zeros((2, 3), np.float32)
        return [0, 0, nodes, shaper, np.ones(23, np.float32), np.eye(3, dtype=np.float32), np.eye(3, dtype=np.float32)]
    table = cube.load(look.folder, look.lut.file)
    transfer = TRANSFER[look.lut.space]
    functions = *transfer.to_array(0.0)[:10], *transfer.backwards
    numbers = np.array([len(table.nodes), look.lut.strength, *functions], np.float32)
    there, back = (neutral(convert(*pair)) for pair in ((space, look.lut.space), (look.lut.space, space)))
    other = int(space != look.lut.space)
    nodes, shaper = packed(table, look.lut.space if look.lut.neutral == "keep" else ""), shaper_of(table)
    return [1 if table.curve is None else 2, other, nodes, shaper, numbers, there, back]


@functools.lru_cache(maxsize=2)
def packed(table: cube.Cube, neutral_in: str) -> Floats:
    """(n**3, 4): red, green, blue and nothing, of colours 0..1; what lies outside is cut off. neutral_in: the space in
    which greys are kept neutral, or nothing."""
    nodes = kept_neutral(table.nodes, neutral_in) if neutral_in else table.nodes
    codes = np.zeros((nodes.size // 3, 4), np.float32)
    np.clip(nodes.reshape(-1, 3), 0.0, 1.0, out=codes[:, :3])
    return codes


@functools.lru_cache(maxsize=2)
def shaper_of(table: cube.Cube) -> Floats:
    """(entries, 3) node coordinate of each channel over its code from 0 to 1."""
    last = len(table.nodes) - 1
    if table.curve is None:
        values = np.array([[0.0] * 3, [1.0] * 3])
    else:
        low, high = table.curve_domain.astype(np.float64)
        plain = (low == 0).all() and (high == 1).all()
        places = np.linspace(0.0, 1.0, len(table.curve) if plain else RESAMPLED)
        entries = np.linspace(0.0, 1.0, len(table.curve))
        columns = [np.interp((places - low[i]) / (high[i] - low[i]), entries, table.curve[:, i]) for i in range(3)]
        values = np.stack(columns, axis=1)
    start, end = table.domain.astype(np.float64)
    return np.ascontiguousarray((values - start) / (end - start) * last, np.float32)


def kept_neutral(nodes: Floats, space: str) -> Floats:
    """The table without the cast that it gives greys, taken off all colours of the same luma."""
    edge = len(nodes)
    weights = luminance(space)
    grey = nodes[(np.arange(edge),) * 3].astype(np.float64)
    cast = grey - (grey @ weights)[:, None]
    luma = np.tensordot(cube.identity(edge), weights, 1) * (edge - 1)
    places = np.arange(edge)
    taken = np.stack([np.interp(luma, places, cast[:, i]) for i in range(3)], axis=-1)
    return np.asarray(nodes - taken, np.float32)
