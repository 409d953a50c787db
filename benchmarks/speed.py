"""Speed and memory of whole processes, beside the peers that are installed.

    python benchmarks/speed.py [--rounds N] [--size 4000x3000]

Peers: rawpy + Pillow, LibRaw's dcraw_emu, RawTherapee, darktable, hdr-plus (`hdrplus` on the PATH).
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from lichtbild.output.dng import write_dng
from lichtbild.raw.read import read_frame
from lichtbild.report import Report
from process import show, side_by_side

ROOT = Path(__file__).parent.parent
DATA = ROOT / "build" / "bench"
PYTHON = sys.executable
LICHTBILD = [PYTHON, "-m", "lichtbild"]
RAWPY = (
    "import sys, rawpy; from PIL import Image; "
    "Image.fromarray(rawpy.imread(sys.argv[1]).postprocess(use_camera_wb=True)).save(sys.argv[2], quality=92)"
)


def burst(frames: int, size: str) -> list[str]:
    """Files of a simulated hand-held burst, shot once and kept."""
    folder = DATA / f"burst-{size}-{frames}"
    files = sorted(folder.glob("shot_*.dng"))
    if len(files) != frames:
        shutil.rmtree(folder, ignore_errors=True)
        options = ["--frames", str(frames), "--iso", "1600", "--size", size]
        subprocess.run([*LICHTBILD, "simulate", "street-night", "-o", str(folder), *options], check=True)
        files = sorted(folder.glob("shot_*.dng"))
    return [str(f) for f in files]


def compressed(files: list[str]) -> list[str]:
    """The same frames as DNGs of lossless JPEG tiles."""
    folder = Path(files[0]).parent.with_name(f"{Path(files[0]).parent.name}-lossless")
    folder.mkdir(exist_ok=True)
    copies = [folder / Path(f).name for f in files]
    for source, copy in zip(files, copies, strict=True):
        if not copy.exists():
            write_dng(read_frame(Path(source), Report()), copy, compression="lossless")
    return [str(c) for c in copies]


def installed(commands: dict[str, list[str]]) -> dict[str, list[str]]:
    """Those whose program is on this machine."""
    return {name: command for name, command in commands.items() if shutil.which(command[0])}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--size", default="4000x3000")
    args = parser.parse_args()
    DATA.mkdir(parents=True, exist_ok=True)
    eight, many = burst(8, args.size), burst(32, args.size)
    one, out = eight[0], str(DATA / "out")
    ours = [*LICHTBILD, "develop", "--overwrite"]

    single = {
        "lichtbild, one frame": [*ours, one, "-o", f"{out}.jpg"],
        "rawpy + Pillow": [PYTHON, "-c", RAWPY, one, f"{out}-rawpy.jpg"],
        "LibRaw dcraw_emu -q 3": ["dcraw_emu", "-q", "3", "-w", "-T", "-Z", f"{out}-libraw.tif", one],
        "RawTherapee": ["rawtherapee-cli", "-o", f"{out}-rt.jpg", "-j92", "-Y", "-d", "-c", one],
        "darktable": ["darktable-cli", one, f"{out}-dt.jpg", "--core", "--library", ":memory:"],
    }
    for stale in DATA.glob("out-dt*.jpg"):
        stale.unlink()
    print(show(f"One {args.size} DNG to JPEG", side_by_side(installed(single), args.rounds)), flush=True)

    bursts = {
        "lichtbild, 8 frames to JPEG": [*ours, *eight, "-o", f"{out}.jpg"],
        "lichtbild, 8 frames to merged DNG": [*ours, *eight, "-o", f"{out}.dng"],
        "lichtbild, 8 compressed frames to JPEG": [*ours, *compressed(eight), "-o", f"{out}.jpg"],
        "lichtbild, 32 frames to JPEG": [*ours, *many, "-o", f"{out}.jpg"],
        "hdr-plus, 8 frames": ["hdrplus", str(Path(one).parent), f"{out}-hp.png", *eight],
    }
    print(show(f"Bursts of {args.size} DNGs", side_by_side(installed(bursts), args.rounds)), flush=True)
    print(show("The command line", side_by_side({"lichtbild --help": [*LICHTBILD, "--help"]}, args.rounds)))


if __name__ == "__main__":
    main()
