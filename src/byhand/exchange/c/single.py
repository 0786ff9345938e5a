"""The calls of a network in single precision, and what they share with those in 8 bits."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.plan import Plan
from byhand.core.types import Array, Shape
from byhand.exchange.c.arrays import c_array, c_number
from byhand.exchange.c.snippets import NEEDS
from byhand.layers import (
    ELU,
    GELU,
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
    SiLU,
    Softmax,
    SpatialDropout,
    Tanh,
)
from byhand.network import Network
from byhand.ops.activations import ERFC_POLYNOMIAL

SAME_NUMBERS = (
    Flatten,
    Reshape,
    Columns,
    Dropout,
    SpatialDropout,
)  # outside training the same numbers in the same order
EACH: dict[type, str] = {ReLU: "{x} > 0 ? {x} : 0", Sigmoid: "sigmoid({x})", Tanh: "hyperbolic({x})"}
EACH |= {SiLU: "{x} * sigmoid({x})"}


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
    more: dict[str, int] = field(default_factory=dict)  # bytes of further buffers, by name

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

    def extra(self, name: str, size: int) -> str:
        """A further buffer, made large enough for `size` bytes."""
        self.more[name] = max(self.more.get(name, 0), size)
        return name


def scale_and_shift(layer: BatchNorm, p: dict[str, Array]) -> tuple[Array, Array]:
    """Batch normalisation outside training: scale and shift of each column."""
    scale = p["gamma"] / np.sqrt(p["running_var"].astype(np.float64) + layer.epsilon)
    return scale, p["beta"] - scale * p["running_mean"]


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
    if isinstance(layer, GELU):
        function = "gelu_by_tanh" if layer.approximate else "gelu"
        if function == "gelu" and function not in parts.used:
            parts.flash += 4 * len(ERFC_POLYNOMIAL)
        parts.use(function)
        return f"{function}({x})"
    if type(layer) not in EACH:
        raise unknown_in_c(layer)
    if not isinstance(layer, ReLU):
        parts.use("hyperbolic" if isinstance(layer, Tanh) else "sigmoid")
    return EACH[type(layer)].format(x=x)


@dataclass
class Single:
    """A network in single precision, layer by layer.

    Attributes:
        parts: what is written.
        values: all parameters and states, by name.
        steps: the variable with the number of steps that are there; None where all of them are.
        depth: of layers inside layers, each of which keeps its input.
        known: constants by the full names of the parameters that they hold.
    """

    parts: CParts
    values: Mapping[str, Array]
    steps: str | None = None
    depth: int = 0
    known: dict[str, str] = field(default_factory=dict)

    def own(self, path: str) -> dict[str, Array]:
        """A layer's parameters and state, by name."""
        start = f"{path}."
        return {name.removeprefix(start): a for name, a in self.values.items() if name.startswith(start)}

    def constant(self, what: str, values: Array, full: str = "") -> str:
        """An array of constants in single precision."""
        name = self.parts.constant(what, values.astype(np.float32))
        self.known[full] = name
        return name

    def room(self, shape: Shape) -> str:
        """The buffer with x."""
        return self.parts.hold(4 * prod(shape))

    def other(self, shape: Shape) -> str:
        """The buffer for y."""
        return self.parts.hold(4 * prod(shape), there=True)

    def turn(self) -> None:
        """What was y is the next layer's x."""
        self.parts.at = 1 - self.parts.at

    def line(self, code: str) -> None:
        """Add a line."""
        self.parts.calls.append(code)

    def each(self, shape: Shape, code: str) -> None:
        """Add a line for all numbers of that shape, with their index i."""
        self.line(f"for (int i = 0; i < {prod(shape)}; i++) {code}")

    def chain(self, layers: Sequence[Layer], plans: Sequence[Plan], shape: Shape, path: str) -> None:
        """Write layers in a row."""
        for i, (layer, plan) in enumerate(zip(layers, plans, strict=True)):
            self.layer(layer, plan, shape, f"{path}{i}")
            shape = plan.out_shape

    def layer(self, layer: Layer, plan: Plan, shape: Shape, path: str) -> None:
        """Write one layer."""
        out = plan.out_shape
        if write := C_WRITERS.get(type(layer)):
            write(self, layer, plan, shape, path)
        elif isinstance(layer, MaxPool2D | AveragePool2D):
            function = "max_pool" if isinstance(layer, MaxPool2D) else "average_pool"
            self.parts.call(function, self.room(shape), self.other(out), *window_arguments(layer, shape, out))
            self.turn()
        elif isinstance(layer, GlobalAveragePool2D):
            self.parts.call("average_all", self.room(shape), self.other(out), shape[0] * shape[1], shape[2])
            self.turn()
        elif not isinstance(layer, SAME_NUMBERS):
            x = self.room(shape)
            self.each(shape, f"{x}[i] = {element(layer, f'{x}[i]', self.parts)};")


C_WRITERS: dict[type, Callable[[Single, Any, Plan, Shape, str], None]] = {}
CWriter = Callable[[Single, Any, Plan, Shape, str], None]


def writes_in_c(*kinds: type) -> Callable[[CWriter], CWriter]:
    """Decorator: the function writes the calls of these layers."""

    def note(function: CWriter) -> CWriter:
        C_WRITERS.update(dict.fromkeys(kinds, function))
        return function

    return note


@writes_in_c(Dense)
def _dense(to: Single, layer: Any, plan: Plan, shape: Shape, path: str) -> None:
    p, out = to.own(path), plan.out_shape
    W = to.constant("W", outputs_first(layer, p["W"]), f"{path}.W")
    dense_rows(to, W, to.constant("b", p.get("b", np.zeros(out[-1]))), shape, out)


def dense_rows(to: Single, W: str, b: str, shape: Shape, out: Shape) -> None:
    """A dense layer over each row."""
    x, y, k, units, rows = to.room(shape), to.other(out), shape[-1], out[-1], prod(shape[:-1])
    if rows == 1:
        to.parts.call("dense", x, W, b, y, k, units)
    else:
        to.parts.use("dense")
        to.line(f"for (int t = 0; t < {rows}; t++) dense({x} + t * {k}, {W}, {b}, {y} + t * {units}, {k}, {units});")
    to.turn()


@writes_in_c(Conv2D)
def _conv(to: Single, layer: Any, plan: Plan, shape: Shape, path: str) -> None:
    p, out = to.own(path), plan.out_shape
    W = to.constant("W", outputs_first(layer, p["W"]))
    b = to.constant("b", p.get("b", np.zeros(out[-1])))
    more = [layer.filters, layer.groups, *layer.window.dilation]
    to.parts.call("conv", to.room(shape), W, b, to.other(out), *window_arguments(layer, shape, out), *more)
    to.turn()


@writes_in_c(BatchNorm)
def _batch_norm(to: Single, layer: Any, plan: Plan, shape: Shape, path: str) -> None:
    scale, shift = (to.constant(n, a) for n, a in zip("st", scale_and_shift(layer, to.own(path)), strict=True))
    to.parts.call("norm", to.room(shape), scale, shift, prod(shape[:-1]), shape[-1])


def write_single(network: Network, parts: CParts) -> str | None:
    """The calls in single precision; the last layer's output is y. Returns the variable that counts its steps."""
    to, layers, shape = Single(parts, network.state_dict()), list(network.layers), network.input_shape
    if network.inputs != "tokens":
        x = to.room(shape)
        to.each(shape, f"{x}[i] = {'(float)x[i] / 255.0f' if network.inputs == 'grey levels' else 'x[i]'};")
    if isinstance(layers[-1], Softmax):  # the caller writes it
        layers.pop()
    to.chain(layers, network.plan[: len(layers)], shape, "")
    x = to.room(network.plan[-1].out_shape)
    to.each(network.plan[-1].out_shape, f"y[i] = {x}[i];")
    return to.steps
