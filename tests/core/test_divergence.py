"""A loss that is not finite is traced, and the last good weights come back."""

import math
import pickle

import numpy as np
import pytest

from byhand import (
    BatchNorm,
    Callback,
    Dense,
    GradientDescent,
    He,
    Network,
    QuadraticCost,
    ReLU,
    Sigmoid,
    TrainingDiverged,
    fit,
)
from byhand.training import Averaging
from byhand.training.guard import LastGood
from tests.core.diagnosed import CE, digits, small


def diverging(optimizer, layers=None, epochs=5, batch_size=32, **changes):
    (x, y), _ = digits()
    network = Network(64, layers or small(), CE(), rng=0)
    start = network.theta.copy()
    with pytest.raises(TrainingDiverged) as caught:
        fit(network, x, y, epochs=epochs, batch_size=batch_size, optimizer=optimizer, progress=False, **changes)
    return network, start, caught.value


@pytest.mark.parametrize("batch_size", [32, None])
def test_the_layer_and_the_step_where_it_began(batch_size):
    """At step 1 θ becomes about 1e28 everywhere; at step 2 layer 1 gives 1e29, layer 3 1e57, too much for float32."""
    network, start, error = diverging(GradientDescent(1e30), batch_size=batch_size)
    assert (error.what, error.layer, error.step, error.kept_step) == ("output", 3, 2, 0)
    assert error.epoch == (1 if batch_size else 2) and error.rate == 1e30 and not math.isfinite(error.loss)
    np.testing.assert_array_equal(network.theta, start)  # one step was good: the weights before it
    for words in ("step 2", "layer 3, Dense(50", "last good weights", "a tenth"):
        assert words in str(error)
    again = pickle.loads(pickle.dumps(error))
    assert str(again) == str(error) and again.layer == 3


class Poison(ReLU):
    """After so many passes, something is not finite."""

    passes, way = 0, ""

    def forward(self, ops, at):
        Poison.passes += 1
        super().forward(ops, at)
        if Poison.way == "output" and Poison.passes > 250:
            at.y[0, 0] = np.inf

    def slope(self, ops, at, dx):
        super().slope(ops, at, dx)
        if Poison.way == "gradient" and Poison.passes > 250:
            dx[0, 0] = np.nan


@pytest.mark.parametrize("way, layer, step", [("output", 4, 251), ("gradient", 3, 251)])
def test_the_last_good_weights_come_back(monkeypatch, way, layer, step):
    """44 steps make an epoch; copies are renewed each 44 steps, with the weights before that step."""
    monkeypatch.setattr(Poison, "passes", 0)
    monkeypatch.setattr(Poison, "way", way)
    thetas = []

    class Keep(Callback):
        def on_step(self, training):
            thetas.append(training.network.theta.copy())

    layers = [Dense(20, He()), ReLU(), Dense(20, He()), Poison(), Dense(10)]
    network, _, error = diverging(GradientDescent(0.05), layers, epochs=10, callbacks=[Keep()])
    assert (error.what, error.layer, error.step) == (way, layer, step)
    assert error.kept_step == 5 * 44 - 1
    np.testing.assert_array_equal(network.theta, thetas[error.kept_step - 1])


class SpoilWeights(Callback):
    """After a step, one number of the weights' gradient or of the weights is not finite: biases know nothing of it."""

    def __init__(self, step, vector, value):
        self.step, self.vector, self.value = step, vector, value

    def on_step(self, training):
        if training.step == self.step:
            getattr(training.network, self.vector)[70] = self.value


def test_nan_in_a_weight_is_found_before_the_next_step_is_made():
    _, _, error = diverging(GradientDescent(0.1), callbacks=[SpoilWeights(30, "theta", np.nan)])
    assert (error.what, error.layer, error.step) == ("weights", 1, 31)


class WeightPoison(Dense):
    """A Dense layer whose weights' gradient, and nothing else, has infinity in it from some step on."""

    passes = 0

    def backward(self, ops, at):
        super().backward(ops, at)
        WeightPoison.passes += 1
        if WeightPoison.passes > 100:
            at.g.W[0, 0] = np.inf


@pytest.mark.parametrize("batch_size, step", [(512, 101), (32, 102), (None, 101)])
def test_infinity_in_the_gradient_of_a_weight_is_seen_at_once_or_by_the_next_loss(monkeypatch, batch_size, step):
    """Steps of 512 samples and more are looked at as a whole, those of 32 only now and then (step 112 here)."""
    monkeypatch.setattr(WeightPoison, "passes", 0)  # a full batch of 1,400 of these goes in one piece
    _, _, error = diverging(GradientDescent(0.01), [WeightPoison(20), ReLU(), Dense(10)], 200, batch_size)
    assert (error.what, error.layer, error.step) == ("gradient", 1, step)


def test_infinite_weights_behind_saturated_units_are_found_when_the_epoch_ends():
    layers = [Dense(20), Sigmoid(), Dense(10), Sigmoid()]
    (x, y), _ = digits()
    x = np.abs(x) + 0.1  # no zeros, since ∞ · 0 is NaN and would be seen at once
    network = Network(64, layers, QuadraticCost(), rng=0)
    spoil = SpoilWeights(30, "theta", np.inf)
    with pytest.raises(TrainingDiverged, match="weights are not finite in epoch 1, step 44") as caught:
        fit(network, x, y, batch_size=32, optimizer=GradientDescent(0.1), callbacks=[spoil], progress=False)
    assert caught.value.kept_step < 30 and np.isfinite(network.theta).all()


def test_infinite_weights_are_told_from_infinite_outputs():
    """1e39 is too much for float32: the first step itself makes the weights infinite."""
    _, _, error = diverging(GradientDescent(1e44))
    assert error.what == "weights" and error.layer == 1 and error.step == 2


def test_a_loss_on_its_way_to_infinity_is_not_kept():
    """Full batch: a copy at every step, while the loss is at most twice the lowest. Here it first falls, then grows."""
    (x, y), _ = digits()
    losses, thetas = [], []

    class Keep(Callback):
        def on_step(self, training):
            losses.append(training.loss)
            thetas.append(training.network.theta.copy())

    network = Network(64, [Dense(10)], QuadraticCost(), rng=0, task="classes")
    thetas.append(network.theta.copy())
    optimizer = GradientDescent(0.21)  # the largest eigenvalue of xᵀx / n is 10.5; above 2 / 10.5 that direction grows
    with pytest.raises(TrainingDiverged) as caught:
        fit(network, x, y, epochs=900, batch_size=None, optimizer=optimizer, callbacks=[Keep()], progress=False)
    well = [step for step, loss in enumerate(losses) if loss <= 2 * min(losses[: step + 1])]
    assert 0 < well[-1] < len(losses) - 20
    assert caught.value.kept_step == well[-1]
    np.testing.assert_array_equal(network.theta, thetas[well[-1]])


def test_good_weights_are_those_whose_loss_is_near_the_lowest():
    network = Network(2, [Dense(1)], QuadraticCost())
    good, kept = LastGood(network), []
    for step, loss in enumerate([10, 1, 3, 1.5, 19, 1.9, 0.5, 1.1], 1):
        good.look(loss, step, steps=1)
        kept.append(good.step)
    assert kept == [0, 1, 1, 3, 3, 5, 6, 6]


def test_averaging_does_not_bring_back_what_exploded():
    network, start, _ = diverging(GradientDescent(1e30), callbacks=[Averaging(0.9)])
    np.testing.assert_array_equal(network.theta, start)


def test_running_statistics_come_back_too():
    layers = [Dense(20), BatchNorm(), ReLU(), Dense(10)]
    network, *_ = diverging(GradientDescent(1e38), layers)
    assert np.isfinite(network.state).all() and np.isfinite(network.theta).all()
