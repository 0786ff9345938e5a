"""Splits and scaling, against hand counts and scikit-learn."""

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import MinMaxScaler

from byhand.core.errors import ByhandError
from byhand.data import minmax, sklearn_order_split, split, split_rows

# 5 + 3 + 2 rows; a part of 4 has the quotas 2.0, 1.2, 0.8: two, one and one
Y = np.array([0, 1, 2, 0, 1, 0, 2, 0, 1, 0])


def test_stratified_by_largest_remainder() -> None:
    rest, part = split_rows(Y, 4, np.random.default_rng(0))
    assert np.bincount(Y[part]).tolist() == [2, 1, 1]
    assert np.bincount(Y[rest]).tolist() == [3, 2, 1]
    assert sorted([*rest, *part]) == list(range(10))


@pytest.mark.parametrize("count", range(1, 100))
def test_every_size_has_fair_shares(count: int) -> None:
    y = np.repeat([3, 7, 8], [50, 33, 17])
    rest, part = split_rows(y, count, np.random.default_rng(count))
    assert len(part) == count
    assert len(np.union1d(rest, part)) == 100
    shares = np.array([np.count_nonzero(y[part] == label) for label in (3, 7, 8)])
    assert np.abs(shares - np.array([50, 33, 17]) * count / 100).max() < 1


def test_seeded_and_shuffled() -> None:
    y = np.zeros(1000, int)
    one, again, other = (split_rows(y, 0.3, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(one[0], again[0])
    assert np.array_equal(one[1], again[1])
    assert not np.array_equal(one[1], other[1])
    assert len(one[1]) == 300
    for rows in one:  # neither side is left in order
        assert abs(np.corrcoef(rows, np.arange(len(rows)))[0, 1]) < 0.2


def test_unstratified_takes_classes_as_they_come() -> None:
    y = np.repeat([0, 1], [500, 500])
    shares = [
        np.count_nonzero(y[split_rows(y, 100, np.random.default_rng(seed), stratify=False)[1]]) for seed in range(20)
    ]
    assert len(set(shares)) > 5
    assert abs(np.mean(shares) - 50) < 5


def test_split_keeps_rows_with_their_labels() -> None:
    x = np.stack([Y, np.arange(10)], axis=1)
    x_rest, y_rest, x_part, y_part = split(x, Y, 0.4, np.random.default_rng(3))
    assert len(x_part) == 4
    assert np.array_equal(x_rest[:, 0], y_rest)
    assert np.array_equal(x_part[:, 0], y_part)
    assert sorted([*x_rest[:, 1], *x_part[:, 1]]) == list(range(10))


@pytest.mark.parametrize("part", [0, 10, 11, -1, 0.0, 1.0, 1.5, -0.1, 0.01, float("nan")])
def test_nothing_to_split(part: float) -> None:
    with pytest.raises(ByhandError, match="give a fraction between 0 and 1"):
        split_rows(Y, part, np.random.default_rng(0))
    if not isinstance(part, int):
        return
    with pytest.raises(ByhandError, match="x has 3 rows but y has 10 labels"):
        split(np.zeros((3, 2)), Y, part, np.random.default_rng(0))


@pytest.mark.parametrize(("n", "test_size", "seed"), [(1797, 0.2, 42), (10, 0.25, 0), (7, 0.5, 1), (101, 0.33, 7)])
def test_the_order_of_scikit_learn(n: int, test_size: float, seed: int) -> None:
    train, test = train_test_split(np.arange(n), test_size=test_size, random_state=seed)
    found = sklearn_order_split(n, test_size, seed)
    assert np.array_equal(found[0], train)
    assert np.array_equal(found[1], test)


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64, np.uint8])
def test_minmax_is_scikit_learns(dtype: type) -> None:
    x = load_digits().data.astype(dtype)  # has constant columns
    scaler, scale = MinMaxScaler().fit(x[:1000]), minmax(x[:1000])
    for rows in (x[:1000], x[1000:]):
        found = scale(rows)
        assert found.dtype == (np.float32 if dtype is np.float32 else np.float64)
        np.testing.assert_allclose(found, scaler.transform(rows), rtol=1e-6, atol=1e-7)


def test_minmax_by_hand() -> None:
    scale = minmax(np.array([[1.0, 5.0, -2.0], [3.0, 5.0, 2.0]]))
    assert scale(np.array([[2.0, 5.0, 3.0], [1.0, 7.0, -2.0]])).tolist() == [[0.5, 0.0, 1.25], [0.0, 2.0, 0.0]]
