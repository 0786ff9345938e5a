"""Early stopping and averaging of parameters."""

from types import SimpleNamespace

import numpy as np
import pytest

import byhand
from byhand import (
    L1,
    L2,
    Averaging,
    BatchNorm,
    ByhandError,
    Callback,
    ClipNorm,
    Dense,
    EarlyStopping,
    MaxNorm,
    ReLU,
    Tanh,
    Zeros,
)
from byhand.ops import reference
from byhand.training import History
from tests.core.regularized import data, make, train


def told(stopping, figures, name="val_loss"):
    """What early stopping makes of these figures, with θ and state equal to the epoch's number."""
    network = SimpleNamespace(theta=np.zeros(2), state=np.zeros(1), ops=reference)
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
