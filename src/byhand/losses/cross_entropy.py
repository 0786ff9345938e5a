"""Cross-entropy losses.

They take *logits* y and contain their activation (sigmoid or softmax), because together the derivative is simply a − t.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from byhand.core.checks import require_between
from byhand.core.config import register
from byhand.core.equations import Equation
from byhand.core.errors import ByhandError
from byhand.core.passes import LossPass
from byhand.core.types import Array, Shape
from byhand.losses.base import Loss
from byhand.ops import Ops


@register
@dataclass(frozen=True)
class BinaryCrossEntropy(Loss):
    """ℓ = −Σ_j [t_j log a_j + (1 − t_j) log(1 − a_j)] with a = σ(y): every output is a separate yes or no.

    It takes logits y and is summed over the outputs; ∂ℓ/∂y = a − t. Bishop, "Pattern Recognition and Machine
    Learning" (2006), eq. 5.23.

    Args:
        label_smoothing: ε from 0 to 1; class labels become targets t (1 − ε) + ε/2.
    """

    label_smoothing: float = 0.0

    activation, task = "sigmoid", "classes"
    forward_equations = (
        Equation("a", "σ($y)", r"\sigma($y)"),
        Equation(
            "L",
            "−(1/n) Σᵢⱼ [$t log $a + (1 − $t) log(1 − $a)]",
            r"-\frac1n \sum_{i,j} \left[$t \log $a + (1 - $t) \log (1 - $a)\right]",
        ),
    )
    backward_equations = (Equation("dy", "($a − $t) / n", r"\frac1n ($a - $t)"),)

    def __post_init__(self) -> None:
        require_between("label_smoothing", self.label_smoothing, 0, 1)

    def cache(self, out_shape: Shape) -> Mapping[str, Shape]:
        """Another array with the shape of the outputs."""
        return {**super().cache(out_shape), "scratch": out_shape}

    def derive(self, ops: Ops, at: LossPass) -> None:
        """ℓ = −Σ [t log a + (1 − t) log(1 − a)], dy = a − t, with a = σ(y)."""
        ops.binary_cross_entropy(at.y, at.t, at.cache.each, at.dy, at.cache.scratch)

    def activate(self, ops: Ops, at: LossPass, out: Array) -> None:
        """Compute a = σ(y)."""
        ops.sigmoid(at.y, out=out)

    def smooth(self, t: Array) -> Array:
        """t (1 − ε) + ε/2."""
        return t * (1 - self.label_smoothing) + self.label_smoothing / 2 if self.label_smoothing else t

    def check_targets(self, t: Array) -> None:
        """Targets lie in [0, 1]."""
        wrong = np.argwhere((t < 0) | (t > 1))
        if wrong.size:
            i, *_, j = wrong[0]
            raise ByhandError(
                f"Target {t[tuple(wrong[0])]:g} of sample {i}, output {j}, is outside [0, 1]: log loss needs 0 to 1."
            )


@register
@dataclass(frozen=True)
class CategoricalCrossEntropy(Loss):
    """ℓ = −Σ_j t_j log p_j with p = softmax(y): exactly one of k classes is right.

    It takes logits y; ∂ℓ/∂y = p − t. Bishop, "Pattern Recognition and Machine Learning" (2006), eq. 5.24.

    Args:
        label_smoothing: ε from 0 to 1; class labels become targets t (1 − ε) + ε/k (Szegedy et al., 2016).
    """

    label_smoothing: float = 0.0

    activation, task = "softmax", "classes"
    forward_equations = (
        Equation("a", "softmax($y) = e^$y / Σⱼ e^$y[j]", r"\mathrm{softmax}($y) = \frac{e^{$y}}{\sum_j e^{$y{}_j}}"),
        Equation("L", "−(1/n) Σᵢⱼ $t log $a", r"-\frac1n \sum_{i,j} $t \log $a"),
    )
    backward_equations = (Equation("dy", "($a − $t) / n", r"\frac1n ($a - $t)"),)

    def __post_init__(self) -> None:
        require_between("label_smoothing", self.label_smoothing, 0, 1)

    def derive(self, ops: Ops, at: LossPass) -> None:
        """ℓ = −Σ t log p, dy = p − t, with p = softmax(y); of class numbers, t is 1 (smoothed) in their column."""
        each, row = at.cache.each, at.cache.row
        if at.t.ndim < at.y.ndim:
            ops.softmax_cross_entropy_labels(at.y, at.t, each, at.dy, row, self.label_smoothing)
        else:
            ops.softmax_cross_entropy(at.y, at.t, each, at.dy, row)

    def activate(self, ops: Ops, at: LossPass, out: Array) -> None:
        """Compute p = softmax(y)."""
        ops.softmax(at.y, out=out, row=at.cache.row)

    def encode(self, labels: Array, outputs: int, dtype: Any = np.float64) -> Array:
        """The class indices; no one-hot array is created."""
        if outputs == 1:
            raise ByhandError(
                "Softmax over a single output is always 1, so there is nothing to learn; "
                "give the last layer one unit for each class, or use BinaryCrossEntropy."
            )
        self.check_labels(labels, outputs)
        return labels

    def smooth(self, t: Array) -> Array:
        """t (1 − ε) + ε/k."""
        e = self.label_smoothing
        return t * (1 - e) + e / t.shape[-1] if e else t

    def check_targets(self, t: Array) -> None:
        """Targets of each sample (and step) are a distribution: not negative, and sum to one."""
        wrong = np.argwhere((np.abs(t.sum(axis=-1) - 1) > 1e-4) | (t < 0).any(axis=-1))
        if wrong.size:
            i = wrong[0]
            raise ByhandError(
                f"The targets of sample {i[0]} are not a distribution over the classes (they must not be negative "
                f"and sum to 1; the sum is {t[tuple(i)].sum():g}); use BinaryCrossEntropy for several labels at once."
            )
