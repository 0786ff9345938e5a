"""A network that is only read with: its batch normalisations become part of the weights before them."""

from collections.abc import Sequence
from dataclasses import replace
from types import SimpleNamespace

import numpy as np

from byhand.layers import BatchNorm, Conv2D, Dense, Layer, Residual
from byhand.network import Network


def folded(network: Network) -> Network:
    """The same outputs as `network` gives outside training, from fewer layers; its parameters are copies.

    There a batch normalisation is linear, γ (x W + b − m) / √(v + ε) + β = x (W s) + (b − m) s + β with
    s = γ / √(v + ε), so that a Conv2D or Dense just before it can do its work. Those inside a Residual
    are folded likewise; those inside other layers stay.
    """
    other = Network(
        network.input_shape,
        _merged(network.layers),
        network.loss,
        rng=None,
        inputs=network.inputs,
        task=network.task,
        dtype=network.dtype,
        classes=network.classes,
        ops=network.ops,
    )
    _fill(network.layers, network.p, other.p)
    return other


def _merged(layers: Sequence[Layer]) -> list[Layer]:
    """The layers without the batch normalisations that others do the work of, which have a bias then."""
    merged: list[Layer] = []
    for layer in layers:
        before = merged[-1] if merged else None
        if isinstance(layer, BatchNorm) and isinstance(before, Conv2D | Dense):
            merged[-1] = replace(before, bias=True)
        else:
            merged.append(replace(layer, layers=_merged(layer.layers)) if isinstance(layer, Residual) else layer)
    return merged


def _fill(layers: Sequence[Layer], parameters: Sequence[SimpleNamespace], places: Sequence[SimpleNamespace]) -> None:
    """Put the layers' parameters into the places (one for each of the merged layers)."""
    left = iter(places)
    before: Layer | None = None  # the last layer that was not merged
    place = SimpleNamespace()  # its place
    for layer, p in zip(layers, parameters, strict=True):
        if isinstance(layer, BatchNorm) and isinstance(before, Conv2D | Dense):
            s = p.gamma / np.sqrt(p.running_var.astype(np.float64) + layer.epsilon)
            place.W[...] *= s
            place.b[...] = (place.b - p.running_mean) * s + p.beta
            continue
        before, place = layer, next(left)
        if isinstance(layer, Residual):
            _fill(layer.layers, p.children, place.children)
        else:
            copy_parameters(p, place)


def copy_parameters(p: SimpleNamespace, to: SimpleNamespace) -> None:
    """The parameters and the state of a layer and of those inside it."""
    for name, values in vars(p).items():
        if name == "children":
            for child, place in zip(values, to.children, strict=True):
                copy_parameters(child, place)
        else:
            getattr(to, name)[...] = values
