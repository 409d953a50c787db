"""Transfer functions of the output spaces, as the numbers that the kernels take.

A function is linear below `cut`, then scale * x ** exponent - offset: IEC 61966-2-1 for "srgb" and "p3" (Display P3),
ITU-R BT.2020-2 (its exact constants) for "rec2020".
"""

from __future__ import annotations

from dataclasses import dataclass

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


SRGB = Transfer(0.0031308, 12.92, 1.055, 1 / 2.4, 0.055)
BT2020 = Transfer(0.018053968510807, 4.5, 1.09929682680944, 0.45, 0.09929682680944)
TRANSFER = {"srgb": SRGB, "p3": SRGB, "rec2020": BT2020}

_PRIMARIES = {
    "srgb": ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060)),
    "p3": ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
    "rec2020": ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),
}


def rgb_to_xyz(space: str) -> npt.NDArray[np.float64]:
    """Linear RGB to XYZ, white D65."""
    columns = np.array([[x / y, 1.0, (1 - x - y) / y] for x, y in _PRIMARIES[space]]).T
    white = np.array([0.3127 / 0.3290, 1.0, (1 - 0.3127 - 0.3290) / 0.3290])
    return np.asarray(columns * np.linalg.solve(columns, white))


def convert(source: str, target: str) -> npt.NDArray[np.float64]:
    """Linear RGB of one space to linear RGB of another."""
    return np.asarray(np.linalg.solve(rgb_to_xyz(target), rgb_to_xyz(source)))
