"""Where the kernels spend their time while a burst is developed: Halide's own profiler on the whole library.

    python tools/profile_kernels.py shot_*.dng

Compiles all kernels with the profiler inside into build/profile (a minute), develops the frames twice, and prints for
each kernel the time of every Func that has a loop of its own. The profiler slows short loops down a little.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "profile"


def build() -> None:
    """The library for this processor, with the profiler."""
    sys.path.insert(0, str(ROOT / "kernels"))
    os.environ["LICHTBILD_TARGETS"] = "host"
    from build import targets

    environment = {**os.environ, "LICHTBILD_TARGETS": f"{targets()[0]}-profile"}
    command = ["cmake", "-S", str(ROOT), "-B", str(BUILD), "-G", "Ninja", f"-DPython3_EXECUTABLE={sys.executable}"]
    for step in (command, ["cmake", "--build", str(BUILD)]):
        subprocess.run(step, check=True, env=environment, stdout=subprocess.DEVNULL)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", metavar="FILE")
    files = parser.parse_args().files
    build()
    import lichtbild as lb
    from lichtbild import native

    native.__file__ = str(BUILD / "native.py")  # the library is looked for beside it
    library = native.library()
    lb.develop(lb.read(*files), depth="8")  # the first run also touches new memory
    library.halide_profiler_reset()
    lb.develop(lb.read(*files), depth="8")  # the report follows when the process ends


if __name__ == "__main__":
    main()
