"""The standard deviation of a batch, as an additional column."""

from dataclasses import dataclass

from byhand.core.checks import require_between
from byhand.core.config import register
from byhand.core.equations import Equation
from byhand.core.passes import Pass
from byhand.core.plan import Plan
from byhand.core.types import Shape
from byhand.layers.base import Layer
from byhand.ops import Ops


@register
@dataclass(frozen=True)
class MinibatchStd(Layer):
    """Append one column (for images: one channel) that tells how much the samples of the batch differ.

    x is (n, ..., k), y (n, ..., k + 1). Each of the N numbers j of a sample has a standard deviation over the batch,
    sⱼ = √((1/n) Σᵢ (xᵢⱼ − mⱼ)² + ε); the new column is s = (1/N) Σⱼ sⱼ everywhere. It lets a discriminator see that a
    generator draws the same image again and again. Karras, Aila, Laine and Lehtinen, "Progressive growing of GANs"
    (2018), section 3.

    Backward, with d the sum of dy's new column: ∂sⱼ/∂xᵢⱼ = (1/n)(xᵢⱼ − mⱼ) / sⱼ (mⱼ contributes nothing, as the
    deviations sum to zero), so dxᵢⱼ = dyᵢⱼ + d (xᵢⱼ − mⱼ) / (n N sⱼ).

    A sample's output depends on the rest of its batch, outside training too.

    Args:
        epsilon: ε, keeps the division away from zero.
    """

    epsilon: float = 1e-8

    forward_equations = (
        Equation("s", "√((1/n) Σᵢ ($x[i] − m)² + ε)", r"\sqrt{\tfrac1n \sum_i ($x{}_i - m)^2 + \epsilon}"),
        Equation("u", "($x − m) / $s", r"\frac{$x - m}{$s}"),
        Equation("y", "($x, mean of $s)", r"($x, \mathrm{mean}($s))"),
    )
    backward_equations = (
        Equation(
            "dx",
            "$dy's first columns + $u Σ($dy's last column) / (n N)",
            r"{$dy}_{1..k} + \tfrac{1}{nN} $u \textstyle\sum {$dy}_{k+1}",
        ),
    )

    def __post_init__(self) -> None:
        require_between("epsilon", self.epsilon, 1e-12)

    def plan(self, in_shape: Shape) -> Plan:
        """One more column."""
        return Plan((*in_shape[:-1], in_shape[-1] + 1), cache={"u": in_shape}, scratch={"s": in_shape})

    def forward(self, ops: Ops, at: Pass) -> None:
        """Compute y = (x, s)."""
        ops.batch_deviation(at.x, at.y, at.cache.u, at.cache.s, self.epsilon)

    def backward(self, ops: Ops, at: Pass) -> None:
        """Compute dx = dy's first columns + u d / (n N)."""
        if at.dx is not None:
            ops.batch_deviation_backward(at.dy, at.cache.u, at.dx)
