"""Softmax of attention's scores, compiled, against NumPy's; and NumPy's against loops."""

from math import exp

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from byhand.ops import reference
from tests.ops.operations import EXAMPLES, MODULES, check, numbers, places, sizes

NAMES = ["masked_softmax", "masked_softmax_backward"]


@pytest.mark.parametrize("name", NAMES)
@EXAMPLES
@given(
    number=numbers(),
    n=st.integers(1, 4),
    heads=st.integers(1, 4),
    queries=sizes(20),
    keys=sizes(40, 100, 300),
    mask=st.booleans(),
    causal=st.booleans(),
    scale=st.sampled_from([0.125, 1.0]),
    data=st.data(),
)
def test_scores(name, number, n, heads, queries, keys, mask, causal, scale, data):
    """More keys than queries, and fewer; what is hidden may be NaN."""
    z, allowed = 4 * number(n, heads, queries, keys), number.rng.random((n, keys)) < 0.7
    if mask:
        z[np.broadcast_to(~allowed[:, None, None], z.shape)] = np.nan
    a, row = np.abs(number(n, heads, queries, keys)), np.empty((n, heads, queries, 1), np.float32)
    values = {"z": z, "mask": allowed if mask else None, "causal": causal, "scale": scale, "out": z, "row": row}
    check(name, values | {"a": a, "da": number(*a.shape), "ds": a}, data.draw(places(name)), 1e-5)


@pytest.mark.parametrize("table", [reference, *MODULES])
@pytest.mark.parametrize(("queries", "keys"), [(5, 5), (2, 6), (5, 3)])
@pytest.mark.parametrize("causal", [True, False])
def test_what_each_query_sees(table, queries, keys, causal):
    """Number by number, in place; the second sample has no keys at all, and the third lacks the first one."""
    z = np.random.default_rng(0).standard_normal((3, 2, queries, keys)).astype(np.float32)
    mask = np.ones((3, keys), bool)
    mask[1], mask[2, 0] = False, False
    wanted = np.zeros(z.shape)
    for i, h, t in np.ndindex(z.shape[:3]):
        seen = [s for s in range(keys) if mask[i, s] and (not causal or s <= t + keys - queries)]
        e = {s: exp(0.5 * z[i, h, t, s]) for s in seen}
        for s in seen:
            wanted[i, h, t, s] = e[s] / sum(e.values())
    table.masked_softmax(z, mask, causal, 0.5, z, np.empty((*z.shape[:3], 1), np.float32))
    np.testing.assert_allclose(z, wanted, rtol=1e-6)
    assert (z[wanted == 0] == 0).all()


@pytest.mark.parametrize("table", [reference, *MODULES])
def test_derivative(table):
    """Against central differences of the reference in float64."""
    rng = np.random.default_rng(1)
    z, da = rng.standard_normal((2, 2, 2, 3, 5))
    step, a, row = 1e-6, np.empty_like(z), np.empty((2, 2, 3, 1))
    mask = np.array([[1, 1, 1, 0, 1], [0, 1, 1, 1, 1]], bool)

    def value(z):
        reference.masked_softmax(z, mask, True, 0.3, a, row)
        return (a * da).sum()

    wanted = np.empty_like(z)
    for place in np.ndindex(z.shape):
        there = np.zeros_like(z)
        there[place] = step
        wanted[place] = (value(z + there) - value(z - there)) / (2 * step)
    value(z)
    ds = np.empty(z.shape, np.float32)
    table.masked_softmax_backward(a.astype(np.float32), da.astype(np.float32), 0.3, ds, row.astype(np.float32))
    np.testing.assert_allclose(ds, wanted, atol=1e-6)
