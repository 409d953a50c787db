"""A finished picture's pixels as the encoders of other formats want them: other depths, linear light, PQ and HLG.

White of the picture is shown with 203 cd/m2, as ITU-R BT.2408 has it; what the gain map makes brighter lies above.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from lichtbild import native
from lichtbild.carriers import GainMap, Picture
from lichtbild.color import convert
from lichtbild.look.spaces import TRANSFER

WHITE = 203.0  # cd/m2
PQ_PEAK, HLG_PEAK = 10_000.0, 1_000.0
Pixels = npt.NDArray[np.uint16]


def at_depth(image: Pixels, bits: int) -> Pixels:
    """(h, w, 3) of 16 bits in fewer of them."""
    rows = np.ascontiguousarray(image).reshape(image.shape[0], -1)
    out = np.empty_like(rows)
    native.call("output_depth", rows, 2**bits - 1, out)
    return out.reshape(image.shape)


def television(picture: Picture, curve: str, bits: int) -> Pixels:
    """A picture of 16 bits and its gain map in Rec. 2020 with the curve "pq" or "hlg", in that many bits.

    HLG ends at 1000 cd/m2: what would be brighter is shown with as much less gain.
    """
    peak = PQ_PEAK if curve == "pq" else HLG_PEAK
    most = math.log2(peak / WHITE)
    stops = min(picture.gain_map.stops, most) if picture.gain_map else 0.0
    return _called(f"output_{curve}", picture, "rec2020", stops, WHITE / peak, float(2**bits - 1))


def half_floats(picture: Picture, space: str, scale: float = 1.0, *, hdr: bool = True) -> Pixels:
    """The bits of half floats: linear light times `scale` in the primaries of `space`; 1.0 is the picture's white.

    Colours that the space cannot hold are below 0 or above 1. hdr: with the gain map, where there is one.
    """
    stops = picture.gain_map.stops if picture.gain_map and hdr else 0.0
    kind = "f32" if picture.image.dtype.kind == "f" else "u16"
    return _called(f"output_half_{kind}", picture, space, stops, scale, 1.0)


def headroom(picture: Picture) -> float:
    """Brightest light of the picture with its gain map, in units of its white."""
    return float(2.0**picture.gain_map.stops) if picture.gain_map else 1.0


def _called(kernel: str, picture: Picture, space: str, stops: float, scale: float, top: float) -> Pixels:
    image = np.ascontiguousarray(picture.image)
    gain_map = picture.gain_map or GainMap(np.zeros((1, 1), np.uint8), 0.0)
    arguments: list[Any] = [
        TRANSFER[picture.space].to_array(0.0),
        convert(picture.space, space).astype(np.float32),
        np.ascontiguousarray(gain_map.image),
    ]
    out = np.empty(image.shape, np.uint16)
    native.call(kernel, image, *arguments, float(stops), float(scale), float(top), out)
    return out
