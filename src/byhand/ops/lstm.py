"""LSTMs over a whole sequence, step by step, in NumPy; shapes and arguments as in `recurrent`."""

from types import SimpleNamespace

import numpy as np

from byhand.core.types import Array
from byhand.ops import steps
from byhand.ops.activations import sigmoid


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
    norm: SimpleNamespace | None = None,
    cell_norm: SimpleNamespace | None = None,
) -> None:
    """One step: i, f, o = σ(z + h R), g = tanh(z + h R), c' = f ⊙ c + i ⊙ g, h' = o ⊙ tanh c'; R (k, 4k).

    The gates stand side by side as i, f, g, o, and take the place of z. c (n, k) is the first cell state, and the last
    one afterwards; cells (n, T, k) gets the cell state that each step started from, squashed (n, T, k) tanh c'. With
    peepholes p (3, k) the gates see the cell, too: z of i and f has p₁ ⊙ c and p₂ ⊙ c more, that of o p₃ ⊙ c'.
    With `norm` h R is normalised, with `cell_norm` c' before tanh.
    """
    k = h.shape[1]
    for t in steps.in_order(z.shape[1], reverse):
        gates = z[:, t]
        np.copyto(before[:, t], h)
        np.copyto(cells[:, t], c)
        np.dot(h, r, out=row)
        if norm is not None:
            steps.normalize(norm, t, row)
        np.add(gates, row, out=gates)
        i, f, g, o = (gates[:, j * k : (j + 1) * k] for j in range(4))
        if p is not None:
            steps.peep(i, c, p[0], s)
            steps.peep(f, c, p[1], s)
        sigmoid(gates[:, : 2 * k], out=gates[:, : 2 * k])
        np.tanh(g, out=g)
        np.multiply(f, c, out=s)
        np.multiply(i, g, out=s2)
        np.add(s, s2, out=s)  # c'
        if p is not None:
            steps.peep(o, s, p[2], s2)
        sigmoid(o, out=o)
        np.copyto(c, s, where=True if mask is None else mask[:, t, np.newaxis])
        if cell_norm is not None:
            steps.normalize(cell_norm, t, s)
        np.tanh(s, out=s)
        np.copyto(squashed[:, t], s)
        np.multiply(o, s, out=s)
        steps.advance(h, s, y, mask, t)


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
    norm: SimpleNamespace | None = None,
    cell_norm: SimpleNamespace | None = None,
) -> None:
    """From the last step to the first, with dh = dy_t + dz_{t+1} Rᵀ and q = tanh c':

        dc' = dc + dh ⊙ o ⊙ (1 − q²),
        di = dc' ⊙ g, df = dc' ⊙ c, dg = dc' ⊙ i, do = dh ⊙ q,
        dz = (di ⊙ i (1 − i), df ⊙ f (1 − f), dg ⊙ (1 − g²), do ⊙ o (1 − o)), and dc = dc' ⊙ f for the step before.

    dc (n, k) is ∂L/∂c of the last cell state before, of the first one afterwards. With peepholes p (3, k), dc' has
    dzᵒ ⊙ p₃ more, and dc for the step before dzⁱ ⊙ p₁ + dzᶠ ⊙ p₂. With `norm` its d goes through R, not dz. With
    `cell_norm` dh ⊙ o ⊙ (1 − q²), which its d gets, goes through the normalisation before it is added to dc.
    """
    k = dh.shape[1]
    for t in steps.in_order(z.shape[1], not reverse):
        c, q = cells[:, t], squashed[:, t]
        i, f, g, o = (z[:, t, j * k : (j + 1) * k] for j in range(4))
        di, df, dg, do = (dz[:, t, j * k : (j + 1) * k] for j in range(4))
        steps.receive(dh, dy, mask, t, s)
        np.multiply(dh, q, out=do)
        steps.times_slope(do, o, s)
        steps.one_minus_square(q, s)
        np.multiply(s, o, out=s)
        np.multiply(s, dh, out=s)
        if cell_norm is not None:
            ds = cell_norm.d[:, t]
            np.copyto(ds, s)
            steps.silence(ds, mask, t)
            steps.normalize_backward(cell_norm, t, ds, s2, s)
        np.add(s, dc, out=s)  # dc'
        if p is not None:
            steps.peep(s, do, p[2], s2)
        np.multiply(s, g, out=di)
        steps.times_slope(di, i, s2)
        np.multiply(s, c, out=df)
        steps.times_slope(df, f, s2)
        steps.one_minus_square(g, dg)
        np.multiply(dg, i, out=dg)
        np.multiply(dg, s, out=dg)
        np.multiply(s, f, out=s)
        if p is not None:
            steps.peep(s, di, p[0], s2)
            steps.peep(s, df, p[1], s2)
        steps.retreat(dc, s, mask, t)
        steps.silence(dz[:, t], mask, t)
        if norm is not None:
            steps.normalize_backward(norm, t, dz[:, t], row, norm.d[:, t])
        np.copyto(row, dz[:, t] if norm is None else norm.d[:, t])
        np.dot(row, r.T, out=s)
        steps.retreat(dh, s, mask, t)
