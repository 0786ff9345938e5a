"""A small network and data for training."""

import numpy as np

import byhand
from byhand import (
    Callback,
    CategoricalCrossEntropy,
    Dense,
    Network,
    Normal,
    Tanh,
)


def make(outputs=3, loss=None, dtype=np.float64, inputs=5):
    layers = [Dense(6, biases=Normal(0.3)), Tanh(), Dense(outputs)]
    loss = loss or CategoricalCrossEntropy()
    return Network(inputs, layers, loss, rng=1, inputs="grey levels", dtype=dtype, task="classes")


def data(n=50, inputs=5, classes=3):
    rng = np.random.default_rng(2)
    return rng.standard_normal((n, inputs)), rng.integers(0, classes, n)


def train(network, x, y, **options):
    return byhand.fit(network, x, y, **{"progress": False, "epochs": 3} | options)


class Recorder(Callback):
    def __init__(self, stop_step=0, stop_epoch=0, fail=0):
        self.events, self.stop_step, self.stop_epoch, self.fail = [], stop_step, stop_epoch, fail

    def on_start(self, training):
        self.events.append(("start", training.epochs, training.steps))

    def on_step(self, training):
        assert np.isfinite(training.loss)
        self.events.append(("step", training.epoch, training.step))
        training.stop |= training.step == self.stop_step
        if training.step == self.fail:
            raise KeyboardInterrupt

    def on_epoch(self, training):
        assert training.history.last["epoch"] == training.epoch
        self.events.append(("epoch", training.epoch, training.step))
        training.stop |= training.epoch == self.stop_epoch

    def on_end(self, training):
        self.events.append(("end", training.epoch, training.step))
