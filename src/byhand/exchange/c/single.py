"""The calls of a network in single precision, and what they share with those in 8 bits."""

from dataclasses import dataclass, field
from math import prod

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.types import Array
from byhand.exchange.c.arrays import c_array, c_number
from byhand.exchange.c.snippets import NEEDS
from byhand.layers import (
    ELU,
    AveragePool2D,
    BatchNorm,
    Columns,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePool2D,
    Layer,
    LeakyReLU,
    MaxPool2D,
    ReLU,
    Reshape,
    Sigmoid,
    Softmax,
    SpatialDropout,
    Tanh,
)
from byhand.network import Network

SAME_NUMBERS = (
    Flatten,
    Reshape,
    Columns,
    Dropout,
    SpatialDropout,
)  # outside training the same numbers in the same order
EACH: dict[type, str] = {ReLU: "{x} > 0 ? {x} : 0", Sigmoid: "sigmoid({x})", Tanh: "hyperbolic({x})"}


@dataclass
class CParts:
    """What is collected while layers are written."""

    name: str
    arrays: list[str] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    flash: int = 0
    room: list[int] = field(default_factory=lambda: [0, 0])  # bytes of the two buffers
    at: int = 0  # which of them holds x

    def constant(self, what: str, values: Array) -> str:
        """An array of constants: 8-bit whole numbers, else single precision."""
        name = f"{what}{len(self.arrays)}"
        text, size = c_array(name, values)
        self.arrays.append(text)
        self.flash += size
        return name

    def call(self, function: str, *arguments: object) -> None:
        """A call of one of the functions."""
        self.use(function)
        self.calls.append(f"{function}({', '.join(map(str, arguments))});")

    def use(self, function: str) -> None:
        """Note that a function is needed."""
        self.used.add(function)
        for other in NEEDS.get(function, ()):
            self.use(other)

    def hold(self, size: int, there: bool = False) -> str:
        """The buffer with x, or the other one, made large enough for `size` bytes."""
        i = 1 - self.at if there else self.at
        self.room[i] = max(self.room[i], size)
        return "ba"[i == 0]


def scale_and_shift(layer: BatchNorm, p: dict[str, Array]) -> tuple[Array, Array]:
    """Batch normalisation outside training: scale and shift of each column."""
    scale = p["gamma"] / np.sqrt(p["running_var"].astype(np.float64) + layer.epsilon)
    return scale, p["beta"] - scale * p["running_mean"]


def own_parameters(network: Network, i: int) -> dict[str, Array]:
    """A layer's parameters and state, by name."""
    values = network.state_dict()
    return {name.split(".", 1)[1]: a for name, a in values.items() if name.startswith(f"{i}.")}


def outputs_first(layer: Layer, W: Array) -> Array:
    """W with its outputs first: (out, in), or (filters, kh, kw, in / groups)."""
    return np.ascontiguousarray(W.T if W.ndim == 2 else W.transpose(3, 0, 1, 2))


def window_arguments(layer: object, in_shape: tuple[int, ...], out: tuple[int, ...]) -> list[int]:
    """What a function with a window takes."""
    w = layer.window  # type: ignore[attr-defined]
    return [*in_shape, out[0], out[1], *w.size, *w.stride, *w.pad(in_shape)]


def unknown_in_c(layer: Layer) -> ByhandError:
    """What to say of a layer that isn't known."""
    return ByhandError(f"The layer {layer.label()} can't be written in C yet.")


def element(layer: Layer, x: str, parts: CParts) -> str:
    """The expression of an activation of single numbers."""
    if isinstance(layer, LeakyReLU):
        return f"{x} > 0 ? {x} : {c_number(layer.negative_slope)} * {x}"
    if isinstance(layer, ELU):
        parts.use("elu")
        return f"elu({x}, {c_number(layer.alpha)})"
    if type(layer) not in EACH:
        raise unknown_in_c(layer)
    if not isinstance(layer, ReLU):
        parts.use("sigmoid" if isinstance(layer, Sigmoid) else "hyperbolic")
    return EACH[type(layer)].format(x=x)


def write_single(network: Network, parts: CParts) -> None:
    """The calls in single precision; the last layer's output is y."""
    shape, size = network.input_shape, 4
    grey = network.inputs == "grey levels"
    x = parts.hold(size * prod(shape))
    scaled = "(float)x[i] / 255.0f" if grey else "x[i]"
    parts.calls.append(f"for (int i = 0; i < {prod(shape)}; i++) {x}[i] = {scaled};")
    for i, (layer, plan) in enumerate(zip(network.layers, network.plan, strict=True)):
        out, own = plan.out_shape, own_parameters(network, i)
        x = parts.hold(size * prod(shape))
        if isinstance(layer, Dense | Conv2D):
            W = parts.constant("W", outputs_first(layer, own["W"]).astype(np.float32))
            bias = own.get("b", np.zeros(out[-1]))
            b = parts.constant("b", bias.astype(np.float32))
            y = parts.hold(size * prod(out), there=True)
            if isinstance(layer, Dense):
                if len(shape) != 1:
                    raise unknown_in_c(layer)
                parts.call("dense", x, W, b, y, shape[0], out[0])
            else:
                more = [layer.filters, layer.groups, *layer.window.dilation]
                parts.call("conv", x, W, b, y, *window_arguments(layer, shape, out), *more)
            parts.at = 1 - parts.at
        elif isinstance(layer, MaxPool2D | AveragePool2D):
            y = parts.hold(size * prod(out), there=True)
            function = "max_pool" if isinstance(layer, MaxPool2D) else "average_pool"
            parts.call(function, x, y, *window_arguments(layer, shape, out))
            parts.at = 1 - parts.at
        elif isinstance(layer, GlobalAveragePool2D):
            y = parts.hold(size * prod(out), there=True)
            parts.call("average_all", x, y, shape[0] * shape[1], shape[2])
            parts.at = 1 - parts.at
        elif isinstance(layer, BatchNorm):
            scale, shift = (
                parts.constant(n, a.astype(np.float32)) for n, a in zip("st", scale_and_shift(layer, own), strict=True)
            )
            parts.call("norm", x, scale, shift, prod(shape[:-1]), shape[-1])
        elif (isinstance(layer, Softmax) and i == len(network.layers) - 1) or isinstance(layer, SAME_NUMBERS):
            pass
        else:
            parts.calls.append(f"for (int i = 0; i < {prod(shape)}; i++) {x}[i] = {element(layer, f'{x}[i]', parts)};")
        shape = out
    x = parts.hold(size * prod(shape))
    parts.calls.append(f"for (int i = 0; i < {shape[0]}; i++) y[i] = {x}[i];")
