"""Samples as a network takes them: checked, in its shape and its dtype."""

from math import prod
from typing import Any

import numpy as np

from byhand.core.checks import as_array, is_finite
from byhand.core.errors import ByhandError
from byhand.core.types import Array, Shape


def as_input(x: Any, input_shape: Shape, dtype: np.dtype, ops: Any) -> Array:
    """The samples x as an array (n, *input_shape) of that dtype, uint8 divided by 255.

    Raises:
        ByhandError: another shape than `as_samples` takes, no numbers, NaN or infinity.
    """
    x = as_samples(x, input_shape)
    if x.dtype == np.uint8:
        out = np.empty(x.shape, dtype)
        ops.scale_bytes(x, out)
        return out
    if x.dtype.kind not in "fiub":
        raise ByhandError(f"Samples must be real numbers; got an array of {x.dtype}.")
    if x.dtype != dtype or not x.flags.c_contiguous:
        with np.errstate(over="ignore", invalid="ignore"):  # what is too large becomes infinite, and is found here
            x = np.ascontiguousarray(x, dtype)
    if not is_finite(x.reshape(-1)):
        where = tuple(int(i) for i in np.argwhere(~np.isfinite(x))[0])
        raise ByhandError(f"Sample {where[0]} holds {x[where]} at {where[1:]}; every input must be a finite number.")
    return x


def as_samples(x: Any, input_shape: Shape) -> Array:
    """x as an array (n, *input_shape), its numbers as they are.

    Images of one channel may come as (n, height, width), or as rows of height · width numbers.

    Raises:
        ByhandError: another shape.
    """
    x = as_array("x (the samples)", x)
    if x.ndim and x.shape[1:] == input_shape:
        return x
    if len(input_shape) == 3 and input_shape[2] == 1:
        height, width, _ = input_shape
        if x.shape[1:] in ((height, width), (height * width,)):
            return x.reshape((-1, *input_shape))
    raise ByhandError(_complaint(x.shape, input_shape))


def _complaint(shape: Shape, input_shape: Shape) -> str:
    wanted = f"samples of shape (n, {', '.join(map(str, input_shape))})"
    hint = ""
    if shape == input_shape:
        hint = " For a single sample pass x[None]."
    elif len(shape) > 1 and prod(shape[1:]) == prod(input_shape):
        hint = f" The numbers fit: pass x.reshape({('-1', *map(str, input_shape))})".replace("'", "") + "."
    return f"This network takes {wanted}, not {shape}.{hint}"
