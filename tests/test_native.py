"""The bridge to the kernels: right numbers, and errors instead of aborts."""

import numpy as np
import pytest

from lichtbild import native
from lichtbild.errors import KernelError


def test_a_kernel_reads_and_writes_numpy_arrays() -> None:
    sums = np.random.default_rng(0).random((5, 8, 12), np.float32)
    mean = np.empty((2, 3), np.float32)
    native.call("burst_confidence", sums, mean)
    expected = 1 / (1 / (1 + sums[4])).reshape(2, 4, 3, 4).mean((1, 3))
    np.testing.assert_allclose(mean, expected, rtol=1e-6)


def test_a_view_is_read_with_its_strides() -> None:
    sums = np.random.default_rng(0).random((5, 12, 24), np.float32)
    mean, same = np.empty((2, 3), np.float32), np.empty((2, 3), np.float32)
    native.call("burst_confidence", sums[:, 2:10, 8:20], mean)
    native.call("burst_confidence", sums[:, 2:10, 8:20].copy(), same)
    np.testing.assert_array_equal(mean, same)


def test_too_small_an_input_raises_and_does_not_abort() -> None:
    with pytest.raises(KernelError, match="fine"):
        native.call("align_halve", np.zeros((10, 10), np.float32), 40, 40, np.empty((104, 104), np.float32))


@pytest.mark.parametrize("array", [np.zeros((5, 8, 8), np.float64), np.zeros((8, 8), np.float32)])
def test_a_wrong_type_or_rank_is_refused(array: np.ndarray) -> None:
    with pytest.raises(TypeError, match="sums has"):
        native.call("burst_confidence", array, np.empty((1, 1), np.float32))


def test_a_read_only_output_is_refused() -> None:
    out = np.empty((1, 1), np.float32)
    out.flags.writeable = False
    with pytest.raises(TypeError, match="read-only"):
        native.call("burst_confidence", np.zeros((5, 8, 8), np.float32), out)


def test_an_unknown_kernel_is_named() -> None:
    with pytest.raises(KernelError, match="no_such"):
        native.call("no_such")
