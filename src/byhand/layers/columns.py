"""Images as sequences of columns, for losses such as CTC."""

from dataclasses import dataclass

from byhand.core.config import register
from byhand.core.equations import Equation
from byhand.core.errors import ByhandError
from byhand.core.passes import Pass
from byhand.core.plan import Plan
from byhand.core.types import Shape
from byhand.layers.base import Layer
from byhand.layers.windows import require_images
from byhand.ops import Ops


@register
@dataclass(frozen=True)
class Columns(Layer):
    """(n, 1, width, channels) becomes (n, width, channels): each column of an image one pixel high is a step.

    A convolution whose kernel is as high as the image, with "valid" padding, makes it one pixel high.
    """

    in_place = True
    forward_equations = (Equation("y", "$x as steps", r"\mathrm{steps}($x)"),)
    backward_equations = (Equation("dx", "$dy in the input's shape", r"\mathrm{steps}^{-1}($dy)"),)

    def plan(self, in_shape: Shape) -> Plan:
        """(1, width, channels) becomes (width, channels)."""
        require_images("Columns", in_shape)
        if in_shape[0] != 1:
            raise ByhandError(
                f"Columns takes images one pixel high, not {in_shape[0]}; put Conv2D with a kernel of "
                f"({in_shape[0]}, 1) and padding 'valid' before it."
            )
        return Plan(in_shape[1:])

    def forward(self, ops: Ops, at: Pass) -> None:
        """Compute y = x, in another shape."""
        ops.copy(at.x.reshape(at.y.shape), out=at.y)

    def backward(self, ops: Ops, at: Pass) -> None:
        """Compute dx = dy, in x's shape."""
        if at.dx is not None:
            ops.copy(at.dy.reshape(at.dx.shape), out=at.dx)
