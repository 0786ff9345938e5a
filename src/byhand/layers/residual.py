"""A way around layers."""

from collections.abc import Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np

from byhand.core.checks import require_instance
from byhand.core.config import register
from byhand.core.equations import Equation
from byhand.core.errors import ByhandError
from byhand.core.types import Array, Rng, Shape
from byhand.layers.base import Layer, Plan, plan_layers


@register
@dataclass(frozen=True)
class Residual(Layer):
    """y = x + F(x), where F is any layers in a row whose output has the input's shape.

    The gradient reaches x along both ways, dx = dy + (∂F/∂x)ᵀ dy, and the direct one never vanishes, however many
    blocks follow each other. He, Zhang, Ren and Sun, "Deep residual learning for image recognition" (2016), eq. 1.

    Args:
        layers: the layers of F, first to last; another Residual may be among them.
    """

    layers: Sequence[Layer]

    forward_equations = (Equation("y", "$x + $F", "$x + $F"),)
    backward_equations = (Equation("dF", "$dy", "$dy"), Equation("dx", "$dy + $d0", "$dy + $d0"))

    def __post_init__(self) -> None:
        if isinstance(self.layers, Layer) or not isinstance(self.layers, Sequence) or not self.layers:
            raise ByhandError(f"Residual goes around a list of layers, such as [Dense(30)]; got {self.layers!r}.")
        for layer in self.layers:
            require_instance("A layer", layer, Layer, "a layer such as Dense(10)")
        object.__setattr__(self, "layers", tuple(self.layers))

    def plan(self, in_shape: Shape) -> Plan:
        """The shape stays; the cache keeps inner layers' outputs y0, y1, ... and gradients by their inputs d0, d1, ...

        Raises:
            ByhandError: inner layers do not fit together, or end in another shape than they began with.
        """
        children = tuple(plan_layers(self.layers, in_shape))
        if children[-1].out_shape != in_shape:
            raise ByhandError(
                f"the layers inside turn {in_shape} into {children[-1].out_shape}; to be added, both must be the same."
            )
        cache = {f"d{k}": shape for k, shape in enumerate([in_shape, *(c.out_shape for c in children[:-1])])}
        cache |= {f"y{k}": child.out_shape for k, child in enumerate(children)}
        return Plan(in_shape, cache=cache, children=children)

    def initialize(self, rng: np.random.Generator, p: SimpleNamespace) -> None:
        """Fill the inner layers' parameters and state, in order."""
        for layer, inner in zip(self.layers, p.children, strict=True):
            layer.initialize(rng, inner)

    def forward(self, ops: Any, p: SimpleNamespace, x: Array, y: Array, cache: SimpleNamespace, rng: Rng) -> None:
        """Compute y = x + F(x)."""
        inner = x
        for k, layer in enumerate(self.layers):
            out = getattr(cache, f"y{k}")
            layer.forward(ops, p.children[k], inner, out, cache.children[k], rng)
            inner = out
        ops.add(x, inner, out=y)

    def backward(
        self,
        ops: Any,
        p: SimpleNamespace,
        g: SimpleNamespace,
        x: Array,
        y: Array,
        dy: Array,
        dx: Array | None,
        cache: SimpleNamespace,
    ) -> None:
        """Go back through F from dF = dy, then dx = dy + d0."""
        last = len(self.layers) - 1
        for k in range(last, -1, -1):
            inner = getattr(cache, f"y{k - 1}") if k else x
            above = getattr(cache, f"d{k + 1}") if k < last else dy
            below = getattr(cache, f"d{k}") if k or dx is not None else None
            self.layers[k].backward(
                ops, p.children[k], g.children[k], inner, getattr(cache, f"y{k}"), above, below, cache.children[k]
            )  # fmt: skip
        if dx is not None:
            ops.add(dy, cache.d0, out=dx)

    def label(self) -> str:
        """For example Residual(Dense(30), ReLU)."""
        return f"Residual({', '.join(layer.label() for layer in self.layers)})"
