"""Mixup: weighted means of two images and their targets."""

from dataclasses import dataclass

import numpy as np

from byhand.core.checks import require_between
from byhand.core.config import register
from byhand.core.types import Array
from byhand.data.augment.base import Transform


@register
@dataclass(frozen=True)
class Mixup(Transform):
    """Mix each sample and its target with another sample of the batch.

    x̃ = λ x_i + (1 − λ) x_j and t̃ = λ t_i + (1 − λ) t_j with λ from Beta(α, α): Zhang, Cisse, Dauphin and Lopez-Paz,
    "mixup: Beyond Empirical Risk Minimization" (2018). Each sample draws its own λ. Where λ is below ½, the two
    change places, which is the same mixture: so a sample stays mostly itself, and keeps its label and its weight.
    """

    order = 2
    alpha: float = 0.2

    def __post_init__(self) -> None:
        require_between("alpha", self.alpha, 0.01)

    def apply(self, rng: np.random.Generator, images: Array, targets: Array, others: Array, others_t: Array) -> None:
        """Mix images (n, h, w, ...) and targets (n, k) in place; `others`, `others_t` are scratch alike."""
        n = len(images)
        share = rng.beta(self.alpha, self.alpha, n)
        share = np.minimum(share, 1 - share).astype(images.dtype)  # 1 − λ, of the other
        partner = rng.permutation(n)
        for own, other in ((images, others), (targets, others_t)):
            np.take(own, partner, axis=0, out=other, mode="clip")
            np.subtract(other, own, out=other)
            np.multiply(other, share.reshape(n, *[1] * (own.ndim - 1)), out=other)
            np.add(own, other, out=own)
