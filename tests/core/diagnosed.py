"""Networks and trainings for diagnosis."""

from contextlib import suppress
from functools import cache

import numpy as np
from sklearn.datasets import load_digits

from byhand import (
    BatchNorm,
    BinaryCrossEntropy,
    CategoricalCrossEntropy,
    CosineAnnealing,
    Dense,
    Dropout,
    Glorot,
    GradientDescent,
    He,
    LayerNorm,
    Network,
    Normal,
    QuadraticCost,
    ReLU,
    Residual,
    Sigmoid,
    Tanh,
    TrainingDiverged,
    Uniform,
    Zeros,
    fit,
)
from byhand.diagnosis import Watch, diagnose
from byhand.optimizers import Adam

CE = CategoricalCrossEntropy


@cache
def digits():
    """scikit-learn's 1,797 digits of 8 × 8 pixels from 0 to 1, in an order of our own: training and validation."""
    x, y = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(x))
    x, y = x[order] / 16, y[order]
    return (x[:1400], y[:1400]), (x[1400:], y[1400:])


def deep(activation, initializer, layers=6):
    hidden = [part for _ in range(layers) for part in (Dense(30, initializer), activation())]
    return [*hidden, Dense(10, initializer)]


def watched(layers, loss, optimizer, samples=1400, scale=1.0, epochs=5, batch_size=32, classes=10):
    """The Watch of a training on digits, also where it diverges."""
    (x, y), (x_val, y_val) = digits()
    chosen, held = np.flatnonzero(y < classes)[:samples], y_val < classes
    watch, network = Watch(), Network(64, layers, loss, rng=0)
    with suppress(TrainingDiverged):
        fit(
            network,
            x[chosen] * scale,
            y[chosen],
            validation=(x_val[held] * scale, y_val[held]),
            epochs=epochs,
            batch_size=batch_size,
            optimizer=optimizer,
            callbacks=[watch],
            progress=False,
        )
    return watch


def small():
    return [Dense(50, He()), ReLU(), Dense(50, He()), ReLU(), Dense(10)]


def nielsen():
    return [Dense(30, Normal(), Normal()), Sigmoid(), Dense(10, Normal(), Normal()), Sigmoid()]


HEALTHY = {
    "dense": lambda: watched(small(), CE(), Adam(CosineAnnealing(0.002)), epochs=8),
    "nielsen": lambda: watched(nielsen(), QuadraticCost(), GradientDescent(3.0), batch_size=10, epochs=8),
    "guide": lambda: watched(
        [Dense(256, Normal(0.01)), ReLU(), Dense(10, Normal(0.01))],
        BinaryCrossEntropy(),
        GradientDescent(0.5),
        batch_size=None,
        epochs=40,
    ),
    "guide, a few epochs": lambda: watched(
        [Dense(256, Normal(0.01)), ReLU(), Dense(10, Normal(0.01))],
        BinaryCrossEntropy(),
        GradientDescent(0.5),
        batch_size=None,
        epochs=5,
    ),
    "one layer": lambda: watched([Dense(10)], CE(), GradientDescent(0.5), epochs=10),
    "deep tanh": lambda: watched(deep(Tanh, Glorot()), CE(), GradientDescent(0.1), epochs=10),
    "deep ReLU": lambda: watched(deep(ReLU, He()), CE(), GradientDescent(0.05), epochs=10),
    "normalised blocks": lambda: watched(
        [Dense(30), Residual([BatchNorm(), ReLU(), Dense(30)]), LayerNorm(), Dropout(0.2), Dense(10)], CE(), Adam(0.003)
    ),
}

ILL = {
    "vanishing gradients": lambda: watched(deep(Sigmoid, Glorot()), CE(), GradientDescent(0.5)),
    "exploding gradients": lambda: watched(deep(ReLU, Normal(0.6)), CE(), GradientDescent(1e-4)),
    "dead ReLUs": lambda: watched([Dense(50, He(), Uniform(-9, -5)), ReLU(), Dense(10)], CE(), Adam()),
    "dead ReLUs (by large steps)": lambda: watched(small(), CE(), GradientDescent(8.0)),
    "saturated units": lambda: watched([Dense(30, Normal(9)), Tanh(), Dense(10)], CE(), GradientDescent(0.01)),
    "identical units": lambda: watched([Dense(30, Zeros()), Sigmoid(), Dense(10, Zeros())], CE(), GradientDescent(0.5)),
    "identical units (ReLU)": lambda: watched([Dense(30, Zeros()), ReLU(), Dense(10, Zeros())], CE(), Adam()),
    "learning rate too high": lambda: watched(nielsen(), QuadraticCost(), GradientDescent(100.0), batch_size=10),
    "learning rate too high (Adam)": lambda: watched(small(), CE(), Adam(0.5)),
    "learning rate too low": lambda: watched(nielsen(), QuadraticCost(), GradientDescent(0.001), batch_size=10),
    "learning rate too low (Adam)": lambda: watched(small(), CE(), Adam(1e-6)),
    "overfitting": lambda: watched(small(), CE(), Adam(0.01), samples=50, epochs=60, batch_size=10),
    "too little data": lambda: watched(small(), CE(), Adam(0.01), samples=50, epochs=60, batch_size=10),
    "underfitting": lambda: watched([Dense(2, He()), ReLU(), Dense(10)], CE(), Adam(0.01), epochs=50),
    "data not scaled": lambda: watched([Dense(30), Sigmoid(), Dense(10)], CE(), GradientDescent(0.1), scale=255.0),
    "the loss is not finite": lambda: watched(small(), CE(), GradientDescent(1e30)),
}


@cache
def run(kind, name):
    return {"healthy": HEALTHY, "ill": ILL}[kind][name]()


def names(record):
    return [problem.name for problem in diagnose(record)]
