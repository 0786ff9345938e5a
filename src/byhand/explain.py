"""A network's own equations, forward and backward, in the order in which they are computed.

`trace` runs one pass and keeps every quantity; `explain` prints the equations with this network's shapes, and with
the numbers of a trace when it is given samples.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np

from byhand.equations import Equation, latex_symbol
from byhand.layers import Layer
from byhand.network import Network
from byhand.training.targets import as_targets
from byhand.types import Array, Shape
from byhand.workspace import make_cache

Names = dict[str, str]


@dataclass(frozen=True)
class Line:
    """One computed quantity: its equation, and the names that the equation's own quantities have in this network."""

    part: str  # "forward", "loss" or "backward"
    owner: str  # "layer 1, Dense(30)" or the loss
    equation: Equation
    names: Names

    @property
    def target(self) -> str:
        """The name of what it computes."""
        return self.names[self.equation.target]


def layer_names(network: Network) -> list[Names]:
    """For each layer the names of its quantities: z1 = a0 W1 + b1, a1 = σ(z1), ... and d for the gradients.

    The number counts layers with parameters; a step without any gives "a" with the number of the layer before it.
    """
    names: list[Names] = []
    x, number = "a0", 0
    taken = {x}
    for plan in network.plan:
        number += bool(plan.params)
        y = f"{'z' if plan.params else 'a'}{number}"
        while y in taken:
            y += "′"
        taken.add(y)
        own = {"x": x, "y": y} | {name: f"{name}{number}" for name in plan.params}
        names.append(own | {f"d{key}": f"d{value}" for key, value in own.items()})
        x = y
    return names


def lines(network: Network) -> Iterator[Line]:
    """Every equation of one forward and backward pass, in order."""
    names = layer_names(network)
    owners = [f"layer {i + 1}, {layer.label()}" for i, layer in enumerate(network.layers)]
    for layer, own, owner in zip(network.layers, names, owners, strict=True):
        for equation in layer.forward_equations:
            yield Line("forward", owner, equation, own)
    y = names[-1]["y"]
    a = re.sub("^z", "a", y) if network.loss.activation else y
    loss_names = {"y": y, "dy": f"d{y}", "a": a + "′" * (a == y and network.loss.activation is not None)}
    loss_names |= {"t": "t", "L": "L"}
    for equation in network.loss.forward_equations:
        yield Line("loss", type(network.loss).__name__, equation, loss_names)
    for equation in network.loss.backward_equations:
        yield Line("backward", type(network.loss).__name__, equation, loss_names)
    first = next((i for i, plan in enumerate(network.plan) if plan.learns), 0)
    for i in range(len(names) - 1, first - 1, -1):
        if not network.layers[i].backward_equations:
            break  # no gradient goes through a step
        for equation in network.layers[i].backward_equations:
            if i > first or equation.target != "dx":  # nobody learns from the gradient by the input
                yield Line("backward", owners[i], equation, names[i])


def shapes(network: Network) -> dict[str, str]:
    """The shape of every quantity by its name, with n for the number of samples."""
    result = {"a0": _rows(network.input_shape), "t": _rows((network.outputs,)), "L": "number"}
    for own, plan in zip(layer_names(network), network.plan, strict=True):
        result[own["y"]] = _rows(plan.out_shape)
        result |= {own[name]: _plain(shape) for name, shape in plan.params.items()}
    for line in lines(network):
        if line.equation.target == "a":
            result.setdefault(line.target, _rows((network.outputs,)))
    return result | {f"d{name}": shape for name, shape in result.items()}


def trace(network: Network, x: Array, t: Array) -> dict[str, Array]:
    """Every quantity of one pass, by name: a0, z1, a1, ..., L, and the gradients dz2, dW2, ...

    Args:
        network: the network; its parameters stay as they are.
        x: samples (n, *input_shape).
        t: targets (n, outputs).

    Returns:
        Arrays of their own, in the order in which they are computed.
    """
    x = network.as_input(x)
    t = np.asarray(t, network.dtype)
    n, ops = len(x), network.ops
    names = layer_names(network)
    values: dict[str, Array] = {"a0": x}
    caches = []
    for layer, plan, p, own in zip(network.layers, network.plan, network.p, names, strict=True):
        y = np.empty((n, *plan.out_shape), network.dtype)
        caches.append(make_cache(plan, n, network.dtype))
        layer.forward(ops, p, values[own["x"]], y, caches[-1], None)
        values |= {own[name]: getattr(p, name).copy() for name in plan.params} | {own["y"]: y}
    y = values[names[-1]["y"]]
    loss_cache = _empty(network.loss.cache(network.outputs), n, network.dtype)
    activations, dy = np.empty_like(y), np.empty_like(y)
    network.loss.activate(ops, y, activations, loss_cache)
    loss = network.loss.backward(ops, y, t, dy, loss_cache, 1 / n)
    loss_lines = [line for line in lines(network) if line.part == "loss"]
    values |= {line.target: activations for line in loss_lines if line.equation.target == "a"}
    values |= {"t": t, "L": np.asarray(loss), names[-1]["dy"]: dy}
    g_views = network.arena.views(np.empty_like(network.theta))
    for i in range(len(names) - 1, -1, -1):
        own, g, layer = names[i], g_views[i], network.layers[i]
        if not layer.backward_equations:
            break  # no gradient goes through a step
        dx = np.empty_like(values[own["x"]])
        layer.backward(ops, network.p[i], g, values[own["x"]], values[own["y"]], values[own["dy"]], dx, caches[i])
        values |= {own[f"d{name}"]: getattr(g, name) for name in network.plan[i].params} | {own["dx"]: dx}
    return values


def explain(network: Network, x: Array | None = None, t: Any = None, latex: bool = False) -> str:
    """The equations of one forward and backward pass of `network`, in order, with shapes; "dW1" stands for ∂L/∂W1.

    Args:
        network: the network.
        x: samples (n, *input_shape); with them every line also gives its numbers.
        t: their targets (n, outputs), or class numbers (n,).
        latex: LaTeX (an `aligned` block, needing amsmath) rather than text.

    Raises:
        ByhandError: x or t do not fit the network.
    """
    values = None
    if x is not None:
        x = network.as_input(x)
        targets, _ = as_targets(network, np.zeros(len(x), np.int64) if t is None else t, len(x))
        values = trace(network, x, targets)
    return _latex(network, values) if latex else _text(network, values)


TITLES = {"forward": "Forward", "loss": "Loss", "backward": "Backward (dW means ∂L/∂W)"}


def _text(network: Network, values: Mapping[str, Array] | None) -> str:
    all_lines, known = list(lines(network)), shapes(network)
    width = max(len(line.equation.as_text(line.names)) for line in all_lines)
    out, part = [f"a0 is the input {known['a0']}, t the targets {known['t']}; n samples, one a row"], ""
    if values:
        out.append(f"  a0 = {_numbers(values['a0'])}")
    for line in all_lines:
        if line.part != part:
            part = line.part
            out += ["", TITLES[part]]
        equation = line.equation.as_text(line.names)
        out.append(f"  {equation:<{width}}   {_signature(line, known)}".rstrip())
        if values:
            out += [f"      {name} = {_numbers(values[name])}" for name in _new_inputs(line)]
            out.append(f"      {line.target} = {_numbers(values[line.target])}")
    out += ["", "Update (η is the learning rate; θ all W and b, g all dW and db)", "  θ ← θ − η g"]
    return "\n".join(out)


def _latex(network: Network, values: Mapping[str, Array] | None) -> str:
    known = shapes(network)
    out = [r"\begin{aligned}"]
    for line in lines(network):
        equation = line.equation.as_latex(line.names).replace(" = ", " &= ", 1)
        shape = known[line.target].replace("number", r"\mathbb{R}").replace(" × ", r" \times ")
        out.append(rf"{equation} && {shape} \\")
        if values:
            out.append(rf"&= {_latex_numbers(values[line.target])} \\")
    out += [rf"{latex_symbol('θ')} &\leftarrow θ - \eta\, g".replace("θ", r"\theta"), r"\end{aligned}"]
    return "\n".join(out)


def _signature(line: Line, known: Mapping[str, str]) -> str:
    """The shapes on the right-hand side, in their order, and of the result."""
    used = line.equation.quantities
    parts = [f"{line.names[name]} {known[line.names[name]]}" for name in used]
    return f"{', '.join(parts)} → {known[line.target]}"


def _new_inputs(line: Line) -> list[str]:
    """Parameters, and targets, are shown where they are first used: in the forward pass and in the loss."""
    if line.part == "backward":
        return []
    used = line.equation.quantities
    return [line.names[name] for name in used if name not in ("x", "y", "a")]


def _rows(shape: Shape) -> str:
    return f"(n × {' × '.join(map(str, shape))})"


def _plain(shape: Shape) -> str:
    return f"({' × '.join(map(str, shape))})"


def _empty(cache: Mapping[str, Shape], n: int, dtype: Any) -> SimpleNamespace:
    return SimpleNamespace(**{name: np.empty((n, *shape), dtype) for name, shape in cache.items()})


def _numbers(value: Array) -> str:
    text = np.array2string(value, precision=4, suppress_small=True, threshold=40, edgeitems=3, prefix=" " * 12)
    return text


def _latex_numbers(value: Array) -> str:
    if value.ndim == 0:
        return f"{value:.6g}"
    rows = np.atleast_2d(value)
    if rows.size > 40 or rows.ndim > 2:
        return rf"\text{{{' by '.join(map(str, value.shape))} numbers}}"
    body = r" \\ ".join(" & ".join(f"{number:.4g}" for number in row) for row in rows)
    return rf"\begin{{bmatrix}} {body} \end{{bmatrix}}"


def activation_functions() -> dict[str, tuple[Any, Any]]:
    """Name → (f, f′) of every activation that works on single numbers, as functions of arrays, for pictures."""
    from byhand.layers import ELU, LeakyReLU, ReLU, Sigmoid, Step, Tanh

    return {layer.label(): _as_functions(layer) for layer in (Step(), Sigmoid(), Tanh(), ReLU(), LeakyReLU(0.1), ELU())}


def _as_functions(layer: Layer) -> tuple[Any, Any]:
    from byhand.layers import Step
    from byhand.ops import reference

    def f(x: Array) -> Array:
        x = np.asarray(x, float)
        y = np.empty_like(x)
        layer.forward(reference, SimpleNamespace(), x, y, SimpleNamespace(scratch=np.empty_like(x)), None)
        return y

    def slope(x: Array) -> Array:
        if isinstance(layer, Step):
            return np.zeros_like(np.asarray(x, float))
        y, dx = f(x), np.empty_like(np.asarray(x, float))
        nothing, cache = SimpleNamespace(), SimpleNamespace(scratch=np.empty_like(y))
        layer.backward(reference, nothing, nothing, y, y, np.ones_like(y), dx, cache)
        return dx

    return f, slope
