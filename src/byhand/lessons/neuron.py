"""A single neuron with weights chosen by hand."""

from collections.abc import Sequence

import numpy as np

from byhand.core.types import Array
from byhand.layers import Dense, Layer, Step
from byhand.losses import MSE
from byhand.network import Network

CORNERS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], float)  # the four inputs of a gate (4, 2)


def neuron(weights: Sequence[float] | Array, bias: float, activation: Layer | None = None) -> Network:
    """y = f(x · weights + bias), f the perceptron's step unless another is given; in float64."""
    network = Network(len(weights), [Dense(1), activation or Step()], MSE(), rng=None, dtype=np.float64)
    network.p[0].W[:, 0] = weights
    network.p[0].b[0] = bias
    return network


def output(network: Network, x: Array) -> Array:
    """Its single output (n,) for samples x (n, inputs)."""
    return network.predict_proba(x)[:, 0]


def weighted_sum(network: Network, x: Array) -> Array:
    """The first layer's z = x W + b (n,) of a neuron, before its activation."""
    p = network.p[0]
    return (x @ p.W + p.b)[:, 0]
