"""The calls of a network in 8 bits."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.plan import Plan
from byhand.core.types import Array, Shape
from byhand.exchange.c.arrays import c_number
from byhand.exchange.c.single import (
    C_WRITERS,
    SAME_NUMBERS,
    CParts,
    element,
    outputs_first,
    scale_and_shift,
    window_arguments,
)
from byhand.layers import (
    AveragePool2D,
    BatchNorm,
    Conv1D,
    Conv2D,
    Dense,
    Embedding,
    FirstStep,
    GlobalAveragePool2D,
    LastStep,
    Layer,
    MaxOverTime,
    MaxPool2D,
    MeanOverTime,
    PatchEmbedding,
    ReLU,
    RepeatVector,
    Residual,
    Sequential,
    Softmax,
    StepsFrom,
)
from byhand.network import Network

LARGEST_BYTE = 127  # of a signed 8-bit number, both ways
PRODUCTS = (Conv1D, Conv2D, Dense, PatchEmbedding)
MEANS = (AveragePool2D, GlobalAveragePool2D, MeanOverTime)
SOME_STEPS = (FirstStep, LastStep, RepeatVector, StepsFrom)

Located = tuple[str, Layer, Plan]  # a layer's path, the layer, its plan


def without_composites(layers: Sequence[Layer], plans: Sequence[Plan], path: str = "") -> Iterator[Located]:
    """Layers in a row, those of Sequential among them."""
    for i, (layer, plan) in enumerate(zip(layers, plans, strict=True)):
        if isinstance(layer, Sequential):
            yield from without_composites(layer.layers, plan.children, f"{path}{i}.")
        else:
            yield f"{path}{i}", layer, plan


def largest_numbers(network: Network, samples: Array) -> dict[str, float]:
    """The largest absolute number of the input (""), and of each layer's output, by its path, over samples."""
    values, found = network.state_dict(), {"": float(np.abs(network.as_input(samples)).max()) or 1.0}

    def walk(before: list[Located], places: Iterator[Located]) -> None:
        for place in places:
            chain = [*before, place]
            inner = Network(network.input_shape, [layer for _, layer, _ in chain], rng=None, inputs=network.inputs)
            own = {f"{k}{name}": a for k, (path, *_) in enumerate(chain) for name, a in _below(values, path).items()}
            inner.load_state_dict(own)
            found[place[0]] = float(np.abs(inner.predict_proba(samples)).max()) or 1.0
            if isinstance(place[1], Residual):
                walk(before, without_composites(place[1].layers, place[2].children, f"{place[0]}."))
            before = chain

    walk([], without_composites(network.layers, network.plan))
    return found


def _below(values: Mapping[str, Array], path: str) -> dict[str, Array]:
    """A layer's parameters and state, by their names with a dot before."""
    return {name[len(path) :]: a for name, a in values.items() if name.startswith(f"{path}.")}


def write_eight_bits(network: Network, parts: CParts, samples: Array) -> None:
    """Write the calls; the last dense layer's numbers, unrounded, are y."""
    if len(network.plan[-1].out_shape) != 1:
        raise ByhandError("A network in 8 bits gives one row of numbers; in single precision one for each step, too.")
    places = list(without_composites(network.layers, network.plan))
    _refuse(places)
    final = max((i for i, (_, layer, _) in enumerate(places) if isinstance(layer, Dense)), default=-1)
    if final < 0:
        raise ByhandError("A network in 8 bits needs a dense layer, whose sums are its answer.")
    tops, n = largest_numbers(network, samples), prod(network.input_shape)
    to = EightBits(parts, network.state_dict(), {path: top / LARGEST_BYTE for path, top in tops.items()})
    if network.inputs == "grey levels":
        x, to.scale = parts.hold(n), 1 / LARGEST_BYTE
        parts.calls.append(f"for (int i = 0; i < {n}; i++) {x}[i] = (int8_t)((x[i] * 127 + 127) / 255);")
    elif network.inputs != "tokens":
        x, to.scale = parts.hold(n), to.tops[""]
        parts.use("rounded")
        parts.calls.append(f"for (int i = 0; i < {n}; i++) {x}[i] = rounded(x[i] * {c_number(1 / to.scale)}, -127);")
    to.run(places, network.input_shape, final)


def _refuse(places: Sequence[Located]) -> None:
    """Refuse what there is in single precision only."""
    known = (BatchNorm, Embedding, MaxOverTime, Residual, *PRODUCTS, *MEANS, *SOME_STEPS)
    for path, layer, plan in places:
        masks = isinstance(layer, Embedding) and layer.padding is not None
        if masks or (type(layer) in C_WRITERS and not isinstance(layer, known)):
            raise ByhandError(f"The layer {layer.label()} can be written in C in single precision, not in 8 bits.")
        if isinstance(layer, Residual):
            _refuse(list(without_composites(layer.layers, plan.children, f"{path}.")))


@dataclass
class EightBits:
    """A network in 8 bits, layer by layer: a number is a byte times the scale of its place.

    Attributes:
        parts: what is written.
        values: all parameters and states, by name.
        tops: the scale of each layer's output, by its path, with which the largest number becomes 127.
        scale: of x.
        depth: of layers inside layers, each of which keeps its input.
    """

    parts: CParts
    values: Mapping[str, Array]
    tops: Mapping[str, float]
    scale: float = 1.0
    depth: int = 0

    def run(self, places: Sequence[Located], shape: Shape, final: int | None = None) -> None:
        """Write layers in a row; the sums of the one with the number `final` are y, and what follows it works on y."""
        fused = -1
        for i, (path, layer, plan) in enumerate(places):
            relu = i + 1 < len(places) and isinstance(places[i + 1][1], ReLU) and i != final
            same = isinstance(layer, SAME_NUMBERS) or (isinstance(layer, Softmax) and i == len(places) - 1)
            if i == fused or same:
                pass
            elif final is not None and i > final:
                code = element(layer, "y[i]", self.parts)
                self.parts.calls.append(f"for (int i = 0; i < {prod(plan.out_shape)}; i++) y[i] = {code};")
            else:
                known = isinstance(layer, BatchNorm | Residual | Conv1D | Conv2D | Dense | PatchEmbedding)
                fused = i + 1 if relu and known else -1
                top = self.tops[places[i + (fused > 0)][0]] if i != final else 1.0
                self.layer(path, layer, plan, shape, top, 0 if fused > 0 else -LARGEST_BYTE, i == final)
            shape = plan.out_shape

    def layer(self, path: str, layer: Any, plan: Plan, shape: Shape, top: float, low: int, last: bool) -> None:
        """Write one layer, whose output's scale is to be `top`, and whose numbers are `low` to 127."""
        out, x, parts = plan.out_shape, self.parts.hold(prod(shape)), self.parts
        p = {name[1:]: a for name, a in _below(self.values, path).items()}
        if isinstance(layer, PRODUCTS):
            self.product(layer, p, shape, out, top, low, last)
        elif isinstance(layer, MaxPool2D | MaxOverTime):
            over = [shape[0], 1, shape[1], 1, 1, shape[0], 1, 1, 1, 0, 0] if len(shape) == 2 else []
            parts.call("max_pool_q", x, self.other(out), *(over or window_arguments(layer, shape, out)))
            parts.at = 1 - parts.at
        elif isinstance(layer, MEANS):
            y, factor = self.other(out), c_number(self.scale / top)
            if isinstance(layer, AveragePool2D):
                parts.call("average_pool_q", x, y, *window_arguments(layer, shape, out), factor)
            else:
                parts.call("average_all_q", x, y, prod(shape[:-1]), shape[-1], factor)
            parts.at, self.scale = 1 - parts.at, top
        elif isinstance(layer, BatchNorm):
            gain, shift = scale_and_shift(layer, p)
            arrays = zip("st", (gain * self.scale / top, shift / top), strict=True)
            numbers = [parts.constant(name, a.astype(np.float32)) for name, a in arrays]
            parts.call("norm_q", x, *numbers, prod(shape[:-1]), shape[-1], low)
            self.scale = top
        elif isinstance(layer, Embedding):
            self.scale = float(np.abs(p["W"]).max()) / LARGEST_BYTE or 1.0
            W = parts.constant("W", np.rint(p["W"] / self.scale).astype(np.int8))
            parts.call("embed_q", "x", W, parts.hold(prod(out)), *out)
        elif isinstance(layer, SOME_STEPS):
            first = shape[0] - 1 if isinstance(layer, LastStep) else getattr(layer, "first", 0)
            y, place = (
                self.other(out),
                f"i % {shape[0]}" if isinstance(layer, RepeatVector) else f"i + {first * shape[-1]}",
            )
            parts.calls.append(f"for (int i = 0; i < {prod(out)}; i++) {y}[i] = {x}[{place}];")
            parts.at = 1 - parts.at
        elif isinstance(layer, Residual):
            self.residual(path, layer, plan, shape, top, low)
        else:
            parts.use("rounded")
            value = element(layer, "v", parts)
            parts.calls.append(
                f"for (int i = 0; i < {prod(out)}; i++) {{ float v = {c_number(self.scale)} * (float){x}[i]; "
                f"{x}[i] = rounded(({value}) * {c_number(1 / top)}, -127); }}"
            )
            self.scale = top

    def other(self, shape: Shape) -> str:
        """The buffer for y."""
        return self.parts.hold(prod(shape), there=True)

    def product(
        self, layer: Any, p: dict[str, Array], shape: Shape, out: Shape, top: float, low: int, last: bool
    ) -> None:
        """A dense layer or a convolution: whole numbers with a scale for each output."""
        parts, x = self.parts, self.parts.hold(prod(shape))
        kernel = p["W"].reshape(layer.size, layer.size, shape[2], -1) if isinstance(layer, PatchEmbedding) else p["W"]
        W = outputs_first(layer, kernel)
        s = np.abs(W).reshape(len(W), -1).max(axis=1) / LARGEST_BYTE
        s[s == 0] = 1
        q = np.rint(W / s.reshape(-1, *[1] * (W.ndim - 1))).astype(np.int8)
        factor, shift = self.scale * s / top, p.get("b", np.zeros(out[-1])) / top
        numbers = [parts.constant("W", q)]
        numbers += [parts.constant(name, a.astype(np.float32)) for name, a in (("m", factor), ("b", shift))]
        y, given = "y" if last else self.other(out), ", ".join(numbers)
        if isinstance(layer, Dense):
            k, units, rows = shape[-1], out[-1], prod(shape[:-1])
            x, y = (f"{x} + t * {k}", f"{y} + t * {units}") if rows > 1 else (x, y)
            where = f"(int8_t *)0, {y}" if last else f"{y}, (float *)0"
            call = f"dense_q({x}, {given}, {where}, {k}, {units}, {low});"
            parts.use("dense_q")
            parts.calls.append(f"for (int t = 0; t < {rows}; t++) {call}" if rows > 1 else call)
        else:
            if isinstance(layer, Conv2D):
                window, more = (
                    window_arguments(layer, shape, out),
                    [layer.filters, layer.groups, *layer.window.dilation],
                )
            elif isinstance(layer, Conv1D):
                steps, size = shape[0], layer.size
                window = [1, *shape, 1, steps, 1, size, 1, 1, 0, (size - 1) * layer.dilation]
                more = [layer.filters, 1, 1, layer.dilation]
            else:
                window, more = (
                    [*shape, shape[0] // layer.size, shape[1] // layer.size, *[layer.size] * 4, 0, 0],
                    [layer.units, 1, 1, 1],
                )
            parts.call("conv_q", x, given, y, *window, *more, low)
        parts.at, self.scale = 1 - parts.at, top

    def residual(self, path: str, layer: Any, plan: Plan, shape: Shape, top: float, low: int) -> None:
        """x + F(x): both times their scales, added and rounded."""
        parts, n, before = self.parts, prod(shape), self.scale
        self.depth += 1
        kept = parts.extra(f"kept{self.depth}", n)
        parts.calls.append(f"for (int i = 0; i < {n}; i++) {kept}[i] = {parts.hold(n)}[i];")
        self.run(list(without_composites(layer.layers, plan.children, f"{path}.")), shape)
        self.depth -= 1
        x, (a, b) = parts.hold(n), (c_number(scale / top) for scale in (before, self.scale))
        parts.use("rounded")
        code = f"rounded({a} * (float){kept}[i] + {b} * (float){x}[i], {low})"
        parts.calls.append(f"for (int i = 0; i < {n}; i++) {x}[i] = {code};")
        self.scale = top
