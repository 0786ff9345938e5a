"""The table of operations in NumPy: the reference.

Every function writes into arrays that the caller allocated (`out`, or the arguments that its docstring names), and
allocates nothing itself. Arrays are float32 or float64, all of the same dtype within a call. Samples are rows: n is
the number of rows in the batch, k the number of outputs. `out` may be the input itself where a docstring says so.
"""

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from byhand.core.types import Array, Shape
from byhand.ops.convolution import *  # noqa: F403
from byhand.ops.ctc import *  # noqa: F403
from byhand.ops.normalization import *  # noqa: F403
from byhand.ops.optimization import *  # noqa: F403
from byhand.ops.regularization import *  # noqa: F403

kind: str = "numpy"


def set_threads(count: int) -> int:
    """Compute with so many threads from now on; returns how many it was before. NumPy's own threads are BLAS's."""
    return 1


# ---- arrays -----------------------------------------------------------------------------------------------------


def empty(shape: Shape, dtype: DTypeLike) -> Array:
    """A new array, its numbers whatever the memory held."""
    return np.empty(shape, dtype)


def zeros(shape: Shape, dtype: DTypeLike) -> Array:
    """A new array of zeros."""
    return np.zeros(shape, dtype)


def asarray(a: ArrayLike, dtype: DTypeLike | None = None) -> Array:
    """A NumPy array, or what NumPy makes one of, as an array of this table."""
    return np.asarray(a, dtype)


def to_numpy(a: Array) -> Array:
    """An array of this table as a NumPy array; the same memory where that can be."""
    return a


def fill(a: Array, value: float) -> None:
    """Every number of a becomes `value`."""
    a.fill(value)


# ---- matrices ---------------------------------------------------------------------------------------------------


def matmul(a: Array, b: Array, out: Array) -> None:
    """out = a b, for a (n, m), b (m, k), out (n, k)."""
    np.dot(a, b, out=out)


def affine(x: Array, w: Array, b: Array, out: Array) -> None:
    """out_i = x_i W + b for every row i, for x (n, m), w (m, k), b (k,), out (n, k)."""
    np.dot(x, w, out=out)
    np.add(out, b, out=out)


def sum_rows(a: Array, out: Array) -> None:
    """out = Σ_i a_i over the rows, for a (n, k), out (k,)."""
    np.add.reduce(a, axis=0, out=out)


def copy(a: Array, out: Array) -> None:
    """out = a; nothing to do where both are the same memory."""
    if a.ctypes.data != out.ctypes.data:
        np.copyto(out, a)


def add(a: Array, b: Array, out: Array) -> None:
    """out = a + b; out may be either."""
    np.add(a, b, out=out)


def subtract(a: Array, b: Array, out: Array) -> None:
    """out = a − b; out may be either."""
    np.subtract(a, b, out=out)


def multiply(a: Array, b: Array, out: Array) -> None:
    """out = a ⊙ b; out may be either."""
    np.multiply(a, b, out=out)


def exp(a: Array, out: Array) -> None:
    """out = e^a; out may be a."""
    np.exp(a, out=out)


def gather(a: Array, rows: Array, out: Array) -> None:
    """out_i = a[rows_i], for a (N, ...), rows (n,) whole numbers below N, out (n, ...) of a's dtype."""
    np.take(a, rows, axis=0, out=out, mode="clip")  # "clip" skips NumPy's buffering; the rows are in range anyway


def scale_bytes(a: Array, out: Array) -> None:
    """out = a / 255: grey levels 0-255 as bytes become numbers from 0 to 1."""
    np.divide(a, out.dtype.type(255), out=out)


def gather_bytes(a: Array, rows: Array, raw: Array, out: Array) -> None:
    """out_i = a[rows_i] / 255, for bytes a (N, ...), rows (n,), out (n, ...); raw is scratch, bytes of out's shape."""
    gather(a, rows, raw)
    scale_bytes(raw, out)


def count_right(y: Array, labels: Array, predicted: Array, right: Array) -> int:
    """How many rows of y (n, k) are largest in the column that labels (n,) says; predicted, right (n,) are scratch."""
    np.argmax(y, axis=1, out=predicted)
    np.equal(predicted, labels, out=right)
    return int(np.count_nonzero(right))


# ---- activations: forward may work in place (out is z); backward writes dz, which is never dy --------------------


def step(z: Array, out: Array) -> None:
    """a = 1 where z > 0, else 0 (Rosenblatt's threshold)."""
    np.greater(z, 0, out=out)


def sigmoid(z: Array, out: Array) -> None:
    """a = 1 / (1 + e^−z), computed as ½ (1 + tanh(z/2)), which is the same and cannot overflow."""
    np.multiply(z, 0.5, out=out)
    np.tanh(out, out=out)
    np.multiply(out, 0.5, out=out)
    np.add(out, 0.5, out=out)


def sigmoid_backward(a: Array, da: Array, dz: Array) -> None:
    """dz = da · a (1 − a)."""
    np.subtract(1, a, out=dz)
    np.multiply(dz, a, out=dz)
    np.multiply(dz, da, out=dz)


def tanh(z: Array, out: Array) -> None:
    """a = tanh z."""
    np.tanh(z, out=out)


def tanh_backward(a: Array, da: Array, dz: Array) -> None:
    """dz = da · (1 − a²)."""
    np.multiply(a, a, out=dz)
    np.subtract(1, dz, out=dz)
    np.multiply(dz, da, out=dz)


def relu(z: Array, out: Array) -> None:
    """a = max(0, z)."""
    np.maximum(z, 0, out=out)


def relu_backward(a: Array, da: Array, dz: Array) -> None:
    """dz = da where a > 0, else 0."""
    np.greater(a, 0, out=dz)
    np.multiply(dz, da, out=dz)


def leaky_relu(z: Array, out: Array, slope: float) -> None:
    """a = z where z > 0, else slope · z; not in place, and 0 ≤ slope ≤ 1."""
    np.multiply(z, slope, out=out)
    np.maximum(z, out, out=out)


def leaky_relu_backward(a: Array, da: Array, dz: Array, slope: float) -> None:
    """dz = da where a > 0, else slope · da."""
    np.greater(a, 0, out=dz)
    np.multiply(dz, 1 - slope, out=dz)
    np.add(dz, slope, out=dz)
    np.multiply(dz, da, out=dz)


def elu(z: Array, out: Array, alpha: float, scratch: Array) -> None:
    """a = z where z > 0, else α (e^z − 1); not in place."""
    np.minimum(z, 0, out=scratch)
    np.subtract(z, scratch, out=out)  # max(z, 0)
    np.expm1(scratch, out=scratch)
    np.multiply(scratch, alpha, out=scratch)
    np.add(out, scratch, out=out)


def elu_backward(a: Array, da: Array, dz: Array, alpha: float, scratch: Array) -> None:
    """dz = da where a > 0, else da · (a + α), because α e^z = a + α there."""
    np.greater(a, 0, out=scratch)
    np.multiply(scratch, 1 - alpha, out=scratch)  # with min(a, 0) = 0 for a > 0: α + (1 − α) = 1
    np.minimum(a, 0, out=dz)
    np.add(dz, scratch, out=dz)
    np.add(dz, alpha, out=dz)
    np.multiply(dz, da, out=dz)


def softmax(z: Array, out: Array, row: Array) -> None:
    """p_ij = e^(z_ij − m_i) / Σ_j e^(z_ij − m_i) with m_i = max_j z_ij, for z (n, k), row (n, 1) scratch.

    p is exactly 0 where z is −∞, and all of a row where all of z is: then nothing may be chosen.
    """
    _largest(z, row)
    np.subtract(z, row, out=out)
    np.exp(out, out=out)
    np.sum(out, axis=1, keepdims=True, out=row)
    np.maximum(row, 1, out=row)  # e^0 is among the terms, unless the whole row is −∞
    np.divide(out, row, out=out)


def _largest(z: Array, row: Array) -> None:
    """row_i = max_j z_ij, or the least number there is where all of a row is −∞: then z − row is −∞, not NaN."""
    np.max(z, axis=-1, keepdims=True, out=row)
    np.maximum(row, np.finfo(row.dtype).min, out=row)


def softmax_backward(p: Array, dp: Array, dz: Array, row: Array) -> None:
    """dz_ij = p_ij (dp_ij − Σ_j dp_ij p_ij), for p (n, k), row (n, 1) scratch."""
    np.einsum("ij,ij->i", dp, p, out=row[:, 0])
    np.subtract(dp, row, out=dz)
    np.multiply(dz, p, out=dz)


# ---- losses: `each` (n,) gets the loss of every sample, dy (n, k) its derivative by y ----------------------------


def squared_error(y: Array, t: Array, factor: float, each: Array, dy: Array) -> None:
    """ℓ_i = factor Σ_j (y_ij − t_ij)², dy = 2 factor (y − t)."""
    np.subtract(y, t, out=dy)
    np.einsum("ij,ij->i", dy, dy, out=each)
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
    np.sum(scratch, axis=1, out=each)
    sigmoid(z, out=dz)
    np.subtract(dz, t, out=dz)


def softmax_cross_entropy(z: Array, t: Array, each: Array, dz: Array, row: Array) -> None:
    """ℓ_i = −Σ_j t_ij log p_ij with p = softmax(z), dz = p − t, for rows of t that sum to one; row (n, 1) scratch.

    With s = z − max z, ℓ = log Σ_j e^s_j − Σ_j t_j s_j, which never takes the logarithm of zero. Where z is −∞, p is 0,
    and a t of 0 adds nothing to ℓ; any other t makes ℓ huge.
    """
    _largest(z, row)
    np.subtract(z, row, out=dz)
    np.maximum(dz, np.finfo(dz.dtype).min, out=dz)  # a number, so that 0 · s is 0
    np.einsum("ij,ij->i", t, dz, out=each)
    np.exp(dz, out=dz)
    np.sum(dz, axis=1, keepdims=True, out=row)
    np.maximum(row, 1, out=row)
    np.divide(dz, row, out=dz)
    np.subtract(dz, t, out=dz)
    np.log(row, out=row)
    np.subtract(row[:, 0], each, out=each)


def softmax_cross_entropy_labels(z: Array, labels: Array, each: Array, dz: Array, row: Array, smoothing: float) -> None:
    """ℓ_i = −Σ_j t_ij log p_ij with p = softmax(z), dz = p − t, for class numbers (n,); row (n, 1) scratch.

    t_ij = (1 − ε) [j = label_i] + ε/k, with ε = smoothing. A label of −1 counts nothing: ℓ_i = 0 and dz_i = 0. With
    s = z − max z, ℓ = log Σ_j e^s_j − (1 − ε) s_label − ε/k Σ_j s_j.
    """
    n, k = z.shape
    sample, counts = np.arange(n), labels >= 0
    np.max(z, axis=1, keepdims=True, out=row)
    np.subtract(z, row, out=dz)
    np.multiply(dz[sample, labels], 1 - smoothing, out=each)
    if smoothing:
        np.add(each, dz.sum(axis=1) * (smoothing / k), out=each)
    np.exp(dz, out=dz)
    np.sum(dz, axis=1, keepdims=True, out=row)
    np.divide(dz, row, out=dz)
    np.subtract(dz, smoothing / k, out=dz)
    dz[sample, labels] -= 1 - smoothing
    np.log(row, out=row)
    np.subtract(row[:, 0], each, out=each)
    np.multiply(each, counts, out=each)
    np.multiply(dz, counts[:, np.newaxis], out=dz)


def absolute_error(y: Array, t: Array, factor: float, each: Array, dy: Array) -> None:
    """ℓ_i = factor Σ_j |y_ij − t_ij|, dy = factor sign(y − t), 0 where both are equal."""
    np.subtract(y, t, out=dy)
    np.abs(dy, out=dy)
    np.sum(dy, axis=1, out=each)
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
    np.einsum("ij,ij->i", dy, scratch, out=each)
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
    np.sum(scratch, axis=1, out=each)


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


# ---- what follows a loss ----------------------------------------------------------------------------------------


def mean_loss(each: Array, dy: Array, factor: float) -> float:
    """dy ← factor dy; returns factor Σ_i ℓ_i. With factor = 1/n both belong to the mean over the batch."""
    np.multiply(dy, factor, out=dy)
    return factor * float(np.add.reduce(each))


def dot(a: Array, b: Array) -> float:
    """Σ_i a_i b_i, for a and b (n,)."""
    return float(np.dot(a, b))


def weighted_mean_loss(each: Array, dy: Array, factor: float, weights: Array, row: Array) -> float:
    """dy_i ← factor w_i dy_i; returns factor Σ_i w_i ℓ_i, for weights (n,), row (n, 1) scratch."""
    np.multiply(weights, factor, out=row[:, 0])
    np.multiply(dy, row, out=dy)
    return float(np.dot(each, row[:, 0]))
