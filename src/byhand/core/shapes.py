"""Views of arrays in other shapes."""

from byhand.core.types import Array


def as_rows(a: Array) -> Array:
    """(n, ..., k) as (n · ..., k), a view."""
    return a if a.ndim == 2 else a.reshape(-1, a.shape[-1])
