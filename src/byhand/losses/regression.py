"""Losses of regression.

They take the last layer's numbers unchanged. If that layer is a sigmoid or a softmax, the two squared losses can be
used for classes, too.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from byhand.core.checks import require_between
from byhand.core.config import register
from byhand.core.equations import Equation
from byhand.core.passes import LossPass
from byhand.core.types import Shape
from byhand.losses.base import Loss
from byhand.ops import Ops


@register
@dataclass(frozen=True)
class QuadraticCost(Loss):
    """ℓ = ½ Σ_j (y_j − t_j)², so ∂ℓ/∂y = y − t. Nielsen, "Neural Networks and Deep Learning" (2015), eq. 6."""

    forward_equations = (
        Equation("L", "(1/n) Σᵢ ½ ‖$y[i] − $t[i]‖²", r"\frac1n \sum_i \tfrac12 \|$y{}_i - $t{}_i\|^2"),
    )
    backward_equations = (Equation("dy", "($y − $t) / n", r"\frac1n ($y - $t)"),)

    def derive(self, ops: Ops, at: LossPass) -> None:
        """ℓ = ½ ‖y − t‖², dy = y − t."""
        ops.squared_error(at.y, at.t, 0.5, at.cache.each, at.dy)


@register
@dataclass(frozen=True)
class MSE(Loss):
    """ℓ = (1/k) Σ_j (y_j − t_j)², the mean squared error over the k outputs, so ∂ℓ/∂y = (2/k)(y − t)."""

    forward_equations = (Equation("L", "(1/nk) ‖$y − $t‖²", r"\frac{1}{nk} \|$y - $t\|^2"),)
    backward_equations = (Equation("dy", "2 ($y − $t) / (n k)", r"\frac{2}{nk} ($y - $t)"),)

    def derive(self, ops: Ops, at: LossPass) -> None:
        """ℓ = (1/k) ‖y − t‖², dy = (2/k)(y − t)."""
        ops.squared_error(at.y, at.t, 1 / at.y.shape[-1], at.cache.each, at.dy)


@register
@dataclass(frozen=True)
class MAE(Loss):
    """ℓ = (1/k) Σ_j |y_j − t_j|, the mean absolute error, so ∂ℓ/∂y = (1/k) sign(y − t), 0 where both are equal.

    A single outlier changes it less than MSE. Its minimum is at the median, that of MSE at the mean.
    """

    task = "numbers"
    forward_equations = (Equation("L", "(1/nk) Σᵢⱼ |$y − $t|", r"\frac{1}{nk} \sum_{i,j} |$y - $t|"),)
    backward_equations = (Equation("dy", "sign($y − $t) / (n k)", r"\frac{1}{nk} \mathrm{sign}($y - $t)"),)

    def derive(self, ops: Ops, at: LossPass) -> None:
        """ℓ = (1/k) Σ |y − t|, dy = (1/k) sign(y − t)."""
        ops.absolute_error(at.y, at.t, 1 / at.y.shape[-1], at.cache.each, at.dy)


@register
@dataclass(frozen=True)
class Huber(Loss):
    """ℓ = (1/k) Σ_j h(y_j − t_j): quadratic near the target, linear far from it.

    h(d) = ½ d² for |d| ≤ δ, else δ (|d| − ½ δ), so h′(d) is d clipped to [−δ, δ]. Huber, "Robust estimation of a
    location parameter" (1964).

    Args:
        delta: δ, above 0, the error at which the loss becomes linear, in the targets' unit.
    """

    delta: float = 1.0

    task = "numbers"
    forward_equations = (
        Equation(
            "L",
            "(1/nk) Σᵢⱼ h($y − $t), h(d) = ½d² for |d| ≤ δ, else δ(|d| − ½δ)",
            r"\frac{1}{nk} \sum_{i,j} h_\delta($y - $t)",
        ),
    )
    backward_equations = (
        Equation("dy", "min(max($y − $t, −δ), δ) / (n k)", r"\frac{1}{nk} \max(-\delta, \min(\delta, $y - $t))"),
    )

    def __post_init__(self) -> None:
        require_between("delta", self.delta, 1e-12)

    def cache(self, out_shape: Shape) -> Mapping[str, Shape]:
        """Another array with the shape of the outputs."""
        return {**super().cache(out_shape), "scratch": out_shape}

    def derive(self, ops: Ops, at: LossPass) -> None:
        """ℓ = (1/k) Σ h(y − t), dy = (1/k) (y − t) held between −δ and δ."""
        ops.huber(at.y, at.t, self.delta, 1 / at.y.shape[-1], at.cache.each, at.dy, at.cache.scratch)
