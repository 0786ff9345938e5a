"""Residual blocks: x + F(x) around any layers, also around each other."""

import numpy as np
import pytest

import byhand
from byhand import (
    MSE,
    BatchNorm,
    ByhandError,
    CategoricalCrossEntropy,
    Dense,
    Dropout,
    Flatten,
    Network,
    ReLU,
    Residual,
    Sigmoid,
    Tanh,
    Zeros,
)
from byhand.testing import check_layer


def network(*layers, inputs=4, loss=None):
    return Network(inputs, layers, loss or MSE(), rng=1, dtype=np.float64)


def test_with_weights_of_zero_only_the_ways_around_are_left():
    net = network(Residual([Dense(7), Tanh(), Dense(4, Zeros())]), Residual([Residual([Dense(4, Zeros())])]))
    x, t = np.random.default_rng(0).standard_normal((2, 3, 4))
    np.testing.assert_array_equal(net.forward(x), 2 * x)  # the second block's F is x itself
    net.backward(t)
    dy = 2 * (2 * x - t) / x.size
    np.testing.assert_allclose(net.g[1].children[0].children[0].b, dy.sum(axis=0))
    np.testing.assert_allclose(net.g[0].children[2].b, 2 * dy.sum(axis=0))  # by both ways


def test_it_is_x_plus_what_the_same_layers_do_in_a_row():
    layers = [Dense(7), ReLU(), Dense(4), Sigmoid()]
    around, plain = network(Residual(layers)), network(*layers)
    np.testing.assert_array_equal(around.theta, plain.theta)  # started in the same order
    x = np.random.default_rng(0).standard_normal((5, 4))
    np.testing.assert_allclose(around.forward(x), x + plain.forward(x), rtol=1e-14)


def test_a_layer_that_works_in_place_leaves_x_alone():
    net, x = network(Residual([Sigmoid()]), Residual([Flatten(), ReLU()]), Residual([Dense(4)])), np.ones((2, 4))
    y = net.forward(x)
    first = 1 + 1 / (1 + np.exp(-1))
    np.testing.assert_allclose(y, 2 * first + 2 * first * net.p[2].children[0].W.sum(axis=0) * np.ones((2, 1)))
    np.testing.assert_array_equal(x, 1)


def test_the_first_layer_that_learns_may_be_inside():
    net = network(Tanh(), Residual([Tanh(), Residual([Dense(4)])]), Dense(2))
    x, t = np.random.default_rng(0).standard_normal((6, 4)), np.zeros((6, 2))
    net.forward(x)
    net.backward(t)
    h, loss = 1e-6, []
    for step in (h, -h):
        net.p[1].children[1].children[0].W[2, 1] += step
        loss.append(float(np.mean((net.forward(x)) ** 2)))
        net.p[1].children[1].children[0].W[2, 1] -= step
    assert net.g[1].children[1].children[0].W[2, 1] == pytest.approx((loss[0] - loss[1]) / (2 * h), rel=1e-6)


def test_names_sizes_and_summary():
    net = network(Dense(4), Residual([BatchNorm(), Residual([Dense(3), Dense(4)])]), Dense(2))
    assert [p.full_name for p in net.arena.parameters] == (
        ["0.W", "1.1.0.W", "1.1.1.W", "2.W", "0.b", "1.0.gamma", "1.0.beta", "1.1.0.b", "1.1.1.b", "2.b"]
    )
    assert net.arena.weights == slice(0, 16 + 12 + 12 + 8)
    assert [p.full_name for p in net.state_arena.parameters] == ["1.0.running_mean", "1.0.running_var"]
    line = next(line for line in net.summary().splitlines() if line.startswith("Residual"))
    assert line.split() == ["Residual(BatchNorm,", "Residual(Dense(3),", "Dense(4)))", "4", "39"]


def test_a_deep_network_learns_with_it_and_not_without():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((200, 4))
    y = (x[:, 0] * x[:, 1] > 0).astype(np.int64)
    blocks = [[Dense(4), Sigmoid(), Dense(4)] for _ in range(15)]
    accuracy = {}
    for name, layers in {
        "with": [Residual(block) for block in blocks],
        "without": [layer for block in blocks for layer in block],
    }.items():
        net = network(*layers, Dense(2), loss=CategoricalCrossEntropy())
        history = byhand.fit(net, x, y, epochs=15, optimizer=byhand.Adam(0.01), progress=False)
        accuracy[name] = history["accuracy"][-1]
    assert accuracy["with"] > 0.8
    assert accuracy["without"] < 0.65


def test_dropout_inside_is_random_in_training_only():
    net, x = network(Residual([Dropout(0.5)])), np.ones((50, 4))
    np.testing.assert_array_equal(net.forward(x), 2)
    assert set(np.unique(net.forward(x, rng=np.random.default_rng(0)))) == {1, 3}


@pytest.mark.parametrize(
    ("layers", "words"),
    [
        ([Dense(3)], r"Layer 1, Residual\(Dense\(3\)\): the layers inside turn \(4,\) into \(3,\)"),
        ([Residual([Dense(4), Dense(5)])], r"Layer 1, .*: Layer 1, Residual.* \(4,\) into \(5,\)"),
    ],
)
def test_shapes_have_to_agree(layers, words):
    with pytest.raises(ByhandError, match=words):
        network(Residual(layers))


@pytest.mark.parametrize("wrong", [[], Dense(4), None, "Dense", [Dense], [None]])
def test_it_refuses_what_is_no_list_of_layers(wrong):
    with pytest.raises(ByhandError):
        Residual(wrong)


class Faulty(Residual):
    fault = ""

    def backward(self, ops, at):
        super().backward(ops, at)
        if at.dx is not None:
            match self.fault:
                case "no way around":
                    at.dx[...] = at.cache.d0
                case "only the way around":
                    at.dx[...] = at.dy
                case "the way around twice":
                    at.dx += at.dy
        if self.fault == "first layer forgotten":
            at.g.children[0].W[...] = 0


@pytest.mark.parametrize(
    ("fault", "blamed"),
    {
        "no way around": "dx",
        "only the way around": "dx",
        "the way around twice": "dx",
        "first layer forgotten": "d0.W",
    }.items(),
)
def test_the_contract_suite_sees_faults(fault, blamed):
    kind = type("Faulty", (Faulty,), {"fault": fault})
    with pytest.raises(AssertionError, match=blamed):
        check_layer(kind([Dense(3), Tanh(), Dense(4)]), 4)
