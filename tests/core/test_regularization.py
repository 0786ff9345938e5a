"""Dropout, rules on gradient and weights, early stopping and averaging."""

from types import SimpleNamespace

import numpy as np
import pytest

import byhand
from byhand import (
    L1,
    L2,
    MSE,
    Averaging,
    BatchNorm,
    ByhandError,
    Callback,
    CategoricalCrossEntropy,
    ClipNorm,
    ClipValue,
    Dense,
    Dropout,
    EarlyStopping,
    GradientDescent,
    MaxNorm,
    Momentum,
    Network,
    ReLU,
    Residual,
    Tanh,
    Zeros,
)
from byhand.core.config import from_config, to_config
from byhand.ops import reference
from byhand.testing import check_layer
from byhand.training import History
from tests.core.faults import ops_with

PLAIN = (Dense(6), Tanh(), Dense(3))


def make(layers=PLAIN, inputs=5, loss=None, dtype=np.float64):
    return Network(inputs, layers, loss or CategoricalCrossEntropy(), rng=1, dtype=dtype)


def data(n=50, inputs=5):
    rng = np.random.default_rng(2)
    return rng.standard_normal((n, inputs)), rng.integers(0, 3, n)


def train(network, n=50, **options):
    return byhand.fit(network, *data(n), **{"progress": False, "epochs": 3} | options)


# ---- dropout ----------------------------------------------------------------------------------------------------


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


# ---- rules ------------------------------------------------------------------------------------------------------


def with_numbers(theta, gradient):
    """A network of one Dense(2) for two inputs: W is the first four numbers, b the last two."""
    network = make([Dense(2)], 2, MSE())
    network.theta[...], network.gradient[...] = theta, gradient
    return network, np.empty(6)


def changed(rule, theta=(3, -4, 0, 1, 5, -6), gradient=(1, 2, 3, 4, 5, 6)):
    network, scratch = with_numbers(theta, gradient)
    rule.change_gradient(network, scratch)
    np.testing.assert_array_equal(network.theta, theta)
    after_gradient = network.gradient.tolist()
    rule.change_parameters(network, scratch)
    np.testing.assert_array_equal(network.gradient, after_gradient)
    return after_gradient, network.theta.tolist()


def test_rules_by_hand():
    theta, g = [3, -4, 0, 1, 5, -6], [1, 2, 3, 4, 5, 6]
    assert changed(L2(0.5)) == ([2.5, 0, 3, 4.5, 5, 6], theta)  # biases go free
    assert changed(L1(0.5)) == ([1.5, 1.5, 3, 4.5, 5, 6], theta)
    assert changed(ClipValue(3.5)) == ([1, 2, 3, 3.5, 3.5, 3.5], theta)
    assert changed(ClipValue(3.5), gradient=[-9, 0, 0, 0, 9, 1])[0] == [-3.5, 0, 0, 0, 3.5, 1]
    assert changed(ClipNorm(10)) == (g, theta)  # ‖g‖ = √91
    assert changed(ClipNorm(1))[0] == pytest.approx(np.array(g) / np.sqrt(91))
    assert changed(MaxNorm(5)) == (g, theta)
    # W = [[3, −4], [0, 1]]: the units' incoming weights are its columns.
    unit = [3, -4 * 2 / np.sqrt(17), 0, 2 / np.sqrt(17)]
    assert changed(MaxNorm(2.0))[1] == pytest.approx([2, unit[1], 0, unit[3], 5, -6])


def test_penalties_by_hand():
    network, scratch = with_numbers((3, -4, 0, 1, 5, -6), 0)
    assert L2(0.5).penalty(network, scratch) == 0.25 * 26
    assert L1(0.5).penalty(network, scratch) == 0.5 * 8


@pytest.mark.parametrize("size", [1e25, 1e38])
def test_exploding_gradients_keep_their_direction_in_float32(size):
    network = make([Dense(2)], 2, MSE(), np.float32)
    network.gradient[...] = np.array([1, -2, 0, 0.5, 0, 3], np.float32) * np.float32(size)
    with np.errstate(over="ignore"):  # as in fit
        ClipNorm(1.0).change_gradient(network, np.empty(6, np.float32))
    direction = np.array([1, -2, 0, 0.5, 0, 3]) / np.sqrt(1 + 4 + 0.25 + 9)
    np.testing.assert_allclose(network.gradient, direction, rtol=1e-6)


def test_a_gradient_of_zero_stays():
    for rule in (ClipNorm(1e-3), ClipValue(1e-3), L2(0.1), L1(0.1)):
        assert changed(rule, [0] * 6, [0] * 6) == ([0] * 6, [0] * 6)


def test_l2_finds_what_ridge_regression_solves():
    """argmin (1/n) ‖X w + b − y‖² + ½ λ ‖w‖² is (XᵀX + ½ n λ I) w = Xᵀ y for centred X and y."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((60, 4)) + 1
    y = x @ [1, -2, 0, 3] + 7 + 0.1 * rng.standard_normal(60)
    network = make([Dense(1)], 4, MSE())
    options = {"batch_size": None, "epochs": 3000, "optimizer": Momentum(0.05, 0.9), "progress": False}
    history = byhand.fit(network, x, y, regularizers=[L2(0.4)], **options)
    xc, yc = x - x.mean(axis=0), y - y.mean()
    w = np.linalg.solve(xc.T @ xc + 0.5 * 60 * 0.4 * np.eye(4), xc.T @ yc)
    np.testing.assert_allclose(network.p[0].W[:, 0], w, rtol=1e-9)
    np.testing.assert_allclose(network.p[0].b, y.mean() - x.mean(axis=0) @ w, rtol=1e-9)
    assert history["penalty"][-1] == pytest.approx(0.2 * w @ w)
    assert history["loss"][-1] == pytest.approx(np.mean((xc @ w - yc) ** 2))  # of the data alone


def test_l1_finds_what_the_lasso_finds():
    """Scikit-learn's (1/2n) ‖X w − y‖² + α ‖w‖₁ is half of ours with λ = 2α."""
    linear_model = pytest.importorskip("sklearn.linear_model")
    rng = np.random.default_rng(0)
    x = rng.standard_normal((60, 4))
    y = x @ [1, -2, 0, 0] + 0.5 * rng.standard_normal(60)
    network = make([Dense(1)], 4, MSE())
    rate = byhand.CosineAnnealing(0.1)
    options = {"batch_size": None, "epochs": 2000, "optimizer": GradientDescent(rate), "progress": False}
    byhand.fit(network, x, y, regularizers=[L1(0.6)], **options)
    lasso = linear_model.Lasso(alpha=0.3).fit(x, y)
    assert (lasso.coef_ == 0).any()
    np.testing.assert_allclose(network.p[0].W[:, 0], lasso.coef_, atol=1e-3)


@pytest.mark.parametrize("batch_size", [8, None])
def test_l2_is_weight_decay(batch_size):
    """With plain gradient descent in each of its forms."""
    decayed, ruled = make(), make()
    train(decayed, batch_size=batch_size, optimizer=GradientDescent(0.3, weight_decay=0.1))
    train(ruled, batch_size=batch_size, optimizer=GradientDescent(0.3), regularizers=(L2(0.1),))
    np.testing.assert_allclose(ruled.theta, decayed.theta, rtol=1e-12)


def test_max_norm_holds_after_every_step_and_inside_blocks():
    class Watch(Callback):
        largest = 0.0

        def on_step(self, training):
            for p in training.network.arena.parameters:
                if p.name == "W":
                    norms = np.linalg.norm(p.view(training.network.theta), axis=0)
                    self.largest = max(self.largest, norms.max())

    watch = Watch()
    network = make([Dense(6), Residual([Dense(4), Tanh(), Dense(6)]), Dense(3)])
    train(network, regularizers=[MaxNorm(0.7)], callbacks=[watch])
    assert watch.largest == pytest.approx(0.7, rel=1e-12)


def test_without_penalties_there_is_no_such_column():
    assert "penalty" not in train(make(), regularizers=[ClipNorm(1.0), MaxNorm(3.0)])
    assert len(train(make(), regularizers=[L2(0.1), L1(0.1)])["penalty"]) == 3


@pytest.mark.parametrize("rule", [L1(0.1), L2(0.2), MaxNorm(3.0), ClipValue(0.5), ClipNorm(1.5)], ids=str)
def test_rules_survive_being_written(rule):
    assert from_config(to_config(rule)) == rule


@pytest.mark.parametrize("kind", [L1, L2])
@pytest.mark.parametrize("rate", [-1, "much", None, float("inf"), float("nan")])
def test_penalties_refuse(kind, rate):
    with pytest.raises(ByhandError, match="rate"):
        kind(rate)


@pytest.mark.parametrize("kind", [MaxNorm, ClipValue, ClipNorm])
@pytest.mark.parametrize("limit", [0, -1, "much", None, float("inf")])
def test_limits_refuse(kind, limit):
    with pytest.raises(ByhandError, match="limit"):
        kind(limit)


@pytest.mark.parametrize("wrong", [L2(0.1), [0.1], ["L2"], [L2]])
def test_fit_refuses_what_is_no_list_of_rules(wrong):
    with pytest.raises(ByhandError, match="rule"):
        train(make(), regularizers=wrong)


# ---- early stopping ---------------------------------------------------------------------------------------------


def told(stopping, figures, name="val_loss"):
    """What early stopping makes of these figures, with θ and state equal to the epoch's number."""
    network = SimpleNamespace(theta=np.zeros(2), state=np.zeros(1))
    training = SimpleNamespace(network=network, history=History(), stop=False, epoch=0)
    stopping.on_start(training)
    for figure in figures:
        training.epoch += 1
        network.theta[...] = network.state[...] = training.epoch
        training.history.add({"epoch": training.epoch, name: figure})
        stopping.on_epoch(training)
        if training.stop:
            break
    stopping.on_end(training)
    assert network.theta.tolist() == [network.state[0]] * 2
    return stopping.best_epoch, stopping.stopped_epoch, network.theta[0]


def test_early_stopping_by_hand():
    assert told(EarlyStopping(2), [5, 4, 3, 3, 3.5, 1]) == (3, 5, 3)
    assert told(EarlyStopping(3), [5, 4, 3, 3, 3.5, 1]) == (6, 0, 6)
    assert told(EarlyStopping(1), [5, 6, 1]) == (1, 2, 1)
    assert told(EarlyStopping(2, min_delta=0.5), [5, 4.6, 4.4, 4, 3.95]) == (3, 5, 3)
    assert told(EarlyStopping(2), [5, 4, np.nan, np.nan, 1]) == (2, 4, 2)
    assert told(EarlyStopping(9), [5, 4, 6]) == (2, 0, 2)  # the best weights come back in any case
    assert told(EarlyStopping(2), [np.nan, np.nan, 1]) == (0, 2, 2)  # there was no best
    assert told(EarlyStopping(2, "val_accuracy"), [0.1, 0.5, 0.4, 0.5, 0.9], "val_accuracy") == (2, 4, 2)
    assert told(EarlyStopping(1, "loss"), [3, 2, 2.5], "loss") == (2, 3, 2)


def test_early_stopping_can_be_used_again():
    stopping = EarlyStopping(1)
    assert told(stopping, [1, 2]) == (1, 2, 1)
    assert told(stopping, [7, 6, 8]) == (2, 3, 2)


def test_early_stopping_says_at_which_epoch():
    stopping = EarlyStopping(2)
    told(stopping, [5, 4, 3, 3, 3.5])
    assert str(stopping) == "Stopped after epoch 5; the best val_loss, 3, was in epoch 3, whose weights were kept."
    told(stopping, [5, 4])
    assert str(stopping) == "The best val_loss, 4, was in epoch 2, whose weights were kept."
    assert str(EarlyStopping()) == "No epoch had a val_loss to go by."


class Keep(Callback):
    """θ and state after every step and every epoch."""

    def __init__(self):
        self.steps, self.epochs = [], []

    def on_step(self, training):
        self.steps.append((training.network.theta.copy(), training.network.state.copy()))

    def on_epoch(self, training):
        self.epochs.append((training.network.theta.copy(), training.network.state.copy()))


NORMED = [Dense(20), BatchNorm(), Tanh(), Dense(3)]


def test_early_stopping_ends_a_training_that_overfits_and_restores_its_best_epoch():
    network, keep, stopping = make(NORMED), Keep(), EarlyStopping(3)
    validation = (data(80)[0][50:], data(80)[1][50:])  # labels are random: there is nothing to generalise
    history = train(network, validation=validation, epochs=100, callbacks=[keep, stopping], batch_size=8)
    best = int(np.argmin(history["val_loss"]))
    assert history.epochs == best + 4 == stopping.stopped_epoch < 100
    assert (stopping.best_epoch, stopping.best) == (best + 1, history["val_loss"][best])
    np.testing.assert_array_equal(network.theta, keep.epochs[best][0])
    np.testing.assert_array_equal(network.state, keep.epochs[best][1])


def test_the_best_weights_come_back_after_an_interruption_too():
    class Interrupt(Callback):
        def on_step(self, training):
            if training.epoch == 4:
                raise KeyboardInterrupt

    network, keep, stopping = make(), Keep(), EarlyStopping(5, "loss")
    with pytest.raises(KeyboardInterrupt):
        train(network, epochs=9, callbacks=[keep, stopping, Interrupt()])
    np.testing.assert_array_equal(network.theta, keep.epochs[stopping.best_epoch - 1][0])


def test_early_stopping_names_the_columns_there_are():
    with pytest.raises(ByhandError, match=r"no 'val_loss' to watch; give fit validation.*accuracy"):
        train(make(), callbacks=[EarlyStopping()])


@pytest.mark.parametrize("wrong", [{"patience": 0}, {"patience": 1.5}, {"min_delta": -1}, {"monitor": 3}])
def test_early_stopping_refuses(wrong):
    with pytest.raises(ByhandError, match=next(iter(wrong))):
        EarlyStopping(**wrong)


# ---- averaging --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("decay", [0.0, 0.5, 0.9, 0.999, 1.0])
def test_the_average_is_what_its_formula_says(decay):
    network, keep = make(NORMED), Keep()
    train(network, callbacks=[keep, Averaging(decay)], batch_size=8)
    steps = len(keep.steps)
    weights = np.array([decay ** (steps - i) for i in range(1, steps + 1)])
    for vector, which in ((network.theta, 0), (network.state, 1)):
        values = np.array([step[which] for step in keep.steps])
        np.testing.assert_allclose(vector, weights @ values / weights.sum(), rtol=1e-9)
    if decay == 1:
        np.testing.assert_allclose(network.theta, np.mean([theta for theta, _ in keep.steps], axis=0))


def test_training_goes_on_from_its_own_parameters():
    with_it, without = Keep(), Keep()
    for keep, more in ((with_it, [Averaging(0.9)]), (without, [])):
        train(make(NORMED), callbacks=[keep, *more])
    for a, b in zip(with_it.steps, without.steps, strict=True):
        np.testing.assert_array_equal(a[0], b[0])
        np.testing.assert_array_equal(a[1], b[1])


def test_validation_sees_the_average_and_early_stopping_keeps_it():
    network, averages, stopping = make(NORMED), Keep(), EarlyStopping(2)
    validation = (data(80)[0][50:], data(80)[1][50:])
    history = train(network, epochs=60, validation=validation, callbacks=[Averaging(0.9), averages, stopping])
    assert stopping.stopped_epoch
    best = stopping.best_epoch - 1
    np.testing.assert_array_equal(network.theta, averages.epochs[best][0])
    assert byhand.evaluate(network, *validation).loss == pytest.approx(history["val_loss"][best], rel=1e-12)
    assert (averages.epochs[0][0] != averages.steps[1][0]).any()


def test_an_interruption_leaves_the_average():
    class Interrupt(Callback):
        def on_step(self, training):
            if training.step == 5:
                raise KeyboardInterrupt

    network, keep = make(), Keep()
    with pytest.raises(KeyboardInterrupt):
        train(network, callbacks=[keep, Averaging(1.0), Interrupt()])
    np.testing.assert_allclose(network.theta, np.mean([theta for theta, _ in keep.steps], axis=0))


@pytest.mark.parametrize("decay", [-0.1, 1.1, "slow"])
def test_averaging_refuses(decay):
    with pytest.raises(ByhandError, match="decay"):
        Averaging(decay)


def test_zero_initialised_layers_are_no_trouble_for_rules():
    network = make([Dense(4, Zeros()), ReLU(), Dense(3, Zeros())])
    history = train(network, regularizers=[L1(0.1), L2(0.1), ClipNorm(1), MaxNorm(1)])
    assert np.isfinite(history["loss"]).all()
