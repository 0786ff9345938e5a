"""A network that is only read with: its batch normalisations become part of the weights before them."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np

from byhand.layers import BatchNorm, Conv2D, Dense, Layer
from byhand.network import Network


def folded(network: Network) -> Network:
    """The same outputs as `network` gives outside training, from fewer layers; its parameters are copies.

    There a batch normalisation is linear, γ (x W + b − m) / √(v + ε) + β = x (W s) + (b − m) s + β with
    s = γ / √(v + ε), so that a Conv2D or Dense just before it can do its work. Those inside other layers stay.
    """
    layers: list[Layer] = []
    parameters, norms = [], []
    for layer, p in zip(network.layers, network.p, strict=True):
        if isinstance(layer, BatchNorm) and layers and isinstance(layers[-1], Conv2D | Dense):
            norms.append((len(layers) - 1, layer.epsilon, p))
            layers[-1] = replace(layers[-1], bias=True)
        else:
            layers.append(layer)
            parameters.append(p)
    other = Network(
        network.input_shape,
        layers,
        network.loss,
        rng=None,
        inputs=network.inputs,
        task=network.task,
        dtype=network.dtype,
        classes=network.classes,
        ops=network.ops,
    )
    for p, to in zip(parameters, other.p, strict=True):
        _copy(p, to)
    for i, epsilon, p in norms:
        before, s = other.p[i], p.gamma / np.sqrt(p.running_var.astype(np.float64) + epsilon)
        before.W[...] *= s
        before.b[...] = (before.b - p.running_mean) * s + p.beta
    return other


def _copy(p: SimpleNamespace, to: SimpleNamespace) -> None:
    """The parameters and the state of a layer and of those inside it."""
    for name, values in vars(p).items():
        if name == "children":
            for child, place in zip(values, to.children, strict=True):
                _copy(child, place)
        else:
            getattr(to, name)[...] = values
