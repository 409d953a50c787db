"""Fields on blocks against plain sums over neighbours."""

import numpy as np
import pytest

from lichtbild.develop.block_fields import smooth


def plainly(a: np.ndarray, passes: int) -> np.ndarray:
    """(1 2 1)/4 along columns and rows, edges repeated, in float64."""
    a = a.astype(np.float64)
    for _ in range(passes):
        for axis in (-2, -1):
            at = np.arange(a.shape[axis])
            last = len(at) - 1
            near = [np.take(a, np.clip(at + k, 0, last), axis) for k in (-1, 0, 1)]
            a = (near[0] + 2 * near[1] + near[2]) / 4
    return a


@pytest.mark.parametrize("shape", [(7, 9), (3, 6, 5), (1, 8), (8, 1), (2, 1, 1), (2, 2, 2), (4, 3, 2)])
@pytest.mark.parametrize("passes", [1, 2, 6])
def test_smoothing_is_binomial_and_leaves_its_input(shape: tuple[int, ...], passes: int) -> None:
    given = np.random.default_rng(7).random(shape).astype(np.float32)
    before = given.copy()
    np.testing.assert_allclose(smooth(given, passes), plainly(given, passes), rtol=2e-6)
    np.testing.assert_array_equal(given, before)


def test_smoothing_of_a_view_is_that_of_its_copy() -> None:
    whole = np.random.default_rng(8).random((12, 20)).astype(np.float32)
    np.testing.assert_array_equal(smooth(whole[::2, 3::3], 2), smooth(whole[::2, 3::3].copy(), 2))
