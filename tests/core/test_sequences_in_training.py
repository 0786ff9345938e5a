"""Sequences in training: steps that are not there, and states that go on from batch to batch."""

from dataclasses import dataclass

import numpy as np
import pytest

from byhand import (
    GRU,
    LSTM,
    MSE,
    SGD,
    ByhandError,
    Callback,
    CategoricalCrossEntropy,
    Checkpoints,
    Dense,
    Flatten,
    Network,
    evaluate,
    fit,
)
from byhand.core.plan import Plan
from byhand.layers import Layer

T, K = 6, 4
QUIET = {"progress": False, "threads": 1}


@dataclass(frozen=True)
class RunningSum(Layer):
    """s_t = s_{t−1} + x_t, y_t = s_t."""

    def plan(self, in_shape):
        return Plan(in_shape, carry={"s": in_shape[1:]})

    def forward(self, ops, at):
        np.cumsum(at.x, axis=1, out=at.y)
        if at.carries:
            at.y += at.carry.s[:, np.newaxis]
        at.carry.s[...] = at.y[:, -1]

    def backward(self, ops, at):
        if at.dx is not None:
            at.dx[...] = np.cumsum(at.dy[:, ::-1], axis=1)[:, ::-1]


def sequences(n, dtype=np.float64):
    rng = np.random.default_rng(0)
    lengths = rng.integers(1, T + 1, n)
    return rng.normal(size=(n, T, 3)).astype(dtype), rng.integers(0, K, (n, T)), lengths


def classifier(layers=()):
    return Network((T, 3), [*layers, Dense(K)], CategoricalCrossEntropy(), dtype=np.float64)


def losses_and_weights(**data):
    x, y, _ = sequences(20)
    network = classifier()
    history = fit(network, x, y, batch_size=8, epochs=3, shuffle=False, optimizer=SGD(0.5), **QUIET, **data)
    return history["loss"], network.theta.copy()


def test_steps_that_are_not_there_count_nothing():
    torch = pytest.importorskip("torch")
    x, y, lengths = sequences(20)
    start = classifier()
    W, b = (torch.tensor(np.array(a), requires_grad=True) for a in (start.p[0].W, start.p[0].b))
    losses = []
    for _ in range(3):
        total = 0.0
        for rows in (slice(0, 8), slice(8, 16), slice(16, 20)):
            each = [  # the mean over the steps of each sequence, then over the sequences
                torch.nn.functional.cross_entropy(torch.tensor(x[i, :n]) @ W + b, torch.tensor(y[i, :n]))
                for i, n in zip(range(20)[rows], lengths[rows], strict=True)
            ]
            loss = sum(each) / len(each)
            dW, db = torch.autograd.grad(loss, (W, b))
            with torch.no_grad():
                W -= 0.5 * dW
                b -= 0.5 * db
            total += loss.item() * len(each)
        losses.append(total / 20)
    found, theta = losses_and_weights(lengths=lengths)
    np.testing.assert_allclose(found, losses, rtol=1e-10)
    np.testing.assert_allclose(theta, np.concatenate([W.detach().numpy().ravel(), b.detach().numpy()]), rtol=1e-10)


def test_lengths_are_a_mask_and_padding_may_hold_anything():
    x, y, lengths = sequences(20)
    mask = np.arange(T) < lengths[:, np.newaxis]
    wanted = losses_and_weights(lengths=lengths)
    for padding in (-1, 99):
        network = classifier()
        history = fit(
            network, x, np.where(mask, y, padding), mask=mask, batch_size=8, epochs=3, shuffle=False,
            optimizer=SGD(0.5), validation=(x, np.where(mask, y, padding), lengths), metrics=["f1"], **QUIET,
        )  # fmt: skip
        assert history["loss"] == wanted[0]
        np.testing.assert_array_equal(network.theta, wanted[1])
    right = network.predict(x)[mask] == y[mask]
    assert history["val_accuracy"][-1] == pytest.approx(right.mean())


def test_distributions_as_targets_may_be_padded_with_zeros():
    x, y, lengths = sequences(20)
    mask = np.arange(T) < lengths[:, np.newaxis]
    t = np.eye(K)[y] * mask[..., np.newaxis]
    network = classifier()
    history = fit(network, x, t, lengths=lengths, batch_size=8, epochs=3, shuffle=False, optimizer=SGD(0.5), **QUIET)
    np.testing.assert_allclose(history["loss"], losses_and_weights(lengths=lengths)[0], rtol=1e-12)


def test_full_batches_take_masks_as_well():
    x, y, lengths = sequences(20)
    whole, mini = classifier(), classifier()
    for network, size in ((whole, None), (mini, 20)):
        fit(network, x, y, lengths=lengths, batch_size=size, epochs=2, optimizer=SGD(0.5), **QUIET)
    np.testing.assert_allclose(whole.theta, mini.theta, rtol=1e-12)


def test_one_label_a_sequence_is_no_label_of_a_step():
    x, y, lengths = sequences(T)  # as many sequences as steps
    network, plain = (Network((T, 3), [Flatten(), Dense(K)], CategoricalCrossEntropy()) for _ in range(2))
    with_lengths = fit(network, x, y[:, 0], lengths=lengths, epochs=2, **QUIET)
    without = fit(plain, x, y[:, 0], epochs=2, **QUIET)
    assert with_lengths["accuracy"] == without["accuracy"]
    assert with_lengths["loss"] == without["loss"]


def test_evaluation_counts_the_steps_that_are_there():
    metrics = pytest.importorskip("sklearn.metrics")
    x, y, lengths = sequences(20)
    mask, network = np.arange(T) < lengths[:, np.newaxis], classifier()
    evaluation = evaluate(network, x, y, lengths)
    predicted = network.predict(x)[mask]
    np.testing.assert_array_equal(evaluation.confusion, metrics.confusion_matrix(y[mask], predicted, labels=range(K)))
    assert evaluation.accuracy == pytest.approx(np.mean(predicted == y[mask]))
    numbers = Network((T, 3), [Dense(2)], MSE(), dtype=np.float64)
    t = np.where(mask[..., np.newaxis], x[..., :2] ** 2, 1e6)
    wanted = metrics.mean_absolute_error(t[mask], numbers.predict(x)[mask])
    assert evaluate(numbers, x, t, mask).mae == pytest.approx(wanted)


@pytest.mark.parametrize("wrong", [[0] * 20, [T + 1] * 20, [1.0] * 20, [1] * 19, np.ones((20, T - 1), bool)])
def test_lengths_that_do_not_fit_are_refused(wrong):
    with pytest.raises(ByhandError, match=r"lengths must be|A mask must be"):
        losses_and_weights(lengths=np.array(wrong))


def test_mask_and_lengths_together_are_refused():
    with pytest.raises(ByhandError, match="not both"):
        losses_and_weights(lengths=np.ones(20, int), mask=np.ones((20, T), bool))


def streams(n, parts):
    """Long sequences (n, parts · T, 1) with running sums as targets, and the same as batches of n parts each."""
    x = np.random.default_rng(3).normal(size=(n, parts * T, 1))
    y = np.cumsum(x, axis=1)
    cut = [a.reshape(n, parts, T, 1).swapaxes(0, 1).reshape(-1, T, 1) for a in (x, y)]
    return x, y, *cut


def summing(steps=T):
    return Network((steps, 1), [RunningSum(), Dense(1)], MSE(), dtype=np.float64)


def test_states_go_on_from_batch_to_batch_and_begin_anew_with_the_epoch():
    x, y, x_parts, y_parts = streams(5, 4)
    still = {"optimizer": SGD(0.0), "epochs": 2, **QUIET}
    long, short = summing(4 * T), summing()
    wanted = fit(long, x, y, **still)["loss"]
    history = fit(short, x_parts, y_parts, batch_size=5, carry=True, validation=(x_parts, y_parts), **still)
    np.testing.assert_allclose(history["loss"], wanted, rtol=1e-12)
    np.testing.assert_allclose(history["val_loss"], wanted, rtol=1e-12)
    apart = fit(short, x_parts, y_parts, batch_size=5, shuffle=False, **still)["loss"]
    assert abs(apart[0] - wanted[0]) > 1e-3
    batches = [(x_parts[i : i + 5], y_parts[i : i + 5]) for i in range(0, 20, 5)]
    np.testing.assert_allclose(fit(short, batches, carry=True, **still)["loss"], wanted, rtol=1e-12)


def test_what_is_carried_is_in_the_checkpoint(tmp_path):
    _, _, x, y = streams(5, 4)

    class Stop(Callback):
        def on_step(self, training):
            if training.step == 6:
                where.stop()

    arguments = {"batch_size": 5, "carry": True, "epochs": 3, "optimizer": SGD(0.01), **QUIET}
    whole, cut = summing(), summing()
    wanted = fit(whole, x, y, callbacks=[Callback()], **arguments)
    where = Checkpoints(tmp_path, "never")
    with pytest.raises(KeyboardInterrupt):
        fit(cut, x, y, checkpoint=where, callbacks=[Stop()], **arguments)
    again = summing()

    class Stop(Callback):
        pass

    history = fit(again, x, y, checkpoint=where, resume=True, callbacks=[Stop()], **arguments)
    np.testing.assert_array_equal(again.theta, whole.theta)
    assert history["loss"] == wanted["loss"]


@pytest.mark.parametrize("more", [{"batch_size": None}, {"shuffle": np.random.default_rng(0).shuffle}])
def test_carrying_needs_batches_in_order(more):
    _, _, x, y = streams(5, 4)
    with pytest.raises(ByhandError, match="carry"):
        fit(summing(), x, y, carry=True, **more, **QUIET)


def test_predictions_take_masks_and_lengths_of_the_right_shape_only():
    network = Network((T, 1), [RunningSum(), Dense(2)], MSE(), dtype=np.float64)
    x, lengths = np.random.default_rng(0).normal(size=(3, T, 1)), np.array([2, T, 1])
    mask = np.arange(T) < lengths[:, np.newaxis]
    np.testing.assert_array_equal(network.predict(x, mask=mask), network.predict(x, mask=lengths))
    for wrong, words in [
        (np.ones((3, T - 1), bool), "truth values"),
        (np.ones((2, T), bool), "truth values"),
        (np.ones((3, T)), "truth values"),
        (np.array([0, 1, 2]), "lengths must be"),
        (np.array([1, 1, T + 1]), "lengths must be"),
    ]:
        for call in (network.predict, network.predict_proba, network.forward):
            with pytest.raises(ByhandError, match=words):
                call(x, mask=wrong)


def test_long_sequences_are_predicted_in_parts_that_fit_the_memory(monkeypatch):
    network = Network((784, 1), [GRU(128), Dense(10)], CategoricalCrossEntropy(), rng=0)
    rows = network.rows_at_once
    assert 64 <= rows < 512  # two arrays (784, 384) and one of (784, 128) a sample are 2.8 MB, and a GB holds some 350
    workspace = network.workspace(2, share=False)
    arrays = {a.ctypes.data: a for a in vars(workspace.start(2).layers[0].cache).values()}  # some are views of others
    assert sum(a[:1].nbytes for a in arrays.values()) == pytest.approx(2**30 / rows, rel=0.1)
    assert Network(784, [Dense(10)]).rows_at_once == 512

    short, x = Network((6, 1), [LSTM(3), Dense(2)], CategoricalCrossEntropy(), rng=0), np.ones((9, 6, 1))
    x[:, 0, 0] = np.arange(9)
    whole, figures = short.predict_proba(x), evaluate(short, x, np.arange(9) % 2)
    monkeypatch.setattr("byhand.network.network.PREDICTED_BYTES", 2_000)
    del short.rows_at_once  # it was kept
    assert short.rows_at_once < 9
    np.testing.assert_allclose(short.predict_proba(x), whole, rtol=1e-6)
    assert evaluate(short, x, np.arange(9) % 2).loss == pytest.approx(figures.loss)
