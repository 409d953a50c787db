"""Packed raw bits to 16-bit numbers: TIFF 6.0 / DNG packing, most significant bit first, rows start on a byte."""

from __future__ import annotations

import halide as hl

from kernel import kernel


def unpack(bits: int) -> tuple[hl.Pipeline, list[object]]:
    """(h, ceil(w bits / 8)) uint8 -> (h, w) uint16."""
    packed = hl.ImageParam(hl.UInt(8), 2, "packed")
    x, y, group, i = hl.Var("x"), hl.Var("y"), hl.Var("group"), hl.Var("i")
    # The last pixel's window of three bytes may reach past the row's end.
    padded = hl.BoundaryConditions.repeat_edge(packed)
    pixel = hl.Func("pixel")
    # Eight pixels are `bits` whole bytes: within a group every shift is a constant.
    choices = []
    for k in range(8):
        byte, shift = divmod(k * bits, 8)
        window = hl.u32(0)
        for j in range(3):
            window = (window << 8) | hl.u32(padded[group * bits + byte + j, y])
        choices.append(hl.u16((window >> (24 - shift - bits)) & ((1 << bits) - 1)))
    pixel[i, group, y] = hl.mux(i, choices)
    out = hl.Func(f"lichtbild_raw_unpack_{bits}")
    out[x, y] = pixel[x % 8, x / 8, y]
    xo, xi = hl.Var("xo"), hl.Var("xi")
    out.split(x, xo, xi, 128, hl.TailStrategy.GuardWithIf).parallel(y, 32, hl.TailStrategy.GuardWithIf)
    pixel.compute_at(out, xo).bound(i, 0, 8).reorder(i, group, y).unroll(i).vectorize(group, 16)
    out.vectorize(xi, 16)
    for func in (out, pixel):
        func.never_partition_all()
    return hl.Pipeline([out]), [packed]


@kernel("raw_unpack_10", rare=True)
def unpack_10() -> tuple[hl.Pipeline, list[object]]:
    return unpack(10)


@kernel("raw_unpack_12", rare=True)
def unpack_12() -> tuple[hl.Pipeline, list[object]]:
    return unpack(12)


@kernel("raw_unpack_14", rare=True)
def unpack_14() -> tuple[hl.Pipeline, list[object]]:
    return unpack(14)
