"""Maps of a merge: asked for, they show what moved and where frames count; not asked for, they are not there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from lichtbild.burst.merge import merge_burst
from lichtbild.carriers import Burst
from lichtbild.errors import OutputError
from lichtbild.output.maps import write_maps
from lichtbild.recipe import Recipe
from lichtbild.report import Report
from test_burst_motion import disc
from test_burst_scene import Camera, covered, merge, shoot, views

SHAPE = (255, 321)


@pytest.fixture(scope="module")
def report() -> Report:
    """Of three frames through which a disc moves, by 24 pixels in each."""
    shot = shoot(views(2, 3, 4.0, 0.1, SHAPE), Camera(400), movers=[disc(24)])
    report = Report(maps={})
    merge_burst(Burst.of(shot.frames), Recipe(reference=1), report)
    return report


def test_maps_are_made_only_when_they_are_asked_for() -> None:
    assert merge(shoot(views(2, 2, 4.0, 0.1, SHAPE)).frames)[1].maps is None


def test_they_tell_where_frames_count_and_what_moves(report: Report) -> None:
    maps = report.maps
    assert maps is not None
    assert sorted(maps) == [
        "confidence",
        "motion_02_shot_2",
        "motion_03_shot_3",
        "weight_02_shot_2",
        "weight_03_shot_3",
    ]
    there = covered(disc(24)(0), (256, 328), margin=-4).reshape(32, 8, 41, 8).all((1, 3))
    away = ~covered(disc(24)(0), (256, 328), margin=70).reshape(32, 8, 41, 8).any((1, 3))
    away[:2], away[-2:], away[:, :2], away[:, -2:] = (False,) * 4
    for name in ("weight_02_shot_2", "weight_03_shot_3"):
        assert maps[name].shape == maps["confidence"].shape == there.shape
        assert maps[name][away].mean() > 0.85
        np.testing.assert_array_less(maps[name], 1.01)
    assert maps["confidence"][away].mean() > 2.7
    assert maps["weight_03_shot_3"][~away & ~there].min() < 0.05  # what the disc hid, or hides
    motion = maps["motion_02_shot_2"]
    assert motion.shape == (2, 8, 10)
    still = ~covered(disc(24)(0), (256, 320), margin=90).reshape(8, 32, 10, 32).any((1, 3))
    np.testing.assert_allclose(motion[:, still], 0, atol=1e-3)


def test_they_become_pictures_of_one_size(report: Report, tmp_path: Path) -> None:
    files = write_maps(report, tmp_path / "new" / "maps")
    assert {f.name for f in files} == {f"{name}.png" for name in report.maps or ()}
    for file in files:
        with Image.open(file) as picture:
            assert picture.size == (41, 32)
            pixels = np.asarray(picture)
        if file.name.startswith("motion"):
            assert (pixels[-6:, -6:] == 128).all()  # grey: the motion of the camera
    with pytest.raises(OutputError, match="exists already"):
        write_maps(report, tmp_path / "new" / "maps")
    write_maps(report, tmp_path / "new" / "maps", overwrite=True)


def test_the_hue_is_the_direction() -> None:
    from lichtbild.output.maps import motion_picture

    def color(dy: float, dx: float) -> np.ndarray:
        return motion_picture(np.array([[[dy]], [[dx]]]), (4, 4))[0, 0].astype(int)

    right, left, down = color(0, 16), color(0, -16), color(16, 0)
    assert right.argmax() == 0  # red
    np.testing.assert_array_equal(right + left, [255, 255, 255])
    assert down[1] > down[0] > down[2]  # yellow to green
    assert np.ptp(color(0, 4)) < np.ptp(color(0, 16)) == np.ptp(color(0, 90))


def test_the_command_line_draws_them(tmp_path: Path) -> None:
    from lichtbild.cli.root import root
    from lichtbild.virtual.simulate import simulate

    shots = simulate("resolution-chart", tmp_path, size="192x144", frames=2, truth="none")

    def run(*arguments: object) -> int:
        words = ["develop", *map(str, arguments), "-o", str(tmp_path / "photo.jpg"), "--overwrite"]
        return CliRunner().invoke(root, words).exit_code

    folder = tmp_path / "maps"
    assert run(*shots, "--report-maps", folder) == 0
    assert sorted(f.name for f in folder.iterdir()) == [
        "confidence.png",
        "motion_02_shot_02.png",
        "weight_02_shot_02.png",
    ]
    assert run(shots[0], "--report-maps", tmp_path / "none") == 0
    assert not list((tmp_path / "none").iterdir())
    assert run(*shots, "--report-maps", shots[0]) != 0  # a file
