"""An output layer with the embedding's matrix."""

from dataclasses import dataclass
from typing import ClassVar

from byhand.core.checks import require_instance, require_whole
from byhand.core.config import register
from byhand.core.equations import Equation
from byhand.core.passes import Pass
from byhand.core.plan import Plan
from byhand.core.types import Shape
from byhand.layers.base import Layer
from byhand.layers.shapes import require_rows
from byhand.ops import Ops


@register
@dataclass(frozen=True)
class TiedDense(Layer):
    """y = x Wᵀ with the matrix W (units, k) of the embedding: a token's logit is the product of its row with x.

    x is (n, ..., k). The gradient by W is the sum over both uses: dyᵀ x here, and the gradient of the embedding. Press
    and Wolf, "Using the output embedding to improve language models" (2016).

    Args:
        units: number of tokens of the embedding.
        parameter: where the matrix is: the index of the embedding's layer, from 0, and the parameter's name there.
    """

    units: int
    parameter: str = "0.W"

    incremental: ClassVar[bool] = True
    forward_equations = (Equation("y", "$x $Wᵀ", r"$x {$W}^\top"),)
    backward_equations = (
        Equation("dW", "$dyᵀ $x, added to what the other layer gives", r"{$dy}^\top $x"),
        Equation("dx", "$dy $W", "$dy $W"),
    )

    def __post_init__(self) -> None:
        require_whole("units", self.units)
        require_instance("parameter", self.parameter, str, 'a layer and a name, such as "0.W"')

    def plan(self, in_shape: Shape) -> Plan:
        """(..., k) becomes (..., units), with another layer's W (units, k)."""
        require_rows("TiedDense", in_shape)
        shape = (self.units, in_shape[-1])
        return Plan((*in_shape[:-1], self.units), shared={"W": (self.parameter, shape)})

    def forward(self, ops: Ops, at: Pass) -> None:
        """Compute y = x Wᵀ."""
        ops.affine_input(at.x, at.p.W, at.y)  # (..., k)(k, units) → (..., units)

    def backward(self, ops: Ops, at: Pass) -> None:
        """Compute dW = dyᵀ x, dx = dy W."""
        ops.affine_gradients(at.dy, at.x, at.g.W, None)  # (..., units), (..., k) → (units, k)
        if at.dx is not None:
            ops.matmul(at.dy, at.p.W, at.dx)

    def label(self) -> str:
        """For example TiedDense(65)."""
        return f"TiedDense({self.units})"
