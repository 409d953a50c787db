"""Which frames take part: the choice of the reference, what is left out and how it is said, and what it costs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lichtbild.burst.merge import merge_burst
from lichtbild.carriers import Burst, Frame
from lichtbild.errors import BurstError, LichtbildError
from lichtbild.recipe import Recipe
from lichtbild.report import Report
from test_burst_scene import Array, Camera, Shot, gain, inner, merge, natural, shoot, views

SHAPE = (192, 256)


@pytest.fixture(scope="module")
def shot() -> Shot:
    return shoot(views(8, 4, shape=SHAPE), Camera(400))


def smeared(image: Array, length: int) -> Array:
    """Motion blur along both axes."""

    def line(samples: Array) -> Array:
        return np.convolve(np.pad(samples, length, "edge"), np.ones(length) / length, "same")[length:-length]

    return np.asarray(np.apply_along_axis(line, 1, np.apply_along_axis(line, 0, image)))


def blurred(frame: Frame) -> Frame:
    camera, seen = Camera(400), views(8, 4, shape=SHAPE)
    image = smeared(seen.images[2], 13)
    again = camera.shoot(camera.sites(image), np.random.default_rng(1))
    return replace(frame, mosaic=again.mosaic)


def foreign(frame: Frame) -> Frame:
    camera = Camera(400)
    image = natural(99).colors(views(8, 4, shape=SHAPE).poses[2], SHAPE)
    return replace(frame, mosaic=camera.shoot(camera.sites(image), np.random.default_rng(1)).mosaic)


def other_camera(frame: Frame) -> Frame:
    return replace(frame, metadata=replace(frame.metadata, model="Two"))


def other_size(frame: Frame) -> Frame:
    return replace(frame, mosaic=frame.mosaic[:-2])


def other_cfa(frame: Frame) -> Frame:
    return replace(frame, cfa="BGGR")


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (other_camera, "another camera"),
        (other_size, "another size"),
        (other_cfa, "another colour filter"),
        (blurred, "blurred beyond use"),
        (foreign, "another scene"),
    ],
)
def test_a_frame_that_cannot_be_used_is_left_out_and_named(
    shot: Shot, spoil: Callable[[Frame], Frame], reason: str
) -> None:
    frames = list(shot.frames)
    frames[2] = spoil(frames[2])
    merged, report = merge(frames)
    assert len(report.notices) == 1
    assert report.notices[0].startswith("shot_3.dng: ")
    assert reason in report.notices[0]
    assert "left out" in report.notices[0]
    assert report.decided["burst"]["frames"] == 4
    assert report.decided["burst"]["used"] == merged.frame_count == 3
    without, _ = merge([frames[0], frames[1], frames[3]])
    np.testing.assert_array_equal(merged.mosaic, without.mosaic)
    assert merged.noise_profile == without.noise_profile


def test_when_all_others_are_left_out_the_reference_stands_alone(shot: Shot) -> None:
    merged, report = merge([shot.frames[0], *map(other_camera, shot.frames[1:])])
    assert merged is shot.frames[0]
    assert len(report.notices) == 3
    assert report.decided["burst"]["used"] == 1


@pytest.mark.parametrize("reference", [1, None])
def test_files_that_cannot_be_read_are_left_out_and_named(shot: Shot, tmp_path: Path, reference: int | None) -> None:
    empty, text = tmp_path / "empty.dng", tmp_path / "text.dng"
    empty.write_bytes(b"")
    text.write_text("this is no photograph", encoding="utf-8")
    missing = tmp_path / "missing.dng"
    merged, report = merge([shot.frames[0], empty, shot.frames[1], text, missing], reference)
    assert report.decided["burst"]["used"] == 2
    assert len(report.notices) == 3
    for path in (empty, text, missing):
        (notice,) = (notice for notice in report.notices if str(path) in notice)
        assert "left out" in notice
        assert "\n" not in notice
    two, _ = merge(shot.frames[:2], reference)
    np.testing.assert_array_equal(merged.mosaic, two.mosaic)


def test_without_a_readable_frame_there_is_an_error(tmp_path: Path) -> None:
    paths = [tmp_path / f"{n}.dng" for n in range(2)]
    for path in paths:
        path.write_bytes(b"II*\0")
    for reference in (None, 1):
        with pytest.raises(LichtbildError, match=r"0\.dng") as error:
            merge(paths, reference)
        assert "\n" not in str(error.value)
    with pytest.raises(BurstError, match="no frames"):
        merge([])


def test_one_frame_passes_untouched(shot: Shot) -> None:
    for reference in (None, 1):
        merged, report = merge(shot.frames[:1], reference)
        assert merged is shot.frames[0]
        assert report.notices == []


@pytest.mark.parametrize("n", [1, 2, 4])
def test_the_photographer_chooses_the_reference(shot: Shot, n: int) -> None:
    merged, report = merge(shot.frames, n)
    assert report.decided["burst"]["reference"] == n
    assert merged.metadata.path == Path(f"shot_{n}.dng")
    level = shot.camera.level(merged)
    assert gain(shot.camera.level(shot.frames[n - 1]), level, shot.truths[n - 1], inner(SHAPE)) > 3
    other = shot.truths[n % 4]
    assert gain(shot.camera.level(shot.frames[n - 1]), level, other, inner(SHAPE)) < 1


def test_a_reference_that_is_not_there_is_refused(shot: Shot) -> None:
    with pytest.raises(BurstError, match=r"reference 5.*only 4 frames"):
        merge(shot.frames, 5)


def test_the_sharpest_of_the_early_frames_is_the_reference(shot: Shot) -> None:
    camera, rng = shot.camera, np.random.default_rng(2)
    seen = views(8, 4, shape=SHAPE)
    frames = [
        camera.shoot(camera.sites(smeared(image, length)), rng, path=Path(f"shot_{n + 1}.dng"))
        for n, (image, length) in enumerate(zip(seen.images, (5, 2, 3, 1), strict=True))
    ]
    _, report = merge(frames, None)
    assert report.decided["burst"]["reference"] == 2


def test_a_lens_cap_over_the_early_frames_is_not_the_scene(shot: Shot) -> None:
    """The first three black: the others were left out as of another scene."""
    rng = np.random.default_rng(3)
    black = [shot.camera.shoot(np.zeros_like(shot.truths[0]), rng, path=Path(f"cap_{i}.dng")) for i in range(3)]
    _, report = merge([*black, *shot.frames], reference=None)
    assert report.decided["burst"]["reference"] == 4
    assert report.decided["burst"]["used"] == len(shot.frames)
    assert all("cap_" in notice for notice in report.notices)
    _, report = merge([*black, *black], reference=None)
    assert report.decided["burst"]["reference"] == 1


@pytest.mark.parametrize("shape", [(16, 16), (62, 200), (2, 2), (63, 63)])
def test_tiny_frames_are_not_merged_and_it_is_said(shape: tuple[int, int]) -> None:
    frames = shoot(views(8, 4, shape=SHAPE)).frames
    tiny = [replace(frame, mosaic=frame.mosaic[: shape[0], : shape[1]]) for frame in frames]
    for reference in (None, 1):
        merged, report = merge(tiny, reference)
        assert merged.mosaic.shape == shape
        assert len(report.notices) == 1
        assert "too small" in report.notices[0]


@pytest.mark.parametrize("shape", [(64, 64), (65, 67), (64, 300), (301, 66)])
def test_small_frames_merge(shape: tuple[int, int]) -> None:
    small = shoot(views(9, 4, 2.0, 0.1, shape), Camera(1600))
    merged, report = merge(small.frames, None)
    assert merged.mosaic.shape == shape
    reference = report.decided["burst"]["reference"] - 1
    before = small.camera.level(small.frames[reference])
    assert gain(before, small.camera.level(merged), small.truths[reference]) > 2.5


def test_linear_raw_is_not_merged(shot: Shot) -> None:
    linear = [replace(f, mosaic=np.repeat(f.mosaic[..., None], 3, 2), cfa="RGB") for f in shot.frames]
    merged, report = merge(linear)
    assert merged is linear[0]
    assert "linear raw" in report.notices[0]


def test_progress_runs_to_its_end(shot: Shot) -> None:
    steps: list[tuple[str, float]] = []
    report = Report(listener=lambda leg, fraction: steps.append((leg, fraction)))
    merge_burst(Burst.of(shot.frames), Recipe(), report)
    merging = [fraction for leg, fraction in steps if leg == "merge"]
    assert merging == sorted(merging)
    assert merging[-1] == 1.0
    assert {"read", "merge"} <= set(report.seconds)


PEAK = """
import resource, sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
import numpy as np
import lichtbild.raw.read
from lichtbild.carriers import Burst, Frame, Metadata, NoiseProfile
from lichtbild.burst.merge import merge_burst
from lichtbild.recipe import Recipe
from lichtbild.report import Report

y, x = np.mgrid[0:1024, 0:1536].astype(np.float32)
light = 8000 + 3000 * np.sin(x / 5) * np.sin(y / 7) + 2000 * np.sin(x / 31 + y / 17)
noise = NoiseProfile((6e-4,) * 3, (1e-6,) * 3)

def read_frame(path, report, device):
    n = int(path.stem)
    samples = np.random.default_rng(n).integers(-200, 200, light.shape, dtype=np.int16) + np.roll(light, n % 4, 1)
    meta = Metadata(path=path, iso=100.0, exposure_time=0.01)
    return Frame(samples.astype(np.uint16), "RGGB", (500.0,) * 4, 16383.0, 16383.0, noise, meta)

lichtbild.raw.read.read_frame = read_frame
lichtbild.raw.read.probe = lambda path: SimpleNamespace(metadata=Metadata(path=path, iso=100.0, exposure_time=0.01))
count = int(sys.argv[1])
report = Report()
merged = merge_burst(Burst(tuple(Path(f"{n}.dng") for n in range(count))), Recipe(), report)
assert report.decided["burst"]["used"] == merged.frame_count == count, report
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_memory_does_not_grow_with_the_number_of_frames() -> None:
    """Twelve more frames of 3 MB each would be 36 MB; what two readers have in hand at once varies by less."""

    def peak(count: int) -> int:
        run = subprocess.run([sys.executable, "-c", PEAK, str(count)], capture_output=True, text=True, check=True)
        return int(run.stdout)

    assert peak(20) - peak(8) < 20_000  # kB
