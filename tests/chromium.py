"""Pages as Chromium shows them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest


def screenshot(page: Path, size: tuple[int, int]) -> Path:
    """A PNG of a page in a window of that width and height, beside it; skips the test where Chromium cannot run."""
    if not shutil.which("chromium"):
        pytest.skip("chromium is not installed")
    shot, user = page.with_name("shot.png"), page.with_name("profile")
    flags = "--headless --no-sandbox --disable-gpu --hide-scrollbars --force-color-profile=srgb"
    window = f"--window-size={size[0]},{size[1]}"
    told = subprocess.run(
        ["chromium", *flags.split(), window, f"--user-data-dir={user}", f"--screenshot={shot}", page.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if not shot.exists():
        pytest.skip(f"chromium cannot run here: {told.stderr[-200:]}")
    return shot
