"""The lab: measurements of cameras and pictures. Each module is one measurement and names the standard it follows.

Nothing here is on the path of light; everything may be used from Python:

    from lichtbild.measure import measure_sharpness

    print(measure_sharpness("photo.tif").mtf50)
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lichtbild.measure.bench import run_bench
    from lichtbild.measure.chart import measure_chart
    from lichtbild.measure.chart_finder import find_chart
    from lichtbild.measure.compare import compare_pictures
    from lichtbild.measure.image import load
    from lichtbild.measure.noise import measure_noise
    from lichtbild.measure.sharpness import measure_sharpness

_HOMES = {
    "compare_pictures": "compare",
    "find_chart": "chart_finder",
    "load": "image",
    "measure_chart": "chart",
    "measure_noise": "noise",
    "measure_sharpness": "sharpness",
    "run_bench": "bench",
}
__all__ = [
    "compare_pictures",
    "find_chart",
    "load",
    "measure_chart",
    "measure_noise",
    "measure_sharpness",
    "run_bench",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(f"lichtbild.measure.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'lichtbild.measure' has no attribute {name!r}")
