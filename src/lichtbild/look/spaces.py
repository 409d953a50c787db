"""Transfer functions of the output spaces, as the numbers that the kernels take.

A function is linear below `cut`, then scale * x ** exponent - offset: IEC 61966-2-1 for "srgb" and "p3" (Display P3),
ITU-R BT.2020-2 (its exact constants) for "rec2020".
"""

from __future__ import annotations

import functools

import numpy as np
import numpy.typing as npt

from lichtbild.record import record, values


@record
class Transfer:
    """A transfer function: linear below `cut`, a power above."""

    cut: float
    slope: float
    scale: float
    exponent: float
    offset: float
    quartic: tuple[float, float, float, float, float]  # fits it to 4e-5 as a polynomial of the fourth root

    def encode(self, linear: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Encoded 0..1 of linear 0..1."""
        v = np.asarray(linear, np.float64)
        power = self.scale * np.maximum(v, 1e-10) ** self.exponent - self.offset
        return np.asarray(np.where(v <= self.cut, v * self.slope, power))

    def decode(self, code: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Linear 0..1 of encoded 0..1."""
        v = np.asarray(code, np.float64)
        power = (np.maximum(v + self.offset, 1e-10) / self.scale) ** (1 / self.exponent)
        return np.asarray(np.where(v <= self.cut * self.slope, v / self.slope, power))

    @functools.cached_property
    def backwards(self) -> npt.NDArray[np.float64]:
        """Encoded cut, 1 / slope, 1 / scale, 1 / exponent, and the root of light as a polynomial of the sixth power of
        its code, which fits to 1/7000 of the range."""
        from numpy.polynomial import Chebyshev, Polynomial

        code = self.encode(np.linspace(self.cut**0.5, 1.0, 2001) ** 2)
        root = Chebyshev.fit(code, self.decode(code) ** 0.5, 6).convert(kind=Polynomial).coef
        return np.array([self.cut * self.slope, 1 / self.slope, 1 / self.scale, 1 / self.exponent, *root])

    def to_array(self, dither: float) -> npt.NDArray[np.float32]:
        """The numbers in the order in which kernels take them; dither: its amplitude in steps of the file."""
        return np.array([*values(self)[:5], *self.quartic, dither], np.float32)


SRGB = Transfer(
    cut=0.0031308,
    slope=12.92,
    scale=1.055,
    exponent=1 / 2.4,
    offset=0.055,
    quartic=(-0.06461151818349958, 0.19613575960905616, 1.1226817967972396, -0.3355016341304255, 0.08132996315587362),
)
BT2020 = Transfer(
    cut=0.018053968510807,
    slope=4.5,
    scale=1.09929682680944,
    exponent=0.45,
    offset=0.09929682680944,
    quartic=(-0.10737039054900474, 0.11960536427552504, 1.1440188194368903, -0.19647577055479842, 0.04022740808312111),
)
TRANSFER = {"srgb": SRGB, "p3": SRGB, "rec2020": BT2020}
