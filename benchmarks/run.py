"""All benchmarks, one after the other: `make bench`. Each is a command of its own as well.

python benchmarks/run.py [WORD ...]     # only those that have one of the words in their title or command
"""

from __future__ import annotations

import argparse
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
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("words", nargs="*", metavar="WORD")
    words = [word.lower() for word in parser.parse_args().words]
    failed = []
    for title, script in SUITES:
        if words and not any(word in f"{title} {script}".lower() for word in words):
            continue
        name, *arguments = script.split()
        print(f"\n== {title}", flush=True)
        if subprocess.run([sys.executable, str(HERE / name), *arguments], check=False).returncode:
            failed.append(script)
    if failed:
        sys.exit(f"\nfailed: {'; '.join(failed)}")


if __name__ == "__main__":
    main()
