"""RawTherapee and darktable, when installed, at their best settings on one frame of the virtual camera.

Best is found by trying: each program develops the noisy frame at several strengths, and the one of the highest PSNR
counts. RawTherapee: neutral profile, AMaZE, directional pyramid denoising with automatic colour noise and impulse noise
reduction, luma strength and detail tried. darktable: profiled denoise, wavelets and non-local means, with the frame's
true noise model in place of a camera profile, strength tried; everything else off.
"""

from __future__ import annotations

import shutil
import struct
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import imagecodecs
import numpy as np

from lichtbild.carriers import NoiseProfile
from lichtbild.output.dng import write_dng
from lichtbild.virtual.shoot import Shot

Figures = dict[str, float]

PP3 = """[Version]
AppVersion=5.9
Version=349
[RAW]
CA=false
HotPixelFilter=false
DeadPixelFilter=false
[RAW Bayer]
Method=amaze
[White Balance]
Enabled=true
Setting=Camera
[Directional Pyramid Denoising]
Enabled={enabled}
Enhance=false
Median=false
Luma={luma}
Ldetail={detail}
Chroma={chroma}
Method=Lab
LMethod=SLI
CMethod={cmethod}
C2Method=AUTO
SMethod={quality}
Redchro=0
Bluechro=0
Gamma=1.7
[Impulse Denoising]
Enabled={enabled}
Threshold=50
"""
XMP = """<?xml version="1.0" encoding="UTF-8"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:darktable="http://darktable.sf.net/" darktable:xmp_version="4"
 darktable:raw_params="0" darktable:auto_presets_applied="1" darktable:history_end="{count}"
 darktable:iop_order_version="2"><darktable:history><rdf:Seq>{items}</rdf:Seq></darktable:history>
</rdf:Description></rdf:RDF></x:xmpmeta>"""
ITEM = (
    '<rdf:li darktable:num="0" darktable:operation="denoiseprofile" darktable:enabled="1" darktable:modversion="11" '
    'darktable:params="{params}" darktable:multi_name="" darktable:multi_priority="0" '
    'darktable:blendop_version="11" darktable:blendop_params='
    '"gz11eJxjYIAACQYYOOHEgAZY0QVwggZ7CB6pfOygYtaVAyCMi48L/AcCEA0Ak0kpjg=="/>'
)
NLMEANS, WAVELETS = 0, 1


def rawtherapee(dng: Path, out: Path, luma: int | None, detail: int = 60, quality: str = "shalbi") -> None:
    profile = out.with_suffix(".pp3")
    profile.write_text(
        PP3.format(
            enabled=str(luma is not None).lower(),
            luma=luma or 0,
            detail=detail,
            quality=quality,
            chroma=15,
            cmethod="AUT",
        )
    )
    command = ["rawtherapee-cli", "-o", out, "-p", profile, "-t", "-b16", "-Y", "-q", "-c", dng]
    subprocess.run(command, check=True, capture_output=True, timeout=300)


def denoiseprofile(noise: NoiseProfile, strength: float, mode: int) -> str:
    """Parameters of darktable's module, version 11, as hexadecimal."""
    bands = [[0.5] * 7 for _ in range(6)]
    steps = [[i / 6 for i in range(7)] for _ in range(6)]
    numbers = [1.0, 7.0, strength, 1.0, 0.0, 0.0, 0.1, 1.0, *noise.scale, *noise.offset]
    data = struct.pack("<14f", *numbers) + struct.pack("<i", mode)
    for table in (steps, bands):
        data += struct.pack("<42f", *(v for row in table for v in row))
    return (data + struct.pack("<4i", 1, 1, 1, 1)).hex()


def darktable(dng: Path, out: Path, params: str | None) -> None:
    sidecar = out.with_suffix(".xmp")
    items = ITEM.format(params=params) if params else ""
    sidecar.write_text(XMP.format(items=items, count=1 if params else 0))
    home = out.parent / "darktable"
    out.unlink(missing_ok=True)
    command = [
        *("darktable-cli", dng, sidecar, out, "--apply-custom-presets", "false", "--icc-type", "SRGB", "--core"),
        *("--configdir", home, "--library", ":memory:", "--disable-opencl", "-t", "2"),
        *("--conf", "plugins/darkroom/workflow=none", "--conf", "plugins/imageio/format/tiff/bpp=16"),
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=300)


def load(path: Path, shape: tuple[int, ...]) -> np.ndarray:
    """(h, w, 3) of 0..1, cut about its middle to `shape`, since programs cut borders of their own."""
    image = np.asarray(imagecodecs.tiff_decode(path.read_bytes()))[..., :3].astype(np.float32) / np.float32(65535)
    top, left = ((a - b) // 2 for a, b in zip(image.shape, shape, strict=False))
    return image[max(top, 0) :, max(left, 0) :][: shape[0], : shape[1]]


def tries(shot: Shot, noisy: Path, folder: Path) -> Iterator[tuple[str, str, Path, Callable[[Path], None]]]:
    """Program, settings, output and how to make it from a file."""
    if shutil.which("rawtherapee-cli"):
        yield "RawTherapee", "off", folder / "rt.tif", lambda p: rawtherapee(p, folder / "rt.tif", None)
        for luma in (0, 20, 40, 60, 80):
            for detail in (20, 60):
                yield (
                    "RawTherapee",
                    f"luma {luma} detail {detail}",
                    folder / "rt.tif",
                    lambda p, a=luma, d=detail: rawtherapee(p, folder / "rt.tif", a, d),  # type: ignore[misc]
                )
    if shutil.which("darktable-cli"):
        yield "darktable", "off", folder / "dt.tif", lambda p: darktable(p, folder / "dt.tif", None)
        for mode, word in ((WAVELETS, "wavelets"), (NLMEANS, "non-local means")):
            for strength in (0.5, 0.7, 1.0, 1.4):
                params = denoiseprofile(shot.frame.noise_profile, strength, mode)
                yield (
                    "darktable",
                    f"{word} {strength}",
                    folder / "dt.tif",
                    lambda p, a=params: darktable(p, folder / "dt.tif", a),  # type: ignore[misc]
                )


def measure(shot: Shot, compare: Callable[[np.ndarray, np.ndarray], Figures]) -> dict[str, Figures]:
    """The best figures of each program that is installed."""
    best: dict[str, tuple[str, Figures]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        noisy, clean = folder / "noisy.dng", folder / "clean.dng"
        write_dng(shot.frame, noisy)
        write_dng(shot.truth(), clean)
        truth: dict[str, np.ndarray] = {}
        for program, settings, out, run in tries(shot, noisy, folder):
            if settings == "off":
                run(clean)
                truth[program] = load(out, shot.light.shape)
                continue
            run(noisy)
            figures = compare(load(out, shot.light.shape), truth[program])
            if program not in best or figures["psnr"] > best[program][1]["psnr"]:
                best[program] = (settings, figures)
    return {f"{program}, {settings}": figures for program, (settings, figures) in best.items()}
