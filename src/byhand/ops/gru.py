"""GRUs over a whole sequence, step by step, in NumPy; shapes and arguments as in `recurrent`."""

from types import SimpleNamespace

import numpy as np

from byhand.core.types import Array
from byhand.ops import steps
from byhand.ops.activations import sigmoid


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
    norm: SimpleNamespace | None = None,
    inner_norm: SimpleNamespace | None = None,
) -> None:
    """One step: r, u = σ(z_ru + h R), a = tanh(z_a + ...), h' = u ⊙ h + (1 − u) ⊙ a; R (k, 2k), V (k, k).

    With c (k,) the reset gate works after the product, a = tanh(z_a + r ⊙ (h V + c)); where c is None before it, a =
    tanh(z_a + (r ⊙ h) V). r, u and a stand side by side in the place of z. inner (n, T, k) gets h V + c, or r ⊙ h;
    row is (n, 2k). With `norm` h R is normalised, with `inner_norm`, which c needs, h V.
    """
    k = h.shape[1]
    for t in steps.in_order(z.shape[1], reverse):
        gates, a = z[:, t, : 2 * k], z[:, t, 2 * k :]
        reset, u = gates[:, :k], gates[:, k:]
        np.copyto(before[:, t], h)
        np.dot(h, r, out=row)
        if norm is not None:
            steps.normalize(norm, t, row)
        np.add(gates, row, out=gates)
        sigmoid(gates, out=gates)
        if c is None:
            np.multiply(reset, h, out=s)
            np.copyto(inner[:, t], s)
            np.dot(s, v, out=s2)
        else:
            np.dot(h, v, out=s)
            if inner_norm is not None:
                steps.normalize(inner_norm, t, s)
            np.add(s, c, out=s)
            np.copyto(inner[:, t], s)
            np.multiply(reset, s, out=s2)
        np.add(a, s2, out=a)
        np.tanh(a, out=a)
        np.subtract(h, a, out=s)
        np.multiply(s, u, out=s)
        np.add(s, a, out=s)  # a + u ⊙ (h − a)
        steps.advance(h, s, y, mask, t)


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
    norm: SimpleNamespace | None = None,
    inner_norm: SimpleNamespace | None = None,
) -> None:
    """From the last step to the first, with dh = dy_t + what the step after it hands back:

        du = dh ⊙ (h − a) ⊙ u (1 − u), da = dh ⊙ (1 − u) ⊙ (1 − a²), and dh ⊙ u for the step before.

    `after`: dinner = da ⊙ r, dr = da ⊙ inner ⊙ r (1 − r), and the step before gets dinner Vᵀ too. Otherwise, with p =
    da Vᵀ, dr = p ⊙ h ⊙ r (1 − r), and the step before gets p ⊙ r. Either way it gets (dr, du) Rᵀ. dinner (n, T, k)
    gets dinner, or da, and dgates (n, T, 2k) the part (dr, du) of dz; row is (n, 2k). With `norm` its d goes through R
    in place of (dr, du), with `inner_norm` its d through V in place of dinner.
    """
    k = dh.shape[1]
    for t in steps.in_order(z.shape[1], not reverse):
        h, dm = before[:, t], dinner[:, t]
        reset, u, a = (z[:, t, j * k : (j + 1) * k] for j in range(3))
        dr, du, da = (dz[:, t, j * k : (j + 1) * k] for j in range(3))
        steps.receive(dh, dy, mask, t, s)
        np.subtract(h, a, out=du)
        np.multiply(du, dh, out=du)
        steps.times_slope(du, u, s)
        steps.one_minus_square(a, da)
        np.subtract(1, u, out=s)
        np.multiply(da, s, out=da)
        np.multiply(da, dh, out=da)
        np.multiply(da, reset if after else 1, out=s)
        np.copyto(dm, s)
        steps.silence(dm, mask, t)
        if inner_norm is not None:
            steps.normalize_backward(inner_norm, t, dm, s, inner_norm.d[:, t])
            np.copyto(s, inner_norm.d[:, t])
        np.dot(s, v.T, out=s2)
        if after:
            np.multiply(da, inner[:, t], out=dr)
        else:
            np.multiply(s2, h, out=dr)
            np.multiply(s2, reset, out=s2)
        steps.times_slope(dr, reset, s)
        np.multiply(dh, u, out=s)
        np.add(s2, s, out=s2)
        steps.silence(dz[:, t], mask, t)
        np.copyto(dgates[:, t], dz[:, t, : 2 * k])
        if norm is not None:
            steps.normalize_backward(norm, t, dgates[:, t], row, norm.d[:, t])
        np.copyto(row, dgates[:, t] if norm is None else norm.d[:, t])
        np.dot(row, r.T, out=s)
        np.add(s2, s, out=s2)
        steps.retreat(dh, s2, mask, t)
