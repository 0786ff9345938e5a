"""The operations of attention: products of heads, softmax of scores of which some are hidden, and positions."""

from functools import lru_cache

import numpy as np
from numpy.typing import DTypeLike

from byhand.core.types import Array
from byhand.ops.losses import softmax, softmax_backward


def stacked_products(a: Array, b: Array, out: Array) -> None:
    """out_i = a_i b_i for every pair of matrices: a (..., m, k), b (..., k, l), out (..., m, l), views as well."""
    np.matmul(a, b, out=out)


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


def rotate_pairs(z: Array, first: int, sign: int) -> None:
    """Turn pairs of z's numbers in place, (z_i, z_{i + e/2}) of step t by the angle sign · t · 10000^{−2i/e}.

    z is (n, heads, T, e), e even, a view as well; its first step is t = `first`. sign is 1, or −1 to turn them back.
    """
    half = z.shape[3] // 2
    angles = _angles(first + z.shape[2], half, z.dtype)[:, first : first + z.shape[2]]
    cos, sin = angles[0], angles[1] * sign  # (T, e/2)
    left, right = z[..., :half], z[..., half:]
    turned = left * cos - right * sin
    right[...] = left * sin + right * cos
    left[...] = turned


def add_sinusoids(x: Array, first: int, out: Array) -> None:
    """out_t = x_t + the sines and cosines of position `first` + t: x and out (n, T, k); out may be x.

    Column 2i has sin(t · 10000^{−2i/k}), column 2i + 1 the cosine.
    """
    steps, k = x.shape[1:]
    angles = _angles(first + steps, (k + 1) // 2, x.dtype, k / 2)[:, first : first + steps]
    np.add(x[..., 0::2], angles[1], out=out[..., 0::2])
    np.add(x[..., 1::2], angles[0, :, : k // 2], out=out[..., 1::2])


def _angles(steps: int, pairs: int, dtype: DTypeLike, share: float | None = None) -> Array:
    """Cosines and sines (2, at least `steps`, pairs) of t · 10000^{−i / share}, computed once."""
    return _table_of_angles(1 << (steps - 1).bit_length(), pairs, np.dtype(dtype), share or pairs)


@lru_cache(maxsize=16)
def _table_of_angles(steps: int, pairs: int, dtype: DTypeLike, share: float) -> Array:
    angles = np.arange(steps)[:, np.newaxis] * 10000.0 ** (-np.arange(pairs) / share)
    return np.stack([np.cos(angles), np.sin(angles)]).astype(dtype)
