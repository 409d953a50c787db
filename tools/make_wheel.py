"""Build the wheel, give it the manylinux tag that it deserves, and try it where there is no compiler.

    python tools/make_wheel.py [PYTHON ...]

The wheel holds no Python extension, only Python and one library of kernels, so that one wheel serves every Python
version. Each PYTHON named (default: this one) gets a clean environment, the wheel in it, and a photograph to make.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
DIST = ROOT / "dist"


def run(*command: str | Path, env: dict[str, str] | None = None, cwd: Path | None = None) -> None:
    subprocess.run([str(c) for c in command], check=True, env=env, cwd=cwd)


def build(scratch: Path) -> Path:
    """The repaired wheel in dist/."""
    run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", ROOT, "-w", scratch)
    (raw,) = scratch.glob("lichtbild-*.whl")
    shutil.rmtree(DIST, ignore_errors=True)
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    run(sys.executable, "-m", "auditwheel", "repair", "-w", DIST, raw, env={**os.environ, "PATH": path})
    (wheel,) = DIST.glob("lichtbild-*.whl")
    return wheel


def attempt(python: str, wheel: Path, scratch: Path) -> None:
    """Install the wheel into a clean environment and make a photograph with nothing else on the path."""
    home, burst = scratch / "clean", scratch / "burst"
    shutil.rmtree(home, ignore_errors=True)
    shutil.rmtree(burst, ignore_errors=True)
    run(python, "-m", "venv", home)
    run(home / "bin" / "pip", "install", "-q", wheel)
    bare = {"PATH": str(home / "bin"), "HOME": str(scratch)}
    lichtbild = home / "bin" / "lichtbild"
    run(lichtbild, "simulate", "still-life", "-o", burst, "--frames", "3", "--size", "640x480", env=bare, cwd=scratch)
    shots = sorted(burst.glob("shot_*.dng"))
    run(lichtbild, "develop", *shots, "-o", scratch / "photo.jpg", "--overwrite", env=bare, cwd=scratch)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("python", nargs="*", metavar="PYTHON", default=[sys.executable])
    pythons = parser.parse_args().python
    with tempfile.TemporaryDirectory() as folder:
        wheel = build(Path(folder))
        for python in pythons:
            attempt(python, wheel, Path(folder))
    print(f"{wheel.relative_to(ROOT)}: {wheel.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
