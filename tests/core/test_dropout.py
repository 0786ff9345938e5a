"""Dropout."""

import numpy as np
import pytest

from byhand import (
    MSE,
    ByhandError,
    Dense,
    Dropout,
    ReLU,
)
from byhand.ops import reference
from byhand.testing import check_layer
from tests.core.faults import ops_with
from tests.core.regularized import data, make, train


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("rate", [0.2, 0.5, 0.9])
def test_dropouts_expectation_and_variance(rate, dtype):
    mask = np.empty((1000, 200), dtype)
    reference.dropout_mask(np.random.default_rng(0), rate, mask)
    np.testing.assert_allclose(np.unique(mask), [0, 1 / (1 - rate)], rtol=1e-6)
    variance, n = rate / (1 - rate), mask.size  # of 1/(1 − rate) with probability 1 − rate, else 0
    assert abs(mask.mean(dtype=float) - 1) < 4 * np.sqrt(variance / n)
    assert mask.var(dtype=float) == pytest.approx(variance, rel=0.02)
    for axis in (0, 1):  # no row and no column is special
        means, count = mask.mean(axis=axis, dtype=float), mask.shape[axis]
        assert means.var() == pytest.approx(variance / count, rel=0.35)


def test_dropout_masks_come_from_the_generator_alone_and_change_with_every_batch():
    network, x = make([Dense(40), Dropout(0.5)], loss=MSE()), data()[0]
    rng = np.random.default_rng(5)
    first, second = (network.forward(x, rng=rng).copy() for _ in range(2))
    again = network.forward(x, rng=np.random.default_rng(5))
    np.testing.assert_array_equal(again, first)
    assert ((first == 0) != (second == 0)).any()


def test_outside_training_dropout_does_nothing():
    with_it, without = make([Dense(40), Dropout(0.5), Dense(3)]), make([Dense(40), Dense(3)])
    x, y = data()
    t = np.eye(3)[y]
    with_it.forward(x, rng=np.random.default_rng(0))  # leaves a mask behind
    np.testing.assert_array_equal(with_it.predict_proba(x), without.predict_proba(x))
    for network in (with_it, without):
        network.forward(x)
        network.backward(t)
    np.testing.assert_array_equal(with_it.gradient, without.gradient)


def test_a_rate_of_zero_draws_nothing():
    histories = [train(make(layers)) for layers in ([Dense(6), Dropout(0.0), Dense(3)], [Dense(6), Dense(3)])]
    assert histories[0]["loss"] == histories[1]["loss"]


@pytest.mark.parametrize("batch_size", [7, None])
def test_the_same_seed_gives_the_same_bits_with_dropout(batch_size):
    layers, n = [Dense(16), ReLU(), Dropout(0.3), Dense(3)], 2500
    networks = [make(layers, dtype=np.float32) for _ in range(3)]
    for network, threads, seed in zip(networks, (1, 2, 1), (3, 3, 4), strict=True):
        threads = threads if batch_size is None else 1
        train(network, n, batch_size=batch_size, threads=threads, rng=seed, epochs=1)
    np.testing.assert_array_equal(networks[0].theta, networks[1].theta)
    assert (networks[0].theta != networks[2].theta).any()


def test_faults_of_dropout():
    class AnotherMask(Dropout):
        def backward(self, ops, at):
            if at.dx is not None:
                at.dx[...] = at.dy * np.roll(at.cache.r, 1)

    class NoMask(Dropout):
        def backward(self, ops, at):
            if at.dx is not None:
                at.dx[...] = at.dy

    for kind in (AnotherMask, NoMask):
        with pytest.raises(AssertionError, match="dx"):
            check_layer(kind(0.5), 5)
    with pytest.raises(AssertionError, match="dx"):
        check_layer(Dropout(0.5), 5, ops=ops_with("multiply", lambda sound, a, b, out: sound(a, a * b, out)))


@pytest.mark.parametrize("rate", [-0.1, 1, 1.5, "half", None, True, float("nan")])
def test_dropout_refuses(rate):
    with pytest.raises(ByhandError, match="rate"):
        Dropout(rate)
