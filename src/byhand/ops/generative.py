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
