"""Transfer functions of the output spaces, as the numbers that the kernels take.

A function is linear below `cut`, then scale * x ** exponent - offset: IEC 61966-2-1 for "srgb" and "p3" (Display P3),
ITU-R BT.2020-2 (its exact constants) for "rec2020".
"""

from __future__ import annotations

from dataclasses import astuple, dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Transfer:
    cut: float
    slope: float
    scale: float
    exponent: float
    offset: float

    def encode(self, linear: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Encoded 0..1 of linear 0..1."""
        v = np.asarray(linear, np.float64)
        power = self.scale * np.maximum(v, 1e-10) ** self.exponent - self.offset
        return np.asarray(np.where(v <= self.cut, v * self.slope, power))

    def to_array(self, dither: float) -> npt.NDArray[np.float32]:
        return np.array([*astuple(self), dither], np.float32)


SRGB = Transfer(0.0031308, 12.92, 1.055, 1 / 2.4, 0.055)
BT2020 = Transfer(0.018053968510807, 4.5, 1.09929682680944, 0.45, 0.09929682680944)
TRANSFER = {"srgb": SRGB, "p3": SRGB, "rec2020": BT2020}
