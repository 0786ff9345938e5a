"""Arrays seen in another shape, without a copy."""

from byhand.core.types import Array


def as_rows(a: Array) -> Array:
    """(n, ..., k) as (n · ..., k), the same memory: every row by itself, whatever stands before the last axis."""
    return a if a.ndim == 2 else a.reshape(-1, a.shape[-1])
