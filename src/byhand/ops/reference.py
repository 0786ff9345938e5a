"""The table of operations in NumPy: the reference.

Every function writes into arrays that the caller allocated (`out`, or the arguments that its docstring names), and
allocates nothing itself. Arrays are float32 or float64, all of the same dtype within a call. Samples are rows: n is
the number of rows in the batch, k the number of outputs. `out` may be the input itself where a docstring says so.
"""

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from byhand.core.memory import on_a_line
from byhand.core.shapes import as_rows
from byhand.core.types import Array, Shape
from byhand.ops.activations import *  # noqa: F403
from byhand.ops.attention import *  # noqa: F403
from byhand.ops.convolution import *  # noqa: F403
from byhand.ops.ctc import *  # noqa: F403
from byhand.ops.generative import *  # noqa: F403
from byhand.ops.gru import *  # noqa: F403
from byhand.ops.losses import *  # noqa: F403
from byhand.ops.lstm import *  # noqa: F403
from byhand.ops.normalization import *  # noqa: F403
from byhand.ops.optimization import *  # noqa: F403
from byhand.ops.recurrent import *  # noqa: F403
from byhand.ops.regularization import *  # noqa: F403
from byhand.ops.sequences import *  # noqa: F403

kind: str = "numpy"
host: bool = True  # the arrays are NumPy's, and nothing has to be carried from one memory to another


def set_threads(count: int) -> int:
    """Compute with so many threads from now on; returns how many it was before. NumPy's own threads are BLAS's."""
    return 1


# ---- arrays -----------------------------------------------------------------------------------------------------


def empty(shape: Shape, dtype: DTypeLike) -> Array:
    """A new array that begins on a cache line, its numbers whatever the memory held."""
    return on_a_line(np.empty, shape, dtype)


def zeros(shape: Shape, dtype: DTypeLike) -> Array:
    """A new array of zeros that begins on a cache line."""
    return on_a_line(np.zeros, shape, dtype)


def asarray(a: ArrayLike, dtype: DTypeLike | None = None) -> Array:
    """A NumPy array, or what NumPy makes one of, as an array of this table."""
    return np.asarray(a, dtype)


def to_numpy(a: Array) -> Array:
    """An array of this table as a NumPy array; the same memory where that can be."""
    return a


def put(a: Array, out: Array) -> None:
    """out = a, for a NumPy array a and an array of this table."""
    copy(a, out)


def fill(a: Array, value: float) -> None:
    """Every number of a becomes `value`."""
    a.fill(value)


# ---- matrices ---------------------------------------------------------------------------------------------------


def matmul(a: Array, b: Array, out: Array) -> None:
    """out = a b, for a (..., m), b (m, k), out (..., k)."""
    np.matmul(a, b, out=out)  # np.dot multiplies more than two axes number by number


def affine(x: Array, w: Array, b: Array | None, out: Array) -> None:
    """out_i = x_i W + b for every row i, for x (..., m), w (m, k), b (k,) or None, out (..., k)."""
    np.matmul(x, w, out=out)
    if b is not None:
        np.add(out, b, out=out)


def affine_gradients(x: Array, dy: Array, dw: Array, db: Array | None) -> None:
    """dW = xᵀ dy and db = Σ_i dy_i over all rows, for x (..., m), dy (..., k), dw (m, k), db (k,) or None."""
    np.dot(as_rows(x).T, as_rows(dy), out=dw)
    if db is not None:
        np.add.reduce(as_rows(dy), axis=0, out=db)


def affine_input(dy: Array, w: Array, dx: Array) -> None:
    """dx_i = dy_i Wᵀ for every row i, for dy (..., k), w (m, k), dx (..., m)."""
    np.matmul(dy, w.T, out=dx)


def sum_rows(a: Array, out: Array) -> None:
    """out = Σ_i a_i over all rows, for a (..., k), out (k,)."""
    np.add.reduce(as_rows(a), axis=0, out=out)


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
