"""Normalisation by the root mean square."""

from collections.abc import Mapping
from dataclasses import dataclass

from byhand.core.checks import require_between
from byhand.core.config import register
from byhand.core.equations import Equation
from byhand.core.passes import Pass
from byhand.core.plan import Plan
from byhand.core.types import Shape
from byhand.initializers import Initializer
from byhand.layers.base import Layer
from byhand.layers.batch_norm import ONES
from byhand.ops import Ops


@register
@dataclass(frozen=True)
class RMSNorm(Layer):
    """Divide each row by the root mean square of its k numbers, then apply a learnt scale γ.

    x is (n, ..., k), normalised over the last axis: u = x / √((1/k) Σⱼ xⱼ² + ε), y = γ ⊙ u. `LayerNorm` without its
    mean and its shift. Zhang and Sennrich, "Root mean square layer normalization" (2019), eq. 4.

    Args:
        epsilon: ε, keeps the division away from zero.
    """

    epsilon: float = 1e-5

    in_place = True
    incremental = True
    forward_equations = (
        Equation("u", "$x / √((1/k) Σⱼ $x[j]² + ε)", r"\frac{$x}{\sqrt{\frac{1}{k} \sum_j {$x}_j^2 + \epsilon}}"),
        Equation("y", "$gamma ⊙ $u", r"$gamma \odot $u"),
    )
    backward_equations = (
        Equation("dgamma", "Σᵢ $dy[i] ⊙ $u[i]", r"\sum_i $dy{}_i \odot $u{}_i"),
        Equation("du", "$gamma ⊙ $dy", r"$gamma \odot $dy"),
        Equation(
            "dx",
            "($du − $u (1/k) Σⱼ $du[j] $u[j]) / √((1/k) Σⱼ $x[j]² + ε)",
            r"\frac{$du - $u \frac{1}{k} \sum_j $du{}_j\,$u{}_j}{\sqrt{\frac{1}{k} \sum_j {$x}_j^2 + \epsilon}}",
        ),
    )

    def __post_init__(self) -> None:
        require_between("epsilon", self.epsilon, 1e-12)

    def plan(self, in_shape: Shape) -> Plan:
        """The shape stays; γ has one number for each of the last axis."""
        k, row = (in_shape[-1],), (*in_shape[:-1], 1)
        return Plan(in_shape, params={"gamma": k}, cache={"u": in_shape, "du": in_shape, "inverse": row, "row": row})

    def initializers(self) -> Mapping[str, Initializer]:
        """γ starts at 1."""
        return {"gamma": ONES}

    def forward(self, ops: Ops, at: Pass) -> None:
        """Compute u = x / √(mean x² + ε), y = γ ⊙ u."""
        c = at.cache
        ops.rms_norm(at.x, at.p.gamma, self.epsilon, c.u, c.inverse, out=at.y)

    def backward(self, ops: Ops, at: Pass) -> None:
        """Compute dγ = Σ dy ⊙ u, du = γ ⊙ dy, and dx."""
        c = at.cache
        ops.multiply(at.dy, c.u, out=c.du)
        ops.sum_rows(c.du, at.g.gamma)
        if at.dx is not None:
            ops.multiply(at.dy, at.p.gamma, out=c.du)
            ops.rms_norm_backward(c.u, c.du, c.inverse, c.row, at.dx)
