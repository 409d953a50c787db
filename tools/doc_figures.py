"""Figures of the documentation: what the benchmarks measured, and what a command prints.

A page holds `<!-- figures: NAME -->` and, below, `<!-- end -->`; what is between them is made here.
"""

from __future__ import annotations

import contextlib
import math
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from doc_tables import PAGES, ROOT, markdown

sys.path.insert(0, str(ROOT / "benchmarks"))
BURST_SIZE, MOTIONS = "1600x1200", (0.5, 2.0, 8.0, 24.0, 60.0)
ROW = re.compile(r"^  (\S.*?) +([\d.]+) +([\d.]+) +([\d.]+) +(\d+) +([\d.]+)$")


def info() -> str:
    """What `lichtbild info` prints of a frame that the pictures show."""
    import doc_pictures
    from click.testing import CliRunner

    from lichtbild.cli.info import command

    with TemporaryDirectory() as folder, contextlib.chdir(folder):
        Path("shot_1.dng").symlink_to(doc_pictures.shots("street-night", iso=1600)[0])
        shown = CliRunner().invoke(command, ["shot_1.dng"], catch_exceptions=False).output
    return "".join(f"    {line}\n" for line in shown.splitlines())


def merging() -> str:
    """How far merged bursts are from a perfect average, by scene and ISO; and what becomes of moving parts."""
    from burst import measure
    from lichtbild.virtual.scenes.catalogue import SCENES

    rows = []
    for scene in SCENES:
        for iso in (400, 1600, 6400):
            figures = measure(scene, iso, BURST_SIZE, 8)
            shown = [_decibels(figures[key]) for key in ("behind", "flat", "moving")]
            rows.append([f"`{scene}`", str(iso), *shown])
            print(f"  {' '.join(rows[-1])}", flush=True)
    text = markdown(("scene", "ISO", "behind, dB", "flat, dB", "moving, dB"), rows)
    moving = [_decibels(measure("street-night", 1600, BURST_SIZE, 8, motion=m)["moving"]) for m in MOTIONS]
    speeds = [f"{m:g} px" for m in MOTIONS]
    return f"{text}\n{markdown(('motion per frame', *speeds), [['street-night, ISO 1600, moving, dB', *moving]])}"


def _decibels(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.2f}".replace("-", "−")


def _printed(script: str, *options: str) -> str:
    command = [sys.executable, str(ROOT / "benchmarks" / script), *options]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def demosaicing() -> str:
    """What the benchmark prints."""
    if not (ROOT / "benchmarks" / "demosaic.py").exists():
        return ""
    return "".join(f"    {line}".rstrip() + "\n" for line in _printed("demosaic.py").strip().splitlines())


def speed() -> str:
    """Best and median wall time, and memory, of whole processes."""
    rows = []
    for line in _printed("speed.py").splitlines():
        if match := ROW.match(line):
            name, median, best, _, megabytes, ratio = match.groups()
            rows.append([name, f"{float(best):.2f}", f"{float(median):.2f}", ratio, megabytes])
            print(f"  {' '.join(rows[-1])}", flush=True)
    return markdown(("", "best of 5, s", "median, s", "times the first of its group", "peak memory, MB"), rows)


def kernels() -> str:
    """Time, bytes and distance from the limit of memory of each kernel that takes a fifth of a millisecond or more."""
    from kernels import rows

    table = [
        [f"`{name}`", str(n), f"{each:.1f}", f"{moved:.0f}", f"{ratio:.1f}"]
        for name, n, each, moved, ratio in rows("4000x3000", 8, 5)
        if n * each >= 0.2
    ]
    return markdown(("kernel", "calls", "ms each", "MB each", "times the memory limit"), table)


FIGURES: dict[str, Callable[[], str]] = {
    "info": info,
    "merging": merging,
    "demosaicing": demosaicing,
    "speed": speed,
    "kernels": kernels,
}


def write(names: Sequence[str]) -> None:
    """Measure and put into the pages; all of them where none is named."""
    for name in names or FIGURES:
        made = FIGURES[name]()
        marked = re.compile(rf"(<!-- figures: {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        for page in PAGES:
            old = page.read_text(encoding="utf-8")
            new = marked.sub(lambda m, made=made: m[1] + made + m[2], old)
            if new != old:
                page.write_text(new, encoding="utf-8")
                print(f"  {name}: {Path(page).name}", flush=True)
