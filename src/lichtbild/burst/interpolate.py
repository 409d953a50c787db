"""What an alternate shows at the reference's pixels: all colours interpolated, then displaced, tile by tile."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from lichtbild import native
from lichtbild.carriers import FloatImage, Frame, Mosaic

MARGIN = 16  # as in kernels/burst_interpolate.py
STRIP = (512, 128)
PEDESTAL, UNIT = 4096.0, 56000.0
BLOCK_X, BLOCK_Y = 16, 8
TILE_X, TILE_Y = 512, 256  # as in kernels/burst_shown.py
AROUND = 24  # pixels, more or less, by which what a tile reads is larger than where its blocks begin
WASTE = 1.15  # times the pixels that tiles need, which may be made for rows of them together


def empty_planes(shape: tuple[int, ...]) -> Mosaic:
    """Memory for padded planes of a mosaic of this shape, as burst_warp takes them."""
    return np.empty((3, max(shape[0] + 2 * MARGIN, STRIP[1]), max(shape[1] + 2 * MARGIN, STRIP[0])), np.uint16)


def show(frame: Frame, flow: FloatImage, out: Mosaic) -> None:
    """Fill the (h, w) mosaic `out` with what the frame shows at positions displaced by `flow`, see `Alignment`:
    PEDESTAL + UNIT * light in 0..1 of white minus black, and 0 where they lie outside the frame."""
    height, width = out.shape
    blocks = np.empty((2, -(-height // BLOCK_Y), -(-width // BLOCK_X)), np.float32)
    native.call("burst_blocks", flow, blocks)
    show_blocks(frame, blocks, frame.mosaic.shape, out)


def show_blocks(frame: Frame, blocks: FloatImage, shape: tuple[int, ...], out: Mosaic) -> None:
    """As `show`, from the displacements of blocks, (2, rows, columns). shape: what counts as the frame's (h, w)."""
    neutral = np.array(frame.metadata.color.as_shot_neutral or (0.5, 1.0, 0.6), np.float32)
    balance = np.clip(neutral[1] / np.maximum(neutral, 1e-3), 0.25, 8.0).astype(np.float32)
    red_y, red_x = phase = frame.color_phase
    black = np.roll(np.array(frame.black_level, np.float32).reshape(2, 2), (-red_y, -red_x), (0, 1)).ravel()
    unit = 1.0 / (frame.white_level - sum(frame.black_level) / 4)
    corner, span = _reach(blocks, shape, phase)
    for first, last in rows_together(span):
        rows = slice(first * TILE_Y, last * TILE_Y)
        native.call(
            "burst_shown",
            frame.mosaic, black, balance, unit, blocks[:, rows.start // BLOCK_Y : rows.stop // BLOCK_Y],
            corner[:, first:last], *span[:, first:last].max(1).tolist(), *phase, rows.start, *shape, out[rows],
        )  # fmt: skip


def _reach(
    blocks: FloatImage, shape: tuple[int, ...], phase: tuple[int, int]
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int_]]:
    """(2, tiles down, tiles across): the red site of the frame from where on the blocks of each tile begin; and
    (2, tiles down): how far from there the farthest does."""
    whole, tiles, corner, span = np.floor(blocks).astype(np.int32), [], [], []
    for side, block, tile in zip(blocks.shape[1:], (BLOCK_Y, BLOCK_X), (TILE_Y, TILE_X), strict=True):
        tiles.append(np.arange(0, side, tile // block))
    for axis, (block, side, red) in enumerate(zip((BLOCK_Y, BLOCK_X), shape, phase, strict=True)):
        begin = block * np.arange(blocks.shape[1 + axis], dtype=np.int32)
        # Blocks that lie outside show nothing, however far.
        start = np.clip(whole[axis] + (begin[:, None] if axis == 0 else begin), -block - 1, side)
        least, most = (f.reduceat(f.reduceat(start, tiles[0], 0), tiles[1], 1) for f in (np.minimum, np.maximum))
        corner.append((least - red) // 2 * 2 + red)
        span.append((most - corner[-1]).max(1))
    return np.array(corner, np.int32), np.array(span)


def rows_together(span: npt.NDArray[np.int_]) -> Iterator[tuple[int, int]]:
    """First and last (beyond) of rows of tiles that are done together, so that a thing that moves by itself makes the
    tiles of its own rows larger, not all of them."""
    need = np.prod(span + AROUND, axis=0).tolist()
    first = 0
    for n in range(1, len(need) + 1):
        together = need[first : n + 1]
        if n == len(need) or max(together) * len(together) > WASTE * sum(together):
            yield first, n
            first = n
