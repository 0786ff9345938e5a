"""Repeated calls of operations against passes through the layers: the same bits, whatever the network is made of."""

from types import SimpleNamespace

import numpy as np
import pytest

import byhand as bh
from byhand.data.augment import Augment
from byhand.ops import default, reference
from byhand.training import replay, steps

LAYERS = (
    [bh.Conv2D(16, 3), bh.BatchNorm(), bh.ReLU(), bh.MaxPool2D(2)],
    [bh.Conv2D(16, 3), bh.ReLU(), bh.MaxPool2D(3, stride=2, padding="same"), bh.LeakyReLU(), bh.AveragePool2D(2)],
    [bh.Flatten(), bh.Dropout(0.2), bh.Dense(9), bh.Tanh(), bh.Dense(8), bh.ELU(), bh.Dense(7), bh.Sigmoid()],
    [bh.Dense(5), bh.ReLU(), bh.Dense(10)],
)
LOSSES = [bh.CategoricalCrossEntropy(), bh.BinaryCrossEntropy(), bh.MSE(), bh.QuadraticCost()]


def train(layers, loss=LOSSES[0], *, dtype=np.float32, ops=default, samples=53, batch_size=10, epochs=2, **options):
    """The network after some steps, the last of each epoch with fewer samples."""
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 256, (samples, 12, 12, 1), np.uint8), rng.integers(0, 10, samples)
    network = bh.Network((12, 12, 1), layers, loss, dtype=dtype, ops=ops)
    history = bh.fit(network, x, y, epochs=epochs, batch_size=batch_size, rng=1, progress=False, **options)
    return network, history


def test_these_networks_have_all_that_is_known():
    parts = [*(layer for part in LAYERS for layer in part), *LOSSES]
    assert {type(part) for part in parts} == replay.KNOWN


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: type(loss).__name__)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("options", [{}, {"weighted": True}, {"augment": Augment.digits(), "workers": 1}], ids=str)
def test_the_bits_are_those_of_passes_through_the_layers(monkeypatch, loss, dtype, options):
    layers = [layer for part in LAYERS for layer in part]
    options = dict(options)
    if options.pop("weighted", False):
        options["sample_weight"] = np.random.default_rng(2).random(53) + 0.1
    repeated, history = train(layers, loss, dtype=dtype, **options)
    monkeypatch.setattr(steps, "is_known", lambda network: False)
    plain, wanted = train(layers, loss, dtype=dtype, **options)
    np.testing.assert_array_equal(repeated.theta, plain.theta)
    np.testing.assert_array_equal(repeated.gradient, plain.gradient)
    np.testing.assert_array_equal(repeated.state, plain.state)
    assert history["loss"] == wanted["loss"] and history["accuracy"] == wanted["accuracy"]


@pytest.mark.parametrize("ops", [default, reference], ids=["default", "reference"])
def test_a_relu_before_a_max_pool_is_computed_behind_it(ops):
    seen = []

    def watch(name):
        def call(*arguments, **named):
            seen.append((name, arguments[0].shape[1:3]))
            return getattr(ops, name)(*arguments, **named)

        return call

    table = SimpleNamespace(**vars(ops))
    for name in ("relu", "max_pool", "max_pool_backward", "relu_backward"):
        setattr(table, name, watch(name))
    layers = [bh.Conv2D(16, 3), bh.ReLU(), bh.MaxPool2D(2), bh.Flatten(), bh.Dense(10)]
    train(layers, ops=table, samples=30, epochs=1)
    before, behind = (12, 12), (6, 6)
    first = [("relu", before), ("max_pool", before), ("max_pool_backward", before), ("relu_backward", before)]
    later = [("max_pool", before), ("relu", behind), ("relu_backward", behind), ("max_pool_backward", before)]
    assert seen == first + 2 * later


def test_a_layer_that_may_do_more_than_call_operations_is_asked_at_every_step():
    calls = []

    class Counting(bh.Dense):
        def forward(self, ops, p, x, y, cache, rng):
            calls.append(len(x))
            super().forward(ops, p, x, y, cache, rng)

    train([bh.Flatten(), Counting(10)], samples=35, epochs=2)
    assert calls == 2 * [10, 10, 10, 5]


def test_known_layers_are_asked_at_the_first_step_and_for_fewer_samples(monkeypatch):
    calls, forward = [], bh.Dense.forward
    monkeypatch.setattr(
        bh.Dense, "forward", lambda self, *arguments: (calls.append(len(arguments[2])), forward(self, *arguments))
    )
    train([bh.Flatten(), bh.Dense(10)], samples=35, epochs=2)
    assert calls == [10, 5, 5]
