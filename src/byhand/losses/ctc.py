"""Connectionist temporal classification."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from byhand.core.checks import require_whole
from byhand.core.config import register
from byhand.core.equations import Equation
from byhand.core.errors import ByhandError
from byhand.core.passes import LossPass
from byhand.core.types import Array, Shape
from byhand.losses.base import Loss
from byhand.losses.decoding import best_path
from byhand.ops import Ops


@register
@dataclass(frozen=True)
class CTC(Loss):
    """ℓ = −log P(t | y): connectionist temporal classification, for labels without the positions of their symbols.

    The network gives logits y (n, T, classes + 1) for each of T steps along a row; the last class is the blank, "no
    symbol here". A *path* takes one class at every step, and its label is obtained by merging repetitions and then
    removing blanks: _ 4 4 _ 4 2 reads 4 4 2. P is the sum over all paths that read t of the product of their
    probabilities p = softmax(y), computed step by step. With the label written as l′ = _ l₁ _ l₂ _ ... _,

    - forward, α_t(s) = p_t(l′_s) [α_t−1(s) + α_t−1(s−1) + α_t−1(s−2)], the last term only where l′_s is a symbol
      that differs from l′_s−2;
    - backward, β_t(s) = b(s) + b(s+1) + b(s+2) with b(s) = p_t+1(l′_s) β_t+1(s), the last term under the same rule;
    - P = Σ_s α_T(s) over the last symbol and the last blank, and γ_t(s) = α_t(s) β_t(s) / P is the share of the
      paths that are at place s at step t.

    ∂ℓ/∂y_tk = p_tk − Σ_{s: l′_s = k} γ_t(s): softmax minus occupancy. All of this is computed in logarithms.

    A. Graves, S. Fernández, F. Gomez and J. Schmidhuber, Connectionist Temporal Classification: Labelling Unsegmented
    Sequence Data with Recurrent Neural Networks (ICML 2006), equations 5 to 16.

    Targets are rows (n, longest) of class numbers, padded with −1: with longest = 5, 442 is [4, 4, 2, −1, −1].

    Args:
        classes: number of symbols, without the blank.
        longest: the largest number of symbols in a label.
    """

    classes: int
    longest: int

    activation, task = "softmax", "classes"
    forward_equations = (
        Equation("a", "softmax($y) at each step", r"\mathrm{softmax}($y)"),
        Equation(
            "L",
            "−(1/n) Σᵢ log Σ_paths Π_τ $a[τ, path(τ)], over the paths that read $t",
            r"-\frac1n \sum_i \log \sum_{\pi \to $t{}_i} \prod_\tau $a{}_{\tau \pi_\tau}",
        ),
    )
    backward_equations = (Equation("dy", "($a − γ) / n, γ the share of those paths", r"\frac1n ($a - \gamma($a, $t))"),)

    def __post_init__(self) -> None:
        require_whole("classes", self.classes)
        require_whole("longest", self.longest)

    def target_shape(self, out_shape: Shape) -> Shape:
        """(longest,), for a last layer of (T, classes + 1) with steps enough for every label."""
        steps = 2 * self.longest - 1
        if len(out_shape) != 2 or out_shape[1] != self.classes + 1 or out_shape[0] < steps:
            raise ByhandError(
                f"CTC({self.classes}, {self.longest}) needs a last layer that gives (steps, {self.classes + 1}), one "
                f"number for each class and the blank, and at least {steps} steps (a blank must fit between two equal "
                f"symbols); this one gives {out_shape}."
            )
        return (self.longest,)

    def cache(self, out_shape: Shape) -> Mapping[str, Shape]:
        """Arrays for the recursion, over S = 2 longest + 1 places."""
        (steps, outputs), places = out_shape, 2 * self.longest + 1
        return {
            "each": (),
            "row": (1,),
            "step": (steps, 1),
            "share": (steps, outputs),
            "onehot": (places, outputs),
            "skip": (places + 2,),
            "ends": (places,),
            "ahead": (places + 2,),
            "log_p": (steps, places),
            "alpha": (steps, places + 2),
        }

    def derive(self, ops: Ops, at: LossPass) -> None:
        """ℓ = −log P(t | y), dy = softmax(y) − occupancy."""
        ops.log_softmax(at.y, at.dy, at.cache.step, at.cache.share)
        ops.ctc_loss(at.dy, at.t, at.cache.each, at.dy, at.cache)

    def activate(self, ops: Ops, at: LossPass, out: Array) -> None:
        """Compute p = softmax(y) at every step."""
        ops.softmax(at.y, out=out, row=at.cache.step)

    def decide(self, activations: Array) -> Array:
        """The labels (n, longest), filled up with −1, that the most probable paths read."""
        rows = np.full((len(activations), self.longest), -1)
        for row, p in zip(rows, activations, strict=True):
            found = best_path(p)[: self.longest]
            row[: len(found)] = found
        return rows

    def encode(self, labels: Array, outputs: int, dtype: Any = np.float64) -> Array:
        """Refuse class numbers (n,): a sample's label is a row."""
        raise ByhandError(
            f"CTC takes labels as rows of class numbers (n, {self.longest}), filled up with −1, not one a sample."
        )

    def check_targets(self, t: Array) -> None:
        """Each row is class numbers, then only −1."""
        wrong = (t != np.floor(t)) | (t < -1) | (t >= self.classes)
        wrong[:, 1:] |= (t[:, 1:] >= 0) & (t[:, :-1] < 0)
        if wrong.any():
            i, j = np.argwhere(wrong)[0]
            raise ByhandError(
                f"Symbol {j} of label {i} is {t[i, j]:g}; a label is class numbers from 0 to {self.classes - 1}, "
                "followed by −1 up to its row's end."
            )
