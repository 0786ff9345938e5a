"""The operations of attention: softmax of the scores of queries and keys, of which some are hidden."""

import numpy as np

from byhand.core.types import Array
from byhand.ops.losses import softmax, softmax_backward


def masked_softmax(z: Array, mask: Array | None, causal: bool, scale: float, out: Array, row: Array) -> None:
    """a = softmax(scale · z) over the keys that each query may see; the others, and those of a row without any, get 0.

    Shapes: scores z and out (n, heads, queries, keys), mask (n, keys), True where there is a key, or None for all of
    them, scratch row (n, heads, queries, 1). If causal, query t sees the keys up to t + keys − queries: the last query
    sees all of them, and the keys before the first query are seen by each. scale is above 0; out may be z.
    """
    queries, keys = z.shape[-2:]
    np.multiply(z, scale, out=out)
    if mask is not None:
        np.copyto(out, -np.inf, where=~mask[:, None, None])
    for t in range(queries if causal else 0):
        out[..., t, max(0, t + keys - queries + 1) :] = -np.inf
    softmax(out, out, row)


def masked_softmax_backward(a: Array, da: Array, scale: float, ds: Array, row: Array) -> None:
    """ds = scale · a ⊙ (da − Σ_k a_k da_k) over the keys; shapes as in `masked_softmax`. 0 where a is."""
    softmax_backward(a, da, ds, row)
    np.multiply(ds, scale, out=ds)
