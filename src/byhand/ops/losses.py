"""The operations of softmax and of losses.

`each` (...,) gets the loss of every row of y (..., k), and dy (..., k) its derivative by y.
"""

import numpy as np

from byhand.core.types import Array
from byhand.ops.activations import sigmoid


def softmax(z: Array, out: Array, row: Array) -> None:
    """p_ij = e^(z_ij − m_i) / Σ_j e^(z_ij − m_i) with m_i = max_j z_ij, for z (..., k), row (..., 1) scratch.

    p is exactly 0 where z is −∞, and all of a row where all of z is: then nothing may be chosen.
    """
    _largest(z, row)
    np.subtract(z, row, out=out)
    np.exp(out, out=out)
    np.sum(out, axis=-1, keepdims=True, out=row)
    np.maximum(row, 1, out=row)  # e^0 is among the terms, unless the whole row is −∞
    np.divide(out, row, out=out)


def softmax_backward(p: Array, dp: Array, dz: Array, row: Array) -> None:
    """dz_ij = p_ij (dp_ij − Σ_j dp_ij p_ij), for p (..., k), row (..., 1) scratch."""
    np.einsum("...j,...j->...", dp, p, out=row[..., 0])
    np.subtract(dp, row, out=dz)
    np.multiply(dz, p, out=dz)


def squared_error(y: Array, t: Array, factor: float, each: Array, dy: Array) -> None:
    """ℓ_i = factor Σ_j (y_ij − t_ij)², dy = 2 factor (y − t)."""
    np.subtract(y, t, out=dy)
    np.einsum("...j,...j->...", dy, dy, out=each)
    np.multiply(each, factor, out=each)
    if factor != 0.5:
        np.multiply(dy, 2 * factor, out=dy)


def binary_cross_entropy(z: Array, t: Array, each: Array, dz: Array, scratch: Array) -> None:
    """ℓ_i = −Σ_j [t log a + (1 − t) log(1 − a)] with a = σ(z), dz = a − t.

    In terms of z, ℓ = Σ_j max(z, 0) − t z + log(1 + e^−|z|), which never takes the logarithm of zero.
    """
    np.abs(z, out=scratch)
    np.negative(scratch, out=scratch)
    np.exp(scratch, out=scratch)
    np.log1p(scratch, out=scratch)
    np.maximum(z, 0, out=dz)
    np.add(scratch, dz, out=scratch)
    np.multiply(t, z, out=dz)
    np.subtract(scratch, dz, out=scratch)
    np.sum(scratch, axis=-1, out=each)
    sigmoid(z, out=dz)
    np.subtract(dz, t, out=dz)


def softmax_cross_entropy(z: Array, t: Array, each: Array, dz: Array, row: Array) -> None:
    """ℓ_i = −Σ_j t_ij log p_ij with p = softmax(z), dz = p − t, for rows of t that sum to one; row (..., 1) scratch.

    With s = z − max z, ℓ = log Σ_j e^s_j − Σ_j t_j s_j, which never takes the logarithm of zero. Where z is −∞, p is 0,
    and a t of 0 adds nothing to ℓ; any other t makes ℓ huge.
    """
    _largest(z, row)
    np.subtract(z, row, out=dz)
    np.maximum(dz, np.finfo(dz.dtype).min, out=dz)  # a number, so that 0 · s is 0
    np.einsum("...j,...j->...", t, dz, out=each)
    np.exp(dz, out=dz)
    np.sum(dz, axis=-1, keepdims=True, out=row)
    np.maximum(row, 1, out=row)
    np.divide(dz, row, out=dz)
    np.subtract(dz, t, out=dz)
    np.log(row, out=row)
    np.subtract(row[..., 0], each, out=each)


def softmax_cross_entropy_labels(z: Array, labels: Array, each: Array, dz: Array, row: Array, smoothing: float) -> None:
    """ℓ_i = −Σ_j t_ij log p_ij with p = softmax(z), dz = p − t, for class numbers (...,); row (..., 1) scratch.

    t_ij = (1 − ε) [j = label_i] + ε/k, with ε = smoothing. A label of −1 counts nothing: ℓ_i = 0 and dz_i = 0. With
    s = z − max z, ℓ = log Σ_j e^s_j − (1 − ε) s_label − ε/k Σ_j s_j. A z of −∞ is as in `softmax_cross_entropy`.
    """
    k = z.shape[-1]
    chosen = labels[..., np.newaxis]
    _largest(z, row)
    np.subtract(z, row, out=dz)
    np.maximum(dz, np.finfo(dz.dtype).min, out=dz)
    np.multiply(np.take_along_axis(dz, chosen, -1)[..., 0], 1 - smoothing, out=each)
    if smoothing:
        np.add(each, dz.sum(axis=-1) * (smoothing / k), out=each)
    np.exp(dz, out=dz)
    np.sum(dz, axis=-1, keepdims=True, out=row)
    np.maximum(row, 1, out=row)
    np.divide(dz, row, out=dz)
    np.subtract(dz, smoothing / k, out=dz)
    np.put_along_axis(dz, chosen, np.take_along_axis(dz, chosen, -1) - (1 - smoothing), -1)
    np.log(row, out=row)
    np.subtract(row[..., 0], each, out=each)
    each[labels < 0] = 0
    dz[labels < 0] = 0


def absolute_error(y: Array, t: Array, factor: float, each: Array, dy: Array) -> None:
    """ℓ_i = factor Σ_j |y_ij − t_ij|, dy = factor sign(y − t), 0 where both are equal."""
    np.subtract(y, t, out=dy)
    np.abs(dy, out=dy)
    np.sum(dy, axis=-1, out=each)
    np.multiply(each, factor, out=each)
    np.subtract(y, t, out=dy)
    np.sign(dy, out=dy)
    np.multiply(dy, factor, out=dy)


def huber(y: Array, t: Array, delta: float, factor: float, each: Array, dy: Array, scratch: Array) -> None:
    """ℓ_i = factor Σ_j h(y_ij − t_ij) with h(d) = ½ d² for |d| ≤ δ, else δ (|d| − ½ δ); dy = factor clip(d, −δ, δ).

    With c = clip(d, −δ, δ), h(d) = c (d − ½ c). scratch has y's shape.
    """
    np.subtract(y, t, out=scratch)
    np.clip(scratch, -delta, delta, out=dy)
    np.multiply(dy, -0.5, out=dy)
    np.add(scratch, dy, out=scratch)  # d − ½ c
    np.multiply(dy, -2, out=dy)
    np.einsum("...j,...j->...", dy, scratch, out=each)
    np.multiply(each, factor, out=each)
    np.multiply(dy, factor, out=dy)


def poisson_deviance(y: Array, t: Array, each: Array, dy: Array, scratch: Array) -> None:
    """ℓ_i = Σ_j [t (log t − y) + a − t] with a = e^y and 0 log 0 = 0, dy = a − t; scratch has y's shape."""
    np.exp(y, out=dy)
    np.subtract(dy, t, out=dy)
    np.maximum(t, np.finfo(t.dtype).tiny, out=scratch)
    np.log(scratch, out=scratch)
    np.subtract(scratch, y, out=scratch)
    np.multiply(scratch, t, out=scratch)
    np.add(scratch, dy, out=scratch)
    np.sum(scratch, axis=-1, out=each)


def wasserstein(y: Array, t: Array, each: Array, dy: Array) -> None:
    """ℓ_i = Σ_j (1 − 2 t_ij) y_ij, dy = 1 − 2 t."""
    np.multiply(t, -2, out=dy)
    np.add(dy, 1, out=dy)
    np.einsum("...j,...j->...", dy, y, out=each)


def hinge(y: Array, t: Array, each: Array, dy: Array, scratch: Array) -> None:
    """ℓ_i = Σ_j max(0, 1 + (1 − 2 t_ij) y_ij), dy = 1 − 2 t where that is above 0, else 0; scratch of y's shape."""
    np.multiply(t, -2, out=dy)
    np.add(dy, 1, out=dy)
    np.multiply(dy, y, out=scratch)
    np.add(scratch, 1, out=scratch)
    np.maximum(scratch, 0, out=scratch)
    np.add.reduce(scratch, axis=-1, out=each)
    np.greater(scratch, 0, out=scratch)
    np.multiply(dy, scratch, out=dy)


def share_steps(mask: Array | None, weights: Array | None, factor: float, out: Array) -> None:
    """out_it = factor w_i m_it / Σ_t m_it: what each step's loss counts, for a mask (n, T) or None, out (n, T).

    A sample's loss is the mean over the steps that are there; one without any counts nothing.
    """
    if mask is None:
        out.fill(1 / out.shape[1])
    else:
        np.divide(mask, np.maximum(mask.sum(axis=1, keepdims=True), 1), out=out, casting="unsafe")
    np.multiply(out, factor, out=out)
    if weights is not None:
        np.multiply(out, weights[:, np.newaxis], out=out)


def mean_loss(each: Array, dy: Array, factor: float) -> float:
    """dy ← factor dy; returns factor Σ_i ℓ_i. With factor = 1/n both belong to the mean over the batch."""
    np.multiply(dy, factor, out=dy)
    return factor * float(np.add.reduce(each))


def dot(a: Array, b: Array) -> float:
    """Σ_i a_i b_i, for vectors a and b (n,)."""
    return float(a.dot(b))


def weighted_mean_loss(each: Array, dy: Array, factor: float, weights: Array, row: Array) -> float:
    """dy_i ← factor w_i dy_i; returns factor Σ_i w_i ℓ_i, for weights (n,), row (n, 1) scratch."""
    np.multiply(weights, factor, out=row[:, 0])
    np.multiply(dy, row, out=dy)
    return float(np.dot(each, row[:, 0]))


def _largest(z: Array, row: Array) -> None:
    """row_i = max_j z_ij, or the least number there is where all of a row is −∞: then z − row is −∞, not NaN."""
    np.max(z, axis=-1, keepdims=True, out=row)
    np.maximum(row, np.finfo(row.dtype).min, out=row)
