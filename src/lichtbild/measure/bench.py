"""Whole scenes of the virtual camera through Lichtbild and every raw developer that is installed: time, memory,
quality.

A developer's picture is compared with its own rendering of the noise-free frame, so that what it intends with colour
and contrast cancels, and noise, lost texture, artefacts and ghosts are what is measured. As brighter shadows show more
noise, PSNR and SSIM are also given after a tone curve that brings each program's rendering of the noise-free frame to
the first one's brightness.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lichtbild.errors import LichtbildError, MeasureError, RecipeError
from lichtbild.measure.compare import Comparison, Likeness, compare_pictures, load_mask
from lichtbild.measure.filters import luma
from lichtbild.measure.image import load
from lichtbild.measure.peers import Peer, installed
from lichtbild.measure.process import Run, run_program
from lichtbild.measure.similarity import psnr, ssim
from lichtbild.record import field, record, replace
from lichtbild.report import Report
from lichtbild.setting import check, setting


@record
class BenchSettings:
    """What is shot and how often each program runs."""

    iso: float = setting(1600.0, "Sensitivity: higher is noisier.", unit="ISO", low=25.0, high=409_600.0)
    frames: int = setting(8, "How many frames the burst has.", low=1, high=100)
    size: str = setting("2000x1500", "Width and height of the frames.", metavar="WIDTHxHEIGHT")
    seed: int = setting(0, "Another number gives another hand shake and other noise.", low=0, high=2**31 - 1)
    rounds: int = setting(1, "Runs of each program; the quickest one counts.", low=1, high=50)

    def __post_init__(self) -> None:
        for name, f in self.__dataclass_fields__.items():
            check(name, getattr(self, name), f.metadata)
            if isinstance(f.default, int) and not isinstance(getattr(self, name), int):
                raise RecipeError(f"{name}: {getattr(self, name)!r} is not a whole number")


@record
class Result:
    """One program on one scene. burst: from all frames, not the first alone.   seconds: of the quickest run.   failed:
    what it said when it could not do it.   likeness: to its own rendering of the truth, None when there is none.
    psnr_matched, ssim_matched: at the first program's brightness, NaN without. picture, truth: encoded sRGB 0..1."""

    scene: str
    program: str
    seconds: float
    megabytes: float
    failed: str
    likeness: Likeness | None
    burst: bool = False
    psnr_matched: float = float("nan")
    ssim_matched: float = float("nan")
    picture: npt.NDArray[np.uint8] | None = field(repr=False, default=None, metadata={"json": False})
    truth: npt.NDArray[np.uint8] | None = field(repr=False, default=None, metadata={"json": False})


@record
class Bench:
    """All results, scene by scene, and the settings they were made with."""

    settings: BenchSettings
    scenes: tuple[str, ...]
    results: tuple[Result, ...]


def run_bench(
    scenes: Sequence[str] = ("street-night",),
    settings: BenchSettings | None = None,
    *,
    programs: Sequence[str] = (),
    folder: Path | None = None,
    report: Report | None = None,
) -> Bench:
    """Shoot each scene, and run every program that is installed (of those named `programs`) on it.

    folder: where bursts and pictures are kept; left out, they are removed in the end. A program that fails has its
    reason in the result. Raises `MeasureError` for an unknown program, `RecipeError` or `RawError` for a wrong scene.
    """
    settings, report = settings or BenchSettings(), report or Report()
    peers = _chosen(programs)
    if folder is not None:
        return _bench(scenes, settings, peers, folder, report)
    with tempfile.TemporaryDirectory(prefix="lichtbild-bench-") as scratch:
        return _bench(scenes, settings, peers, Path(scratch), report)


def _chosen(programs: Sequence[str]) -> list[Peer]:
    peers = installed()
    if not programs:
        return peers
    wanted = [p for p in peers if any(name.lower() in p.name.lower() for name in programs)]
    for name in programs:
        if not any(name.lower() in p.name.lower() for p in wanted):
            here = ", ".join(p.name for p in peers)
            raise MeasureError(f"{name}: no program of that name is installed here; there are {here}")
    return wanted


def _bench(scenes: Sequence[str], settings: BenchSettings, peers: list[Peer], folder: Path, report: Report) -> Bench:
    from lichtbild.virtual.settings import ShootSettings
    from lichtbild.virtual.simulate import simulate

    results: list[Result] = []
    total, done = len(scenes) * (len(peers) + 1), 0
    for scene in scenes:
        place = folder / Path(scene).stem
        # Lens shading is left out: not every program knows the gain maps that undo it.
        shot = ShootSettings(settings.frames, settings.iso, settings.size, settings.seed, shading=0.0)
        frames = simulate(scene, place / "burst", shot, overwrite=True)
        truth = min((place / "burst" / "truth").glob("truth_*.dng"))
        mask = next(iter(sorted((place / "burst" / "truth").glob("moving_*.png"))), None)
        common: npt.NDArray[np.uint8] | None = None  # the noise-free picture whose brightness all are brought to
        for peer in peers:
            done += 1
            report.progress("bench", done / total)
            if peer.burst and len(frames) == 1 and peer.name.startswith("Lichtbild"):
                continue  # the same as one frame
            found = _run(peer, Path(scene).stem, frames, truth, mask, place, settings.rounds)
            common = common if common is not None else found.truth
            results.append(at_brightness_of(common, found))
        done += 1
    report.progress("bench", 1.0)
    return Bench(settings, tuple(scenes), tuple(results))


def _run(
    peer: Peer, scene: str, frames: Sequence[Path], truth: Path, mask: Path | None, folder: Path, rounds: int
) -> Result:
    slug = peer.name.lower().replace(",", "").replace(" ", "-")
    out, ideal = (folder / f"{slug}{which}{peer.suffix}" for which in ("", "-truth"))
    best: Run | None = None
    for _ in range(rounds):
        out.unlink(missing_ok=True)  # some programs would choose another name
        run = run_program(peer.command(frames if peer.burst else frames[:1], out, folder))
        if run.failed or best is None or run.seconds < best.seconds:
            best = run
        if run.failed:
            break
    assert best is not None
    if not best.failed and not out.exists():
        best = replace(best, failed="wrote no picture")
    if best.failed:
        return Result(scene, peer.name, best.seconds, best.megabytes, best.failed, None, peer.burst)
    ideal.unlink(missing_ok=True)
    run_program(peer.command([truth], ideal, folder))
    try:
        return _judged(peer, scene, best, out, ideal, mask)
    except LichtbildError as error:
        return Result(scene, peer.name, best.seconds, best.megabytes, str(error), None, peer.burst)


def _judged(peer: Peer, scene: str, run: Run, out: Path, ideal: Path, mask: Path | None) -> Result:
    if not ideal.exists():
        raise MeasureError("could not develop the noise-free frame")
    quiet = Report()
    picture, truth = load(out, quiet), load(ideal, quiet)
    moving = load_mask(mask) if mask else np.zeros(truth.shape, np.bool_)
    found: Comparison = compare_pictures(truth, picture, mask=_fitted(moving, truth.shape), report=quiet)
    likeness = replace(found.likenesses[0], name=peer.name, against=f"{peer.name} of the truth")
    eight = [(i.srgb * 255 + 0.5).astype(np.uint8) for i in (picture, truth)]
    return Result(
        scene, peer.name, run.seconds, run.megabytes, "", likeness, peer.burst, picture=eight[0], truth=eight[1]
    )


def at_brightness_of(common: npt.NDArray[np.uint8] | None, result: Result) -> Result:
    """The result with its figures at the brightness of another noise-free picture: curves by matching quantiles."""
    if common is None or result.picture is None or result.truth is None:
        return result
    steps = np.linspace(0.002, 0.998, 41)
    curves = np.empty((3, 256), np.float32)
    for c in range(3):
        own = np.quantile(result.truth[..., c], steps) + np.arange(len(steps)) * 1e-6
        curves[c] = np.interp(np.arange(256), own, np.quantile(common[..., c], steps)) / 255
    picture, truth = (
        np.stack([curves[c][image[..., c]] for c in range(3)], axis=-1) for image in (result.picture, result.truth)
    )
    return replace(result, psnr_matched=psnr(picture, truth), ssim_matched=ssim(luma(picture), luma(truth)))


def _fitted(mask: npt.NDArray[np.bool_], shape: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """The mask for a picture of another size: some programs leave out a border, about as much on all sides."""
    out = np.zeros(shape, np.bool_)
    dy, dx = ((a - b) // 2 for a, b in zip(mask.shape, shape, strict=True))
    rows = slice(max(dy, 0), max(dy, 0) + min(shape[0], mask.shape[0]))
    columns = slice(max(dx, 0), max(dx, 0) + min(shape[1], mask.shape[1]))
    part = mask[rows, columns]
    y, x = max(-dy, 0), max(-dx, 0)
    out[y : y + part.shape[0], x : x + part.shape[1]] = part
    return out
