"""Arrays that begin on a cache line."""

from collections.abc import Callable
from math import prod

import numpy as np
from numpy.typing import DTypeLike

from byhand.core.types import Array, Shape

CACHE_LINE = 64  # bytes of a cache line, and of the widest register


def whole_lines(numbers: int) -> int:
    """So many numbers of four bytes or more, and as many behind them as fill the last cache line up."""
    return -(-numbers // 16) * 16


def on_a_line(make: Callable[..., Array], shape: Shape, dtype: DTypeLike) -> Array:
    """An array by np.empty or np.zeros that begins at a multiple of CACHE_LINE, as NumPy's own do not.

    Rows of whole registers then never lie on two cache lines, which would cost every load of them twice.
    """
    size = prod(shape) * np.dtype(dtype).itemsize
    block = make(size + CACHE_LINE, np.uint8)
    start = -block.__array_interface__["data"][0] % CACHE_LINE
    return block[start : start + size].view(dtype).reshape(shape)
