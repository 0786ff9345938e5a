"""The equation of one unit with the numbers of a drawing."""

from dataclasses import dataclass
from string import Template
from typing import Any

import numpy as np

from byhand.core.types import Array
from byhand.explaining.blocks import Block, blocks
from byhand.explaining.looking import layer_outputs
from byhand.layers import Activation, AveragePool2D, Conv2D, Dense, Flatten, MaxPool2D
from byhand.layers.windows import Window
from byhand.network import Network
from byhand.web.catalogue import input_image_shape
from byhand.web.limits import Refusal
from byhand.web.look import as_network_input
from byhand.web.packed import json_number

WRITTEN = 8  # terms of a sum that are written out
UnitPosition = tuple[Any, ...]  # (unit,), or (row, column, channel)


@dataclass(frozen=True)
class Sum:
    """The terms of Σ value · weight + bias: names (n,), values (n,), weights (n,)."""

    names: list[str]
    values: Array
    weights: Array
    bias: float

    def parts(self, count: int) -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
        """The `count` largest terms, and the number and sum of the others that are not 0."""
        products = self.values * self.weights
        order = np.argsort(-np.abs(products), kind="stable")
        chosen = [i for i in order[:count] if products[i]]
        others = [i for i in order[count:] if products[i]]
        terms = [
            {
                "input": self.names[i],
                "value": json_number(self.values[i]),
                "weight": json_number(self.weights[i]),
                "product": json_number(products[i]),
            }
            for i in chosen
        ]
        return terms, {"count": len(others), "sum": json_number(products[others].sum())} if others else None


def equation(
    network: Network, image: Array, layer: int | None, unit: int, place: tuple[int, int], count: int = WRITTEN
) -> dict[str, Any]:
    """The value of one unit for an image, and how it is computed.

    Args:
        network: the network.
        image: uint8 (28, 28).
        layer: the layer's number, from 0; None for the output activation that is part of the loss.
        unit: the unit, or the channel of a map.
        place: row and column in a map.
        count: how many terms of a sum are written out, the largest.

    Raises:
        Refusal: no such layer, unit or place.
    """
    return equation_of(network, as_network_input(network, image), layer, unit, place, count)


def equation_of(
    network: Network, x: Array, layer: int | None, unit: int, place: tuple[int, int] = (0, 0), count: int = WRITTEN
) -> dict[str, Any]:
    """The same for an input x (1, *input_shape)."""
    values = [x[0], *(y[0] for y in layer_outputs(network, x))]  # the input, and each layer's output
    if layer is None:
        return _output(network, values[-1], network.predict_proba(x)[0], unit)
    if layer >= len(network.layers):
        raise Refusal(422, f"The layers are 0 to {len(network.layers) - 1}; there is no layer {layer}.")
    block, inputs, outputs = blocks(network)[layer], values[layer], values[layer + 1]
    at: UnitPosition = {3: (*place, unit), 2: place}.get(outputs.ndim, (unit,))  # of a sequence step and number
    if any(i >= side for i, side in zip(at, outputs.shape, strict=True)):
        raise Refusal(422, f"Layer {layer} gives {' × '.join(map(str, outputs.shape))} numbers; {at} is none of them.")
    names = block.names
    target, value = _name(names["y"], at, None), float(outputs[at])
    general = "; ".join(e.as_text(names) for e in block.forward)
    record = {"layer": layer, "unit": unit, "name": target, "value": json_number(value), "general": general}
    found = _sum(block, network, layer, inputs, at)
    if found:
        terms, rest = found.parts(count)
        text = _sum_text(block, target, at, terms, rest, found.bias, value)
        return record | {"text": text, "terms": terms, "rest": rest, "bias": json_number(found.bias)}
    text = _step_text(block, inputs, at, target, value)
    return record | {"text": text, "terms": [], "rest": None, "bias": None}


def _sum(block: Block, network: Network, layer: int, inputs: Array, at: UnitPosition) -> Sum | None:
    """The weighted sum of a dense or convolutional layer at one position."""
    here, p, x = block.layer, network.p[layer], block.names["x"]
    if isinstance(here, Dense):
        *step, unit = at
        shape = input_image_shape(network) if layer == 0 and not step else None
        row = inputs[tuple(step)].astype(np.float64)
        names = [_name(x, (*step, i), shape) for i in range(len(row))]
        return Sum(names, row, p.W[:, unit].astype(np.float64), float(p.b[unit]) if here.bias else 0.0)
    if isinstance(here, Conv2D) and here.groups == 1:
        row, column, channel = at
        places, seen = window_pixels(here.window, inputs.shape, row, column)
        names, values, weights = [], [], []
        for (r, c), (k, m) in zip(places, seen, strict=True):
            for depth in range(inputs.shape[2]):
                names.append(_name(x, (r, c, depth), None))
                values.append(inputs[r, c, depth])
                weights.append(p.W[k, m, depth, channel])
        return Sum(
            names,
            np.array(values, np.float64),
            np.array(weights, np.float64),
            float(p.b[channel]) if here.bias else 0.0,
        )
    return None


def window_pixels(
    window: Window, shape: tuple[int, ...], row: int, column: int
) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """The pixels of an image inside the window at (row, column), and their positions in the kernel."""
    (above, left), pixels, own = window.pad(shape), [], []
    for k, m in np.ndindex(*window.size):
        r = row * window.stride[0] + k * window.dilation[0] - above
        c = column * window.stride[1] + m * window.dilation[1] - left
        if 0 <= r < shape[0] and 0 <= c < shape[1]:
            pixels.append((r, c))
            own.append((k, m))
    return pixels, own


def _sum_text(
    block: Block, target: str, at: UnitPosition, terms: list[dict], rest: dict | None, bias: float, value: float
) -> str:
    """Three lines: the sum, the sum with numbers, and its value."""
    names, unit, pad = block.names, at[-1], " " * len(target)
    x, W, b = names["x"], names["W"], f"{names['b']}[{unit}]"
    if isinstance(block.layer, Conv2D):
        symbols = f"Σₖₗ (pixel k, l of {x} under the window) · {W}[k, l, {unit}] + {b}"
    else:
        symbols = f"Σᵢ {x}[i] {W}[i, {unit}] + {b}"
    written = "".join(_term(term) for term in terms)
    more = f" + ({rest['count']} more: {_show(rest['sum'])})" if rest else ""
    sum_ = f"{written}{more} {'−' if bias < 0 else '+'} {_show(abs(bias))}".strip().removeprefix("+ ")
    return f"{target} = {symbols}\n{pad} = {sum_}\n{pad} = {_show(value)}"


def _term(term: dict[str, Any]) -> str:
    """For example " + 0.98 · 0.213", or " − 0.87 · 0.12" where the weight is negative."""
    value = f"({_show(term['value'])})" if term["value"] < 0 else _show(term["value"])
    return f" {'−' if term['weight'] < 0 else '+'} {value} · {_show(abs(term['weight']))}"


def _step_text(block: Block, inputs: Array, at: UnitPosition, target: str, value: float) -> str:
    """An activation or a pooling with its numbers; for other layers the equation and the value."""
    here, x = block.layer, block.names["x"]
    pad = " " * len(target)
    if isinstance(here, MaxPool2D | AveragePool2D):
        pixels, _ = window_pixels(here.window, inputs.shape, at[0], at[1])
        numbers = ", ".join(_show(inputs[r, c, at[2]]) for r, c in pixels)
        word = "max" if isinstance(here, MaxPool2D) else "mean"
        corner = _name(x, (*pixels[0], at[2]), None)
        return f"{target} = {word} of the window at {corner}\n{pad} = {word}({numbers})\n{pad} = {_show(value)}"
    if (
        isinstance(here, Activation)
        and len(block.forward) == 1
        and inputs.shape > ()
        and "Σ" not in block.forward[0].text
    ):
        template = Template(block.forward[0].text)
        constants = {name: block.names[name] for name in template.get_identifiers() if name != "x"}
        own, inner = float(inputs[at]), _name(x, at, None)
        in_numbers = template.substitute(constants, x=_show(own)).replace("−−", "")
        lines = [template.substitute(constants, x=inner), in_numbers]
        return f"{target} = {lines[0]}\n{pad} = {lines[1]}\n{pad} = {_show(value)}"
    if isinstance(here, Flatten):
        return f"{target} = {_name(x, np.unravel_index(at[0], inputs.shape), None)}\n{pad} = {_show(value)}"
    return f"{target} = {_show(value)}, where {'; '.join(e.as_text(block.names) for e in block.forward)}"


def _output(network: Network, z: Array, p: Array, unit: int) -> dict[str, Any]:
    """The output activation that is part of the loss."""
    if unit >= len(z):
        raise Refusal(422, f"There are the outputs 0 to {len(z) - 1}.")
    last, target = blocks(network)[-1].names["y"], f"p[{unit}]"
    own, pad = f"{last}[{unit}]", " " * len(f"p[{unit}]")
    record: dict[str, Any] = {"layer": None, "unit": unit, "name": target, "value": json_number(p[unit])}
    record |= {"terms": [], "rest": None, "bias": None}
    if network.loss.activation == "softmax":
        powers = np.exp(z.astype(np.float64) - z.max())  # relative to the largest
        general = f"p = e^{last} / Σⱼ e^{last}[j]"
        text = (
            f"{target} = e^{own} / Σⱼ e^{last}[j]\n{pad} = e^{_show(z[unit])} / "
            f"({' + '.join(f'e^{_show(v)}' for v in z)})\n{pad} = {_show(powers[unit] / powers.sum())}"
        )
    elif network.loss.activation == "sigmoid":
        general = f"p = 1 / (1 + e^−{last})"
        text = f"{target} = 1 / (1 + e^−{own})\n{pad} = 1 / (1 + e^−({_show(z[unit])}))\n{pad} = {_show(p[unit])}"
    else:
        general, text = f"p = {last}", f"{target} = {own} = {_show(p[unit])}"
    return record | {"general": general, "text": text}


def _name(symbol: str, at: UnitPosition, image: list[int] | None) -> str:
    """For example z1[5], a1[3, 4, 0], or a0[14, 12] for a pixel of a row of pixels."""
    if image and len(at) == 1:
        at = (at[0] // image[1], at[0] % image[1])
    return f"{symbol}[{', '.join(map(str, at))}]"


def _show(value: Any) -> str:
    """Four significant digits, with a minus sign as in print."""
    return f"{float(value):.4g}".replace("-", "−")
