"""What a calibrated camera should reach, and which of it a camera misses, in words.

A figure that is missed may be no fault of the calibration: of two surfaces that the sensor sees alike and the eye does
not, one is off, whatever is done (metamerism). So for what is missed, calibration also notes what is left when the
other samples of the very same set are learnt from: a sensor's own limit, near enough.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

WANTED: Mapping[str, Mapping[str, float]] = {
    "D65": {"chart mean": 0.8, "chart worst": 3.0, "ces mean": 1.2, "noise worst": 1.1},
    "A": {"chart mean": 1.2, "chart worst": 3.0, "ces mean": 1.6, "noise worst": 1.1},
}
NAMES = {
    "chart mean": "mean CIEDE2000 of the chart",
    "chart worst": "CIEDE2000 of the chart's worst patch",
    "ces mean": "mean CIEDE2000 of the 99 samples",
    "noise worst": "noise beside that of the matrix",
}
KNOWN = " known"  # behind a figure's name: when the other samples of its set are learnt from


def missed(light: str, figures: Mapping[str, float]) -> dict[str, float]:
    """What was wanted of the figures that `figures` miss, by name; nothing for lights of which nothing is wanted."""
    wanted = WANTED.get(light, {})
    return {k: most for k, most in wanted.items() if round(figures.get(k, 0.0), 2) > most}


def lines(accuracy: Mapping[str, Mapping[str, float]]) -> Iterator[str]:
    """A line on each figure that is missed, and on why."""
    for light, figures in accuracy.items():
        for name, most in missed(light, figures).items():
            text = f"light {light}: {NAMES[name]} is {figures[name]:.2f}, wanted is {most:g}"
            known = figures.get(name + KNOWN)
            if known is not None:
                text += f"; learnt from the other samples of the same set it would be {known:.2f}"
                if round(known, 2) > most:
                    text += ": the sensor cannot tell these colours apart (metamerism)"
            yield text
