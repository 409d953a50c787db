"""Fixtures that all tests share."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

# A shell starts what runs in its background deaf to Ctrl-C, and so would be the programs that tests stop.
signal.signal(signal.SIGINT, signal.default_int_handler)


def find_shared(name: str) -> Path | None:
    """Path of a test file outside the repository, or None: below $LICHTBILD_DATA, or below a `shared` folder
    beside the checkout or one of its parents."""
    here = Path(__file__).resolve()
    roots = [parent / "shared" for parent in here.parents[1:4]]
    if os.environ.get("LICHTBILD_DATA"):
        roots.insert(0, Path(os.environ["LICHTBILD_DATA"]))
    return next((root / name for root in roots if (root / name).exists()), None)


@pytest.fixture(scope="session")
def shared_data() -> Callable[[str], Path]:
    """`shared_data("raws/gopro/Hero6_GOPR0024.dng")` is its path; the test is skipped where it is absent."""

    def find(name: str) -> Path:
        path = find_shared(name)
        if path is None:
            pytest.skip(f"{name} is not here; set LICHTBILD_DATA to the folder that holds it")
        return path

    return find
