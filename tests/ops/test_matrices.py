"""Matrix products and sums of rows, compiled, against NumPy's."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from byhand.ops import reference
from tests.ops.operations import EXAMPLES, MODULES, check, numbers, places, sizes

NAMES = ["matmul", "affine", "affine_gradients", "affine_input", "sum_rows", "stacked_products", "add_rows"]
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
    start = number(n) if data.draw(st.booleans()) else None
    values = {"a": a, "x": a, "b": start if name == "affine" else b, "w": b, "out": np.empty((m, n), np.float32)}
    check(name, values, data.draw(places(name)), 5e-6, exact=number.whole)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("shape", [(64, 479, 64), (64, 1437, 10), (127, 256, 128), (9, 4001, 31), (128, 257, 17)])
def test_long_sums(shape, form):
    """Small results of many products, whose sums are computed in shares, to float32's precision."""
    (m, depth, n), rng = shape, np.random.default_rng(0)
    a, b = rng.standard_normal((m, depth), np.float32), rng.standard_normal((depth, n), np.float32)
    left = np.ascontiguousarray(a.T).T if form == "aᵀ b" else a
    right = np.ascontiguousarray(b.T).T if form == "a bᵀ" else b
    for table in MODULES:
        before, found = table.set_threads(1), []
        for threads in (1, 2, 3):
            table.set_threads(threads)
            found.append(np.full((m, n), np.nan, np.float32))
            table.matmul(left, right, found[-1])
        table.set_threads(before)
        np.testing.assert_allclose(found[0], a.astype(float) @ b.astype(float), rtol=0, atol=1e-5 * np.sqrt(depth))
        assert (found[0] == found[1]).all()
        assert (found[0] == found[2]).all()


@EXAMPLES
@given(
    number=numbers(),
    shape=st.one_of(st.tuples(sizes(90, 1000), SIDES), st.tuples(st.just(5000), st.integers(10, 40))),
    place=places("sum_rows"),
)
def test_sum_rows(number, shape, place):
    n, k = shape
    check("sum_rows", {"a": number(n, k), "out": np.empty(k, np.float32)}, place, exact=number.whole)


@pytest.mark.parametrize("name", ["matmul", "affine", "affine_gradients", "affine_input", "sum_rows"])
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
        "affine_gradients": {"x": x, "dy": dy, "dw": empty(m, k), "db": empty(k) if data.draw(st.booleans()) else None},
        "affine_input": {"dy": dy, "w": w, "dx": empty(n, steps, m)},
        "sum_rows": {"a": x, "out": empty(m)},
    }[name]
    check(name, values, data.draw(places(name)), 5e-6, exact=number.whole)


@EXAMPLES
@given(number=numbers(), data=st.data())
def test_stacked_products(number, data):
    """Pairs of matrices, each of them as it is or transposed, and parts of a wider array."""
    n, heads = data.draw(st.integers(1, 3)), data.draw(st.integers(1, 4))
    m, depth, k = (data.draw(sizes(20, 64, 100, 300)) for _ in range(3))
    assume(n * heads * m * depth * k < 2e7)

    def stack(rows, columns):
        form = data.draw(st.sampled_from(["plain", "transposed", "heads"]))
        if form == "plain":
            return number(n, heads, rows, columns)
        if form == "transposed":
            return number(n, heads, columns, rows).swapaxes(2, 3)
        return number(n, rows, heads + 2, columns).swapaxes(1, 2)[:, 1 : heads + 1]

    a, b, wide = stack(m, depth), stack(depth, k), data.draw(st.booleans())
    wanted = np.empty((n, heads, m, k), np.float32)
    reference.stacked_products(a, b, wanted)
    for table in MODULES:
        out = np.full((n, m, heads + 1, k) if wide else (n, m, heads, k), np.nan, np.float32)
        table.stacked_products(a, b, out[:, :, :heads].swapaxes(1, 2))
        np.testing.assert_allclose(
            out[:, :, :heads].swapaxes(1, 2), wanted, rtol=0, atol=5e-6 * max(1, np.abs(wanted).max())
        )
        assert np.isnan(out[:, :, heads:]).all()
    contiguous = {"a": a.copy(), "b": b.copy(), "out": wanted}
    check("stacked_products", contiguous, data.draw(places("stacked_products")), 5e-6, exact=number.whole)


@EXAMPLES
@given(number=numbers(), count=sizes(90, 700), k=sizes(20, 64), most=st.integers(1, 9), place=places("add_rows"))
def test_add_rows(number, count, k, most, place):
    values = {
        "dy": number(count, k),
        "rows": number.rng.integers(most, size=count),
        "out": np.empty((most, k), np.float32),
    }
    check("add_rows", values, place, 1e-5, exact=number.whole)
