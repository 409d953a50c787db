"""How much of a light's colour a picture keeps.

The eye does not adapt all the way: a room in lamplight still looks warm, the evening sun golden, and so a picture
balanced to perfect grey looks wrong (Fairchild, "Color Appearance Models", 2013, chapter 8, on incomplete adaptation).
Temperatures beyond a range that is taken for white are only partly followed, in mired, where equal steps look alike.
Outdoors more is kept: there warm light is a sunset, and not a lamp that nobody notices.
"""

from __future__ import annotations

from lichtbild.develop.illuminant.lights import share_of_daylight

WARM, COLD = 235.0, 140.0  # mired, between which light is taken for white: 4250 to 7150 K
INDOORS, OUTDOORS = 0.16, 0.50  # share of the mired beyond that stays
COLD_KEPT = 0.15
MOST = 90.0  # mired


def adapted(kelvin: float, light_value: float | None) -> float:
    """Temperature for which the picture of a light of `kelvin` is balanced. It is monotone."""
    mired = 1e6 / kelvin
    outdoors = share_of_daylight(light_value) if light_value is not None else 0.0
    kept = INDOORS + (OUTDOORS - INDOORS) * max(0.0, (outdoors - 0.5) / 0.5)
    if mired > WARM:
        mired -= min(kept * (mired - WARM), MOST)
    elif mired < COLD:
        mired += COLD_KEPT * (COLD - mired)
    return 1e6 / mired
