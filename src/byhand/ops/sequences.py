"""Sequences as wholes, and tokens, in NumPy.

x is (n, T, k), y (n, k). mask is (n, T), True where a step is there, or None where all of them are.
"""

import numpy as np

from byhand.core.types import Array


def last_step(x: Array, mask: Array | None, y: Array) -> None:
    """y = x_t of each sequence's last step that is there; zero where there is none."""
    if mask is None:
        np.copyto(y, x[:, -1])
        return
    y.fill(0)
    for t in range(x.shape[1]):
        np.copyto(y, x[:, t], where=mask[:, t, np.newaxis])


def last_step_backward(dy: Array, mask: Array | None, dx: Array, left: Array) -> None:
    """dx_t = dy at each sequence's last step that is there, zero elsewhere; left (n, k) is scratch."""
    np.copyto(left, dy)
    for t in range(dx.shape[1] - 1, -1, -1):
        np.copyto(dx[:, t], left)
        if mask is not None:
            np.multiply(dx[:, t], mask[:, t, np.newaxis], out=dx[:, t])
        np.subtract(left, dx[:, t], out=left)


def mean_over_time(x: Array, share: Array, y: Array) -> None:
    """y = Σ_t share_t x_t, for share (n, T) as `share_steps` makes it."""
    np.einsum("ntk,nt->nk", x, share, out=y)


def mean_over_time_backward(dy: Array, share: Array, dx: Array) -> None:
    """dx_t = share_t dy."""
    np.multiply(dy[:, np.newaxis], share[:, :, np.newaxis], out=dx)


def max_over_time(x: Array, mask: Array | None, y: Array) -> None:
    """y = max_t x_t over the steps that are there; zero where there is none."""
    np.maximum.reduce(x, axis=1, out=y, initial=-np.inf, where=True if mask is None else mask[:, :, np.newaxis])
    if mask is not None:
        np.copyto(y, 0, where=~mask.any(axis=1, keepdims=True))


def max_over_time_backward(x: Array, y: Array, dy: Array, mask: Array | None, dx: Array, left: Array) -> None:
    """dx_t = dy at the first step that has the maximum, zero elsewhere; left (n, k) is scratch."""
    np.copyto(left, dy)
    for t in range(x.shape[1]):
        np.equal(x[:, t], y, out=dx[:, t])
        np.multiply(dx[:, t], left, out=dx[:, t])
        if mask is not None:
            np.multiply(dx[:, t], mask[:, t, np.newaxis], out=dx[:, t])
        np.subtract(left, dx[:, t], out=left)


def repeat_steps(x: Array, y: Array) -> None:
    """y_t = x for every t: x (n, k), y (n, T, k)."""
    np.copyto(y, x[:, np.newaxis])


def sum_steps(dy: Array, dx: Array) -> None:
    """dx = Σ_t dy_t: dy (n, T, k), dx (n, k)."""
    np.add.reduce(dy, axis=1, out=dx)


def add_rows(dy: Array, rows: Array, out: Array) -> None:
    """out_r = Σ dy_i over all i with rows_i = r: dy (m, k), rows (m,) whole numbers, out (vocabulary, k)."""
    out.fill(0)
    np.add.at(out, rows, dy)


def mask_tokens(tokens: Array, padding: int, mask: Array | None, out: Array) -> None:
    """A mask out (n, T): True where the token isn't `padding`, and `mask` says no otherwise."""
    np.not_equal(tokens, padding, out=out)
    if mask is not None:
        np.logical_and(out, mask, out=out)


def prepend_step(mask: Array, out: Array) -> None:
    """A mask out (n, T + 1) whose first step is there in every sequence, before those of `mask` (n, T)."""
    out[:, 0] = True
    np.copyto(out[:, 1:], mask)
