"""Data and networks for trainings in shards, for threads and for processes of MPI."""

import numpy as np

import byhand as bh
from byhand.data.augment import Augment, Noise, Shift

RNG = np.random.default_rng(0)
X, Y = RNG.integers(0, 256, (110, 8, 8, 1), np.uint8), RNG.integers(0, 10, 110)
WEIGHTS = RNG.uniform(0.5, 2, 110)


def make(*layers, dtype=np.float32):
    return bh.Network(
        (8, 8, 1),
        [*layers, bh.Flatten(), bh.Dense(12, bh.He()), bh.ReLU(), bh.Dense(10)],
        bh.CategoricalCrossEntropy(),
        inputs="grey levels",
        dtype=dtype,
    )


def train(network, x=X, y=Y, **options):
    options = {"epochs": 2, "batch_size": 32, "progress": False} | options
    return bh.fit(network, x, y, **options)


SETUPS = {
    "convolution, augmented": (
        (bh.Conv2D(4), bh.BatchNorm(), bh.ReLU(), bh.Dropout(0.3)),
        {"augment": Augment((Shift(), Noise())), "metrics": ["f1", "mae"], "optimizer": bh.SGD(0.05), "epochs": 3},
    ),
    "weights, accumulation, averaging": (
        (bh.BatchNorm(), bh.Dropout(0.2)),
        {"sample_weight": WEIGHTS, "accumulate": 2, "regularizers": [bh.L2(1e-3), bh.ClipNorm(1.0)]},
    ),
}
