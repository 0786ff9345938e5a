"""What works column by column, compiled, against NumPy's in float64, which adds up long columns more exactly."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.ops.operations import EXAMPLES, check, numbers, parameters, places, sizes

COLUMNS = ["column_statistics", "batch_norm", "batch_norm_sums", "batch_norm_backward"]
ROWS = ["layer_norm", "layer_norm_backward", "scale_columns_backward"]
NAMES = [*COLUMNS, *ROWS]


@pytest.mark.parametrize("name", COLUMNS)
@EXAMPLES
@given(
    number=numbers(),
    n=sizes(40, 128, 1000, 5000),
    k=sizes(12, 24, 37, 64, 96, 100, 300),
    far=st.sampled_from([0, 0, 30]),
    room=st.sampled_from([1, 8, 64]),
    data=st.data(),
)
def test_columns(name, number, n, k, far, room, data):
    """x near zero or far from it; several rows of scratch or one."""
    assume(n * k < 100_000)
    values = {p: number(k) for p in parameters(name)}
    values |= {p: number(n, k) for p in ("x", "dy", "out", "dx")}
    values |= {"inverse": number.positive(k), "piece": number(room + 1, k), "share": 1 / n}
    values |= {"x": values["x"] + np.float32(far), "mean": values["mean"] + np.float32(far)}
    check(name, values, data.draw(places(name)), 5e-5, wide=True)


@pytest.mark.parametrize("name", ROWS)
@EXAMPLES
@given(number=numbers(), n=sizes(40, 300), k=sizes(40, 96, 100, 300), far=st.sampled_from([0, 0, 30]), data=st.data())
def test_rows(name, number, n, k, far, data):
    """x near zero or far from it."""
    values = {p: number(k) for p in ("gamma", "beta", "dgamma", "dbeta")}
    values |= {p: number(n, k) for p in ("x", "u", "dy", "du", "dx", "out")}
    values |= {p: number.positive(n, 1) for p in ("mean", "variance", "inverse", "row")}
    values |= {"x": values["x"] + np.float32(far), "epsilon": 0.01}
    if n % 2 == 0 and name != "scale_columns_backward":  # more axes count rows
        more = {p for p in values if np.ndim(values[p]) == 2}
        values |= {p: values[p].reshape(2, n // 2, -1) for p in more}
    check(name, values, data.draw(places(name)), 5e-5, wide=True)
