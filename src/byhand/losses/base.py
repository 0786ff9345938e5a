"""The base class of losses.

The loss of a batch is the mean over its samples of ℓ, the loss of one sample: L = (1/n) Σ_i ℓ_i, with sample weights
L = (1/n) Σ_i w_i ℓ_i. For a sequence, ℓ_i is the mean over the steps that the mask keeps.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from byhand.core.config import register
from byhand.core.equations import Equation
from byhand.core.errors import ByhandError
from byhand.core.passes import LossPass
from byhand.core.types import Array, Shape
from byhand.ops import Ops


class Loss:
    """Base of all losses; y (n, k), or (n, T, k) for sequences, is the network's last array, t the targets."""

    activation: ClassVar[str | None] = None  # the activation that the loss contains: "sigmoid", "softmax" or none
    task: ClassVar[str | None] = None  # what its targets are: "classes" or "numbers"; None where it serves for both
    forward_equations: ClassVar[tuple[Equation, ...]] = ()
    backward_equations: ClassVar[tuple[Equation, ...]] = ()

    def target_shape(self, out_shape: Shape) -> Shape:
        """The shape of one sample's target as numbers, where the last layer gives `out_shape`.

        Raises:
            ByhandError: this loss does not accept such a last layer.
        """
        if len(out_shape) not in (1, 2):
            raise ByhandError(f"The last layer must give rows of numbers, not {out_shape}; add Flatten().")
        return out_shape

    def cache(self, out_shape: Shape) -> Mapping[str, Shape]:
        """Shapes of the arrays in its cache, without the batch axis, including `each` and `row`."""
        return {"each": out_shape[:-1], "row": (*out_shape[:-1], 1)}

    def derive(self, ops: Ops, at: LossPass) -> None:
        """Write the loss of each sample, or step, into at.cache.each and its derivative ∂ℓ/∂y into at.dy."""
        raise NotImplementedError

    def backward(self, ops: Ops, at: LossPass) -> float:
        """Write at.dy = ∂L/∂y and return L = factor Σ_i w_i ℓ_i; factor is 1/n for the mean over a batch."""
        self.derive(ops, at)
        each, row = at.cache.each, at.cache.row
        if each.ndim == 1:
            if at.weights is None:
                return ops.mean_loss(each, at.dy, at.factor)
            return ops.weighted_mean_loss(each, at.dy, at.factor, at.weights, row)
        steps = row[..., 0]  # (n, T): what each step counts
        ops.share_steps(at.mask, at.weights, at.factor, steps)
        ops.multiply(at.dy, row, out=at.dy)
        return ops.dot(each.reshape(-1), steps.reshape(-1))

    def activate(self, ops: Ops, at: LossPass, out: Array) -> None:
        """The activations that belong to at.y, of its shape: y itself, or sigmoid or softmax of it."""
        ops.copy(at.y, out=out)

    def decide(self, activations: Array) -> Array:
        """Classes (n,), or (n, T), from activations: the largest; for one output whether it is ≥ ½."""
        if activations.shape[-1] == 1:
            return (activations[..., 0] >= 0.5).astype(np.int64)
        return np.argmax(activations, axis=-1)

    def check_labels(self, labels: Array, outputs: int) -> None:
        """Raise ByhandError where a class number of `labels` (n, ...) is outside 0 to outputs − 1.

        One output stands for two classes, 0 and 1.
        """
        classes = max(outputs, 2)
        wrong = np.argwhere((labels < 0) | (labels >= classes))
        if wrong.size:
            i, *step = wrong[0].tolist()
            raise ByhandError(
                f"Label {labels[i, *step]} of sample {i}{f', step {step[0]},' if step else ''} is outside 0 to "
                f"{classes - 1}, which is what a network with {outputs} output{'s' if outputs > 1 else ''} can tell "
                "apart."
            )

    def encode(self, labels: Array, outputs: int, dtype: Any = np.float64) -> Array:
        """Targets as this loss takes them for class numbers (n,) or (n, T).

        Here (n, outputs): 1 in the column of the class, 0 elsewhere. One output stands for two classes: the label, 0
        or 1, is then its target.

        Raises:
            ByhandError: as `check_labels`.
        """
        self.check_labels(labels, outputs)
        return self.smooth(one_hot(labels, outputs, dtype))

    def smooth(self, t: Array) -> Array:
        """The targets that are learnt, of the outputs' shape; label smoothing makes them less certain."""
        return t

    def check_targets(self, t: Array) -> None:
        """Raise ByhandError if targets t of the outputs' shape are invalid for this loss."""


@register
@dataclass(frozen=True)
class NoLoss(Loss):
    """The loss of a network without a loss, which is trained by `Network.backward_from`."""

    task = "numbers"

    def target_shape(self, out_shape: Shape) -> Shape:
        """The output shape."""
        return out_shape

    def cache(self, out_shape: Shape) -> Mapping[str, Shape]:
        """Nothing."""
        return {}

    def derive(self, ops: Ops, at: LossPass) -> None:
        """Refuse."""
        raise ByhandError("This network has no loss; use backward_from(dy), or give it one.")


def one_hot(labels: Array, outputs: int, dtype: Any) -> Array:
    """(n, outputs), 1 in the column of each class number of `labels` (n,), 0 elsewhere; for one output the label."""
    if outputs == 1:
        return labels.astype(dtype)[..., np.newaxis]
    t: Array = np.zeros((*labels.shape, outputs), dtype)
    np.put_along_axis(t, labels[..., np.newaxis], 1, axis=-1)
    return t
