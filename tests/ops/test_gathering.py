"""Samples on their way in: rows picked by number, bytes as grey levels; compiled, against NumPy's."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from byhand.ops import reference
from tests.ops.operations import EXAMPLES, MODULES, check, numbers, places

NAMES = ["gather", "gather_bytes", "scale_bytes"]
KINDS = [np.float32, np.float64, np.uint8, np.int64, np.int32, np.float16]


@pytest.mark.parametrize("name", NAMES)
@EXAMPLES
@given(
    number=numbers(),
    count=st.integers(1, 40),
    n=st.one_of(st.integers(0, 70), st.just(700)),
    shape=st.one_of(st.tuples(st.integers(0, 300)), st.lists(st.integers(0, 7), max_size=3).map(tuple)),
    dtype=st.sampled_from(KINDS),
    data=st.data(),
)
def test_rows(name, number, count, n, shape, dtype, data):
    """Numbers of rows that there are not give the nearest one."""
    rows = number.rng.integers(-2, count + 2, n)
    a = number.rng.integers(0, 256, (count, *shape)).astype(np.uint8)
    out = np.empty((count if name == "scale_bytes" else n, *shape), np.float32)
    if name == "gather":
        a, out = a.astype(dtype), np.empty(out.shape, dtype)
    values = {"a": a, "rows": rows, "raw": np.empty(out.shape, np.uint8), "out": out}
    check(name, values, data.draw(places(name)), exact=True)


@pytest.mark.parametrize("table", [reference, *MODULES])
def test_bytes_are_divided_exactly(table):
    grey, out = np.arange(256, dtype=np.uint8), np.empty(256, np.float32)
    table.scale_bytes(grey, out)
    np.testing.assert_array_equal(out, grey / np.float32(255))
