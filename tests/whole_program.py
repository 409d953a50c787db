"""The program as a user runs it, and what every error must look like."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def lichtbild(*args: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "lichtbild", *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def fails(done: subprocess.CompletedProcess[str], *words: str) -> None:
    errors = [line for line in done.stderr.splitlines() if not line.startswith("warning: ")]
    assert (done.returncode, len(errors), done.stdout) == (2, 1, ""), done
    assert errors[0].startswith("error: ") and "unexpected" not in errors[0]
    for word in words:
        assert word in errors[0], errors[0]
