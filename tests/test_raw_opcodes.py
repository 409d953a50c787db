"""Opcode lists: right numbers from right bytes, and no exception from any bytes."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lichtbild.raw import opcodes as op
from lichtbild.raw.opcode_list import parse_opcodes


def opcode(id_: int, body: bytes, flags: int = 1) -> bytes:
    return struct.pack(">4I", id_, 0x01030000, flags, len(body)) + body


def opcode_list(*items: bytes) -> bytes:
    return struct.pack(">I", len(items)) + b"".join(items)


def area(*values: int) -> bytes:
    return struct.pack(">8I", *values)


def test_warp_vignette_and_bad_pixels_are_read() -> None:
    warp = opcode(1, struct.pack(">I", 1) + struct.pack(">8d", 1.0, 0.1, 0.02, 0.003, 0.0, 0.0, 0.5, 0.4), flags=3)
    vignette = opcode(3, struct.pack(">7d", 1, 2, 3, 4, 5, 0.5, 0.25), flags=0)
    constant = opcode(4, struct.pack(">2I", 7, 1))
    bad = opcode(5, struct.pack(">3I", 2, 2, 1) + struct.pack(">4I", 10, 20, 30, 40) + struct.pack(">4I", 1, 2, 3, 4))
    found = parse_opcodes(opcode_list(warp, vignette, constant, bad))
    assert found[0] == op.WarpRectilinear(True, True, ((1.0, 0.1, 0.02, 0.003, 0.0, 0.0),), (0.5, 0.4))
    assert found[1] == op.FixVignetteRadial(False, False, (1, 2, 3, 4, 5), (0.5, 0.25))
    assert found[2] == op.FixBadPixelsConstant(True, False, 7, 1)
    assert isinstance(found[3], op.FixBadPixelsList)
    assert found[3].points.tolist() == [[10, 20], [30, 40]]
    assert found[3].rectangles.tolist() == [[1, 2, 3, 4]]


def test_a_gain_map_is_read_with_its_area_and_grid() -> None:
    body = area(0, 1, 30, 40, 0, 1, 2, 2) + struct.pack(">2I", 2, 3) + struct.pack(">4d", 1.0, 0.5, 0.0, 0.25)
    body += struct.pack(">I", 1) + struct.pack(">6f", 1, 2, 3, 4, 5, 6)
    (found,) = parse_opcodes(opcode_list(opcode(9, body)))
    assert isinstance(found, op.GainMap)
    assert found.area == op.Area(0, 1, 30, 40, 0, 1, 2, 2)
    assert (found.spacing, found.origin) == ((1.0, 0.5), (0.0, 0.25))
    np.testing.assert_array_equal(found.gains[..., 0], [[1, 2, 3], [4, 5, 6]])


def test_what_is_unknown_or_damaged_is_named_and_the_rest_is_read() -> None:
    good = opcode(4, struct.pack(">2I", 1, 2))
    found = parse_opcodes(opcode_list(opcode(99, b"abc", flags=0), opcode(3, b"short"), good))
    assert found[0] == op.Unknown(False, False, 99)
    assert found[1] == op.Unknown(True, False, 3, damaged=True)
    assert found[2] == op.FixBadPixelsConstant(True, False, 1, 2)


@pytest.mark.parametrize("gain", [0.0, -1.0, 1e-9, 1e30, float("nan"), float("inf")])
def test_gains_that_no_lens_needs_are_damage(gain: float) -> None:
    """Nought would leave neither light nor noise, and what is divided by it nothing at all."""
    body = area(0, 0, 30, 40, 0, 1, 1, 1) + struct.pack(">2I", 1, 2) + struct.pack(">4d", 1.0, 1.0, 0.0, 0.0)
    (found,) = parse_opcodes(opcode_list(opcode(9, body + struct.pack(">I", 1) + struct.pack(">2f", 1.5, gain))))
    assert isinstance(found, op.Unknown) and found.damaged


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_numbers_that_are_not_finite_are_damage(value: float) -> None:
    (found,) = parse_opcodes(opcode_list(opcode(3, struct.pack(">7d", value, 0, 0, 0, 0, 0.5, 0.5))))
    assert isinstance(found, op.Unknown)
    assert found.damaged


@given(st.binary(max_size=200), st.integers(0, 15), st.integers(0, 2**32 - 1))
def test_any_bytes_are_survived(body: bytes, id_: int, count: int) -> None:
    parse_opcodes(body)
    parse_opcodes(struct.pack(">I", count) + opcode(id_, body) + body)
