"""Recurrent layers over a whole sequence, step by step, in NumPy.

n is the number of sequences, T their steps, k the units, g the gates. Before a forward pass z (n, T, g k) is x_t W +
b of every step, and h (n, k) the state to start from; after it h is the last state, and before (n, T, k) the state
that each step started from; y (n, T, k) gets every step's output, where it isn't None. Before a backward pass dh (n,
k) is ∂L/∂h of the last state, dy (n, T, k) the gradient by each step's output, or None where only the last state goes
on; after it dh is the gradient by the first state, and dz (n, T, g k) is ∂L/∂z. s and s2 (n, k) and row (n, g k) are
scratch.

mask is (n, T), True where a step is there, or None. A step that isn't leaves the state as it is, its output is zero,
and its dz is zero. With `reverse` the last step comes first.

A norm, where a layer normalises rows of m numbers a, holds gain (m,) and shift (m,), or None, for what becomes of them,
gain ⊙ u + shift; u (n, T, m), the rows with mean 0 and variance 1, and inverse (n, T, 1), 1 / √(σ² + ε), which are kept
for the way back; d (n, T, m), which gets the gradient by a; row (n, 1), scratch.
"""

from types import SimpleNamespace

import numpy as np

from byhand.core.types import Array
from byhand.ops import steps


def rnn(
    r: Array,
    z: Array,
    h: Array,
    y: Array | None,
    before: Array,
    mask: Array | None,
    reverse: bool,
    relu: bool,
    row: Array,
    norm: SimpleNamespace | None = None,
) -> None:
    """h_t = φ(z_t + h_{t−1} R) with φ = tanh, or ReLU; R (k, k). φ's value takes the place of z.

    With `norm` the sum is normalised before φ; its shift is b, and z is x W before.
    """
    for t in steps.in_order(z.shape[1], reverse):
        a = z[:, t]
        np.copyto(before[:, t], h)
        np.dot(h, r, out=row)
        np.add(a, row, out=a)
        if norm is not None:
            steps.normalize(norm, t, a)
        if relu:
            np.maximum(a, 0, out=a)
        else:
            np.tanh(a, out=a)
        steps.advance(h, a, y, mask, t)


def rnn_backward(
    r: Array,
    z: Array,
    dy: Array | None,
    mask: Array | None,
    reverse: bool,
    relu: bool,
    dz: Array,
    dh: Array,
    s: Array,
    row: Array,
    norm: SimpleNamespace | None = None,
) -> None:
    """dh_t = dy_t + dz_{t+1} Rᵀ, dz_t = dh_t ⊙ φ'(z_t), from the last step to the first.

    φ' is 1 − h² for tanh, and 1 where h > 0 for ReLU; h = φ(z) is in z. With `norm` its d goes through R, not dz.
    """
    for t in steps.in_order(z.shape[1], not reverse):
        a, da = z[:, t], dz[:, t]
        steps.receive(dh, dy, mask, t, s)
        if relu:
            np.greater(a, 0, out=da)
        else:
            steps.one_minus_square(a, da)
        np.multiply(da, dh, out=da)
        steps.silence(da, mask, t)
        if norm is not None:
            steps.normalize_backward(norm, t, da, s, norm.d[:, t])
        np.copyto(s, da if norm is None else norm.d[:, t])
        np.dot(s, r.T, out=row)
        steps.retreat(dh, row, mask, t)
