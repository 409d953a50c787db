"""All benchmarks, one after the other: `make bench`. Each is a command of its own as well."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
SUITES = (
    ("Speed and memory, whole processes", "speed.py"),
    ("Installed size beyond numpy, rawpy and imagecodecs", "size.py"),
    ("Merging, against truth", "burst.py --all"),
    ("Super-resolution, against a finer truth", "superres.py"),
    ("Demosaicing", "demosaic.py"),
    ("Kernels and the limit of memory", "kernels.py"),
    ("Calibration of devices", "devices.py"),
    ("The same look on every device", "sameness.py"),
    ("Denoising of one frame, against truth", "denoise.py"),
    ("White balance, in degrees", "white_balance.py --per-light 14"),
    ("File formats: time, size, similarity", "formats.py"),
)


def main() -> None:
    failed = []
    for title, script in SUITES:
        name, *arguments = script.split()
        print(f"\n== {title}", flush=True)
        if subprocess.run([sys.executable, str(HERE / name), *arguments], check=False).returncode:
            failed.append(script)
    if failed:
        sys.exit(f"\nfailed: {'; '.join(failed)}")


if __name__ == "__main__":
    main()
