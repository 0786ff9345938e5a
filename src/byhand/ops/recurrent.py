"""Recurrent layers over a whole sequence, step by step, in NumPy.

n is the number of sequences, T their steps, k the units, g the gates. Before a forward pass z (n, T, g k) is x_t W +
b of every step, and h (n, k) the state to start from; after it h is the last state, and before (n, T, k) the state
that each step started from; y (n, T, k) gets every step's output, where it isn't None. Before a backward pass dh (n,
k) is ∂L/∂h of the last state, dy (n, T, k) the gradient by each step's output, or None where only the last state goes
on; after it dh is the gradient by the first state, and dz (n, T, g k) is ∂L/∂z. s and s2 (n, k) and row (n, g k) are
scratch.

mask is (n, T), True where a step is there, or None. A step that isn't leaves the state as it is, its output is zero,
and its dz is zero. With `reverse` the last step comes first.
"""

from collections.abc import Iterable

import numpy as np

from byhand.core.types import Array
from byhand.ops.activations import sigmoid


def _steps(length: int, reverse: bool) -> Iterable[int]:
    """The steps in the order in which they are taken."""
    return range(length - 1, -1, -1) if reverse else range(length)


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
) -> None:
    """h_t = φ(z_t + h_{t−1} R) with φ = tanh, or ReLU; R (k, k). φ's value takes the place of z."""
    for t in _steps(z.shape[1], reverse):
        a = z[:, t]
        np.copyto(before[:, t], h)
        np.dot(h, r, out=row)
        np.add(a, row, out=a)
        if relu:
            np.maximum(a, 0, out=a)
        else:
            np.tanh(a, out=a)
        _advance(h, a, y, mask, t)


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
) -> None:
    """dh_t = dy_t + dz_{t+1} Rᵀ, dz_t = dh_t ⊙ φ'(z_t), from the last step to the first.

    φ' is 1 − h² for tanh, and 1 where h > 0 for ReLU; h = φ(z) is in z.
    """
    for t in _steps(z.shape[1], not reverse):
        a, da = z[:, t], dz[:, t]
        _receive(dh, dy, mask, t, s)
        if relu:
            np.greater(a, 0, out=da)
        else:
            _one_minus_square(a, da)
        np.multiply(da, dh, out=da)
        _silence(da, mask, t)
        np.copyto(s, da)
        np.dot(s, r.T, out=row)
        _retreat(dh, row, mask, t)


def lstm(
    r: Array,
    z: Array,
    h: Array,
    c: Array,
    y: Array | None,
    before: Array,
    cells: Array,
    squashed: Array,
    mask: Array | None,
    reverse: bool,
    s: Array,
    s2: Array,
    row: Array,
    p: Array | None = None,
) -> None:
    """One step: i, f, o = σ(z + h R), g = tanh(z + h R), c' = f ⊙ c + i ⊙ g, h' = o ⊙ tanh c'; R (k, 4k).

    The gates stand side by side as i, f, g, o, and take the place of z. c (n, k) is the first cell state, and the last
    one afterwards; cells (n, T, k) gets the cell state that each step started from, squashed (n, T, k) tanh c'. With
    peepholes p (3, k) the gates see the cell, too: z of i and f has p₁ ⊙ c and p₂ ⊙ c more, that of o p₃ ⊙ c'.
    """
    k = h.shape[1]
    for t in _steps(z.shape[1], reverse):
        gates = z[:, t]
        np.copyto(before[:, t], h)
        np.copyto(cells[:, t], c)
        np.dot(h, r, out=row)
        np.add(gates, row, out=gates)
        i, f, g, o = (gates[:, j * k : (j + 1) * k] for j in range(4))
        if p is not None:
            _peep(i, c, p[0], s)
            _peep(f, c, p[1], s)
        sigmoid(gates[:, : 2 * k], out=gates[:, : 2 * k])
        np.tanh(g, out=g)
        np.multiply(f, c, out=s)
        np.multiply(i, g, out=s2)
        np.add(s, s2, out=s)  # c'
        if p is not None:
            _peep(o, s, p[2], s2)
        sigmoid(o, out=o)
        np.copyto(c, s, where=True if mask is None else mask[:, t, np.newaxis])
        np.tanh(s, out=s)
        np.copyto(squashed[:, t], s)
        np.multiply(o, s, out=s)
        _advance(h, s, y, mask, t)


def lstm_backward(
    r: Array,
    z: Array,
    cells: Array,
    squashed: Array,
    dy: Array | None,
    mask: Array | None,
    reverse: bool,
    dz: Array,
    dh: Array,
    dc: Array,
    s: Array,
    s2: Array,
    row: Array,
    p: Array | None = None,
) -> None:
    """From the last step to the first, with dh = dy_t + dz_{t+1} Rᵀ and q = tanh c':

        dc' = dc + dh ⊙ o ⊙ (1 − q²),
        di = dc' ⊙ g, df = dc' ⊙ c, dg = dc' ⊙ i, do = dh ⊙ q,
        dz = (di ⊙ i (1 − i), df ⊙ f (1 − f), dg ⊙ (1 − g²), do ⊙ o (1 − o)), and dc = dc' ⊙ f for the step before.

    dc (n, k) is ∂L/∂c of the last cell state before, of the first one afterwards. With peepholes p (3, k), dc' has
    dzᵒ ⊙ p₃ more, and dc for the step before dzⁱ ⊙ p₁ + dzᶠ ⊙ p₂.
    """
    k = dh.shape[1]
    for t in _steps(z.shape[1], not reverse):
        c, q = cells[:, t], squashed[:, t]
        i, f, g, o = (z[:, t, j * k : (j + 1) * k] for j in range(4))
        di, df, dg, do = (dz[:, t, j * k : (j + 1) * k] for j in range(4))
        _receive(dh, dy, mask, t, s)
        np.multiply(dh, q, out=do)
        _times_slope(do, o, s)
        _one_minus_square(q, s)
        np.multiply(s, o, out=s)
        np.multiply(s, dh, out=s)
        np.add(s, dc, out=s)  # dc'
        if p is not None:
            _peep(s, do, p[2], s2)
        np.multiply(s, g, out=di)
        _times_slope(di, i, s2)
        np.multiply(s, c, out=df)
        _times_slope(df, f, s2)
        _one_minus_square(g, dg)
        np.multiply(dg, i, out=dg)
        np.multiply(dg, s, out=dg)
        np.multiply(s, f, out=s)
        if p is not None:
            _peep(s, di, p[0], s2)
            _peep(s, df, p[1], s2)
        _retreat(dc, s, mask, t)
        _silence(dz[:, t], mask, t)
        np.copyto(row, dz[:, t])
        np.dot(row, r.T, out=s)
        _retreat(dh, s, mask, t)


def gru(
    r: Array,
    v: Array,
    c: Array | None,
    z: Array,
    h: Array,
    y: Array | None,
    before: Array,
    inner: Array,
    mask: Array | None,
    reverse: bool,
    s: Array,
    s2: Array,
    row: Array,
) -> None:
    """One step: r, u = σ(z_ru + h R), a = tanh(z_a + ...), h' = u ⊙ h + (1 − u) ⊙ a; R (k, 2k), V (k, k).

    With c (k,) the reset gate works after the product, a = tanh(z_a + r ⊙ (h V + c)); where c is None before it, a =
    tanh(z_a + (r ⊙ h) V). r, u and a stand side by side in the place of z. inner (n, T, k) gets h V + c, or r ⊙ h;
    row is (n, 2k).
    """
    k = h.shape[1]
    for t in _steps(z.shape[1], reverse):
        gates, a = z[:, t, : 2 * k], z[:, t, 2 * k :]
        reset, u = gates[:, :k], gates[:, k:]
        np.copyto(before[:, t], h)
        np.dot(h, r, out=row)
        np.add(gates, row, out=gates)
        sigmoid(gates, out=gates)
        if c is None:
            np.multiply(reset, h, out=s)
            np.copyto(inner[:, t], s)
            np.dot(s, v, out=s2)
        else:
            np.dot(h, v, out=s)
            np.add(s, c, out=s)
            np.copyto(inner[:, t], s)
            np.multiply(reset, s, out=s2)
        np.add(a, s2, out=a)
        np.tanh(a, out=a)
        np.subtract(h, a, out=s)
        np.multiply(s, u, out=s)
        np.add(s, a, out=s)  # a + u ⊙ (h − a)
        _advance(h, s, y, mask, t)


def gru_backward(
    r: Array,
    v: Array,
    after: bool,
    z: Array,
    before: Array,
    inner: Array,
    dy: Array | None,
    mask: Array | None,
    reverse: bool,
    dz: Array,
    dinner: Array,
    dgates: Array,
    dh: Array,
    s: Array,
    s2: Array,
    row: Array,
) -> None:
    """From the last step to the first, with dh = dy_t + what the step after it hands back:

        du = dh ⊙ (h − a) ⊙ u (1 − u), da = dh ⊙ (1 − u) ⊙ (1 − a²), and dh ⊙ u for the step before.

    `after`: dinner = da ⊙ r, dr = da ⊙ inner ⊙ r (1 − r), and the step before gets dinner Vᵀ too. Otherwise, with p =
    da Vᵀ, dr = p ⊙ h ⊙ r (1 − r), and the step before gets p ⊙ r. Either way it gets (dr, du) Rᵀ. dinner (n, T, k)
    gets dinner, or da, and dgates (n, T, 2k) the part (dr, du) of dz; row is (n, 2k).
    """
    k = dh.shape[1]
    for t in _steps(z.shape[1], not reverse):
        h, dm = before[:, t], dinner[:, t]
        reset, u, a = (z[:, t, j * k : (j + 1) * k] for j in range(3))
        dr, du, da = (dz[:, t, j * k : (j + 1) * k] for j in range(3))
        _receive(dh, dy, mask, t, s)
        np.subtract(h, a, out=du)
        np.multiply(du, dh, out=du)
        _times_slope(du, u, s)
        _one_minus_square(a, da)
        np.subtract(1, u, out=s)
        np.multiply(da, s, out=da)
        np.multiply(da, dh, out=da)
        np.multiply(da, reset if after else 1, out=s)
        np.copyto(dm, s)
        np.dot(s, v.T, out=s2)
        if after:
            np.multiply(da, inner[:, t], out=dr)
        else:
            np.multiply(s2, h, out=dr)
            np.multiply(s2, reset, out=s2)
        _times_slope(dr, reset, s)
        np.multiply(dh, u, out=s)
        np.add(s2, s, out=s2)
        np.copyto(row, dz[:, t, : 2 * k])
        np.dot(row, r.T, out=s)
        np.add(s2, s, out=s2)
        _silence(dz[:, t], mask, t)
        _silence(dm, mask, t)
        np.copyto(dgates[:, t], dz[:, t, : 2 * k])
        _retreat(dh, s2, mask, t)


def _advance(h: Array, value: Array, y: Array | None, mask: Array | None, t: int) -> None:
    """The state becomes `value` where step t is there; its output is the state there, and zero elsewhere."""
    if mask is None:
        np.copyto(h, value)
    else:
        np.copyto(h, value, where=mask[:, t, np.newaxis])
    if y is not None:
        np.copyto(y[:, t], h)
        _silence(y[:, t], mask, t)


def _receive(dh: Array, dy: Array | None, mask: Array | None, t: int, s: Array) -> None:
    """dh gets what comes from step t's output, if it is there."""
    if dy is not None:
        np.copyto(s, dy[:, t])
        _silence(s, mask, t)
        np.add(dh, s, out=dh)


def _retreat(dh: Array, value: Array, mask: Array | None, t: int) -> None:
    """The gradient by the state before step t is `value` where the step is there, and unchanged elsewhere."""
    if mask is None:
        np.copyto(dh, value)
    else:
        np.copyto(dh, value, where=mask[:, t, np.newaxis])


def _silence(a: Array, mask: Array | None, t: int) -> None:
    """A becomes zero in the rows whose step t isn't there."""
    if mask is not None:
        np.multiply(a, mask[:, t, np.newaxis], out=a)


def _times_slope(da: Array, a: Array, s: Array) -> None:
    """da ← da ⊙ a (1 − a), which is dz for a = σ(z)."""
    np.subtract(1, a, out=s)
    np.multiply(s, a, out=s)
    np.multiply(da, s, out=da)


def _one_minus_square(a: Array, out: Array) -> None:
    """out = 1 − a², the slope of a = tanh z."""
    np.multiply(a, a, out=out)
    np.subtract(1, out, out=out)


def _peep(z: Array, c: Array, weights: Array, s: Array) -> None:
    """z ← z + weights ⊙ c."""
    np.multiply(c, weights, out=s)
    np.add(z, s, out=z)
