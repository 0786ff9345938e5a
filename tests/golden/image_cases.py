"""Layers that work on images, and a network of them, computed twice as in cases.py."""

import numpy as np

from byhand import (
    Adam,
    AveragePool2D,
    BatchNorm,
    CategoricalCrossEntropy,
    Conv2D,
    ConvTranspose2D,
    Dense,
    Flatten,
    GlobalAveragePool2D,
    MaxPool2D,
    Network,
    ReLU,
    Residual,
    SpatialDropout,
    Tanh,
    Uniform,
    UpSample2D,
)

LAYERS = [
    (Conv2D(2), (5, 6, 1)),
    (Conv2D(3, 1), (3, 4, 2)),
    (Conv2D(3, (2, 3), stride=(2, 1)), (6, 5, 3)),
    (Conv2D(2, (5, 4), stride=3), (7, 8, 1)),
    (Conv2D(4, 3, padding="valid", groups=2), (6, 5, 2)),
    (Conv2D(3, (3, 2), stride=(1, 2), padding="valid", groups=3, dilation=2), (7, 6, 3)),
    (Conv2D(2, 3, dilation=(1, 3)), (5, 7, 2)),
    (MaxPool2D(), (5, 6, 2)),
    (MaxPool2D(3, stride=2, padding="same"), (6, 5, 1)),
    (AveragePool2D((2, 3)), (5, 6, 2)),
    (AveragePool2D(3, stride=1, padding="same"), (5, 4, 1)),
    (GlobalAveragePool2D(), (3, 4, 2)),
    (ConvTranspose2D(2), (3, 4, 3)),
    (ConvTranspose2D(3, 4, stride=2), (3, 2, 2)),
    (ConvTranspose2D(2, (3, 2), stride=(2, 3)), (2, 3, 1)),
    (ConvTranspose2D(1, (5, 3), stride=(2, 1), padding="valid"), (2, 3, 2)),
    (UpSample2D(), (2, 3, 2)),
    (UpSample2D((3, 1)), (2, 2, 1)),
]

NETWORK = (
    Conv2D(3, biases=Uniform()),
    ReLU(),
    BatchNorm(),  # not straight after a convolution, whose biases' gradients would be rounding, which Adam makes large
    MaxPool2D(),
    Residual([Conv2D(3, (3, 1)), Tanh(), SpatialDropout(0.0), Conv2D(3)]),
    Conv2D(4, (2, 3), stride=(2, 1), padding="valid"),
    ReLU(),
    AveragePool2D(2, stride=1, padding="same"),
    Flatten(),
    Dense(3),
)
IN_SHAPE = (8, 9, 2)
OPTIMIZER = Adam(0.02)
STEPS = 10


def layer_data(layer, in_shape, n=3):
    """x, dy and the layer's parameters; x has equal numbers in it, so that a window's maximum may be there twice."""
    plan = layer.plan(in_shape)
    rng = np.random.default_rng(len(str(layer)) + n)
    x = np.round(2 * rng.standard_normal((n, *in_shape))) / 2
    arrays = {"x": x, "dy": rng.standard_normal((n, *plan.out_shape))}
    return arrays | {name: rng.standard_normal(shape) for name, shape in plan.params.items()}


def network():
    """The network at its start."""
    return Network(IN_SHAPE, NETWORK, CategoricalCrossEntropy(), rng=1, dtype=np.float64)


def network_data():
    """x and y: a batch of 5 for every step."""
    rng = np.random.default_rng(3)
    return {"x": rng.standard_normal((STEPS, 5, *IN_SHAPE)), "y": rng.integers(0, 3, (STEPS, 5))}
