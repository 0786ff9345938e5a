"""Elastic distortion."""

from dataclasses import dataclass

import numpy as np

from byhand.core.checks import require_between
from byhand.core.config import register
from byhand.core.types import Array
from byhand.data.augment.base import Transform

KEPT_VARIANCE = 0.999  # of the fields' variance


@register
@dataclass(frozen=True)
class Elastic(Transform):
    """Move every pixel by a random field that changes smoothly from place to place.

    Simard, Steinkraus and Platt, "Best Practices for Convolutional Neural Networks Applied to Visual Document
    Analysis" (2003), section 2: fields Δx and Δy of noise F, even between −1 and 1 and independent from pixel to
    pixel, are smoothed by a Gaussian of standard deviation σ (zero outside the image) and multiplied by α: α G F Gᵀ,
    where G_ij = e^(−(i−j)²/2σ²) / Σ_k e^(−k²/2σ²). Here F is normal with the variance of that noise, 1/3: smoothed,
    the two can hardly be told apart, and the field is then a sum of a few smooth waves with independent weights.

    Attributes:
        alpha: strength α, in pixels; inside the image a pixel moves by about α / (6.1 σ) along each axis (one
            standard deviation), which is 1.4 for the defaults.
        sigma: smoothness σ, in pixels.
    """

    order = 0
    alpha: float = 34.0
    sigma: float = 4.0

    def __post_init__(self) -> None:
        require_between("alpha", self.alpha, 0)
        require_between("sigma", self.sigma, 0.5)

    def waves(self, height: int, width: int) -> Array:
        """(r, height · width): fields whose sum, with weights from N(0, 1), is one random field in pixels.

        Take the singular values G = U S Vᵀ. As F is normal, Vᵀ F V has the distribution of F, and so G F Gᵀ that of
        (U S) F (U S)ᵀ = Σ F_ij s_i s_j u_i u_jᵀ. These terms fall off fast; of the largest as many are kept as hold
        99.9 % of the variance: 35 for images of 28 × 28 and σ = 4.
        """
        rows, columns = self._directions(height), self._directions(width)  # (h, h), (w, w), each u_i s_i
        waves = np.einsum("yi,xj->ijyx", rows, columns).reshape(height * width, height * width)
        variance = (waves**2).sum(axis=1)
        order = np.argsort(-variance, kind="stable")
        count = 1 + int(np.searchsorted(np.cumsum(variance[order]), KEPT_VARIANCE * variance.sum()))
        return waves[order[:count]] * (self.alpha / np.sqrt(3))

    def _directions(self, size: int) -> Array:
        """U S of the smoothing matrix G (size, size)."""
        reach = np.arange(-int(12 * self.sigma), int(12 * self.sigma) + 1)
        distance = np.subtract.outer(np.arange(size), np.arange(size))
        bell = np.exp(-(distance**2) / (2 * self.sigma**2)) / np.exp(-(reach**2) / (2 * self.sigma**2)).sum()
        u, s, _ = np.linalg.svd(bell)
        return u * s
