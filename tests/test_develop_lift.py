"""Clipped samples are lifted before demosaicing, so that nothing beside them gets a rim of colour."""

import numpy as np
import pytest
from tests.reference import highlights as reference
from tests.test_develop_highlights import BLACK, CLIP, NEUTRAL, WHITE, frame_of

from lichtbild import color
from lichtbild.develop import highlights, lift, scene
from lichtbild.develop.camera_color import CameraModel
from lichtbild.recipe import Recipe
from lichtbild.report import Report


@pytest.mark.parametrize("cfa", ["RGGB", "BGGR", "GRBG", "GBRG"])
def test_lifted_samples_are_what_numpy_makes_of_them(cfa: str) -> None:
    light = np.random.default_rng(4).random((37, 53, 3)) * 3
    frame = frame_of(light, cfa)
    plan = highlights.decide(frame, (0, 0, 37, 53), NEUTRAL)
    assert plan is not None
    lifted = lift.lift(frame, (0, 0, 37, 53), plan, NEUTRAL)
    again = frame_of(light, cfa)
    same = lift.lift(again, (0, 0, 37, 53), plan, NEUTRAL, in_place=True)
    assert same.mosaic is again.mosaic
    np.testing.assert_array_equal(same.mosaic, lifted.mosaic)
    balance = np.array([1 / NEUTRAL["RGB".index(c)] for c in cfa]).reshape(2, 2)
    balance = np.tile(balance, (19, 27))[:37, :53]
    wanted = reference.lift(
        (frame.mosaic - float(BLACK)) * balance, (WHITE - BLACK) * balance, cfa.index("G"), plan.onset, plan.full
    )
    black, span = lifted.black_level[0], lifted.white_level - lifted.black_level[0]
    found = (lifted.mosaic - black) / span * balance
    np.testing.assert_allclose(found, wanted / (WHITE - BLACK), atol=4e-5)
    assert lifted.clip_level == pytest.approx(lifted.white_level) and found.max() > CLIP.max() - 1e-3
    assert (found - (frame.mosaic - float(BLACK)) / (WHITE - BLACK) * balance).max() > 0.3


@pytest.mark.parametrize("cfa", ["RGGB", "GBRG"])
def test_leaves_before_burnt_clouds_have_no_coloured_rim(cfa: str) -> None:
    """Dark leaves of one hue, blurred by the optics, before light that clips in all channels: all greyish."""
    rng = np.random.default_rng(8)
    cover = np.zeros((192, 256))
    y, x = np.mgrid[:192, :256]
    for _ in range(160):
        cy, cx, turn = rng.uniform(0, 192), rng.uniform(0, 256), rng.uniform(0, np.pi)
        u, v = (x - cx) * np.cos(turn) + (y - cy) * np.sin(turn), (y - cy) * np.cos(turn) - (x - cx) * np.sin(turn)
        cover = np.maximum(cover, 1 / (1 + np.exp(np.minimum(((u / 5) ** 2 + (v / 2) ** 2 - 1) * 4, 50))))
    truth = 4.0 * (1 - cover[..., None]) + cover[..., None] * np.array((0.10, 0.12, 0.09))
    frame = frame_of(truth, cfa)
    seen = (
        scene.develop_scene(frame, Recipe(denoise=0.0), Report()).image
        @ np.linalg.inv(CameraModel.of(frame.metadata.color).white_balanced_to_rec2020(NEUTRAL, color.D65)).T
    )
    light = seen.mean(-1)
    magenta = (np.minimum(seen[..., 0], seen[..., 2]) - seen[..., 1]) / np.maximum(light, 0.1)
    rim = (cover > 0.1) & (cover < 0.9)
    assert rim.mean() > 0.08
    assert np.percentile(magenta[rim], 99) < 0.25, np.percentile(magenta[rim], [50, 90, 99])
