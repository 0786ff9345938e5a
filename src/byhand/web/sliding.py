"""A kernel at one place: the window of each input channel under it, the kernel's weights, products and sums."""

from typing import Any

import numpy as np

from byhand.core.types import Array
from byhand.explaining.blocks import blocks
from byhand.explaining.looking import layer_outputs
from byhand.layers import AveragePool2D, Conv2D, MaxPool2D
from byhand.network import Network
from byhand.web.equation import window_pixels
from byhand.web.limits import Refusal
from byhand.web.look import as_network_input
from byhand.web.packed import json_number, numbers


def kernel_at(network: Network, image: Array, layer: int, unit: int, place: tuple[int, int]) -> dict[str, Any]:
    """What a convolution or a pooling computes at one place of one of its maps.

    Args:
        network: the network.
        image: uint8 (28, 28).
        layer: the layer's number, from 0.
        unit: the map.
        place: row and column in it.

    Raises:
        Refusal: another layer, or no such place.
    """
    here = network.layers[layer] if layer < len(network.layers) else None
    if not isinstance(here, Conv2D | MaxPool2D | AveragePool2D) or (isinstance(here, Conv2D) and here.groups > 1):
        raise Refusal(422, f"Layer {layer} moves no kernel over its input; see the layers in /api/v1/models.")
    x = as_network_input(network, image)
    outputs = [x[0], *(y[0] for y in layer_outputs(network, x))]
    inputs, result = outputs[layer], outputs[layer + 1]  # (h, w, c), (rows, columns, maps)
    if any(i >= side for i, side in zip((*place, unit), result.shape, strict=True)):
        raise Refusal(422, f"Layer {layer} gives {' × '.join(map(str, result.shape))} numbers; there is no such place.")
    window, p = here.window, network.p[layer]
    (above, left), (row, column) = window.pad(inputs.shape), place
    channels = range(inputs.shape[2]) if isinstance(here, Conv2D) else [unit]
    values = np.zeros((*window.size, len(channels)))
    inside = np.zeros(window.size, bool)
    for (r, c), at in zip(*window_pixels(window, inputs.shape, row, column), strict=True):
        values[at], inside[at] = inputs[r, c, channels], True
    weights = p.W[..., unit].astype(np.float64) if isinstance(here, Conv2D) else None  # (kh, kw, c)
    return {
        "layer": layer,
        "name": f"{blocks(network)[layer].names['y']}[{row}, {column}, {unit}]",
        "kind": "conv" if weights is not None else "max" if isinstance(here, MaxPool2D) else "mean",
        "top": row * window.stride[0] - above,
        "left": column * window.stride[1] - left,
        "extent": list(window.extent),
        "inside": inside.tolist(),
        "channels": [
            {
                "channel": channel,
                "values": numbers(values[..., i]),
                "weights": None if weights is None else numbers(weights[..., i]),
                "sum": None if weights is None else json_number((values[..., i] * weights[..., i]).sum()),
            }
            for i, channel in enumerate(channels)
        ],
        "bias": json_number(p.b[unit] if here.bias else 0) if isinstance(here, Conv2D) else None,
        "value": json_number(result[row, column, unit]),
    }
