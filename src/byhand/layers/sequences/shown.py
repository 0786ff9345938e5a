"""What the equations of recurrent layers name, but their passes do not keep: for `explain`, in NumPy."""

from collections.abc import Iterator, Mapping

import numpy as np

from byhand.core.passes import Pass
from byhand.core.types import Array


def columns(a: Array, count: int) -> Iterator[Array]:
    """`count` blocks of the last axis, as wide as each other."""
    k = a.shape[-1] // count
    return (a[..., j * k : (j + 1) * k] for j in range(count))


def recurrent_matrix(at: Pass, name: str) -> Array:
    """A recurrent matrix as training used it."""
    return getattr(at.cache, f"{name}_kept", getattr(at.p, name))


def of_plain(at: Pass) -> Mapping[str, Array]:
    """z and h of each step; of an RNN."""
    c = at.cache
    return {"z": at.x @ at.p.W + c.before @ recurrent_matrix(at, "R") + at.p.b, "h": c.z}


def of_memory(at: Pass) -> Mapping[str, Array]:
    """z, the gates, c and h of each step; of an LSTM."""
    i, f, g, o = columns(at.cache.z, 4)
    z = at.x @ at.p.W + at.cache.before @ recurrent_matrix(at, "R") + at.p.b
    return {"z": z, "i": i, "f": f, "g": g, "o": o, "c": f * at.cache.cells + i * g, "h": o * at.cache.squashed}


def of_gated(at: Pass, after: bool) -> Mapping[str, Array]:
    """z, the gates, m, a and h of each step; of a GRU."""
    r, u, a = columns(at.cache.z, 3)
    m = at.cache.inner if after else at.cache.inner @ recurrent_matrix(at, "V")
    return {"z": at.x @ at.p.W + at.p.b, "r": r, "u": u, "m": m, "a": a, "h": u * at.cache.before + (1 - u) * a}


def state_gradients(at: Pass, sequences: bool, reverse: bool, after: bool = True) -> Array:
    """dh of each step (n, T, k), from the last one to the first, as the equations say."""
    c = at.cache
    dh = np.zeros_like(c.before)
    handed_back = np.zeros_like(c.dh) if sequences else at.dy
    for t in range(dh.shape[1]) if reverse else range(dh.shape[1] - 1, -1, -1):
        dh[:, t] = handed_back + (at.dy[:, t] if sequences else 0)
        if hasattr(at.p, "V"):
            r, u, _ = columns(c.z[:, t], 3)
            inner = c.dinner[:, t] @ recurrent_matrix(at, "V").T
            handed_back = dh[:, t] * u + c.dgates[:, t] @ recurrent_matrix(at, "R").T + (inner if after else inner * r)
        else:
            handed_back = c.dz[:, t] @ recurrent_matrix(at, "R").T
    return dh


def cell_gradients(at: Pass) -> Array:
    """dc of each step (n, T, k) of an LSTM: di = dc ⊙ g ⊙ i (1 − i), solved for dc; 0 where di is."""
    i, _, g, _ = columns(at.cache.z, 4)
    di, _, _, _ = columns(at.cache.dz, 4)
    factor = g * i * (1 - i)
    return np.divide(di, factor, out=np.zeros_like(factor), where=factor != 0)
