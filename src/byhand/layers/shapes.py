"""Checks of layers that work on the last axis."""

from byhand.core.errors import ByhandError
from byhand.core.types import Shape


def require_rows(layer: str, in_shape: Shape) -> None:
    """Raise ByhandError unless `in_shape` is (k,), or (T, k) for sequences."""
    if len(in_shape) not in (1, 2):
        hint = "; put Flatten() before it" if len(in_shape) == 3 else ""
        raise ByhandError(
            f"{layer} takes rows of numbers (k,) or sequences (T, k), not inputs of shape {in_shape}{hint}."
        )
