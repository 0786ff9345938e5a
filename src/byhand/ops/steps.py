"""What recurrent layers do at one step, in NumPy; `recurrent` says which array is which."""

from collections.abc import Iterable
from types import SimpleNamespace

import numpy as np

from byhand.core.types import Array
from byhand.ops.normalization import inverse_deviation, layer_norm_backward, row_statistics

NORM_EPSILON = 1e-5  # of layer normalisation inside a recurrent layer


def in_order(length: int, reverse: bool) -> Iterable[int]:
    """The steps in the order in which they are taken."""
    return range(length - 1, -1, -1) if reverse else range(length)


def advance(h: Array, value: Array, y: Array | None, mask: Array | None, t: int) -> None:
    """The state becomes `value` where step t is there; its output is the state there, and zero elsewhere."""
    if mask is None:
        np.copyto(h, value)
    else:
        np.copyto(h, value, where=mask[:, t, np.newaxis])
    if y is not None:
        np.copyto(y[:, t], h)
        silence(y[:, t], mask, t)


def receive(dh: Array, dy: Array | None, mask: Array | None, t: int, s: Array) -> None:
    """dh gets what comes from step t's output, if it is there."""
    if dy is not None:
        np.copyto(s, dy[:, t])
        silence(s, mask, t)
        np.add(dh, s, out=dh)


def retreat(dh: Array, value: Array, mask: Array | None, t: int) -> None:
    """The gradient by the state before step t is `value` where the step is there, and unchanged elsewhere."""
    if mask is None:
        np.copyto(dh, value)
    else:
        np.copyto(dh, value, where=mask[:, t, np.newaxis])


def silence(a: Array, mask: Array | None, t: int) -> None:
    """A becomes zero in the rows whose step t isn't there."""
    if mask is not None:
        np.multiply(a, mask[:, t, np.newaxis], out=a)


def times_slope(da: Array, a: Array, s: Array) -> None:
    """da ← da ⊙ a (1 − a), which is dz for a = σ(z)."""
    np.subtract(1, a, out=s)
    np.multiply(s, a, out=s)
    np.multiply(da, s, out=da)


def one_minus_square(a: Array, out: Array) -> None:
    """out = 1 − a², the slope of a = tanh z."""
    np.multiply(a, a, out=out)
    np.subtract(1, out, out=out)


def peep(z: Array, c: Array, weights: Array, s: Array) -> None:
    """z ← z + weights ⊙ c."""
    np.multiply(c, weights, out=s)
    np.add(z, s, out=z)


def normalize(norm: SimpleNamespace, t: int, a: Array) -> None:
    """a ← gain ⊙ u_t + shift with u_t = (a − μ) / √(σ² + ε), row by row; `recurrent` says what a norm holds."""
    u, inverse = norm.u[:, t], norm.inverse[:, t]
    row_statistics(a, norm.row, inverse, u)
    inverse_deviation(inverse, NORM_EPSILON, inverse)
    np.multiply(u, inverse, out=u)
    np.multiply(u, norm.gain, out=a)
    if norm.shift is not None:
        np.add(a, norm.shift, out=a)


def normalize_backward(norm: SimpleNamespace, t: int, da: Array, s: Array, out: Array) -> None:
    """out = ∂L/∂a before `normalize`, from da = ∂L/∂a after it; s is scratch of their shape."""
    layer_norm_backward(norm.u[:, t], da, norm.gain, norm.inverse[:, t], s, norm.row, out)
