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
    for i, layer in enumerate(layers):
        before = merged[-1] if merged else None
        if _is_merged(layers, i) and isinstance(before, Conv2D | Dense):
            merged[-1] = replace(before, bias=True)
        else:
            merged.append(replace(layer, layers=_merged(layer.layers)) if isinstance(layer, Residual) else layer)
    return merged


def _is_merged(layers: Sequence[Layer], i: int) -> bool:
    """Whether the i-th layer is a batch normalisation that the weights before it do the work of."""
    if i == 0 or not isinstance(layers[i], BatchNorm):
        return False
    return isinstance(layers[i - 1], Conv2D | Dense) or _is_merged(layers, i - 1)


def _fill(layers: Sequence[Layer], parameters: Sequence[SimpleNamespace], places: Sequence[SimpleNamespace]) -> None:
    """Put the layers' parameters into the places (one for each of the merged layers)."""
    left = iter(places)
    place = SimpleNamespace()  # of the layer before
    for i, (layer, p) in enumerate(zip(layers, parameters, strict=True)):
        if isinstance(layer, BatchNorm) and _is_merged(layers, i):
            s = p.gamma / np.sqrt(p.running_var.astype(np.float64) + layer.epsilon)
            place.W[...] *= s
            place.b[...] = (place.b - p.running_mean) * s + p.beta
            continue
        place = next(left)
        if isinstance(layer, Residual):
            _fill(layer.layers, p.children, place.children)
        else:
            _copy(p, place)


def _copy(p: SimpleNamespace, to: SimpleNamespace) -> None:
    """The parameters and the state of a layer and of those inside it."""
    for name, values in vars(p).items():
        if name == "children":
            for child, place in zip(values, to.children, strict=True):
                _copy(child, place)
        else:
            getattr(to, name)[...] = values
