"""The operations of networks that draw: larger images, normalised weights, variety within a batch."""

from math import sqrt

import numpy as np

from byhand.core.types import Array


def add_row(a: Array, row: Array, out: Array) -> None:
    """out_i = a_i + row for every row i, for a (..., k), row (k,); out may be a."""
    np.add(a, row, out=out)


def repeat_pixels(x: Array, out: Array) -> None:
    """Every pixel of x (n, h, w, channels) becomes a block of equal pixels of out (n, a · h, b · w, channels)."""
    np.copyto(_blocks_of(out, x), x[:, :, np.newaxis, :, np.newaxis])


def sum_pixels(dy: Array, dx: Array) -> None:
    """Every pixel of dx (n, h, w, channels) is the sum of its block of dy (n, a · h, b · w, channels)."""
    np.add.reduce(_blocks_of(dy, dx), axis=(2, 4), out=dx)


def _blocks_of(large: Array, small: Array) -> Array:
    """`large` as (n, h, a, w, b, channels), for `small` (n, h, w, channels)."""
    n, h, w, channels = small.shape
    return large.reshape(n, h, large.shape[1] // h, w, large.shape[2] // w, channels)


def batch_deviation(x: Array, y: Array, u: Array, deviation: Array, epsilon: float) -> None:
    """Append to every row of x (n, ..., k) the batch's mean standard deviation: y (n, ..., k + 1).

    With m_j = (1/n) Σ_i x_ij and s_j = √((1/n) Σ_i (x_ij − m_j)² + ε) of each of the N numbers j of a sample, it is
    (1/N) Σ_j s_j. u of x's shape gets (x − m) / s, deviation (..., k) gets s.
    """
    np.add.reduce(x, axis=0, out=deviation)
    np.divide(deviation, len(x), out=deviation)
    np.subtract(x, deviation, out=u)
    np.einsum("i...,i...->...", u, u, out=deviation)
    np.divide(deviation, len(x), out=deviation)
    np.add(deviation, epsilon, out=deviation)
    np.sqrt(deviation, out=deviation)
    np.divide(u, deviation, out=u)
    np.copyto(y[..., :-1], x)
    y[..., -1] = deviation.mean()


def batch_deviation_backward(dy: Array, u: Array, dx: Array) -> None:
    """dx_ij = dy_ij + d u_ij / (n N), where d is the sum of dy's last column; shapes as in `batch_deviation`."""
    np.multiply(u, float(dy[..., -1].sum()) / dx.size, out=dx)
    np.add(dx, dy[..., :-1], out=dx)


def spectral_norm(w: Array, u: Array, v: Array, iterations: int, out: Array, norm: Array, scratch: Array) -> None:
    """out = W / σ, where σ = vᵀ W u estimates the largest singular value of W; norm () gets σ.

    Each iteration makes u and v better: u ← Wᵀv / ‖Wᵀv‖, v ← W u / ‖W u‖. Shapes: w and out (k, m), u (m,), v (k,),
    scratch at least k numbers.
    """
    for _ in range(iterations):
        np.dot(v, w, out=u)
        np.divide(u, max(sqrt(np.dot(u, u)), 1e-12), out=u)
        np.dot(w, u, out=v)
        np.divide(v, max(sqrt(np.dot(v, v)), 1e-12), out=v)
    product = scratch.reshape(-1)[: len(v)]
    np.dot(w, u, out=product)
    norm[...] = np.dot(v, product)
    np.divide(w, norm, out=out)


def spectral_norm_backward(dw: Array, w: Array, u: Array, v: Array, norm: Array, scratch: Array) -> None:
    """dW ← (dW − (Σ_ij dW_ij W_ij) v uᵀ) / σ, for w = W / σ from `spectral_norm`; scratch of w's shape.

    u and v count as constants: where they have converged, ∂σ/∂W = v uᵀ is exact.
    """
    np.multiply(v[:, np.newaxis], u, out=scratch)
    np.multiply(scratch, float(np.einsum("ij,ij->", dw, w)), out=scratch)
    np.subtract(dw, scratch, out=dw)
    np.divide(dw, norm, out=dw)


def slope_penalty(slopes: Array, weight: float, each: Array, out: Array) -> None:
    """ℓ_i = weight (‖s_i‖ − 1)² of every row s_i of slopes (n, k), and out = ∂ℓ_i/∂s_i = 2 weight (1 − 1/‖s_i‖) s_i."""
    np.einsum("ij,ij->i", slopes, slopes, out=each)
    np.sqrt(each, out=each)
    np.maximum(each, np.finfo(each.dtype).tiny, out=each)
    np.divide(slopes, each[:, np.newaxis], out=out)
    np.subtract(each, 1, out=each)
    np.multiply(out, each[:, np.newaxis], out=out)
    np.multiply(out, 2 * weight, out=out)
    np.multiply(each, each, out=each)
    np.multiply(each, weight, out=each)


def draw_latent(moments: Array, noise: Array, z: Array) -> None:
    """z = μ + σ ε, for moments (n, 2k) = (μ, log σ²), noise ε and z (n, k)."""
    mean, log_variance = np.split(moments, 2, axis=1)
    np.multiply(log_variance, 0.5, out=z)
    np.exp(z, out=z)
    np.multiply(z, noise, out=z)
    np.add(z, mean, out=z)


def draw_latent_backward(moments: Array, noise: Array, dz: Array, factor: float, dmoments: Array) -> None:
    """The gradient by μ and log σ² of what follows z = μ + σ ε, plus `factor` times that of the KL divergence.

    dμ = dz + factor μ, dlog σ² = ½ dz ε σ + ½ factor (σ² − 1); shapes as in `draw_latent`, dmoments (n, 2k).
    """
    mean, log_variance = np.split(moments, 2, axis=1)
    dmean, dlog_variance = np.split(dmoments, 2, axis=1)
    np.multiply(log_variance, 0.5, out=dmean)
    np.exp(dmean, out=dmean)  # σ
    np.multiply(dmean, dmean, out=dlog_variance)
    np.subtract(dlog_variance, 1, out=dlog_variance)
    np.multiply(dlog_variance, factor, out=dlog_variance)
    np.multiply(dmean, noise, out=dmean)
    np.multiply(dmean, dz, out=dmean)
    np.add(dlog_variance, dmean, out=dlog_variance)
    np.multiply(dlog_variance, 0.5, out=dlog_variance)
    np.multiply(mean, factor, out=dmean)
    np.add(dmean, dz, out=dmean)


def normal_divergence(moments: Array, each: Array, scratch: Array) -> None:
    """KL(N(μ, σ²) ‖ N(0, 1)) = ½ Σ_j (μ_j² + σ_j² − 1 − log σ_j²) of every row, each (n,); scratch (n, k)."""
    mean, log_variance = np.split(moments, 2, axis=1)
    np.einsum("ij,ij->i", mean, mean, out=each)
    np.exp(log_variance, out=scratch)
    np.subtract(scratch, log_variance, out=scratch)
    np.subtract(scratch, 1, out=scratch)
    each += scratch.sum(axis=1)
    np.multiply(each, 0.5, out=each)
