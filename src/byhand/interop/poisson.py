"""The Poisson loss for counts."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from byhand.core.config import register
from byhand.core.equations import Equation
from byhand.core.errors import ByhandError
from byhand.core.passes import LossPass
from byhand.core.types import Array, Shape
from byhand.losses import Loss
from byhand.ops import Ops


@register
@dataclass(frozen=True)
class PoissonDeviance(Loss):
    """ℓ = Σ_j [t_j log(t_j / a_j) − t_j + a_j] with a = e^y: half the deviance of counts t of mean a.

    It takes logits y; ∂ℓ/∂y = a − t. McCullagh and Nelder, "Generalized Linear Models" (1989), table 2.1.
    """

    activation, task = "exp", "numbers"
    forward_equations = (
        Equation("a", "e^$y", r"e^{$y}"),
        Equation(
            "L",
            "(1/n) Σᵢⱼ [$t log($t/$a) − $t + $a]",
            r"\frac1n \sum_{i,j} \left[$t \log \frac{$t}{$a} - $t + $a\right]",
        ),
    )
    backward_equations = (Equation("dy", "($a − $t) / n", r"\frac1n ($a - $t)"),)

    def cache(self, out_shape: Shape) -> Mapping[str, Shape]:
        """One array more, of the outputs' shape."""
        return {**super().cache(out_shape), "scratch": out_shape}

    def derive(self, ops: Ops, at: LossPass) -> None:
        """ℓ = Σ [t (log t − y) + (a − t)], dy = a − t, with a = e^y and 0 log 0 = 0."""
        ops.poisson_deviance(at.y, at.t, at.cache.each, at.dy, at.cache.scratch)

    def activate(self, ops: Ops, at: LossPass, out: Array) -> None:
        """Compute a = e^y."""
        ops.exp(at.y, out=out)

    def check_targets(self, t: Array) -> None:
        """Targets are not negative."""
        wrong = np.argwhere(t < 0)
        if wrong.size:
            i, j = wrong[0]
            raise ByhandError(f"Target {t[i, j]:g} of sample {i}, output {j}, is negative; counts are 0 or more.")
