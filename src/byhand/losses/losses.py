"""Loss functions: what training makes small.

The loss of a batch is the mean over its samples of ℓ, the loss of one sample: L = (1/n) Σ_i ℓ_i, with sample weights
L = (1/n) Σ_i w_i ℓ_i. A loss writes its own derivative by the network's last array. The two cross-entropies take
*logits* z and contain their activation (sigmoid or softmax), because together the derivative is simply a − t; MSE and
the quadratic cost take the activations a of the last layer as they are.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np

from byhand.core.checks import require_between
from byhand.core.config import register
from byhand.core.equations import Equation
from byhand.core.errors import ByhandError
from byhand.core.types import Array, Shape


class Loss:
    """Base of all losses; y (n, k) is the network's last array, t (n, k) the targets."""

    activation: ClassVar[str | None] = None  # the activation that the loss contains: "sigmoid", "softmax" or none
    forward_equations: ClassVar[tuple[Equation, ...]] = ()
    backward_equations: ClassVar[tuple[Equation, ...]] = ()

    def target_shape(self, out_shape: Shape) -> Shape:
        """The shape of one sample's target where the last layer gives `out_shape`.

        Raises:
            ByhandError: this loss takes no such last layer.
        """
        if len(out_shape) != 1:
            raise ByhandError(f"The last layer must give rows of numbers, not {out_shape}; add Flatten().")
        return out_shape

    def cache(self, outputs: int) -> Mapping[str, Shape]:
        """Shapes of the arrays that it wants, without the batch axis."""
        return {"each": (), "row": (1,)}

    def derive(self, ops: Any, y: Array, t: Array, dy: Array, cache: SimpleNamespace) -> None:
        """Write each sample's loss into cache.each (n,) and its derivative ∂ℓ_i/∂y_i into dy (n, k)."""
        raise NotImplementedError

    def backward(
        self,
        ops: Any,
        y: Array,
        t: Array,
        dy: Array,
        cache: SimpleNamespace,
        factor: float,
        weights: Array | None = None,
    ) -> float:
        """Write dy = ∂L/∂y (n, k) and return L = factor Σ_i w_i ℓ_i; factor is 1/n for the mean over a batch."""
        self.derive(ops, y, t, dy, cache)
        if weights is None:
            return ops.mean_loss(cache.each, dy, factor)
        return ops.weighted_mean_loss(cache.each, dy, factor, weights, cache.row)

    def activate(self, ops: Any, y: Array, out: Array, cache: SimpleNamespace) -> None:
        """The activations (n, k) that belong to y: y itself, or sigmoid or softmax of it."""
        ops.copy(y, out=out)

    def decide(self, activations: Array) -> Array:
        """Classes (n,) from activations (n, k): the largest; for one output whether it is ≥ ½."""
        if activations.shape[1] == 1:
            return (activations[:, 0] >= 0.5).astype(np.int64)
        return np.argmax(activations, axis=1)

    def encode(self, labels: Array, outputs: int) -> Array:
        """Targets (n, outputs) for class numbers (n,): 1 in the column of the class, 0 elsewhere.

        One output stands for two classes: the label, 0 or 1, is then its target.

        Raises:
            ByhandError: a label outside 0 ... outputs − 1.
        """
        classes = max(outputs, 2)
        wrong = np.flatnonzero((labels < 0) | (labels >= classes))
        if wrong.size:
            raise ByhandError(
                f"Label {labels[wrong[0]]} of sample {wrong[0]} is outside 0 to {classes - 1}, "
                f"which is what a network with {outputs} output{'s' if outputs > 1 else ''} can tell apart."
            )
        if outputs == 1:
            return labels.astype(np.float64)[:, np.newaxis]
        return np.eye(outputs)[labels]

    def check_targets(self, t: Array) -> None:
        """Raise ByhandError if a target matrix t (n, k) makes no sense for this loss."""


@register
@dataclass(frozen=True)
class QuadraticCost(Loss):
    """ℓ = ½ Σ_j (y_j − t_j)², so ∂ℓ/∂y = y − t. Nielsen, "Neural Networks and Deep Learning" (2015), eq. 6."""

    forward_equations = (
        Equation("L", "(1/n) Σᵢ ½ ‖$y[i] − $t[i]‖²", r"\frac1n \sum_i \tfrac12 \|$y{}_i - $t{}_i\|^2"),
    )
    backward_equations = (Equation("dy", "($y − $t) / n", r"\frac1n ($y - $t)"),)

    def derive(self, ops: Any, y: Array, t: Array, dy: Array, cache: SimpleNamespace) -> None:
        """ℓ = ½ ‖y − t‖², dy = y − t."""
        ops.squared_error(y, t, 0.5, cache.each, dy)


@register
@dataclass(frozen=True)
class MSE(Loss):
    """ℓ = (1/k) Σ_j (y_j − t_j)², the mean squared error over the k outputs, so ∂ℓ/∂y = (2/k)(y − t)."""

    forward_equations = (Equation("L", "(1/nk) ‖$y − $t‖²", r"\frac{1}{nk} \|$y - $t\|^2"),)
    backward_equations = (Equation("dy", "2 ($y − $t) / (n k)", r"\frac{2}{nk} ($y - $t)"),)

    def derive(self, ops: Any, y: Array, t: Array, dy: Array, cache: SimpleNamespace) -> None:
        """ℓ = (1/k) ‖y − t‖², dy = (2/k)(y − t)."""
        ops.squared_error(y, t, 1 / y.shape[1], cache.each, dy)


@register
@dataclass(frozen=True)
class BinaryCrossEntropy(Loss):
    """ℓ = −Σ_j [t_j log a_j + (1 − t_j) log(1 − a_j)] with a = σ(y): every output answers yes or no by itself.

    It takes logits y and is summed over the outputs; ∂ℓ/∂y = a − t. Bishop, "Pattern Recognition and Machine
    Learning" (2006), eq. 5.23.

    Args:
        label_smoothing: ε from 0 to 1; class labels become targets t (1 − ε) + ε/2.
    """

    label_smoothing: float = 0.0

    activation = "sigmoid"
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

    def cache(self, outputs: int) -> Mapping[str, Shape]:
        """One array more, of the outputs' shape."""
        return {"each": (), "row": (1,), "scratch": (outputs,)}

    def derive(self, ops: Any, y: Array, t: Array, dy: Array, cache: SimpleNamespace) -> None:
        """ℓ = −Σ [t log a + (1 − t) log(1 − a)], dy = a − t, with a = σ(y)."""
        ops.binary_cross_entropy(y, t, cache.each, dy, cache.scratch)

    def activate(self, ops: Any, y: Array, out: Array, cache: SimpleNamespace) -> None:
        """Compute a = σ(y)."""
        ops.sigmoid(y, out=out)

    def encode(self, labels: Array, outputs: int) -> Array:
        """One-hot targets, or 0 and 1 for a single output, smoothed towards ½."""
        return super().encode(labels, outputs) * (1 - self.label_smoothing) + self.label_smoothing / 2

    def check_targets(self, t: Array) -> None:
        """Targets lie in [0, 1]."""
        wrong = np.argwhere((t < 0) | (t > 1))
        if wrong.size:
            i, j = wrong[0]
            raise ByhandError(
                f"Target {t[i, j]:g} of sample {i}, output {j}, is outside [0, 1]: log loss needs 0 to 1."
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

    activation = "softmax"
    forward_equations = (
        Equation("a", "softmax($y) = e^$y / Σⱼ e^$y[j]", r"\mathrm{softmax}($y) = \frac{e^{$y}}{\sum_j e^{$y{}_j}}"),
        Equation("L", "−(1/n) Σᵢⱼ $t log $a", r"-\frac1n \sum_{i,j} $t \log $a"),
    )
    backward_equations = (Equation("dy", "($a − $t) / n", r"\frac1n ($a - $t)"),)

    def __post_init__(self) -> None:
        require_between("label_smoothing", self.label_smoothing, 0, 1)

    def derive(self, ops: Any, y: Array, t: Array, dy: Array, cache: SimpleNamespace) -> None:
        """ℓ = −Σ t log p, dy = p − t, with p = softmax(y)."""
        ops.softmax_cross_entropy(y, t, cache.each, dy, cache.row)

    def activate(self, ops: Any, y: Array, out: Array, cache: SimpleNamespace) -> None:
        """Compute p = softmax(y)."""
        ops.softmax(y, out=out, row=cache.row)

    def encode(self, labels: Array, outputs: int) -> Array:
        """One-hot targets, smoothed towards 1/k."""
        if outputs == 1:
            raise ByhandError(
                "Softmax over a single output is always 1, so there is nothing to learn; "
                "give the last layer one unit for each class, or use BinaryCrossEntropy."
            )
        return super().encode(labels, outputs) * (1 - self.label_smoothing) + self.label_smoothing / outputs

    def check_targets(self, t: Array) -> None:
        """Each row of targets is a distribution: not negative, and sums to one."""
        wrong = np.flatnonzero((np.abs(t.sum(axis=1) - 1) > 1e-4) | (t < 0).any(axis=1))
        if wrong.size:
            raise ByhandError(
                f"The targets of sample {wrong[0]} are no distribution over the classes (they must not be negative "
                f"and sum to 1; the sum is {t[wrong[0]].sum():g}); use BinaryCrossEntropy for several labels at once."
            )
