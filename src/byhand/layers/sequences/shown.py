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
    z = at.x @ at.p.W + c.before @ recurrent_matrix(at, "R")
    if hasattr(c, "nz"):
        return {"pz": z, "z": at.p.gz * c.nz + at.p.b, "h": c.z}
    return {"z": z + at.p.b, "h": c.z}


def of_memory(at: Pass) -> Mapping[str, Array]:
    """z, the gates, c and h of each step; of an LSTM."""
    c, (i, f, g, o) = at.cache, columns(at.cache.z, 4)
    products = {"px": at.x @ at.p.W, "ph": c.before @ recurrent_matrix(at, "R")}
    found = {"i": i, "f": f, "g": g, "o": o, "c": f * c.cells + i * g, "h": o * c.squashed}
    if hasattr(c, "nx"):
        z = at.p.gx * c.nx + at.p.gh * c.nh + at.p.b
        return products | found | {"z": z, "s": at.p.gc * c.nc + at.p.beta}
    return found | {"z": products["px"] + products["ph"] + at.p.b}


def of_gated(at: Pass, after: bool) -> Mapping[str, Array]:
    """z, the gates, m, a and h of each step; of a GRU."""
    c, (r, u, a) = at.cache, columns(at.cache.z, 3)
    m = c.inner if after else c.inner @ recurrent_matrix(at, "V")
    found = {"r": r, "u": u, "m": m, "a": a, "h": u * c.before + (1 - u) * a}
    if not hasattr(c, "nx"):
        return found | {"z": at.x @ at.p.W + at.p.b}
    products = {name: c.before @ recurrent_matrix(at, of) for name, of in (("ph", "R"), ("pm", "V"))}
    return found | products | {"px": at.x @ at.p.W, "z": at.p.gx * c.nx + at.p.b}


def state_gradients(at: Pass, sequences: bool, reverse: bool, after: bool = True) -> Array:
    """dh of each step (n, T, k), from the last one to the first, as the equations say."""
    c = at.cache
    dh = np.zeros_like(c.before)
    handed_back = np.zeros_like(c.dh) if sequences else at.dy
    for t in range(dh.shape[1]) if reverse else range(dh.shape[1] - 1, -1, -1):
        dh[:, t] = handed_back + (at.dy[:, t] if sequences else 0)
        if hasattr(at.p, "V"):
            r, u, _ = columns(c.z[:, t], 3)
            inner = getattr(c, "dpm", c.dinner)[:, t] @ recurrent_matrix(at, "V").T
            gates = getattr(c, "dph", c.dgates)[:, t] @ recurrent_matrix(at, "R").T
            handed_back = dh[:, t] * u + gates + (inner if after else inner * r)
        else:
            by_product = getattr(c, "dph", getattr(c, "dpz", c.dz))  # by h R
            handed_back = by_product[:, t] @ recurrent_matrix(at, "R").T
    return dh


def cell_gradients(at: Pass) -> Array:
    """dc of each step (n, T, k) of an LSTM: di = dc ⊙ g ⊙ i (1 − i), solved for dc; 0 where di is."""
    i, _, g, _ = columns(at.cache.z, 4)
    di, _, _, _ = columns(at.cache.dz, 4)
    factor = g * i * (1 - i)
    return np.divide(di, factor, out=np.zeros_like(factor), where=factor != 0)
