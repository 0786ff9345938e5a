"""What a unit has learnt, as pictures: the weights of pixels, filters, and what later units answer to."""

from typing import Any

import numpy as np

from byhand.core.types import Array
from byhand.layers import Activation, Conv2D, Dense
from byhand.network import Network
from byhand.web.catalogue import input_image_shape
from byhand.web.limits import Refusal
from byhand.web.packed import numbers, packed

UNITS_AT_ONCE = 64  # units whose pictures are given at once


def weights(network: Network, layer: int, unit: int | None = None) -> dict[str, Any]:
    """A layer's incoming weights.

    Args:
        network: the network.
        layer: its number, from 0.
        unit: one of its units or filters; by default the first 64.

    Raises:
        Refusal: no such layer or unit, or one without weights.
    """
    here = network.layers[layer] if layer < len(network.layers) else None
    if not isinstance(here, Dense | Conv2D):
        raise Refusal(422, f"Layer {layer} has no weights to show; see the layers in /api/models.")
    p = network.p[layer]
    count = p.W.shape[-1]
    if unit is not None and unit >= count:
        raise Refusal(422, f"Layer {layer} has the units 0 to {count - 1}.")
    units = list(range(min(count, UNITS_AT_ONCE))) if unit is None else [unit]
    maps, channels, effective = None, 1, False
    if isinstance(here, Conv2D):
        channels = p.W.shape[2]
        maps = p.W[..., units].transpose(3, 2, 0, 1).reshape(-1, *p.W.shape[:2])  # (units · channels, kh, kw)
    else:
        matrix = product(network, layer)
        shape = input_image_shape(network)
        if matrix is not None and shape:
            maps, effective = matrix[:, units].T.reshape(-1, *shape), layer > 0
    return {
        "layer": layer,
        "label": here.label(),
        "kind": "conv" if isinstance(here, Conv2D) else "dense",
        "units": units,
        "maps": None if maps is None else packed(maps),
        "effective": effective,
        "channels": channels,
        "vector": numbers(p.W[:, unit]) if unit is not None and isinstance(here, Dense) else None,
        "bias": numbers(p.b[units] if here.bias else np.zeros(len(units))),
    }


def product(network: Network, layer: int) -> Array | None:
    """W1 W2 ... up to this layer (pixels, units): its weights of the pixels as if there were no activations between.

    None where anything but dense layers and activations lies before it.
    """
    matrix = None
    for here, p in zip(network.layers[: layer + 1], network.p, strict=False):
        if isinstance(here, Dense):
            matrix = p.W if matrix is None else matrix @ p.W
        elif not isinstance(here, Activation):
            return None
    return None if matrix is None else np.asarray(matrix)
