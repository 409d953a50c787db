"""The bridge to the kernels: right numbers, and errors instead of aborts."""

import numpy as np
import pytest

from lichtbild import native
from lichtbild.errors import KernelError


def test_a_kernel_reads_and_writes_numpy_arrays() -> None:
    mosaic = np.random.default_rng(0).integers(0, 65536, (34, 70), dtype=np.uint16)
    gray = np.empty((17, 35), np.float32)
    native.call("quad_gray", mosaic, 100.0, gray)
    expected = mosaic.reshape(17, 2, 35, 2).mean((1, 3)) - 100
    np.testing.assert_allclose(gray, expected, rtol=1e-6)


def test_too_small_an_input_raises_and_does_not_abort() -> None:
    with pytest.raises(KernelError, match="mosaic"):
        native.call("quad_gray", np.zeros((10, 10), np.uint16), 0.0, np.empty((17, 35), np.float32))


@pytest.mark.parametrize("array", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3), np.uint16)])
def test_a_wrong_type_or_rank_is_refused(array: np.ndarray) -> None:
    with pytest.raises(TypeError, match="mosaic has"):
        native.call("quad_gray", array, 0.0, np.empty((2, 2), np.float32))


def test_an_unknown_kernel_is_named() -> None:
    with pytest.raises(KernelError, match="no_such"):
        native.call("no_such")
