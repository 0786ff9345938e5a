"""The operations of regularisers: one pass over the flat vectors; s is scratch of at least the same length."""

from math import isfinite, sqrt

import numpy as np

from byhand.core.types import Array


def add_scaled(g: Array, w: Array, s: Array, factor: float) -> None:
    """g ← g + factor · w."""
    s = s[: w.size]
    np.multiply(w, factor, out=s)
    np.add(g, s, out=g)


def add_signs(g: Array, w: Array, s: Array, factor: float) -> None:
    """g ← g + factor · sign(w), with sign(0) = 0."""
    s = s[: w.size]
    np.sign(w, out=s)
    np.multiply(s, factor, out=s)
    np.add(g, s, out=g)


def sum_squares(w: Array) -> float:
    """Σ w²."""
    return float(np.dot(w, w))


def sum_sizes(w: Array, s: Array) -> float:
    """Σ |w|."""
    s = s[: w.size]
    np.abs(w, out=s)
    return float(np.add.reduce(s))


def clip_value(g: Array, limit: float) -> None:
    """g ← min(max(g, −limit), limit)."""
    np.clip(g, -limit, limit, out=g)


def clip_norm(g: Array, limit: float) -> None:
    """g ← g · limit / ‖g‖ where ‖g‖ > limit."""
    norm = sqrt(sum_squares(g))
    if norm <= limit:
        return
    if not isfinite(norm):  # squares of large float32 numbers overflow: look at g / max |g| instead
        largest = max(float(np.max(g)), -float(np.min(g)))
        np.divide(g, largest, out=g)
        norm = sqrt(sum_squares(g))
    np.multiply(g, limit / norm, out=g)


def limit_columns(w: Array, limit: float, s: Array) -> None:
    """w_j ← w_j · limit / ‖w_j‖ for the columns with ‖w_j‖ > limit, for w (m, k)."""
    s = s[: w.shape[1]]
    np.einsum("ij,ij->j", w, w, out=s)
    np.sqrt(s, out=s)
    np.maximum(s, limit, out=s)
    np.divide(limit, s, out=s)
    np.multiply(w, s, out=w)
