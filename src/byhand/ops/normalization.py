"""The operations of normalisation and dropout; u is x with mean 0 and variance 1 by columns, or by rows."""

import numpy as np

from byhand.types import Array


def column_statistics(x: Array, mean: Array, variance: Array, centred: Array) -> None:
    """μ = (1/n) Σ_i x_i, σ² = (1/n) Σ_i (x_i − μ)², centred = x − μ, for x (n, k), μ and σ² (k,)."""
    np.add.reduce(x, axis=0, out=mean)
    np.divide(mean, len(x), out=mean)
    np.subtract(x, mean, out=centred)
    np.einsum("ij,ij->j", centred, centred, out=variance)
    np.divide(variance, len(x), out=variance)


def follow(average: Array, value: Array, keep: float, weight: float, s: Array) -> None:
    """Compute average ← keep · average + weight · value; s is scratch of their shape."""
    np.multiply(average, keep, out=average)
    np.multiply(value, weight, out=s)
    np.add(average, s, out=average)


def inverse_deviation(variance: Array, epsilon: float, out: Array) -> None:
    """out = 1 / √(σ² + ε); out may be σ² itself."""
    np.add(variance, epsilon, out=out)
    np.sqrt(out, out=out)
    np.divide(1, out, out=out)


def scale_columns(u: Array, gamma: Array, beta: Array, out: Array) -> None:
    """y_i = γ ⊙ u_i + β, for u (n, k), γ and β (k,)."""
    np.multiply(u, gamma, out=out)
    np.add(out, beta, out=out)


def scale_columns_backward(u: Array, dy: Array, dgamma: Array, dbeta: Array) -> None:
    """dγ = Σ_i dy_i ⊙ u_i, dβ = Σ_i dy_i."""
    np.einsum("ij,ij->j", dy, u, out=dgamma)
    np.add.reduce(dy, axis=0, out=dbeta)


def batch_norm_backward(
    u: Array, dy: Array, dgamma: Array, dbeta: Array, slope: Array, share: float, dx: Array
) -> None:
    """dx = slope ⊙ (dy − share (dβ + u ⊙ dγ)), slope = γ / √(σ² + ε); share is 1/n, or 0 where μ, σ² are given."""
    if share:
        np.multiply(u, dgamma, out=dx)
        np.add(dx, dbeta, out=dx)
        np.multiply(dx, share, out=dx)
        np.subtract(dy, dx, out=dx)
        np.multiply(dx, slope, out=dx)
    else:
        np.multiply(dy, slope, out=dx)


def row_statistics(x: Array, mean: Array, variance: Array, centred: Array) -> None:
    """μ_i = (1/k) Σ_j x_ij, σ²_i = (1/k) Σ_j (x_ij − μ_i)², centred = x − μ, for x (n, k), μ and σ² (n, 1)."""
    np.add.reduce(x, axis=1, keepdims=True, out=mean)
    np.divide(mean, x.shape[1], out=mean)
    np.subtract(x, mean, out=centred)
    np.einsum("ij,ij->i", centred, centred, out=variance[:, 0])
    np.divide(variance, x.shape[1], out=variance)


def layer_norm_backward(u: Array, du: Array, inverse: Array, row: Array, dx: Array) -> None:
    """dx_i = (du_i − (1/k) Σ_j du_ij − u_i (1/k) Σ_j du_ij u_ij) · inverse_i, with inverse = 1 / √(σ² + ε).

    Shapes: u, du and dx (n, k), inverse and scratch row (n, 1).
    """
    np.einsum("ij,ij->i", du, u, out=row[:, 0])
    np.multiply(u, row, out=dx)
    np.add.reduce(du, axis=1, keepdims=True, out=row)
    np.add(dx, row, out=dx)
    np.divide(dx, u.shape[1], out=dx)
    np.subtract(du, dx, out=dx)
    np.multiply(dx, inverse, out=dx)


def dropout_mask(rng: np.random.Generator, rate: float, out: Array) -> None:
    """Each number of out is 0 with probability `rate`, else 1 / (1 − rate)."""
    rng.random(out=out, dtype=out.dtype)  # from 0 to below 1
    np.greater_equal(out, rate, out=out)
    np.multiply(out, 1 / (1 - rate), out=out)


def scale_channels(x: Array, r: Array, out: Array) -> None:
    """y_i = x_i ⊙ r_i at every pixel, for x (n, height, width, channels), r (n, channels); out may be x."""
    np.multiply(x, r[:, None, None], out=out)
