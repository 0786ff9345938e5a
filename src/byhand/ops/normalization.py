"""The operations of normalisation and dropout; u is x with mean 0 and variance 1 by columns, or by rows."""

from collections.abc import Iterator

import numpy as np

from byhand.core.types import Array


def column_statistics(x: Array, mean: Array, variance: Array, piece: Array) -> None:
    """μ = (1/n) Σ_i x_i, σ² = (1/n) Σ_i (x_i − μ)², for x (n, k), μ and σ² (k,); piece (rows + 1, k) is scratch."""
    np.add.reduce(x, axis=0, out=mean)
    np.divide(mean, len(x), out=mean)
    variance.fill(0)
    for rows, room, row in _pieces(len(x), piece):
        np.subtract(x[rows], mean, out=room)
        np.einsum("ij,ij->j", room, room, out=row)
        np.add(variance, row, out=variance)
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


def batch_norm(x: Array, mean: Array, inverse: Array, gamma: Array, beta: Array, out: Array) -> None:
    """y_i = γ ⊙ u_i + β, u_i = (x_i − μ) ⊙ inverse, with inverse = 1 / √(σ² + ε), for x (n, k), the others (k,)."""
    np.subtract(x, mean, out=out)
    np.multiply(out, inverse, out=out)
    np.multiply(out, gamma, out=out)
    np.add(out, beta, out=out)


def batch_norm_sums(
    x: Array, mean: Array, inverse: Array, dy: Array, dgamma: Array, dbeta: Array, piece: Array
) -> None:
    """dγ = Σ_i dy_i ⊙ u_i, dβ = Σ_i dy_i, with u as in `batch_norm`; piece (rows + 1, k) is scratch."""
    np.add.reduce(dy, axis=0, out=dbeta)
    dgamma.fill(0)
    for rows, room, row in _pieces(len(x), piece):
        np.subtract(x[rows], mean, out=room)
        np.einsum("ij,ij->j", dy[rows], room, out=row)
        np.add(dgamma, row, out=dgamma)
    np.multiply(dgamma, inverse, out=dgamma)


def batch_norm_backward(
    x: Array,
    mean: Array,
    inverse: Array,
    dy: Array,
    gamma: Array,
    dgamma: Array,
    dbeta: Array,
    share: float,
    dx: Array,
) -> None:
    """dx = γ ⊙ inverse ⊙ (dy − share (dβ + u ⊙ dγ)), u as in `batch_norm`; share is 1/n, or 0 for given μ and σ²."""
    if share:
        np.subtract(x, mean, out=dx)
        np.multiply(dx, inverse, out=dx)  # u
        np.multiply(dx, dgamma, out=dx)
        np.add(dx, dbeta, out=dx)
        np.multiply(dx, share, out=dx)
        np.subtract(dy, dx, out=dx)
        np.multiply(dx, inverse, out=dx)
    else:
        np.multiply(dy, inverse, out=dx)
    np.multiply(dx, gamma, out=dx)


def row_statistics(x: Array, mean: Array, variance: Array, centred: Array) -> None:
    """μ_i = (1/k) Σ_j x_ij, σ²_i = (1/k) Σ_j (x_ij − μ_i)², centred = x − μ, for x (..., k), μ and σ² (..., 1)."""
    np.add.reduce(x, axis=-1, keepdims=True, out=mean)
    np.divide(mean, x.shape[-1], out=mean)
    np.subtract(x, mean, out=centred)
    np.einsum("...j,...j->...", centred, centred, out=variance[..., 0])
    np.divide(variance, x.shape[-1], out=variance)


def layer_norm(
    x: Array,
    gamma: Array,
    beta: Array,
    epsilon: float,
    mean: Array,
    variance: Array,
    u: Array,
    inverse: Array,
    out: Array,
) -> None:
    """y_i = γ ⊙ u_i + β, u_i = (x_i − μ_i) · inverse_i, inverse_i = 1 / √(σ²_i + ε).

    Shapes: x, u and out (..., k), γ and β (k,), μ, σ² and inverse (..., 1). out may be x.
    """
    row_statistics(x, mean, variance, u)
    inverse_deviation(variance, epsilon, inverse)
    np.multiply(u, inverse, out=u)
    scale_columns(u, gamma, beta, out)


def layer_norm_backward(u: Array, dy: Array, gamma: Array, inverse: Array, du: Array, row: Array, dx: Array) -> None:
    """du = γ ⊙ dy, dx_i = (du_i − (1/k) Σ_j du_ij − u_i (1/k) Σ_j du_ij u_ij) · inverse_i.

    Shapes: u, dy, du and dx (..., k), γ (k,), inverse and scratch row (..., 1).
    """
    np.multiply(dy, gamma, out=du)
    np.einsum("...j,...j->...", du, u, out=row[..., 0])
    np.multiply(u, row, out=dx)
    np.add.reduce(du, axis=-1, keepdims=True, out=row)
    np.add(dx, row, out=dx)
    np.divide(dx, u.shape[-1], out=dx)
    np.subtract(du, dx, out=dx)
    np.multiply(dx, inverse, out=dx)


def rms_norm(x: Array, gamma: Array, epsilon: float, u: Array, inverse: Array, out: Array) -> None:
    """y_i = γ ⊙ u_i, u_i = x_i · inverse_i, inverse_i = 1 / √((1/k) Σ_j x_ij² + ε); x, u (..., k), inverse (..., 1)."""
    np.einsum("...j,...j->...", x, x, out=inverse[..., 0])
    np.divide(inverse, x.shape[-1], out=inverse)
    inverse_deviation(inverse, epsilon, inverse)
    np.multiply(x, inverse, out=u)
    np.multiply(u, gamma, out=out)


def rms_norm_backward(u: Array, du: Array, inverse: Array, row: Array, dx: Array) -> None:
    """dx_i = (du_i − u_i (1/k) Σ_j du_ij u_ij) · inverse_i; u, du, dx (..., k), inverse, scratch row (..., 1)."""
    np.einsum("...j,...j->...", du, u, out=row[..., 0])
    np.divide(row, u.shape[-1], out=row)
    np.multiply(u, row, out=dx)
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


def _pieces(n: int, piece: Array) -> Iterator[tuple[slice, Array, Array]]:
    """n rows, some at a time: which, room for as many (rows, k), and room for their sum (k,)."""
    row, room = piece[0], piece[1:]
    for i in range(0, n, len(room)):
        rows = slice(i, min(i + len(room), n))
        yield rows, room[: rows.stop - i], row
