"""Images, or anything else, as rows of numbers."""

from dataclasses import dataclass
from math import prod
from types import SimpleNamespace
from typing import Any

from byhand.core.config import register
from byhand.core.equations import Equation
from byhand.core.types import Array, Rng, Shape
from byhand.layers.base import Layer, Plan


@register
@dataclass(frozen=True)
class Flatten(Layer):
    """(n, height, width, channels) becomes (n, height · width · channels), the same numbers in the same order."""

    reshapes = True
    forward_equations = (Equation("y", "$x as rows", r"\mathrm{rows}($x)"),)
    backward_equations = (Equation("dx", "$dy in the input's shape", r"\mathrm{rows}^{-1}($dy)"),)

    def plan(self, in_shape: Shape) -> Plan:
        """(a, b, ...) becomes (a · b · ...,)."""
        return Plan((prod(in_shape),))

    def forward(self, ops: Any, p: SimpleNamespace, x: Array, y: Array, cache: SimpleNamespace, rng: Rng) -> None:
        """Compute y = x, in another shape."""
        ops.copy(x.reshape(y.shape), out=y)

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
        """Compute dx = dy, in x's shape."""
        if dx is not None:
            ops.copy(dy.reshape(dx.shape), out=dx)
