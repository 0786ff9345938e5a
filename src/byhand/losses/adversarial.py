"""Losses of critics, which distinguish real samples (t = 1) from generated ones (t = 0).

Every number of y is a score: high for what looks real. A generator is trained with the same loss on its critic's scores
of the generated samples, with t = 1. The two older rules need no loss of their own: `BinaryCrossEntropy` (Goodfellow et
al., "Generative adversarial nets", 2014, with the non-saturating loss of the generator) and `QuadraticCost` (Mao et
al., "Least squares generative adversarial networks", 2017).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from byhand.core.config import register
from byhand.core.equations import Equation
from byhand.core.errors import ByhandError
from byhand.core.passes import LossPass
from byhand.core.types import Array, Shape
from byhand.losses.base import Loss
from byhand.ops import Ops


@register
@dataclass(frozen=True)
class Wasserstein(Loss):
    """ℓ = Σ_j (1 − 2 t_j) y_j: the score of a generated sample, minus the score of a real one.

    With as many real as generated samples, minus the sum of both means estimates the Wasserstein distance between the
    two distributions, if the critic's Lipschitz constant is at most 1. Arjovsky, Chintala and Bottou, "Wasserstein
    generative adversarial networks" (2017), eq. 2.
    """

    task = "numbers"
    forward_equations = (Equation("L", "(1/n) Σᵢⱼ (1 − 2 $t) $y", r"\frac1n \sum_{i,j} (1 - 2 $t)\, $y"),)
    backward_equations = (Equation("dy", "(1 − 2 $t) / n", r"\frac1n (1 - 2 $t)"),)

    def derive(self, ops: Ops, at: LossPass) -> None:
        """ℓ = Σ (1 − 2 t) y, dy = 1 − 2 t."""
        ops.wasserstein(at.y, at.t, at.cache.each, at.dy)


@register
@dataclass(frozen=True)
class Hinge(Loss):
    """ℓ = Σ_j max(0, 1 + (1 − 2 t_j) y_j): scores above 1 for t = 1 and below −1 for t = 0 cost nothing.

    Lim and Ye, "Geometric GAN" (2017), for critics; their generator's loss is `Wasserstein`. For classes it is the loss
    of support vector machines, one against the rest (Cortes and Vapnik, "Support-vector networks", 1995).
    """

    task = "classes"
    forward_equations = (
        Equation("L", "(1/n) Σᵢⱼ max(0, 1 + (1 − 2 $t) $y)", r"\frac1n \sum_{i,j} \max(0, 1 + (1 - 2 $t)\, $y)"),
    )
    backward_equations = (
        Equation(
            "dy",
            "(1 − 2 $t) ⊙ [1 + (1 − 2 $t) $y > 0] / n",
            r"\frac1n (1 - 2 $t) \odot \mathbf{1}[1 + (1 - 2 $t)\, $y > 0]",
        ),
    )

    def cache(self, out_shape: Shape) -> Mapping[str, Shape]:
        """Another array with the shape of the outputs."""
        return {**super().cache(out_shape), "scratch": out_shape}

    def derive(self, ops: Ops, at: LossPass) -> None:
        """ℓ = Σ max(0, 1 + (1 − 2 t) y), dy = 1 − 2 t where that is above 0."""
        ops.hinge(at.y, at.t, at.cache.each, at.dy, at.cache.scratch)

    def decide(self, activations: Array) -> Array:
        """Classes (n,), or (n, T), from scores: the largest; for one score whether it is ≥ 0."""
        if activations.shape[-1] == 1:
            return (activations[..., 0] >= 0).astype(np.int64)
        return super().decide(activations)

    def check_targets(self, t: Array) -> None:
        """Targets lie in [0, 1]."""
        wrong = t[(t < 0) | (t > 1)]
        if wrong.size:
            raise ByhandError(f"The hinge loss needs targets from 0 to 1; got {wrong[0]:g}.")
