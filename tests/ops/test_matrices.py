"""Matrix products and sums of rows, compiled, against NumPy's."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.ops.operations import EXAMPLES, check, numbers, places, sizes

NAMES = ["matmul", "affine", "affine_weights", "affine_input", "sum_rows"]
SIDES = sizes(12, 48, 63, 64, 65, 66, 100, 128, 130, 257, 300, 513, 784, 1030)


LONG = st.one_of(st.integers(32, 140), st.sampled_from([257, 300, 513, 784, 803]))
FORMS = ["a b", "aᵀ b", "a bᵀ"]
PRODUCTS = {  # sides m, depth, n of (m, depth)(depth, n): those that have an algorithm of their own, and the others
    "any": (st.tuples(SIDES, SIDES, SIDES), FORMS),
    "few columns": (st.tuples(LONG, LONG.map(lambda n: n + 96), st.integers(1, 13)), FORMS),
    "few columns of weights": (st.tuples(LONG.map(lambda n: n + 32), LONG, st.integers(1, 13)), ["aᵀ b"]),
    "few samples": (st.tuples(LONG.map(lambda n: n + 32), st.integers(1, 13), st.integers(8, 70)), ["aᵀ b"]),
    "many rows": (st.just((300, 803, 70)), FORMS),
    "many zeros": (st.tuples(sizes(40), LONG.map(lambda n: n + 32), LONG), ["a b", "aᵀ b"]),
}


@pytest.mark.parametrize("kind", PRODUCTS)
@pytest.mark.parametrize("name", ["matmul", "affine"])
@EXAMPLES
@given(number=numbers(), data=st.data())
def test_products(name, kind, number, data):
    (m, depth, n), form = data.draw(PRODUCTS[kind][0]), data.draw(st.sampled_from(PRODUCTS[kind][1]))
    assume(m * depth * n < 2e7)
    number.zeros = 0.9 if kind == "many zeros" else number.zeros
    a = number(depth, m).T if form == "aᵀ b" else number(m, depth)
    number.zeros = 0  # in a alone
    b = number(n, depth).T if form == "a bᵀ" else number(depth, n)
    values = {"a": a, "x": a, "b": number(n) if name == "affine" else b, "w": b, "out": np.empty((m, n), np.float32)}
    check(name, values, data.draw(places(name)), 5e-6, exact=number.whole)


@EXAMPLES
@given(
    number=numbers(),
    shape=st.one_of(st.tuples(sizes(90, 1000), SIDES), st.tuples(st.just(5000), st.integers(10, 40))),
    place=places("sum_rows"),
)
def test_sum_rows(number, shape, place):
    n, k = shape
    check("sum_rows", {"a": number(n, k), "out": np.empty(k, np.float32)}, place, exact=number.whole)


@pytest.mark.parametrize("name", ["matmul", "affine", "affine_weights", "affine_input", "sum_rows"])
@EXAMPLES
@given(number=numbers(), data=st.data())
def test_more_axes_count_rows(name, number, data):
    n, steps, m, k = (data.draw(st.integers(1, 12)), data.draw(st.integers(1, 9)), data.draw(SIDES), data.draw(SIDES))
    assume(n * steps * m * k < 2e7)
    x, dy, w = number(n, steps, m), number(n, steps, k), number(m, k)
    empty = lambda *shape: np.empty(shape, np.float32)  # noqa: E731
    values = {
        "matmul": {"a": x, "b": w, "out": empty(n, steps, k)},
        "affine": {"x": x, "w": w, "b": number(k), "out": empty(n, steps, k)},
        "affine_weights": {"x": x, "dy": dy, "dw": empty(m, k)},
        "affine_input": {"dy": dy, "w": w, "dx": empty(n, steps, m)},
        "sum_rows": {"a": x, "out": empty(m)},
    }[name]
    check(name, values, data.draw(places(name)), 5e-6, exact=number.whole)
