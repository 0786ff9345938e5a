"""The equations of a network, forward and backward, in order of computation.

`trace` runs one pass and keeps every quantity; `explain` prints the equations with this network's shapes, and with
the numbers of a trace when it is given samples.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np

from byhand.core.equations import Equation, latex_symbol
from byhand.core.passes import Pass
from byhand.core.types import Array, Shape
from byhand.explaining.blocks import GREEK, Block, Names, blocks
from byhand.explaining.receptive import Field, receptive_fields
from byhand.layers import Layer
from byhand.layers.base import backward_through
from byhand.network import Network
from byhand.training.targets import as_targets


@dataclass(frozen=True)
class Line:
    """One computed quantity: its equation, and the names that the equation's own quantities have in this network."""

    part: str  # "forward", "loss" or "backward"
    owner: str  # "layer 1, Dense(30)" or the loss
    equation: Equation
    names: Names

    @property
    def target(self) -> str:
        """The name of the computed quantity."""
        return self.names[self.equation.target]


def lines(network: Network) -> Iterator[Line]:
    """Every equation of one forward and backward pass, in order."""
    found = blocks(network)
    for block in found:
        yield from _forward_lines(block)
    y = found[-1].names["y"]
    a = re.sub("^z", "a", y) if network.loss.activation else y
    loss_names = {"y": y, "dy": f"d{y}", "a": a + "′" * (a == y and network.loss.activation is not None)}
    loss_names |= {"t": "t", "L": "L"}
    for equation in network.loss.forward_equations:
        yield Line("loss", type(network.loss).__name__, equation, loss_names)
    for equation in network.loss.backward_equations:
        yield Line("backward", type(network.loss).__name__, equation, loss_names)
    first = next((i for i, block in enumerate(found) if block.plan.learns), 0)
    for i in range(len(found) - 1, first - 1, -1):
        if not found[i].has_gradient:
            break
        yield from _backward_lines(found[i], want_dx=i > first)  # nobody learns from the gradient by the input


def _forward_lines(block: Block) -> Iterator[Line]:
    for child in block.children:
        yield from _forward_lines(child)
    for equation in block.forward:
        yield Line("forward", block.owner, equation, block.names)


def _backward_lines(block: Block, want_dx: bool) -> Iterator[Line]:
    """A composite's own equations come around those of the layers inside it, dx last."""
    equations = [Line("backward", block.owner, e, block.names) for e in block.backward]
    needed = {
        f"d{name}" for name in (*block.plan.params, *block.plan.shared)
    }  # the parameters' gradients, and what they are computed from
    for line in reversed(equations):
        needed.update(line.equation.quantities if line.equation.target in needed else ())
    for line in equations:
        if line.equation.target != "dx" and (want_dx or line.equation.target in needed or block.children):
            yield line
    for k in range(len(block.children) - 1, -1, -1):
        yield from _backward_lines(block.children[k], want_dx or (k > 0 and block.plan.chained))
    yield from (line for line in equations if line.equation.target == "dx" and want_dx)


def shapes(network: Network) -> dict[str, str]:
    """The shape of every quantity by its name, with n for the number of samples."""
    result = {"a0": _rows(network.input_shape), "t": _rows(network.target_shape), "L": "number"}
    for block in blocks(network):
        result |= _block_shapes(block)
    for line in lines(network):
        if line.equation.target == "a":
            result.setdefault(line.target, _rows(network.plan[-1].out_shape))
    return {f"d{name}": shape for name, shape in result.items()} | result


def _block_shapes(block: Block) -> dict[str, str]:
    own, plan = block.names, block.plan
    result = {own["y"]: _rows(plan.out_shape)}
    result |= {own[name]: _plain(shape) for name, shape in [*plan.params.items(), *plan.scratch.items()] if name in own}
    result |= {own[name]: _rows(shape) for name, shape in [*plan.cache.items(), *plan.named.items()] if name in own}
    if "d0" in own:
        result[own["d0"]] = _rows(plan.inner_shape)
    for equation in block.forward:  # what is not kept has its gradient's shape, or the output's
        result.setdefault(own[equation.target], _rows(plan.cache.get(f"d{equation.target}", plan.out_shape)))
    result |= {own[f"d{name}"]: _plain(shape) for name, (_, shape) in plan.shared.items()}
    for child in block.children:
        result |= _block_shapes(child)
        if not plan.chained:
            result.setdefault(child.names["dx"], _rows(plan.inner_shape))
    return result


def trace(network: Network, x: Array, t: Array) -> dict[str, Array]:
    """Every quantity of one pass in training, by name: a0, z1, a1, ..., L, and the gradients dz2, dW2, ...

    Args:
        network: the network; its parameters and its state stay as they are.
        x: samples (n, *input_shape).
        t: targets (n, outputs).

    Returns:
        Arrays of their own, in the order in which they are computed.
    """
    x, t = network.as_input(x), np.asarray(t)
    t = t if t.dtype.kind in "iu" else t.astype(network.dtype)
    network, state = network.twin(), network.state.copy()  # the twin's gradient may be written over
    found, names = blocks(network), blocks(network)[-1].names
    workspace = network.workspace(len(x), share=False)
    y = network.forward(x, workspace, np.random.default_rng(0))
    layers, at = workspace.passes
    values: dict[str, Array] = {"a0": x}
    for block, passed in zip(found, layers, strict=True):
        values |= _forward_values(block, passed)
    activations = np.empty_like(y)
    network.loss.activate(network.ops, at, activations)
    at.t, at.factor = t, 1 / len(x)
    loss = network.loss.backward(network.ops, at)
    loss_lines = [line for line in lines(network) if line.part == "loss"]
    values |= {line.target: activations for line in loss_lines if line.equation.target == "a"}
    values |= {"t": t, "L": np.asarray(loss), names["dy"]: at.dy}
    first = max((i + 1 for i, block in enumerate(found) if not block.has_gradient), default=0)
    if first < len(layers):
        backward_through(network.ops, network.layers, layers, np.empty_like(layers[first].x), first)
    for i in range(len(found) - 1, first - 1, -1):
        values |= _backward_values(found[i], layers[i])
    network.state = state
    return values


def _forward_values(block: Block, at: Pass) -> dict[str, Array]:
    """The quantities that a block has computed, by name."""
    own = block.names
    values: dict[str, Array] = {}
    for child, inner in zip(block.children, at.children, strict=True):
        values |= _forward_values(child, inner)
    values |= {own[name]: getattr(at.p, name).copy() for name in block.plan.params}
    targets = [equation.target for equation in block.forward]
    values |= {own[name]: getattr(at.cache, name) for name in targets if hasattr(at.cache, name)}
    values |= {own[name]: value for name, value in block.layer.unkept(at).items() if name in targets}
    return values | {own["y"]: at.y}


def _backward_values(block: Block, at: Pass) -> dict[str, Array]:
    """The gradients that a block has computed, by name."""
    own = block.names
    values = {own["dy"]: at.dy}
    for k in range(len(block.children) - 1, -1, -1):
        values |= _backward_values(block.children[k], at.children[k])
    values |= {own[f"d{name}"]: getattr(at.g, name) for name in (*block.plan.params, *block.plan.shared)}
    targets = [equation.target for equation in block.backward]
    values |= {own[name]: getattr(at.cache, name) for name in targets if hasattr(at.cache, name)}
    values |= {own[name]: value for name, value in block.layer.unkept(at).items() if name in targets}
    values |= {own[name]: value for name, value in block.layer.unkept_gradients(at).items()}
    return values | ({} if at.dx is None else {own["dx"]: at.dx})


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
    all_lines, known, fields = list(lines(network)), shapes(network), receptive_fields(network)
    width = max(len(line.equation.as_text(line.names)) for line in all_lines)
    shown: set[str] = set()
    out, part = [f"a0 is the input {known['a0']}, t the targets {known['t']}; n samples, one a row"], ""
    if fields:
        out.append("(r, s) is a place in an image, (k, l) one in a kernel, p and q the padding above and on the left;")
        out.append("what lies outside the image, or at no whole place, counts as 0")
    if values:
        out.append(f"  a0 = {_numbers(values['a0'])}")
    for line in all_lines:
        if line.part != part:
            part = line.part
            out += ["", TITLES[part]]
        equation = line.equation.as_text(line.names)
        out.append(f"  {equation:<{width}}   {_signature(line, known)}".rstrip())
        if values:
            new = [name for name in [*_inputs(line), line.target] if name not in shown]
            out += [f"      {name} = {_numbers(values[name])}" for name in new]
            shown.update(new)
    if fields:
        width = max(len(field.name) for field in fields)
        out += ["", "Receptive fields (what one number has seen of a0, and how far from its neighbour's; in pixels)"]
        out += [f"  {f.name:<{width}}   {_by(f.size)}, {_by(f.stride)} apart" for f in fields]
    letters = list(dict.fromkeys(GREEK.get(p.name, p.name) for p in network.arena.parameters)) or ["W", "b"]
    theta, g = _and(letters), _and([f"d{letter}" for letter in letters])
    out += ["", f"Update (η is the learning rate; θ all {theta}, g all {g})", "  θ ← θ − η g"]
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
    out += [_latex_field(field) for field in receptive_fields(network)]
    out += [rf"{latex_symbol('θ')} &\leftarrow θ - \eta\, g".replace("θ", r"\theta"), r"\end{aligned}"]
    return "\n".join(out)


def _and(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _signature(line: Line, known: Mapping[str, str]) -> str:
    """The shapes on the right-hand side, in their order, and of the result."""
    used = line.equation.quantities
    parts = [f"{line.names[name]} {known[line.names[name]]}" for name in used]
    return f"{', '.join(parts)} → {known[line.target]}".lstrip()


def _inputs(line: Line) -> list[str]:
    """Parameters, and targets, are shown where they are first used: in the forward pass and in the loss."""
    if line.part == "backward":
        return []
    used = line.equation.quantities
    return [line.names[name] for name in used if name not in ("x", "y", "a")]


def _latex_field(field: Field) -> str:
    size, stride = (_by(pair).replace(" × ", r" \times ") for pair in (field.size, field.stride))
    return rf"{latex_symbol(field.name)} &: \mathrm{{field\ }} {size}, \mathrm{{\ stride\ }} {stride} \\"


def _rows(shape: Shape) -> str:
    return f"(n × {_by(shape)})"


def _plain(shape: Shape) -> str:
    return f"({_by(shape)})"


def _by(shape: Shape) -> str:
    return " × ".join(map(str, shape))


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

    def run(x: Array) -> Pass:
        at = Pass()
        at.x, at.y, at.dx = np.asarray(x, float), np.empty(np.shape(x)), np.empty(np.shape(x))
        at.cache, at.dy = SimpleNamespace(scratch=np.empty(np.shape(x))), np.ones(np.shape(x))
        layer.forward(reference, at)
        return at

    def f(x: Array) -> Array:
        return run(x).y

    def slope(x: Array) -> Array:
        if isinstance(layer, Step):
            return np.zeros(np.shape(x))
        at = run(x)
        layer.backward(reference, at)
        assert at.dx is not None
        return at.dx

    return f, slope
