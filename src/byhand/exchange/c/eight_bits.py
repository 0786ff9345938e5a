"""The calls of a network in 8 bits."""

from math import prod
from typing import Any

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.types import Array
from byhand.exchange.c.arrays import c_number
from byhand.exchange.c.single import (
    C_WRITERS,
    SAME_NUMBERS,
    element,
    outputs_first,
    own_parameters,
    scale_and_shift,
    unknown_in_c,
    window_arguments,
)
from byhand.layers import AveragePool2D, BatchNorm, Conv2D, Dense, GlobalAveragePool2D, MaxPool2D, ReLU, Softmax
from byhand.network import Network

LARGEST_BYTE = 127  # of a signed 8-bit number, both ways


def largest_numbers(network: Network, samples: Array) -> list[float]:
    """The largest absolute number of the input, and of each layer's output, over samples."""
    values = network.state_dict()
    found = [float(np.abs(network.as_input(samples)).max()) or 1.0]
    for i in range(len(network.layers)):
        inner = Network(network.input_shape, network.layers[: i + 1], rng=None, inputs=network.inputs)
        inner.load_state_dict({name: a for name, a in values.items() if int(name.split(".")[0]) <= i})
        found.append(float(np.abs(inner.predict_proba(samples)).max()) or 1.0)
    return found


def write_eight_bits(network: Network, parts: Any, samples: Array) -> None:
    """Write the calls; the last layer's numbers, unrounded, are y."""
    for layer in network.layers:
        if type(layer) in C_WRITERS and not isinstance(layer, Dense | Conv2D | BatchNorm):
            raise ByhandError(f"The layer {layer.label()} can be written in C in single precision, not in 8 bits.")
    tops = largest_numbers(network, samples)
    shape, grey = network.input_shape, network.inputs == "grey levels"
    layers, fused = [*network.layers], set()
    scale = (1.0 if grey else tops[0]) / LARGEST_BYTE  # x = scale q
    n, x = prod(shape), parts.hold(prod(shape))
    if grey:
        parts.calls.append(f"for (int i = 0; i < {n}; i++) {x}[i] = (int8_t)((x[i] * 127 + 127) / 255);")
    else:
        parts.use("rounded")
        parts.calls.append(f"for (int i = 0; i < {n}; i++) {x}[i] = rounded(x[i] * {c_number(1 / scale)}, -127);")
    final = max((i for i, layer in enumerate(layers) if isinstance(layer, Dense)), default=-1)
    if final < 0:
        raise ByhandError("A network in 8 bits needs a dense layer, whose sums are its answer.")
    for i, (layer, plan) in enumerate(zip(layers, network.plan, strict=True)):
        out, own = plan.out_shape, own_parameters(network, i)
        relu = i + 1 < len(layers) and isinstance(layers[i + 1], ReLU)
        top, low = tops[i + 1 + relu] / LARGEST_BYTE, 0 if relu else -LARGEST_BYTE
        x = parts.hold(prod(shape))
        if i in fused or isinstance(layer, SAME_NUMBERS) or (isinstance(layer, Softmax) and i == len(layers) - 1):
            pass
        elif isinstance(layer, Dense | Conv2D):
            W = outputs_first(layer, own["W"])
            s = np.abs(W).reshape(len(W), -1).max(axis=1) / LARGEST_BYTE
            s[s == 0] = 1
            q = np.rint(W / s.reshape(-1, *[1] * (W.ndim - 1))).astype(np.int8)
            bias, last = own.get("b", np.zeros(out[-1])), i == final
            factor, shift = scale * s / (1 if last else top), bias / (1 if last else top)
            numbers = [parts.constant("W", q)]
            numbers += [parts.constant(name, a.astype(np.float32)) for name, a in (("m", factor), ("b", shift))]
            if isinstance(layer, Dense):
                if len(shape) != 1:
                    raise unknown_in_c(layer)
                to = ("(int8_t *)0", "y") if last else (parts.hold(prod(out), there=True), "(float *)0")
                parts.call("dense_q", x, *numbers, *to, shape[0], out[0], low)
            else:
                y = parts.hold(prod(out), there=True)
                more = [layer.filters, layer.groups, *layer.window.dilation, low]
                parts.call("conv_q", x, *numbers, y, *window_arguments(layer, shape, out), *more)
            parts.at, scale = 1 - parts.at, top
            fused |= {i + 1} if relu and not last else set()
        elif i > final:
            parts.calls.append(f"for (int i = 0; i < {prod(out)}; i++) y[i] = {element(layer, 'y[i]', parts)};")
        elif isinstance(layer, MaxPool2D):
            y = parts.hold(prod(out), there=True)
            parts.call("max_pool_q", x, y, *window_arguments(layer, shape, out))
            parts.at = 1 - parts.at
        elif isinstance(layer, AveragePool2D | GlobalAveragePool2D):
            y, factor = parts.hold(prod(out), there=True), c_number(scale / (tops[i + 1] / LARGEST_BYTE))
            if isinstance(layer, AveragePool2D):
                parts.call("average_pool_q", x, y, *window_arguments(layer, shape, out), factor)
            else:
                parts.call("average_all_q", x, y, shape[0] * shape[1], shape[2], factor)
            parts.at, scale = 1 - parts.at, tops[i + 1] / LARGEST_BYTE
        elif isinstance(layer, BatchNorm):
            gain, shift = scale_and_shift(layer, own)
            arrays = zip("st", (gain * scale / top, shift / top), strict=True)
            numbers = [parts.constant(name, a.astype(np.float32)) for name, a in arrays]
            parts.call("norm_q", x, *numbers, prod(shape[:-1]), shape[-1], low)
            scale = top
            fused |= {i + 1} if relu else set()
        else:
            parts.use("rounded")
            new = tops[i + 1] / LARGEST_BYTE
            value = element(layer, "v", parts)
            parts.calls.append(
                f"for (int i = 0; i < {prod(out)}; i++) {{ float v = {c_number(scale)} * (float){x}[i]; "
                f"{x}[i] = rounded(({value}) * {c_number(1 / new)}, -127); }}"
            )
            scale = new
        shape = out
