"""Arrays that networks work on begin on a cache line; NumPy's own begin 16, 32 or 48 bytes behind one."""

import numpy as np
import pytest

import byhand as bh
from byhand.core.memory import CACHE_LINE
from byhand.ops import default, reference


def behind_a_line(a):
    return a.ctypes.data % CACHE_LINE


@pytest.mark.parametrize("table", [default, reference], ids=["default", "reference"])
@pytest.mark.parametrize("make", ["empty", "zeros"])
def test_arrays_begin_on_a_cache_line(table, make):
    for shape, dtype in [
        ((3, 5), np.float32),
        ((700, 784), np.float32),
        ((7,), np.int64),
        ((), bool),
    ]:
        made = [getattr(table, make)(shape, dtype) for _ in range(5)]  # five, as one may lie there by chance
        assert [(a.shape, a.dtype, behind_a_line(a)) for a in made] == [(shape, np.dtype(dtype), 0)] * 5
        assert make == "empty" or not any(a.any() for a in made)


def test_so_do_parameters_gradients_and_what_layers_give():
    network = bh.Network((28, 28, 1), [bh.Conv2D(8, 3), bh.Flatten(), bh.Dense(10)], rng=np.random.default_rng(0))
    passes = network.workspace(40).start(40)
    arrays = [network.theta, network.gradient, *(at.y for at in passes.layers)]
    assert [behind_a_line(a) for a in arrays] == [0] * 5
