"""What a network's vectors and passes hold on to."""

import tracemalloc

import numpy as np
import pytest

import byhand as bh


def network(**options):
    return bh.Network(4, [bh.Dense(5), bh.Tanh(), bh.Dense(3)], bh.CategoricalCrossEntropy(), **options)


@pytest.fixture
def batch():
    rng = np.random.default_rng(0)
    return rng.random((6, 4), dtype=np.float32), rng.integers(0, 3, 6)


@pytest.mark.parametrize("name", ["theta", "gradient"])
def test_a_vector_that_is_assigned_is_what_the_layers_see(name):
    net = network()
    own, views = getattr(net, name), net.p if name == "theta" else net.g
    setattr(net, name, np.arange(net.size))
    assert getattr(net, name) is own
    assert views[2].W[0, 1] == net.arena.parameters[1].start + 1
    net.theta = net.theta * 0
    np.testing.assert_array_equal(net.p[0].W, 0)


def test_a_vector_of_another_length_is_refused():
    net = network()
    with pytest.raises(bh.ByhandError, match=r"theta has the shape \(43,\); an array of shape \(2,\)"):
        net.theta = np.zeros(2)


def test_state_that_is_assigned_is_what_batch_normalisation_uses():
    net = bh.Network(4, [bh.BatchNorm(), bh.Dense(3)], bh.CategoricalCrossEntropy())
    net.state = np.arange(8)
    np.testing.assert_array_equal(np.concatenate([net.p[0].running_mean, net.p[0].running_var]), np.arange(8))


def test_predictions_between_forward_and_backward_change_no_gradient(batch):
    x, labels = batch
    net = network()
    net.forward(x)
    net.backward(labels)
    wanted = net.gradient.copy()
    net.gradient = wanted * 0
    net.forward(x)
    net.predict(np.full((9, 4), 7.0))
    net.input_gradient(np.full((6, 4), 7.0), np.ones((6, 3)))
    net.backward(labels)
    np.testing.assert_array_equal(net.gradient, wanted)


def test_a_factor_of_zero_is_zero(batch):
    x, labels = batch
    net = network()
    net.forward(x)
    assert net.backward(labels, factor=0.0) == 0
    np.testing.assert_array_equal(net.gradient, 0)


def test_labels_tell_layers_apart():
    assert bh.MaxPool2D(2).label() != bh.MaxPool2D(2, stride=1).label()


def test_class_numbers_take_no_table_of_targets():
    """20,000 labels of 1,000 classes as a table of float32 would be 80 MB."""
    net = bh.Network(2, [bh.Dense(1000)], bh.CategoricalCrossEntropy())
    x, labels = np.zeros((20_000, 2), np.float32), np.arange(20_000) % 1000
    tracemalloc.start()
    bh.fit(net, x, labels, epochs=1, batch_size=100, progress=False, accuracy=False)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8e6
