"""Flattening."""

from dataclasses import dataclass
from math import prod

from byhand.core.config import register
from byhand.core.equations import Equation
from byhand.core.passes import Pass
from byhand.core.plan import Plan
from byhand.core.types import Shape
from byhand.layers.base import Layer
from byhand.ops import Ops


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

    def forward(self, ops: Ops, at: Pass) -> None:
        """Compute y = x, in another shape."""
        ops.copy(at.x.reshape(at.y.shape), out=at.y)

    def backward(self, ops: Ops, at: Pass) -> None:
        """Compute dx = dy, in x's shape."""
        if at.dx is not None:
            ops.copy(at.dy.reshape(at.dx.shape), out=at.dx)
