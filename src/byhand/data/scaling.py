"""Min-max scaling of columns."""

from dataclasses import dataclass

import numpy as np

from byhand.core.types import Array


@dataclass(frozen=True, eq=False)
class MinMax:
    """x → (x − low) / (high − low), column by column; a column that is constant becomes x − low.

    ``low`` and ``high`` are ``(features,)``. Rows that were not fitted may leave the range 0 to 1.
    """

    low: Array
    high: Array

    def __call__(self, x: Array) -> Array:
        """Scale rows ``(n, features)``; float32 stays float32, whole numbers become float64."""
        x = _floats(x)
        width = self.high - self.low
        return (x - self.low.astype(x.dtype)) / np.where(width == 0, 1, width).astype(x.dtype)


def minmax(x: Array) -> MinMax:
    """Fit on the rows ``(n, features)``; then ``minmax(x_train)(x_test)`` scales the others alike."""
    x = _floats(x)
    return MinMax(x.min(axis=0), x.max(axis=0))


def _floats(x: Array) -> Array:
    return x if x.dtype.kind == "f" else x.astype(np.float64)
