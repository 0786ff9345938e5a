"""Softmax, losses and right answers, compiled, against NumPy's."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from byhand.losses import CTC
from byhand.ops import reference
from tests.ops.operations import EXAMPLES, MODULES, check, numbers, places, sizes

ROW_BY_ROW = [
    *("softmax", "softmax_backward", "softmax_cross_entropy", "softmax_cross_entropy_labels"),
    *("binary_cross_entropy", "squared_error", "absolute_error", "huber"),
]
NAMES = [*ROW_BY_ROW, "log_softmax", "mean_loss", "count_right", "ctc_loss"]
EXACT = {"squared_error", "absolute_error", "huber"}
ROWS = st.one_of(st.integers(0, 40), st.sampled_from([255, 256, 257, 600]))
COLUMNS = sizes(12, 64, 100, 255, 256, 257, 300)


def masked(z, number):
    """z with some numbers, and some whole rows, of −∞: places that may not be chosen."""
    z[number.rng.random(z.shape) < 0.2] = -np.inf
    z[number.rng.random(len(z)) < 0.2] = -np.inf
    return z


@pytest.mark.parametrize("name", ROW_BY_ROW)
@EXAMPLES
@given(number=numbers(), n=ROWS, k=COLUMNS, masks=st.booleans(), data=st.data())
def test_rows(name, number, n, k, masks, data):
    z, labels = 4 * number(n, k), number.rng.integers(0, k, n)
    t = number(n, k) if name in EXACT else np.eye(k, dtype=np.float32)[labels]
    smoothing = data.draw(st.sampled_from([0, 0.1]))
    if masks and name.startswith("softmax") and not (smoothing and name.endswith("labels")):
        masked(z, number)
    labels[number.rng.random(n) < 0.2] = -1
    row, out = np.empty((n, 1), np.float32), np.empty((n, k), np.float32)
    scratch = out if name == "binary_cross_entropy" else row
    values = dict.fromkeys(("z", "y"), z) | dict.fromkeys(("out", "dz", "dy"), out)
    values |= {"t": t, "each": row[:, 0], "row": row, "scratch": scratch, "labels": labels}
    values |= {"p": number.positive(n, k), "dp": number(n, k), "factor": 0.5, "delta": 2.0, "smoothing": smoothing}
    if n % 3 == 0 and data.draw(st.booleans()):  # sequences of three steps
        values = {k: v.reshape(-1, 3, *v.shape[1:]) if isinstance(v, np.ndarray) else v for k, v in values.items()}
    check(name, values, data.draw(places(name)), 1e-5, exact=name in EXACT and number.whole)


@EXAMPLES
@given(number=numbers(), n=st.integers(0, 9), steps=st.integers(1, 40), k=COLUMNS, place=places("log_softmax"))
def test_log_softmax(number, n, steps, k, place):
    z = masked(4 * number(n * steps, k), number).reshape(n, steps, k)
    check("log_softmax", {"z": z, "out": z, "scratch": z, "row": np.empty((n, steps, 1), np.float32)}, place)


@EXAMPLES
@given(number=numbers(), n=ROWS, k=COLUMNS, place=places("mean_loss"))
def test_mean_loss(number, n, k, place):
    check("mean_loss", {"each": number.positive(n), "dy": number(n, k), "factor": 0.25}, place, exact=False)


@EXAMPLES
@given(number=numbers(whole=True), n=ROWS, k=COLUMNS, place=places("count_right"))
def test_count_right(number, n, k, place):
    values = {"y": number(n, k), "labels": number.rng.integers(-1, k + 1, n)}
    check("count_right", values | {"predicted": np.empty(n, np.int64), "right": np.empty(n, bool)}, place, exact=True)


@EXAMPLES
@given(
    number=numbers(False),
    n=st.integers(1, 20),
    steps=st.integers(1, 40),
    k=st.sampled_from([2, 3, 4, 11, 30, 257]),
    longest=st.integers(1, 20),
    place=places("ctc_loss"),
)
def test_ctc(number, n, steps, k, longest, place):
    """Labels with neighbours that are equal, shorter ones, empty ones, and some that are too long for the row."""
    z, rng = 3 * number(n, steps, k), number.rng
    log_p = np.empty_like(z)
    reference.log_softmax(z, log_p, np.empty((n, steps, 1), np.float32), np.empty_like(z))
    t = rng.integers(0, min(k - 1, 3), (n, longest)).astype(np.float32)
    t[np.arange(longest) >= rng.integers(0, longest + 1, (n, 1))] = -1
    shapes = CTC(k - 1, longest).cache((steps, k))
    cache = SimpleNamespace(**{key: np.empty((n, *shape), np.float32) for key, shape in shapes.items()})
    values = {"log_p": log_p, "t": t, "each": np.empty(n, np.float32), "dz": z, "cache": cache}
    check("ctc_loss", values, place, 1e-4)  # logarithms of path probabilities are large


@pytest.mark.parametrize("table", [reference, *MODULES])
def test_softmax_of_places_that_may_not_be_chosen(table):
    """Exactly 0 for −∞, and a row of nothing else is all 0; NaN stays NaN."""
    no, z, p = -np.inf, np.zeros((4, 3), np.float32), np.full((4, 3), np.nan, np.float32)
    z[:] = [[no, 0, 0], [no, no, 5], [no, no, no], [1, -1000, 1]]
    table.softmax(z, p, np.empty((4, 1), np.float32))
    assert p.tolist() == [[0, 0.5, 0.5], [0, 0, 1], [0, 0, 0], [0.5, 0, 0.5]]
    each, dz, t = np.empty(4, np.float32), np.empty_like(z), np.eye(3, dtype=np.float32)[[1, 2, 0, 2]]
    table.softmax_cross_entropy(z, t, each, dz, np.empty((4, 1), np.float32))
    np.testing.assert_allclose(each, [np.log(2), 0, np.finfo(np.float32).max, np.log(2)], rtol=1e-6)
    assert (dz == p - t).all()
    table.log_softmax(z[None], p[None], np.empty((1, 4, 1), np.float32), np.empty((1, 4, 3), np.float32))
    assert (np.isneginf(p) == np.isneginf(z)).all()
    with np.errstate(invalid="ignore"):
        table.softmax(np.full_like(z, np.nan), p, np.empty((4, 1), np.float32))
    assert np.isnan(p).all()


@pytest.mark.parametrize("table", [reference, *MODULES])
def test_extremes(table):
    """What overflows in e^z gives finite losses and derivatives."""
    z = np.array([[1000, -1000, 20], [-90, 90, 0], [1e-8, -1e-8, 0], [1e4, -1e4, 1]], np.float32)
    t = np.array([[1, 0, 1], [1, 0, 0.5], [0, 1, 1], [1, 0, 0]], np.float32)
    each, dz = np.empty(4, np.float32), np.empty_like(z)
    table.binary_cross_entropy(z, t, each, dz, np.empty_like(z))
    wide = z.astype(float)
    exact = np.maximum(wide, 0) - t * wide + np.log1p(np.exp(-np.abs(wide)))
    np.testing.assert_allclose(each, exact.sum(axis=1), rtol=1e-6, atol=1e-8)
    with np.errstate(over="ignore"):
        np.testing.assert_allclose(dz, 1 / (1 + np.exp(-wide)) - t, atol=1e-7)
    a = np.array([0, -0.0, 80, -80, 90, -90, 1000, -1000, np.inf, -np.inf, np.nan], np.float32)
    out = np.empty_like(a)
    table.sigmoid(a, out)
    np.testing.assert_allclose(out, [0.5, 0.5, 1, 0, 1, 0, 1, 0, 1, 0, np.nan], atol=1e-7)
    table.relu(a, out)
    np.testing.assert_array_equal(out, np.maximum(a, 0))


@pytest.mark.parametrize("table", [reference, *MODULES])
@pytest.mark.parametrize(("n", "k"), [(7, 10), (40, 100)])
def test_labels_are_targets_without_a_table_of_them(table, n, k):
    """They give what `softmax_cross_entropy` gives for smoothed one-hot targets; a label of −1 counts nothing."""
    rng = np.random.default_rng(0)
    z, labels = rng.standard_normal((n, k)).astype(np.float32), rng.integers(0, k, n)
    t = (0.9 * np.eye(k)[labels] + 0.1 / k).astype(np.float32)
    each, wanted_each, row = np.empty(n, np.float32), np.empty(n, np.float32), np.empty((n, 1), np.float32)
    dz, wanted_dz = np.empty_like(z), np.empty_like(z)
    reference.softmax_cross_entropy(z, t, wanted_each, wanted_dz, row)
    labels[3], wanted_each[3], wanted_dz[3] = -1, 0, 0
    table.softmax_cross_entropy_labels(z, labels, each, dz, row, 0.1)
    np.testing.assert_allclose(each, wanted_each, rtol=1e-6)
    np.testing.assert_allclose(dz, wanted_dz, atol=1e-7)
    labels[0] = k
    with pytest.raises(IndexError):
        table.softmax_cross_entropy_labels(z, labels, each, dz, row, 0.1)


@pytest.mark.parametrize("table", [reference, *MODULES])
def test_losses_of_differences(table):
    """By hand, for δ = 1 and a factor of 2."""
    y, t = np.array([[0.5, -3, 2, 2]], np.float32), np.zeros((1, 4), np.float32)
    each, dy, scratch = np.empty(1, np.float32), np.empty_like(y), np.empty_like(y)
    table.huber(y, t, 1.0, 2.0, each, dy, scratch)
    assert (each[0], dy.tolist()) == (2 * (0.125 + 2.5 + 1.5 + 1.5), [[1, -2, 2, 2]])
    table.absolute_error(y, (y - [[0, 1, 2, -3]]).astype(np.float32), 2.0, each, dy)
    assert (each[0], dy.tolist()) == (12, [[0, 2, 2, -2]])
