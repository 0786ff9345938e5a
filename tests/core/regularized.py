"""A small network and data for regularisation."""

import numpy as np

import byhand
from byhand import (
    CategoricalCrossEntropy,
    Dense,
    Network,
    Tanh,
)

PLAIN = (Dense(6), Tanh(), Dense(3))


def make(layers=PLAIN, inputs=5, loss=None, dtype=np.float64):
    return Network(inputs, layers, loss or CategoricalCrossEntropy(), rng=1, dtype=dtype)


def data(n=50, inputs=5):
    rng = np.random.default_rng(2)
    return rng.standard_normal((n, inputs)), rng.integers(0, 3, n)


def train(network, n=50, **options):
    return byhand.fit(network, *data(n), **{"progress": False, "epochs": 3} | options)
