"""The training loop: batches, order, weights, bytes, history, callbacks, divergence."""

import sys

import numpy as np
import pytest

import byhand
from byhand import (
    MSE,
    Adam,
    BinaryCrossEntropy,
    CategoricalCrossEntropy,
    Dense,
    Flatten,
    GradientDescent,
    Network,
    QuadraticCost,
    ReLU,
    Sigmoid,
    Tanh,
)
from byhand.explaining.explain import trace
from byhand.ops import reference
from byhand.training.batches import Batches
from tests.core.trained import Recorder, data, make, train

# ---- batches --------------------------------------------------------------------------------------------------------


def test_a_short_last_batch_equals_a_computation_of_its_own():
    network, (x, y) = make(), data(10)
    t = network.loss.encode(y, 3)
    workspace = network.workspace(10)
    network.forward(x, workspace)  # leaves numbers in every array
    network.backward(t, workspace)
    output = network.forward(x[:7], workspace).copy()
    loss = network.backward(t[:7], workspace)
    gradient = network.gradient.copy()
    np.testing.assert_array_equal(output, network.forward(x[:7].copy(), network.workspace(7)))
    fresh = network.workspace(7)
    network.forward(x[:7].copy(), fresh)
    assert network.backward(t[:7].copy(), fresh) == loss
    np.testing.assert_array_equal(network.gradient, gradient)


def test_passes_of_a_workspace_are_made_once():
    workspace = make().workspace(10)
    seven = workspace.start(7)
    assert workspace.start(7) is seven
    assert np.shares_memory(seven.layers[0].y, workspace.start(10).layers[0].y)


def test_neighbouring_gradients_never_share_memory():
    layers = [Flatten(), Dense(7), ReLU(), Flatten(), Dense(9), Tanh(), Dense(3)]
    passes = Network((5, 2), layers, MSE()).workspace(4).start(4).layers
    for layer, a, b in zip(layers[1:], passes, passes[1:], strict=False):
        assert np.shares_memory(a.dy, b.dy) == isinstance(layer, Flatten)  # which hands it on in another shape


def test_layers_in_place_never_destroy_what_backward_needs():
    """Every chain of layers has the gradient of the same chain in arrays of their own."""
    chains = [
        [ReLU(), Flatten(), Dense(4), Flatten(), Sigmoid(), Tanh(), Dense(3)],
        [Flatten(), ReLU(), Sigmoid(), Dense(3), Tanh(), ReLU()],
        [Flatten(), Dense(4), Tanh(), Flatten(), ReLU(), Flatten(), Dense(3), Sigmoid(), Flatten()],
        [Flatten(), byhand.ELU(0.5), ReLU(), Dense(4), byhand.LeakyReLU(0.1), byhand.Softmax(), Dense(3)],
    ]
    rng = np.random.default_rng(0)
    x, t = rng.standard_normal((6, 5, 2)), rng.uniform(size=(6, 3))
    for layers in chains:
        network = Network((5, 2), layers, QuadraticCost(), rng=0, dtype=np.float64)
        kept = x.copy()
        network.forward(x)
        network.backward(t)
        traced = trace(network, x, t)
        for i, g in enumerate(network.g):
            for name, value in vars(g).items():
                np.testing.assert_allclose(value, traced[f"d{name}{_number(network, i)}"], rtol=1e-12, atol=1e-15)
        np.testing.assert_array_equal(x, kept)


def _number(network, i):
    return sum(bool(plan.params) for plan in network.plan[: i + 1])


@pytest.fixture
def piece(request, monkeypatch):
    """How many rows go through the network at once; a part has four times as many."""
    for module in ("trainer", "steps"):
        monkeypatch.setattr(sys.modules[f"byhand.training.{module}"], "PREDICTED_ROWS", request.param)
    monkeypatch.setattr(sys.modules["byhand.training.steps"], "LEAST", 4 * request.param)
    return request.param


@pytest.mark.parametrize("optimizer", [GradientDescent(0.5), Adam(0.01)], ids=str)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("piece", [1, 3, 7, 25, 49, 50, 51], indirect=True)
def test_full_batch_in_pieces_equals_full_batch_at_once(piece, weighted, optimizer):
    x, y = data(50)
    weights = np.linspace(0, 3, 50) if weighted else None
    network, by_hand = make(), make()
    history = train(
        network, x, y, batch_size=None, epochs=5, optimizer=optimizer, sample_weight=weights, validation=(x, y)
    )
    state, workspace = optimizer.state(network.size, np.float64), by_hand.workspace(50)
    for step in range(5):
        right = float(np.mean(by_hand.predict(x) == y))
        by_hand.forward(x, workspace)
        loss = by_hand.backward(np.eye(3)[y], workspace, None if weights is None else weights / weights.mean())
        assert history["loss"][step] == pytest.approx(loss, rel=1e-12)
        assert history["accuracy"][step] == right
        optimizer.step(reference, by_hand.theta, by_hand.gradient, state, step + 1, optimizer.learning_rate)
    np.testing.assert_allclose(network.theta, by_hand.theta, rtol=1e-11, atol=1e-13)
    assert not np.array_equal(network.theta, make().theta)


@pytest.mark.parametrize("piece", [3, 8, 50], indirect=True)
def test_full_batch_gives_the_same_bits_whatever_the_number_of_threads(piece):
    thetas = set()
    for threads in (1, 2, 3, 20, None):
        network = make(dtype=np.float32)
        train(network, *data(), batch_size=None, epochs=5, threads=threads)
        thetas.add(network.theta.tobytes())
    assert len(thetas) == 1


@pytest.mark.parametrize("piece", [8], indirect=True)
def test_full_batch_is_one_step_an_epoch_whatever_the_pieces(piece):
    steps = Recorder()
    train(make(), *data(50), batch_size=None, epochs=4, callbacks=[steps])
    assert [event for event in steps.events if event[0] == "step"] == [("step", 1 + i, 1 + i) for i in range(4)]


@pytest.mark.parametrize("piece", [7], indirect=True)
def test_after_full_batch_the_gradient_is_that_of_the_step(piece):
    network, before, (x, y) = make(), make(), data()
    train(network, x, y, batch_size=None, epochs=1, optimizer=GradientDescent(0.1), threads=2)
    np.testing.assert_allclose(before.theta - 0.1 * network.gradient, network.theta, rtol=1e-13)


def test_one_sample_at_a_time_by_hand():
    x, y = data(8)
    network, by_hand = make(), make()
    train(network, x, y, batch_size=1, epochs=2, optimizer=GradientDescent(0.2), rng=5)
    rng, order = np.random.default_rng(5), np.arange(8)
    for _ in range(2):
        rng.shuffle(order)
        for i in order:
            by_hand.forward(x[i : i + 1])
            by_hand.backward(np.eye(3)[y[i : i + 1]])
            by_hand.theta -= 0.2 * by_hand.gradient
    np.testing.assert_allclose(network.theta, by_hand.theta, rtol=1e-13, atol=1e-15)


class Watcher(Flatten):
    """Writes down the first number of every sample that comes by."""

    def forward(self, ops, at):
        seen.append((at.rng, at.x[:, 0].copy()))
        super().forward(ops, at)


seen = []


@pytest.mark.parametrize("batch_size", [1, 8, 23, 40])
def test_every_epoch_sees_every_sample_once_in_another_order(batch_size):
    seen.clear()
    x = np.arange(23.0)[:, None] * [[1, 0.01]]
    network = Network(2, [Watcher(), Dense(3)], CategoricalCrossEntropy(), dtype=np.float64)
    train(network, x, np.arange(23) % 3, batch_size=batch_size, epochs=3, rng=0)
    assert {len(batch) for _, batch in seen} <= {min(batch_size, 23), 23 % batch_size or batch_size}
    assert all(train for train, _ in seen)
    epochs = np.concatenate([batch for _, batch in seen]).reshape(3, 23)
    for epoch in epochs:
        np.testing.assert_array_equal(np.sort(epoch), np.arange(23))
    orders = {tuple(epoch) for epoch in [*epochs, np.arange(23.0)]}
    assert len(orders) == 4


def test_every_sample_keeps_its_label_and_weight():
    x = np.arange(23.0)[:, None]
    network = Network(1, [Dense(1)], MSE(), dtype=np.float64)
    batches = Batches(network, x, 10 * x[:, 0], 5, 1 + x[:, 0])
    for run in (batches.gathered(np.random.default_rng(0).permutation(23)), batches.in_order()):
        for batch in run:
            np.testing.assert_array_equal(batch.t, 10 * batch.x)
            np.testing.assert_allclose(batch.weights, (1 + batch.x[:, 0]) / 12, rtol=1e-14)


def test_the_same_generator_state_gives_the_same_parameters_and_another_one_others():
    thetas = []
    for seed in (3, 3, np.random.default_rng(3), 4):
        network = make(dtype=np.float32)
        train(network, *data(), batch_size=7, rng=seed)
        thetas.append(network.theta.tobytes())
    assert thetas[0] == thetas[1] == thetas[2] != thetas[3]


def test_training_leaves_the_data_alone():
    x, y = data()
    kept = x.copy(), y.copy()
    train(make(), x, y, batch_size=None)
    train(make(), x, y, batch_size=8)
    np.testing.assert_array_equal(x, kept[0])
    np.testing.assert_array_equal(y, kept[1])


# ---- bytes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_bytes_are_grey_levels_over_255(dtype):
    grey = np.arange(256, dtype=np.uint8).reshape(64, 4)
    scaled, y = grey.astype(dtype) / dtype(255), np.arange(64) % 3
    one, other = (make(dtype=dtype, inputs=4) for _ in range(2))
    np.testing.assert_array_equal(one.as_input(grey), (grey / 255.0).astype(dtype))
    np.testing.assert_array_equal(one.predict_proba(grey), one.predict_proba(scaled))
    for batch_size in (7, None):
        train(one, grey, y, batch_size=batch_size, validation=(grey, y))
        train(other, scaled, y, batch_size=batch_size, validation=(scaled, y))
        np.testing.assert_array_equal(one.theta, other.theta)
    assert byhand.evaluate(one, grey, y).loss == byhand.evaluate(other, scaled, y).loss


def test_other_integers_are_taken_as_they_are():
    network = make(inputs=4)
    x = np.arange(8).reshape(2, 4)
    np.testing.assert_array_equal(network.predict_proba(x), network.predict_proba(x.astype(float)))
    assert not np.array_equal(network.predict_proba(x), network.predict_proba(x.astype(np.uint8)))


# ---- weights and targets --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", [QuadraticCost(), MSE(), BinaryCrossEntropy(), CategoricalCrossEntropy()], ids=str)
def test_a_weight_of_two_is_the_sample_twice(loss):
    x, y = data(12)
    counts = np.array([0, 1, 2, 3] * 3)
    weighted, repeated = make(loss=loss), make(loss=loss)
    options = {"batch_size": None, "optimizer": GradientDescent(0.5), "epochs": 6}
    history = train(weighted, x, y, sample_weight=counts, **options)
    twin = train(repeated, x.repeat(counts, axis=0), y.repeat(counts), **options)
    np.testing.assert_allclose(weighted.theta, repeated.theta, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(history["loss"], twin["loss"], rtol=1e-12)


def test_only_the_proportion_of_weights_counts():
    thetas = []
    for weights in (np.linspace(1, 2, 50), np.linspace(1, 2, 50) * 1000, list(np.linspace(1, 2, 50))):
        network = make()
        train(network, *data(), sample_weight=weights, batch_size=8)
        thetas.append(network.theta)
    np.testing.assert_allclose(thetas[1], thetas[0], rtol=1e-10)
    np.testing.assert_array_equal(thetas[2], thetas[0])


def test_labels_and_their_one_hot_rows_train_alike():
    x, y = data()
    one, other, third = make(), make(), make()
    history = train(one, x, y)
    assert train(other, x, np.eye(3)[y])["accuracy"] == history["accuracy"]
    train(third, x.tolist(), y.tolist())
    np.testing.assert_array_equal(one.theta, other.theta)
    np.testing.assert_array_equal(one.theta, third.theta)


def test_label_smoothing_is_training_on_smoothed_targets():
    x, y = data()
    smooth, by_hand = make(loss=CategoricalCrossEntropy(0.3)), make()
    train(smooth, x, y)
    train(by_hand, x, np.eye(3)[y] * 0.7 + 0.1)
    np.testing.assert_allclose(smooth.theta, by_hand.theta, rtol=1e-12)


def test_one_output_and_yes_or_no_labels():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((200, 5))
    y = x[:, 0] + x[:, 1] > 0
    for labels in (y, y.astype(int), y.astype(np.uint8)):
        network = make(1, BinaryCrossEntropy())
        history = train(network, x, labels, optimizer=Adam(0.05), epochs=10)
        assert history["accuracy"][-1] > 0.95
        assert np.mean(network.predict(x) == y) > 0.95
    np.testing.assert_array_equal(network.predict(x), network.predict_proba(x)[:, 0] >= 0.5)


@pytest.mark.parametrize("loss", [QuadraticCost(), BinaryCrossEntropy()], ids=str)
def test_a_single_outputs_threshold_is_the_same_in_training_and_prediction(loss):
    network, (x, y) = make(1, loss), data(60, classes=2)
    history = train(network, x, y, epochs=1, batch_size=None, optimizer=GradientDescent(0.0))
    assert history["accuracy"][0] == np.mean(network.predict(x) == y)
    assert 0.1 < history["accuracy"][0] < 0.9
