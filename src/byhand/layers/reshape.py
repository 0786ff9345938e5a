"""The same numbers in another shape."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from byhand.core.checks import require_whole
from byhand.core.config import register
from byhand.core.equations import Equation
from byhand.core.errors import ByhandError
from byhand.core.passes import Pass
from byhand.core.plan import Plan
from byhand.core.types import Shape
from byhand.layers.base import Layer
from byhand.ops import Ops


@register
@dataclass(frozen=True)
class Reshape(Layer):
    """(n, ...) becomes (n, *shape), the same numbers in the same order, for example rows as images.

    Args:
        shape: the shape of one sample of the output, such as (7, 7, 64).
    """

    shape: Sequence[int]

    reshapes = True
    forward_equations = (Equation("y", "$x in the output's shape", r"\mathrm{shape}($x)"),)
    backward_equations = (Equation("dx", "$dy in the input's shape", r"\mathrm{shape}^{-1}($dy)"),)

    def __post_init__(self) -> None:
        sizes = (self.shape,) if isinstance(self.shape, int) else tuple(self.shape)
        for size in sizes:
            require_whole("Each side of the shape", size)
        object.__setattr__(self, "shape", sizes)

    def plan(self, in_shape: Shape) -> Plan:
        """The shape that was asked for.

        Raises:
            ByhandError: the shape holds more or fewer numbers than the input.
        """
        if prod(in_shape) != prod(self.shape):
            raise ByhandError(
                f"inputs of shape {in_shape} have {prod(in_shape)} numbers, the shape {self.shape} {prod(self.shape)}."
            )
        return Plan(tuple(self.shape))

    def forward(self, ops: Ops, at: Pass) -> None:
        """Compute y = x, in another shape."""
        ops.copy(at.x.reshape(at.y.shape), out=at.y)

    def backward(self, ops: Ops, at: Pass) -> None:
        """Compute dx = dy, in x's shape."""
        if at.dx is not None:
            ops.copy(at.dy.reshape(at.dx.shape), out=at.dx)

    def label(self) -> str:
        """For example Reshape(7 × 7 × 64)."""
        return f"Reshape({' × '.join(map(str, self.shape))})"
