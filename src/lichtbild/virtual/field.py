"""Arrays of the painters: places, distances, covers and light, of any float type."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy.typing as npt

Field: TypeAlias = npt.NDArray[Any]
