"""Layer normalisation."""

from collections.abc import Mapping
from dataclasses import dataclass

from byhand.core.checks import require_between
from byhand.core.config import register
from byhand.core.equations import Equation
from byhand.core.errors import ByhandError
from byhand.core.passes import Pass
from byhand.core.plan import Plan
from byhand.core.shapes import as_rows
from byhand.core.types import Shape
from byhand.initializers import Initializer, Zeros
from byhand.layers.base import Layer
from byhand.layers.batch_norm import ONES
from byhand.ops import Ops


@register
@dataclass(frozen=True)
class LayerNorm(Layer):
    """Normalise each row to mean 0 and variance 1 over its k numbers, then apply a learnt scale γ and shift β.

    x is (n, ..., k), normalised over the last axis. With m = (1/k) Σⱼ xⱼ, v = (1/k) Σⱼ (xⱼ − m)² and
    u = (x − m) / √(v + ε), y = γ ⊙ u + β. It does the same in training and outside it, whatever else is in the batch.
    Ba, Kiros and Hinton, "Layer normalization" (2016), eq. 4.

    Backward: with h = γ ⊙ dy the gradient by u, the derivation of BatchNorm holds along the row instead of the column:
    dx = (h − (1/k) Σⱼ hⱼ − u (1/k) Σⱼ hⱼ uⱼ) / √(v + ε).

    Args:
        epsilon: ε, keeps the division away from zero.
    """

    epsilon: float = 1e-5

    in_place = True
    incremental = True
    forward_equations = (
        Equation("m", "(1/k) Σⱼ $x[j]", r"\frac{1}{k} \sum_j $x{}_j"),
        Equation("v", "(1/k) Σⱼ ($x[j] − $m)²", r"\frac{1}{k} \sum_j ($x{}_j - $m)^2"),
        Equation("u", "($x − $m) / √($v + ε)", r"\frac{$x - $m}{\sqrt{$v + \epsilon}}"),
        Equation("y", "$gamma ⊙ $u + $beta", r"$gamma \odot $u + $beta"),
    )
    backward_equations = (
        Equation("dgamma", "Σᵢ $dy[i] ⊙ $u[i]", r"\sum_i $dy{}_i \odot $u{}_i"),
        Equation("dbeta", "Σᵢ $dy[i]", r"\sum_i $dy{}_i"),
        Equation("du", "$gamma ⊙ $dy", r"$gamma \odot $dy"),
        Equation(
            "dx",
            "($du − (1/k) Σⱼ $du[j] − $u (1/k) Σⱼ $du[j] $u[j]) / √($v + ε)",
            r"\frac{1}{\sqrt{$v + \epsilon}}"
            r"\left($du - \frac{1}{k} \sum_j $du{}_j - $u \frac{1}{k} \sum_j $du{}_j\,$u{}_j\right)",
        ),
    )

    def __post_init__(self) -> None:
        require_between("epsilon", self.epsilon, 1e-12)

    def plan(self, in_shape: Shape) -> Plan:
        """The shape stays; γ and β have one number for each of the last axis."""
        if in_shape[-1] == 1:
            raise ByhandError("LayerNorm of rows with a single number would make each of them 0; leave it out.")
        k, row = (in_shape[-1],), (*in_shape[:-1], 1)
        return Plan(
            in_shape,
            params={"gamma": k, "beta": k},
            cache={"u": in_shape, "du": in_shape, "m": row, "v": row, "inverse": row, "row": row},
        )

    def initializers(self) -> Mapping[str, Initializer]:
        """γ starts at 1, β at 0."""
        return {"gamma": ONES, "beta": Zeros()}

    def forward(self, ops: Ops, at: Pass) -> None:
        """Compute u = (x − m) / √(v + ε), y = γ ⊙ u + β."""
        c = at.cache
        ops.layer_norm(at.x, at.p.gamma, at.p.beta, self.epsilon, c.m, c.v, c.u, c.inverse, out=at.y)

    def backward(self, ops: Ops, at: Pass) -> None:
        """Compute dγ = Σ dy ⊙ u, dβ = Σ dy, du = γ ⊙ dy, and dx."""
        c = at.cache
        ops.scale_columns_backward(as_rows(c.u), as_rows(at.dy), at.g.gamma, at.g.beta)
        if at.dx is not None:
            ops.layer_norm_backward(c.u, at.dy, at.p.gamma, c.inverse, c.du, c.row, at.dx)
