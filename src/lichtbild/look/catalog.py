"""Which looks there are: the folders in `looks/`. Light, for the command line asks it before anything else."""

from __future__ import annotations

from pathlib import Path

LOOKS = Path(__file__).with_name("looks")


def names() -> tuple[str, ...]:
    """Names of the installed looks: "natural" first, "linear" last, the others by alphabet."""
    found = [p.name for p in LOOKS.iterdir() if (p / "look.toml").is_file()]
    return tuple(sorted(found, key=lambda n: (n != "natural", n == "linear", n)))
